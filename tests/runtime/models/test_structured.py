"""Replies as JSON objects are read by the same parser, and asked for by schema."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys import digit_hanoi as digit_hanoi_key
from surefoot.decompose.answer_keys import graph as graph_key
from surefoot.decompose.answer_keys import hanoi as hanoi_key
from surefoot.decompose.answer_keys import multiply as multiply_key
from surefoot.decompose.answer_keys import pddl as pddl_key
from surefoot.decompose.answer_keys import questions as question_key
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.questions import Questions
from surefoot.runtime.models.structured import ASK, as_lines, asking_for_json, schema_of

FILE = (pathlib.Path(__file__).parents[2] / "data" / "questions.json").read_text()
TASKS: list[tuple[Task, Any]] = [
    (Hanoi(disks=5), hanoi_key.answers),
    (Hanoi(disks=5, state_by="task"), hanoi_key.answers),
    (Multiply(), multiply_key.answers),
    (DigitHanoi(), digit_hanoi_key.answers),
    (GraphNavigation(question="valuepath"), graph_key.answers),
    (PddlPlanning(generate="logistics", instances=2), pddl_key.answers),
    (Questions(file=FILE), question_key.answers_of({"file": FILE})),
]


@pytest.mark.parametrize(("task", "key"), TASKS, ids=[type(task).__name__ for task, _ in TASKS])
def test_an_object_is_read_like_the_lines_it_stands_for(task: Task, key: Any) -> None:
    for number in range(64):
        step = task.sample_step(number)
        text = key(task.prompt(step, "chat")).right[0]
        names = task.reply_schema(step)
        assert names is not None
        said: dict[str, Any] = {"explanation": "carry = 7\nmove = [1, 0, 1]"}
        for line in text.splitlines():
            name, _, value = line.partition(" = ")
            if names.get(name, {}).get("items") == {"type": "string"}:
                said.setdefault(name, []).append(value)
            elif name in names:
                said[name] = value if names[name]["type"] == "string" else json.loads(value)
        if step.kind == "check" and isinstance(task, MapTask):
            said = {"rule": "none", **said}  # a valid action breaks none, and a schema has no optional names
        assert set(said) == set(schema_of(names)["required"])
        assert task.parse(step, as_lines(json.dumps(said)), "chat") == task.parse(step, text, "chat")


def test_nobody_has_to_explain_anything() -> None:
    """Strict servers want every key: it may be null, so that a small model is not held to write until its limit."""
    schema = schema_of({"digit": {"type": "integer", "enum": [1, 2]}})
    assert schema["properties"]["explanation"] == {"type": ["string", "null"]}
    assert schema["required"] == ["explanation", "digit"]
    assert as_lines('{"explanation": null, "digit": 2}') == "digit = 2"


@pytest.mark.parametrize("text", ["", "move = [1, 0, 2]", "[1, 2]", "3", '{"move": ', "[" * 100_000])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert as_lines(text) == text


def test_the_prompt_says_so_at_the_end_of_its_system_message() -> None:
    task = Hanoi(disks=3)
    prompt = task.prompt(task.sample_step(0), "chat")
    asking = asking_for_json(prompt)
    assert asking.user == prompt.user
    assert asking.system == f"{prompt.system}\n\n{ASK}"

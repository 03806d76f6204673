"""The planner, the part of the bundled model for MAP's modules: what it knows, what it refuses, and whole problems."""

import asyncio
import json
import pathlib
import random
import shutil
import tomllib
from collections.abc import AsyncIterator

import msgspec
import pytest

from surefoot.decompose.answer_keys import digit_hanoi, graph
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.wording import answer
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.bundled import PLANNER, WEIGHTS, BundledModel
from surefoot.runtime.models.port import Request, Stop
from surefoot.scripts.bundled.room_questions import proposes_well, there_is_a_way
from surefoot.scripts.commands.cli import main

QUESTIONS = ("steppath", "valuepath", "detour", "revaluation", "transfer")
TASKS: list[MapTask] = [
    *(DigitHanoi(numbers=numbers) for numbers in (3, 4, 5)),
    *(GraphNavigation(question=name, steps=4 if name == "steppath" else 2) for name in QUESTIONS),  # type: ignore[arg-type]
]


@pytest.fixture
async def model() -> AsyncIterator[BundledModel]:
    made = BundledModel()
    yield made
    await made.close()


def questions(each: int) -> list[tuple[MapTask, Step]]:
    return [(task, task.sample_step(number)) for task in TASKS for number in range(each)]


async def candidates(model: BundledModel, asked: list[tuple[MapTask, Step]], temperature: float) -> list[str | Flag]:
    """How the served replies are read, each asked with the limit its step sets."""
    replies = await asyncio.gather(
        *(
            model.ask(Request(task.prompt(step, "compact"), (0,), temperature, step.max_reply_tokens, 1))
            for task, step in asked
        )
    )
    assert all(reply.stop is Stop.END for (reply,) in replies)
    return [task.parse(step, reply.text, "compact") for (task, step), (reply,) in zip(asked, replies, strict=True)]


def wrong(asked: list[tuple[MapTask, Step]], said: list[str | Flag]) -> int:
    """Replies that are not the right one; not of the Actor and the TaskDecomposer, where others are as good."""
    count = 0
    for (task, step), candidate in zip(asked, said, strict=True):
        key = graph if isinstance(task, GraphNavigation) else digit_hanoi
        (right,) = key.answers(task.prompt(step, "compact")).right
        many = step.role in (Role.ACTOR, Role.TASK_DECOMPOSER)
        count += not many and candidate != task.parse(step, right, "compact")
    return count


async def test_it_knows_the_modules_and_its_replies_parse(model: BundledModel) -> None:
    asked = questions(40)
    said = await candidates(model, asked, 0.0)
    assert sum(isinstance(candidate, Flag) for candidate in said) <= 3  # of 320
    assert wrong(asked, said) <= 4
    print("FW", sum(isinstance(c, Flag) for c in said), wrong(asked, said))


@pytest.mark.parametrize("breadth", [1, 2, 3, 4, 8])
async def test_in_a_castle_the_actor_names_a_best_door_and_as_many_as_it_is_asked_for(
    model: BundledModel, breadth: int
) -> None:
    """It once named two to four, whatever it was asked."""
    tasks = [GraphNavigation(question=name, steps=4 if name == "steppath" else 2) for name in QUESTIONS]  # type: ignore[arg-type]
    asked: list[tuple[MapTask, Step]] = [
        (task, msgspec.structs.replace(step, reads=msgspec.structs.replace(step.reads, breadth=breadth)))
        for task in tasks
        for step in map(task.sample_step, range(200))
        if step.role is Role.ACTOR and there_is_a_way(step.reads.world, step.reads.state, step.reads.goal)
    ]
    replies = await asyncio.gather(
        *(model.ask(Request(task.prompt(step, "compact"), (0,), 0.0, step.max_reply_tokens, 1)) for task, step in asked)
    )
    good = [
        proposes_well(task.prompt(step, "compact").user, answer(reply.text))
        for (task, step), (reply,) in zip(asked, replies, strict=True)
    ]
    assert len(good) > 100
    print("G", breadth, sum(good), len(good))
    assert sum(good) > 0.97 * len(good)


async def test_with_its_words_exchanged_it_knows_nothing(tmp_path: pathlib.Path) -> None:
    placebo = BundledModel(exchanged(tmp_path / "weights"))
    asked = questions(8)
    replies = await asyncio.gather(
        *(placebo.ask(Request(task.prompt(step, "compact"), (0,), 0.0, 48, 1)) for task, step in asked)
    )
    said = [task.parse(step, reply.text, "compact") for (task, step), (reply,) in zip(asked, replies, strict=True)]
    await placebo.close()
    assert sum(isinstance(candidate, Flag) for candidate in said) >= 42  # of 64


async def test_the_planner_is_read_when_it_is_first_asked(model: BundledModel) -> None:
    assert PLANNER not in model._others
    await candidates(model, questions(1), 0.0)
    assert PLANNER in model._others


async def test_a_castle_with_more_rooms_is_refused(model: BundledModel) -> None:
    task = GraphNavigation(edges="1-2 2-16")
    problem = task.problem_of_run()
    first = task.next_step(problem, task.begin(problem, (problem.start,)))
    assert isinstance(first, Step)
    with pytest.raises(ModelRejected, match="'2-16'"):
        await candidates(model, [(task, first)], 0.0)


async def test_weights_without_a_planner_refuse_its_questions_only(tmp_path: pathlib.Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights", ignore=shutil.ignore_patterns(PLANNER))
    model = BundledModel(tmp_path / "weights")
    with pytest.raises(ModelRejected, match="planner cannot be read"):
        await candidates(model, questions(1), 0.0)
    await model.close()


def test_a_problem_is_solved_from_the_command_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(tmp_path / "run")
    for command in (
        ["run", "digit-hanoi", "--k", "3", "--address", "none", "--run-dir", directory],
        ["verify", directory],
    ):
        with pytest.raises(SystemExit) as end:
            main([*command, "--json"])
        assert end.value.code == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["valid"]
    assert found["reached_goal"]


def solves(capsys: pytest.CaptureFixture[str], directory: str, *options: str) -> bool:
    """Whether the public commands say that a castle's problem is solved, by the model's plan and by simulation."""
    ends = []
    for command in (
        ["run", "graph", *options, "--k", "1", "--temperature", "0", "--address", "none", "--run-dir", directory],
        ["verify", directory],
    ):
        with pytest.raises(SystemExit) as end:
            main([*command, "--json"])
        ends.append(end.value.code)
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    return ends == [0, 0] and found["valid"] and found["reached_goal"]


def exchanged(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the weights in which the planner takes every word for another: it was taught nothing."""
    shutil.copytree(WEIGHTS, folder)
    path = folder / PLANNER / "vocabulary.json"
    known = json.loads(path.read_text())
    plain = [word for word in known if "<" not in word]
    others = iter(random.Random(1).sample(plain, len(plain)))
    path.write_text(json.dumps([word if "<" in word else next(others) for word in known]))
    return folder


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_castles_problem_is_solved_from_the_command_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    options = ("--question", question, "--steps", "4" if question == "steppath" else "2", "--problem", "2")
    assert solves(capsys, str(tmp_path / "run"), *options)


def test_a_castles_problem_is_not_solved_by_a_planner_that_was_not_taught(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surefoot.runtime.models.bundled.WEIGHTS", exchanged(tmp_path / "weights"))
    assert not solves(capsys, str(tmp_path / "run"), "--question", "steppath", "--steps", "4", "--problem", "2")


def test_the_package_has_both_parts_and_they_are_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 3_000_000
    for name in ("model.bin", "config.json", "vocabulary.json", "recipe.json"):
        assert (WEIGHTS / PLANNER / name).exists()
    project = tomllib.loads((WEIGHTS.parents[3] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["surefoot.runtime.models"]
    packed = {path for pattern in patterns for path in WEIGHTS.parent.glob(pattern) if path.is_file()}
    assert packed == {path for path in WEIGHTS.rglob("*") if path.is_file()}

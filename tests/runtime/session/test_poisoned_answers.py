"""No decision of a run sees ground truth: with poisoned answers it asks and answers the same, and only the score falls.

The other arm: what a run may see, the question, changes what is asked.
"""

import json
import pathlib
from collections.abc import Generator
from typing import Any

import pytest

from surefoot.decompose.answer_keys.file import answers_of
from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.referees import problems as referee_of_problems
from surefoot.decompose.referees.file import verify
from surefoot.decompose.tasks.file_problems import FileProblem
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime import api
from surefoot.scripts.commands.verify import ReadSteps
from tests.decompose.methods.worlds import answers_of_all
from tests.runtime.execution.models import QUIET, Counted

NEED_MORE = {"program", "modular", "abstract-chain"}
"""Methods that a question of a file offers nothing for: a program, a world to plan in, or numbers."""
ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]
ENTRY = {
    "id": "a1",
    "question": "How many bridges does the town have?",
    "answer": "Two and three are five.\n#### 5",
    "context": [["Town", ["It has two bridges in the north. ", "Three are in the south."]]],
}
POISON = {
    **ENTRY,
    "id": "zz",
    "answer": "#### 666",
    "final_answer": "666",
    "facts": ["There are 666 bridges."],
    "decomposition": ["How many bridges are there in hell?"],
    "supporting_facts": [["Town", 0]],
    "target_scores": {"666": 1},
}
KEY = answers_of({"file": json.dumps(ENTRY), "form": "number"})


def asked_and_answered(entry: dict[str, Any], method: str, place: pathlib.Path) -> tuple[list[Any], Any, FileProblem]:
    task = FileProblem(file=json.dumps(entry), form="number", method=method)
    model = Counted(KEY)
    run = api.run(task, model, run_dir=place, **QUIET)
    return model.asked, (run.status, run.output, run.counts.calls, run.counts.decompositions), task


def ended_with(answer: str) -> Generator[Any, None, str]:
    yield from ()
    return answer


@pytest.mark.parametrize("method", [name for name in ASKING if name not in NEED_MORE])
def test_poisoned_answers_of_a_file_change_the_score_alone(method: str, tmp_path: pathlib.Path) -> None:
    asked, ended, task = asked_and_answered(ENTRY, method, tmp_path / "true")
    assert ended[:2] == ("solved", "5")
    others, other_end, poisoned = asked_and_answered(POISON, method, tmp_path / "poisoned")
    assert (others, other_end) == (asked, ended)
    assert not any("666" in text or "hell" in text for text, _ in others)
    scores = [verify(one, ReadSteps(ended_with("5"))) for one in (task, poisoned)]
    assert [score.reached_goal for score in scores] == [True, False]
    changed, _, _ = asked_and_answered({**ENTRY, "context": "There are five."}, method, tmp_path / "other")
    assert changed != asked


def poisoned(*arguments: Any) -> Any:
    raise AssertionError("a run asked a referee")


@pytest.mark.parametrize("method", [name for name in ASKING if name != "modular"])
def test_a_run_over_a_generated_problem_asks_no_referee(
    method: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, size = ("ledger", 60) if method.startswith("recursive") else ("chains", 3)
    task = Generated(family=family, length=size, method=method)
    first = Counted(answers_of_all)
    run = api.run(task, first, run_dir=tmp_path / "true", **QUIET)
    assert run.status == "solved"
    for name in ("answer_of", "right_answers", "verify", "chance_answers"):
        monkeypatch.setattr(referee_of_problems, name, poisoned)
    second = Counted(answers_of_all)  # which has the referee's functions by its own import
    again = api.run(task, second, run_dir=tmp_path / "poisoned", **QUIET)
    assert (second.asked, again.output) == (first.asked, run.output)

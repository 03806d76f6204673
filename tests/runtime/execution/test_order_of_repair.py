"""What is tried, in which order, where a part cannot be solved: seen in the journal, and each try on the bill."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.plan import Child, Expansion, Literal, Node
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime import api
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.plan_versions import records_of
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import EVIDENCE, REVISED
from surefoot.runtime.session.run import Run
from tests.runtime.execution.models import QUIET, Counted


class Stuck(Task, frozen=True, kw_only=True):
    """A plan of a plan of a part that says it is stuck; ``until`` names what has to be tried until it is not."""

    until: str = "never"
    wordings = 3

    def root(self) -> Node:
        return Node((), "whole", (0,))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        return Step("split", Role.ACTOR, goal) if goal in ("whole", "half") else None

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        return Expansion((Child("half" if goal == "whole" else "part", (Literal(candidate),)),))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return ""

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Done(state) if state else Step("try", Role.ACTOR, "part")

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return candidate

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        return (Evidence(None, "unsolvable"),) if answer == "stuck" else ()

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"{step.kind} {step.reads} {wording}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return {"whole": 3, "half": 2}.get(goal, 1)


class Model(Counted):
    """Says that the part is stuck until so many questions about it were asked."""

    dialect: Dialect = "chat"

    def __init__(self, tries: float, questions: float = float("inf")) -> None:
        super().__init__(self.answer, questions)
        self.tries = tries

    def answer(self, prompt: Prompt) -> Answers:
        self.tries -= 1
        return Answers(("stuck" if self.tries >= 0 else "done",), ("?",))

    def _said(self, prompt: Prompt, draw: int) -> str:
        if prompt.user.startswith("try"):
            return super()._said(prompt, draw)
        self.asked.append((prompt.user, draw))
        return f"way {draw // MAX_DRAWS}"  # each time another: what is described in the same way is not tried again

    def asked_for(self) -> list[str]:
        return [text for text, _ in self.asked]


def run(directory: pathlib.Path, model: Model, **options: Any) -> Run:
    quiet = {**QUIET, "re_decompositions": 1, "max_revisions": 3, "segment_steps": 99, "learn": False}
    return api.run(Stuck(), model, run_dir=directory, **{**quiet, **options})


def tried(run: Run) -> list[tuple[str, tuple[int, ...], int]]:
    """Reports and revisions in the order of the journal: kind, node, and run of the chain or version."""
    journal = open_journal(run.run_dir, write=False)
    try:
        records = [record for _, payload in journal.written() for record in unpack(payload)]
        assert len(list(records_of(journal))) == len(records)
    finally:
        journal.close()
    return [(one.part, one.path, one.attempt) for one in records if one.part in (EVIDENCE, REVISED)]


def test_the_order_up_to_a_typed_stop(tmp_path: pathlib.Path) -> None:
    model = Model(tries=float("inf"))
    found = run(tmp_path / "r", model)
    assert found.status == "failed"
    assert "the plan of node root was revised 4 times in vain" in found.message
    order = tried(found)
    one_node = lambda *path: [(EVIDENCE, path, 0), (EVIDENCE, path, 1)]  # noqa: E731
    half = [*one_node(0, 0), (REVISED, (0,), 0), *one_node(0, 1024), (REVISED, (0,), 1)]
    assert order[: len(half) + 1] == [*half, (REVISED, (), 0)], "the node again, its subtree again, then the whole"
    assert [one for one in order if one[0] == REVISED and not one[1]] == [
        (REVISED, (), version) for version in range(4)
    ]
    assert len(order) == 4 * len(half) + 4
    tries = [text for text in model.asked_for() if text.startswith("try")]
    first = [tries.index(f"try part {wording}") for wording in range(3)]
    assert first[0] < first[1] < first[2], "more votes first, then the other wordings"
    assert found.counts.climbed["a larger lead"] > 0
    assert found.counts.climbed["another wording"] > 0
    assert found.counts.seam_retries == 8, "each node once more"
    assert found.counts.calls == len(model.asked), "every try is on the bill"


EACH = [("votes", []), ("node", []), ("subtree", [(0,)]), ("whole", [(0,), (0,), ()])]


@pytest.mark.parametrize(("rung", "revisions"), EACH)
def test_each_rung_may_be_the_last(rung: str, revisions: list[tuple[int, ...]], tmp_path: pathlib.Path) -> None:
    whole = Model(tries=float("inf"))
    asks = run(tmp_path / "all", whole)
    per_node = sum(text.startswith("try") for text in whole.asked_for()) // 16
    assert asks.counts.seam_retries == 8
    tries = {"votes": 1, "node": per_node, "subtree": 2 * per_node, "whole": 4 * per_node}[rung]
    found = run(tmp_path / "r", Model(tries))
    assert (found.status, found.output) == ("solved", "done")
    assert [path for part, path, _ in tried(found) if part == REVISED] == revisions
    assert found.counts.doubted_evidence == (rung == "votes")


def test_the_budget_ends_it_earlier_whatever_rung_it_is_on(tmp_path: pathlib.Path) -> None:
    found = run(tmp_path / "r", Model(tries=float("inf")), max_calls=30)
    assert found.status == "paused"
    assert found.counts.calls <= 30 + QUIET["k"]


@pytest.mark.parametrize("segment_steps", [1, 99])
def test_killed_on_any_rung_the_order_is_the_same(segment_steps: int, tmp_path: pathlib.Path) -> None:
    whole = run(tmp_path / "whole", Model(tries=float("inf")), segment_steps=segment_steps)
    expected = tried(whole)
    for cut in (3, 9, 15, 22):
        first, second = Model(float("inf"), cut), Model(float("inf"))
        assert run(tmp_path / str(cut), first, segment_steps=segment_steps).status == "paused"
        assert tried(api.resume(tmp_path / str(cut), task=Stuck(), model=second)) == expected

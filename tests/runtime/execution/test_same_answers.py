"""Answers that a task takes for the same: each is replaced by the first of its race."""

import pytest

from surefoot.decompose.step import Flag, Step
from surefoot.runtime.execution.same_answers import alike
from surefoot.voting.ballot import Ballot
from tests.data.own.row_tasks import Next


class Loose(Next, frozen=True, kw_only=True):
    """Takes answers for the same that differ in case alone."""

    def same(self, step: Step, first: str, second: str) -> bool:
        """Compare them without their case."""
        return first.lower() == second.lower()


class LooseFields(Loose, frozen=True, kw_only=True):
    """The same for each of two fields."""

    def voted_fields(self, step: Step) -> int:
        """Return two."""
        return 2

    def same_field(self, step: Step, field: int, first: str, second: str) -> bool:
        """Compare the second field without its case, and the first as it is."""
        return first == second if field == 0 else first.lower() == second.lower()


FLAG = Flag("misformatted", "")


@pytest.mark.parametrize(
    ("said", "ballots", "found"),
    [
        (["a", "A", "b"], (), ["a", "a", "b"]),
        (["A", FLAG, "B"], (Ballot(0, "a"), Ballot(1, None, "refused"), Ballot(2, "b")), ["a", FLAG, "b"]),
        ([], (Ballot(0, "a"),), []),
    ],
)
def test_an_answer_is_replaced_by_the_first_that_is_the_same(
    said: list[str | Flag], ballots: tuple[Ballot, ...], found: list[str | Flag]
) -> None:
    task = Loose()
    assert alike(task, task.row_step({"number": 1}), said, ballots) == found


def test_fields_that_are_voted_on_one_by_one_are_replaced_one_by_one() -> None:
    task = LooseFields()
    said: list[str | Flag] = ['["X","y"]', '["x","Y"]', '["X","Y"]']
    assert alike(task, task.row_step({"number": 1}), said, ()) == ['["X","y"]', '["x","y"]', '["X","y"]']

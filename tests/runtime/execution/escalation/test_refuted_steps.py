"""Do answers go wrong together? A refuted answer is asked for again, and runs of a chain are held side by side."""

from typing import Any

import pytest

from surefoot.decompose.step import Role, Step
from surefoot.runtime.execution.escalation.refuted_steps import (
    MOST_DRAWS,
    ChainRun,
    ask_again,
    compare_ways,
    with_alarm,
)
from surefoot.runtime.execution.policy import CurrentLeads
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Contested
from surefoot.voting.alarms import Kind, Limits, Raised, limits_of
from surefoot.voting.ballot import Ballot

STEP = Step("move", Role.ACTOR, ("A",))
KNOWN = Limits(dissent=0.01, spoiled=0.01, each=0.01)


class Draws:
    """Gives ballots for the candidates of a list, one after the other."""

    def __init__(self, said: str, limits: Limits = KNOWN) -> None:
        self.said, self.asked = said, list[tuple[int, int]]()
        self.leads = CurrentLeads(Leads(1, 1, 3, limits=limits))

    async def draw(self, step: Step, count: int, draw: int) -> tuple[Ballot, ...]:
        begin = sum(asked for asked, _ in self.asked)
        self.asked.append((count, draw))
        return tuple(Ballot(number, self.said[begin + number]) for number in range(count))


async def asked(said: str, count: int = 3, limits: Limits = KNOWN) -> tuple[Draws, Any, Any]:
    draws = Draws(said, limits)
    ballots, raised = await ask_again(draws, STEP, "x", count, 1000)  # type: ignore[arg-type]
    return draws, ballots, raised


async def test_an_answer_that_does_not_come_back_was_wrong_by_chance() -> None:
    draws, ballots, raised = await asked("axa")
    assert raised is None
    assert draws.asked == [(3, 1000)]
    assert [ballot.candidate for ballot in ballots] == ["a", "x", "a"]


async def test_an_answer_that_keeps_coming_back_is_an_alarm() -> None:
    draws, _, raised = await asked("x" * 30)
    assert raised is not None
    assert raised.kind is Kind.SAME_WRONG
    assert raised.p_value <= raised.limit
    assert draws.asked[0] == (3, 1000)


async def test_ballots_are_numbered_through_and_draws_do_not_overlap() -> None:
    hopeless = Limits(dissent=0.5, spoiled=0.5, each=1e-15)  # nothing is surprising: it goes on to the most
    draws, ballots, raised = await asked("x" * 60, count=5, limits=hopeless)
    assert raised is None
    assert draws.asked == [(5, 1000 + drawn) for drawn in range(0, 45, 5)]
    assert [ballot.draw for ballot in ballots] == list(range(45))
    assert len(ballots) + 5 > MOST_DRAWS


@pytest.mark.parametrize("steps", [30, 1_000_000])
async def test_where_nothing_is_known_an_answer_that_never_gives_way_is_an_alarm_all_the_same(steps: int) -> None:
    """A short run has no rate to hold a step against: then the bound is that the right answer is as likely."""
    unknown = limits_of({}, steps)
    assert unknown.dissent == 1
    _, ballots, raised = await asked("x" * 60, count=5, limits=unknown)
    assert raised is not None
    assert 2.0 ** -len(ballots) == pytest.approx(raised.p_value)
    _, _, by_chance = await asked("xxaxaxxaax" * 6, count=5, limits=unknown)
    assert by_chance is None


@pytest.mark.parametrize(("said", "rounds"), [("xa" * 2, 1), ("xxa" + "axa", 2), ("xxx" + "aaa", 2), ("xxx" * 16, 16)])
async def test_it_is_asked_on_while_more_than_half_repeat_it(said: str, rounds: int) -> None:
    unknown = Limits(dissent=0.9, spoiled=0.9, each=1e-12)
    count = 4 if rounds == 1 else 3
    draws, _, _ = await asked(said, count=count, limits=unknown)
    assert len(draws.asked) == rounds


def test_an_alarm_goes_to_the_entry_with_its_evidence() -> None:
    entry = Contested(3, (Ballot(0, "a"),), before=(Ballot(0, "b"),), raised=(Raised(Kind.DISAGREEMENT, 0.1, 0.2),))
    found = with_alarm(entry, (Ballot(0, "x"), Ballot(1, "x")), Raised(Kind.SAME_WRONG, 0.0, 0.1))
    assert [ballot.candidate for ballot in found.before] == ["b", "x", "x"]
    assert [one.kind for one in found.raised] == [Kind.DISAGREEMENT, Kind.SAME_WRONG]
    assert (found.ballots, found.k) == (entry.ballots, 3)


def run(level: int, asked: str, taken: str | None = None) -> ChainRun:
    return ChainRun(level, list(asked), list(asked if taken is None else taken))


NAMES = ("the same again", "another wording")


@pytest.mark.parametrize(
    ("runs", "cells"),
    [
        ([run(0, "abx"), run(1, "abc")], {"another wording/00": 2, "another wording/10": 1}),
        ([run(0, "abx"), run(1, "aby", "abc")], {"another wording/00": 2, "another wording/11": 1}),
        ([run(0, "xbc"), run(1, "abc")], {"another wording/10": 1}),
        ([run(0, "abx"), run(1, "ayc", "abc")], {"another wording/00": 1, "another wording/01": 1,
                                               "another wording/10": 1}),
        ([run(0, "abx"), run(1, "abx"), run(2, "abc")], {"another wording/00": 2, "another wording/11": 1,
                                                       "the same again/00": 2, "the same again/10": 1}),
    ],
)  # fmt: skip
def test_later_runs_are_compared_up_to_the_first_mistake_of_the_first(
    runs: list[ChainRun], cells: dict[str, int]
) -> None:
    assert compare_ways(runs, NAMES) == cells

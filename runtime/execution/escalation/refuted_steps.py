"""Evidence that is gathered where a chain did not return its promise: do answers go wrong together?"""

from collections.abc import Sequence

import msgspec

from surefoot.decompose.step import Step
from surefoot.runtime.execution.decider import Decider
from surefoot.runtime.records import Contested
from surefoot.voting.alarms import Raised, repeats
from surefoot.voting.ballot import Ballot
from surefoot.voting.sequential_tests import pair_up

MOST_DRAWS = 48
"""Fresh ballots at most that ask whether a refuted answer comes back: enough to tell it from a step at which it is as
likely as the right one, in a run of a million steps of which nothing else is known."""


class ChainRun(msgspec.Struct, frozen=True):
    """One run of a chain: what its steps were answered, and what the chain went on with.

    Attributes:
        level: Of the escalation, counted round.
        asked: What the level's prompt variant answered at each step.
        taken: What was gone on with; another answer where a suspect step was voted on again.
    """

    level: int
    asked: list[str]
    taken: list[str]


async def ask_again(
    steps: Decider, step: Step, refuted: str, count: int, draw: int
) -> tuple[tuple[Ballot, ...], Raised | None]:
    """Ask a refuted step again until its answer is known to be wrong by chance, or too often for chance.

    Args:
        steps: Asks.
        step: The question.
        refuted: The answer that a later run and a larger lead decided against.
        count: Ballots to draw at a time.
        draw: First of the draw numbers.

    Returns:
        The fresh ballots, and the alarm if there is one.
    """
    ballots: tuple[Ballot, ...] = ()
    while True:
        fresh = await steps.draw(step, count, draw + len(ballots))
        ballots += tuple(msgspec.structs.replace(b, draw=b.draw + len(ballots)) for b in fresh)
        again = sum(ballot.candidate == refuted for ballot in ballots)
        raised = repeats(again, len(ballots), steps.leads.limits)
        if raised is not None or 2 * again <= len(ballots) or len(ballots) + count > MOST_DRAWS:
            return ballots, raised


def with_alarm(entry: Contested, ballots: tuple[Ballot, ...], raised: Raised) -> Contested:
    """Add one alarm and its evidence to a step's journal entry."""
    return msgspec.structs.replace(entry, before=entry.before + ballots, raised=(*entry.raised, raised))


def compare_ways(runs: Sequence[ChainRun], names: Sequence[str]) -> dict[str, int]:
    """Compare the later runs of a chain with its first run, wherever both asked the same questions.

    Args:
        runs: In order; the last returned the promise, the first did not.
        names: Of the rungs.
    """
    found: dict[str, int] = {}
    first, right = runs[0], runs[-1].taken
    for run in runs[1:]:
        for cell, count in pair_up(first.taken, run.asked, right).items():
            key = f"{names[run.level % len(names)]}/{cell}"
            found[key] = found.get(key, 0) + count
    return found

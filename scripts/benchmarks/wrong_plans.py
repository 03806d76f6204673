"""Wrong plans with a common cause: what votes make of them, and which flags are raised, over many drawn questions.

A planner is right in seven of ten draws on average. What its wrong plans have in common differs. Nothing is asked of a
model: ballots are drawn. The flags are the alarms of a run (``surefoot.voting.sequential_tests``), and the pairs of
ballots (``surefoot.voting.hard_questions``) at a rate of 1 % of false ones; neither sees which plan is right.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.hard_questions import pairs_together
from surefoot.voting.race import Race, Won
from surefoot.voting.sequential_tests import SequentialTests

LEAD, MOST_BALLOTS = 4, 60
WRONG = 0.3
"""Share of the plans that are wrong."""
LEVEL = 0.01
"""Share of false flags that the pairs may raise."""
RIGHT = "right"

Draw = Callable[[], str]
"""Gives the next plan for one question."""
Planner = Callable[[random.Random, float], Draw]
"""Makes the draws of one question, given how much its errors have in common, 0 to 1."""


def independent(rng: random.Random, shared: float) -> Draw:
    """Every draw is wrong by itself, and wrong plans differ."""
    return lambda: RIGHT if rng.random() >= WRONG else f"wrong {rng.random()}"


def one_wrong_plan(rng: random.Random, shared: float) -> Draw:
    """Every draw is wrong by itself, and all wrong plans are alike."""
    return lambda: RIGHT if rng.random() >= WRONG else "wrong"


def hard_questions(rng: random.Random, shared: float) -> Draw:
    """Questions are wrong at rates of their own, beta-distributed with the correlation ``shared``; plans differ."""
    ballots = 1 / shared - 1
    rate = rng.betavariate(WRONG * ballots, (1 - WRONG) * ballots)
    return lambda: RIGHT if rng.random() >= rate else f"wrong {rng.random()}"


def common_cause(rng: random.Random, shared: float) -> Draw:
    """At a share of the questions every draw is the same wrong plan; elsewhere wrong plans differ."""
    if rng.random() < WRONG * shared:
        return lambda: "wrong"
    rate = WRONG * (1 - shared) / (1 - WRONG * shared)
    return lambda: RIGHT if rng.random() >= rate else f"wrong {rng.random()}"


CASES: tuple[tuple[Planner, float], ...] = (
    (independent, 0.0), (one_wrong_plan, 0.0), (hard_questions, 0.1), (hard_questions, 0.3), (hard_questions, 0.5),
    (common_cause, 0.3), (common_cause, 1.0),
)  # fmt: skip
"""Planners, and how much their errors have in common."""


class Seen(msgspec.Struct):
    """What was seen over repeated sets of questions.

    Attributes:
        sets: Sets of questions.
        right: Share of all questions whose voted plan is right.
        alarms: Sets in which a run would raise an alarm.
        pairs: Sets in which the pairs of ballots raise a flag.
    """

    sets: int
    right: float = 0.0
    alarms: int = 0
    pairs: int = 0


def voted(draw: Draw) -> tuple[str | None, list[str]]:
    """Return the plan that wins the votes on one question, if any, and the ballots."""
    race, said = Race(FirstToAheadBy(LEAD), MOST_BALLOTS), list[str]()
    while race.verdict is None:
        said.append(draw())
        race.cast(Ballot(len(said) - 1, said[-1]))
    return race.verdict.candidate if isinstance(race.verdict, Won) else None, said


def raises_alarm(races: Sequence[Sequence[str]]) -> bool:
    """Whether a run that held these races raises an alarm of the whole run when it ends."""
    tests, patterns = SequentialTests(len(races)), Counter[str]()
    for ballots in races:
        dissent = len(ballots) - max(Counter(ballots).values())
        if dissent:
            patterns[f"{LEAD}/{len(ballots)}/{dissent}/0"] += 1
    tests.saw({str(LEAD): len(races)}, patterns, {})
    return bool(tests.look())


def seen(planner: Planner, shared: float, questions: int, sets: int) -> Seen:
    """Hold the races of all questions of each set, and return what votes and flags make of them."""
    found = Seen(sets)
    for number in range(sets):
        rng = random.Random(f"{planner.__name__} {shared} {questions} {number}")
        ended = [voted(planner(rng, shared)) for _ in range(questions)]
        races = [ballots for _, ballots in ended]
        found.right += sum(plan == RIGHT for plan, _ in ended) / (questions * sets)
        found.alarms += raises_alarm(races)
        found.pairs += pairs_together(races).p_value <= LEVEL
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, nargs="+", default=[1, 100, 400])
    parser.add_argument("--sets", type=int, default=100)
    given = parser.parse_args(arguments)
    print(
        "| wrong plans | in common | questions | voted right | alarm of a run | pairs |",
        "|---|---|---|---|---|---|",
        sep="\n",
    )
    for planner, shared in CASES:
        for questions in given.questions:
            one = seen(planner, shared, questions, given.sets)
            name = planner.__name__.replace("_", " ")
            flags = f"{one.alarms / one.sets:.0%} | {one.pairs / one.sets:.0%}"
            print(f"| {name} | {shared} | {questions} | {one.right:.3f} | {flags} |", flush=True)


if __name__ == "__main__":
    main()

"""What field-wise voting is worth, simulated, and where it is worth nothing.

Records of four fields. In each ballot a field is right with 60 %, and otherwise one of eight wrong values. All arms
count the very same ballots: 16 a record, 400 records, a lead of 3. The seed is fixed; `tail` bounds the probability
that a test would fail with another seed though the code is right, and every test states it to be below 1e-6.
"""

import math
import random
from collections.abc import Callable

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Deadlocked, Won, replay
from surefoot.voting.record_race import FieldWise, joined, replay_record

FIELDS, RIGHT, WRONG = 4, 0.6, 8
RECORDS, BALLOTS, LEAD = 400, 16, 3
TRUTH = tuple(f"{field}:right" for field in range(FIELDS))
RULE = FieldWise((FirstToAheadBy(LEAD),) * FIELDS)

Draw = Callable[[random.Random], tuple[str, ...]]


def independent(rng: random.Random) -> tuple[str, ...]:
    return tuple(
        right if rng.random() < RIGHT else f"{field}:{rng.randrange(WRONG)}" for field, right in enumerate(TRUTH)
    )


def shuffled(rng: random.Random) -> tuple[str, ...]:
    """The placebo: the same values, in fields that mean nothing."""
    values = list(independent(rng))
    rng.shuffle(values)
    return tuple(values)


def together(rng: random.Random) -> tuple[str, ...]:
    """All fields right, or all of them about something else."""
    other = rng.randrange(WRONG)
    return TRUTH if rng.random() < RIGHT else tuple(f"{field}:{other}" for field in range(FIELDS))


def ballots_of(draw: Draw) -> list[list[Ballot]]:
    rng = random.Random(20_260)
    return [[Ballot(i, joined(draw(rng))) for i in range(BALLOTS)] for _ in range(RECORDS)]


def field_wise(ballots: list[Ballot], rule: FieldWise = RULE) -> str | None:
    verdict = replay_record(rule, BALLOTS, ballots).verdict
    return verdict.candidate if isinstance(verdict, Won) else None


def whole(ballots: list[Ballot]) -> str | None:
    verdict = replay(FirstToAheadBy(LEAD), BALLOTS, ballots)
    assert isinstance(verdict, Won | Deadlocked)
    return verdict.candidate if isinstance(verdict, Won) else None


def tail(share: float, at_worst: float) -> float:
    """Chernoff's bound: that a share of ``RECORDS`` is on the far side of what has probability ``at_worst``."""
    divergence = share * math.log(share / at_worst) + (1 - share) * math.log((1 - share) / (1 - at_worst))
    return math.exp(-RECORDS * divergence)


def test_field_wise_gets_right_what_whole_records_leave_undecided() -> None:
    """In 6,000 records: 92.6 % right field by field, 88 % undecided as whole records, 80.7 % both."""
    records = ballots_of(independent)
    right = [field_wise(ballots) == joined(TRUTH) for ballots in records]
    undecided = [whole(ballots) is None for ballots in records]
    assert sum(right) >= 0.8 * RECORDS
    assert tail(0.8, at_worst=0.91) < 1e-6
    # For a whole record to win, three of 16 must be alike; the right one is stated with 13 %, others hardly twice.
    assert 1 - sum(math.comb(16, n) * (RIGHT**4) ** n * (1 - RIGHT**4) ** (16 - n) for n in range(3)) < 0.35
    assert sum(undecided) >= 0.5 * RECORDS
    assert tail(0.5, at_worst=0.65) < 1e-6
    assert sum(a and b for a, b in zip(right, undecided, strict=True)) >= 0.6 * RECORDS
    assert tail(0.6, at_worst=0.78) < 1e-6


def test_shuffled_fields_decide_next_to_nothing() -> None:
    """The placebo: a field sees each right value with 15 %. In 6,000 records, one was right."""
    right = sum(field_wise(ballots) == joined(TRUTH) for ballots in ballots_of(shuffled))
    # Of four values that are equally likely in a field, its own wins with 1/4 at most, if any does.
    assert right <= 0.06 * RECORDS
    assert tail(0.06, at_worst=0.25**4) < 1e-6


def test_nothing_is_gained_where_errors_come_together() -> None:
    """The same verdicts to the letter, so no chance is involved."""
    for ballots in ballots_of(together):
        assert field_wise(ballots) == whole(ballots)


def test_a_record_may_win_that_nobody_stated_unless_that_is_asked_for() -> None:
    records = ballots_of(independent)
    asked = FieldWise(RULE.rules, stated_whole=True)
    unstated = kept = 0
    for ballots in records:
        race = replay_record(RULE, BALLOTS, ballots)
        if isinstance(race.verdict, Won):
            said = {ballot.candidate for ballot in ballots[: race.verdict.ballots]}
            unstated += race.verdict.candidate not in said
        strict = replay_record(asked, BALLOTS, ballots)
        if isinstance(strict.verdict, Won):
            assert strict.verdict.candidate in {ballot.candidate for ballot in ballots[: strict.verdict.ballots]}
            kept += strict.verdict.candidate == joined(TRUTH)
    # In 6,000 records: 17.5 % won unstated, and 83.7 % were right and stated.
    assert unstated >= 0.05 * RECORDS
    assert tail(0.05, at_worst=0.15) < 1e-6
    assert kept >= 0.6 * RECORDS
    assert tail(0.6, at_worst=0.8) < 1e-6

"""How a race between a right answer and one wrong answer goes under any rule: exact, by dynamic programming.

The arithmetic behind the forecasts of rules that have no closed form, and behind the line that a run's report is held
against. MAKER (arXiv 2511.09030) plots the undecided steps by sampling round in its Fig. 8; in that run far more steps
than this line allows stayed undecided, because spoiled ballots came back on the same steps.

Assumption: ballots err independently at one rate, and wrong ones name one alternative.
"""

import functools
from collections import defaultdict
from collections.abc import Hashable
from typing import Protocol

import msgspec

RARE = 1e-18
"""Tallies that are rarer than this are not followed."""
LONGEST = 512
"""Ballots, or rounds, after which a race is not followed any further: it counts as won by the wrong answer."""
NEARLY_ALL = 1e-13
"""A race is not followed any further either when so few are still undecided."""


class Stopping(Hashable, Protocol):
    """The part of a voting rule that this arithmetic needs; see ``surefoot.voting.rule.Rule``."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether a candidate that leads all others has won."""
        ...

    def fewest(self, ranking: tuple[int, ...], most: int) -> int:
        """Count the fewest further ballots that could bring a winner."""
        ...


class _Ended(msgspec.Struct, frozen=True):
    """Where races end: probability of a wrong winner, and mean number of unspoiled ballots."""

    p_wrong: float
    ballots: float


def ends(rule: Stopping, first: int, second: int) -> bool:
    """Say whether the leader of two candidates has won, having been named last."""
    return first > second and rule.wins(first, (second,) if second else ())


def undecided_if_independent(rule: Stopping, p_error: float, valid_rate: float, rounds: int) -> list[float]:
    """Share of steps without a verdict after 0, 1, ..., ``rounds`` ballots each, spoiled ones included.

    Args:
        rule: What ends a race.
        p_error: Probability that an unspoiled ballot is wrong, 0 to 1.
        valid_rate: Probability that a ballot is not spoiled, above 0 and at most 1.
        rounds: 0 or more.
    """
    live: dict[tuple[int, int], float] = {(0, 0): 1.0}
    shares = [1.0]
    for _ in range(rounds):
        after, _ = _one_ballot(rule, live, 1 - p_error, valid_rate)
        for tally, chance in live.items() if valid_rate < 1 else ():
            after[tally] += chance * (1 - valid_rate)
        live = after
        shares.append(sum(live.values()))
    return shares


def p_wrong_wins(rule: Stopping, p: float) -> float:
    """Probability that the wrong answer wins one step, where an unspoiled ballot is right with probability ``p``."""
    return _ended(rule, p).p_wrong


def expected_valid_ballots(rule: Stopping, p: float) -> float:
    """Mean number of unspoiled ballots of one step; ``p`` as for ``p_wrong_wins``."""
    return _ended(rule, p).ballots


@functools.lru_cache(maxsize=4096)
def _ended(rule: Stopping, p: float) -> _Ended:
    """Follow all races to their end, or until those that go on are too rare to matter."""
    if not 0 <= p <= 1:
        raise ValueError(f"a probability is between 0 and 1, not {p}")
    live: dict[tuple[int, int], float] = {(0, 0): 1.0}
    wrong = ballots = 0.0
    for _ in range(LONGEST):
        ballots += sum(live.values())
        live, lost = _one_ballot(rule, live, p, 1.0)
        wrong += lost
        if sum(live.values()) < NEARLY_ALL:
            break
    return _Ended(min(1.0, wrong + sum(live.values())), ballots)


def _one_ballot(
    rule: Stopping, live: dict[tuple[int, int], float], p: float, valid_rate: float
) -> tuple[dict[tuple[int, int], float], float]:
    """Tallies that go on after one more unspoiled ballot, and the probability that the wrong answer won by it."""
    after: dict[tuple[int, int], float] = defaultdict(float)
    wrong_won = 0.0
    for (right, wrong), chance in live.items():
        part = chance * valid_rate * p
        if part > RARE and not ends(rule, right + 1, wrong):
            after[right + 1, wrong] += part
        part = chance * valid_rate * (1 - p)
        if part > RARE and ends(rule, wrong + 1, right):
            wrong_won += part
        elif part > RARE:
            after[right, wrong + 1] += part
    return after, wrong_won


@functools.lru_cache(maxsize=4096)
def expected_rounds(rule: Stopping, p: float, valid_rate: float) -> float:
    """Mean number of rounds of one step, each of the fewest ballots that could end it.

    A round's ballots are drawn together, so a race ends after a whole round.

    Args:
        rule: What ends a race.
        p: Probability that an unspoiled ballot is right, 0 to 1.
        valid_rate: Share of ballots that are not spoiled, above 0 and at most 1.

    Raises:
        ValueError: ``valid_rate`` is out of range.
    """
    if not 0 < valid_rate <= 1:
        raise ValueError(f"the valid rate must be in (0, 1], not {valid_rate}")
    live: dict[tuple[int, int], float] = {(0, 0): 1.0}
    rounds = 0.0
    for _ in range(LONGEST):
        share = sum(live.values())
        rounds += share
        if share < NEARLY_ALL:
            break
        live = _one_round(rule, live, p, valid_rate)
    return rounds


def _one_round(
    rule: Stopping, live: dict[tuple[int, int], float], p: float, valid_rate: float
) -> dict[tuple[int, int], float]:
    """Tallies that go on after one round of each race."""
    after: dict[tuple[int, int], float] = defaultdict(float)
    for tally, chance in live.items():
        part = {tally: chance}
        ranking = tuple(sorted((n for n in tally if n), reverse=True))
        for _ in range(rule.fewest(ranking, LONGEST)):
            further, _ = _one_ballot(rule, part, p, valid_rate)
            for one, share in part.items() if valid_rate < 1 else ():
                further[one] += share * (1 - valid_rate)
            part = further
        for one, share in part.items():
            after[one] += share
    return after

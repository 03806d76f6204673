"""Decides which candidate, if any, wins one step: ballots in, a verdict out.

Two rules hold here.

1. Everything that affects a verdict lives here and in the rule (``rule.py``): when a candidate has won, the cap, and
   what a spoiled ballot counts for. Whoever draws ballots only asks how many are worth drawing (`Race.fewest`), and
   casts.
2. This file never learns what a candidate means, who answered, when, or at what price. A candidate is a
   string that is equal to another or is not. There is no clock, no chance and no fallback here: a race
   without a winner is a value of its own, `Deadlocked`, which names nobody and has to be acted on.

Why a replay is exact: ballots are numbered when they are drawn and are accepted in that order only. A verdict
is therefore a function of the rule, the cap and the ballots by number, and of nothing else. `replay` is that
function; the order in which answers arrived does not enter it. Counting early arrivals first would be worse
than irreproducible: fast answers are a biased sample.

Why drawing `Race.fewest` ballots at a time wastes none: no verdict can fall before the last of them, so there
is never a ballot in flight that a decided race no longer needs.

Source: the paper's vote on a step (MAKER, arXiv 2511.09030). It sets no cap; here every race ends.
"""

from collections.abc import Iterable, Sequence

import msgspec

from surefoot.voting.ballot import Ballot
from surefoot.voting.rule import Rule


class Won(msgspec.Struct, frozen=True, tag=True):
    """Verdict of a race in which one candidate met the rule.

    Attributes:
        candidate: The winner, as it stood on its ballots.
        ballots: Number of ballots cast, spoiled ones included; 1 or more.
        margin: Lead of the winner over the second, in ballots, 1 or more.
    """

    candidate: str
    ballots: int
    margin: int


class Deadlocked(msgspec.Struct, frozen=True, tag=True):
    """Verdict of a race that reached its cap before any candidate met the rule.

    Attributes:
        ballots: Number of ballots cast, spoiled ones included: the cap.
        tally: Each candidate with its ballots, most ballots first, equal ones by name. Empty when all were
            spoiled.
        spoiled: Number of spoiled ballots.
    """

    ballots: int
    tally: tuple[tuple[str, int], ...]
    spoiled: int


Verdict = Won | Deadlocked


class Race:
    """Counts the ballots of one step, in the order drawn, until there is a verdict.

    Args:
        rule: When a candidate has won.
        max_ballots: The cap: the race ends `Deadlocked` when so many ballots, spoiled ones included, were
            cast without a winner. 1 or more; below ``rule.agreeing`` nobody can win.

    Raises:
        ValueError: ``max_ballots`` is below 1.
    """

    __slots__ = ("_cast", "_first", "_max", "_rule", "_spoiled", "_tally", "_verdict")

    def __init__(self, rule: Rule, max_ballots: int) -> None:
        if max_ballots < 1:
            raise ValueError(f"a race needs room for at least 1 ballot, not {max_ballots}")
        self._rule = rule
        self._max = max_ballots
        self._cast = 0
        self._spoiled = 0
        self._tally: dict[str, int] = {}
        self._first = 0  # most ballots of any candidate
        self._verdict: Verdict | None = None

    def cast(self, ballot: Ballot) -> Verdict | None:
        """Cast the next ballot of the race and say whether the race ends with this ballot.

        Returns:
            The verdict if this ballot ends the race, else ``None``.

        Raises:
            ValueError: The race is over, or the ballot is not the next one drawn. The race is unchanged.
        """
        if self._verdict is not None:
            raise ValueError(f"ballot {ballot.draw} comes after the verdict")
        if ballot.draw != self._cast:
            raise ValueError(f"ballot {ballot.draw} is out of order: the next one is {self._cast}")
        self._cast += 1
        candidate = ballot.candidate
        if candidate is None:
            self._spoiled += 1
        elif margin := self._count(candidate):
            self._verdict = Won(candidate, self._cast, margin)
            return self._verdict
        if self._cast == self._max:
            ranking = sorted(self._tally.items(), key=lambda item: (-item[1], item[0]))
            self._verdict = Deadlocked(self._cast, tuple(ranking), self._spoiled)
        return self._verdict

    def _count(self, candidate: str) -> int:
        """Give ``candidate`` one ballot; its lead over the second if it wins by that, else 0. Nobody else can win."""
        mine = self._tally[candidate] = self._tally.get(candidate, 0) + 1
        if mine <= self._first:  # level with the leader at most
            return 0
        self._first = mine
        others = self._ranking()[1:]  # it leads alone, so it comes first
        return mine - (others[0] if others else 0) if self._rule.wins(mine, others) else 0

    def _ranking(self) -> tuple[int, ...]:
        """Ballots by candidate, most first."""
        return tuple(sorted(self._tally.values(), reverse=True))

    @property
    def verdict(self) -> Verdict | None:
        """Verdict of the race, ``None`` while undecided."""
        return self._verdict

    @property
    def tally(self) -> dict[str, int]:
        """Ballots by candidate, in the order first named. A copy."""
        return dict(self._tally)

    @property
    def spoiled(self) -> int:
        """Number of spoiled ballots cast so far."""
        return self._spoiled

    def fewest(self) -> int:
        """Count the fewest further ballots that could bring a winner.

        Returns:
            1 or more while undecided, 0 when the race is over. Never more than the cap leaves, also when that
            is too few for anyone to win: then it is all that is left.
        """
        left = self._max - self._cast
        if self._verdict is not None:
            return 0
        return max(1, self._rule.fewest(self._ranking(), left))


def unanimous(answers: Sequence[object], k: int) -> str | None:
    """Decide a race whose first ``k`` answers all name the same candidate.

    The same verdict as a `Race` under any rule that ``k`` agreeing ballots satisfy, for less than the price of one.

    Args:
        answers: In the order drawn; anything but a string is a spoiled ballot.
        k: How many agreeing ballots the rule asks for, 1 or more.

    Returns:
        The candidate, ``None`` when the answers have to be counted.
    """
    first = answers[0] if len(answers) == k else None
    if not isinstance(first, str) or (k > 1 and any(answer != first for answer in answers)):
        return None
    return first


def replay(rule: Rule, max_ballots: int, ballots: Iterable[Ballot]) -> Verdict | None:
    """Decide a race again from its ballots, which may come in any order.

    Returns:
        The verdict, ``None`` when the ballots do not decide the race. Ballots drawn after the deciding one
        are ignored.

    Raises:
        ValueError: The draws are not 0, 1, 2, ... each exactly once. Two ballots with one number would let
            their order decide; a missing one leaves open what it said.
    """
    ordered = sorted(ballots, key=lambda ballot: ballot.draw)
    draws = [ballot.draw for ballot in ordered]
    if draws != list(range(len(draws))):
        raise ValueError(f"a race has the draws 0, 1, 2, ... each once, not {draws}")
    race = Race(rule, max_ballots)
    for ballot in ordered:
        if race.cast(ballot) is not None:
            break
    return race.verdict

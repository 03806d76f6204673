"""How the rows of a table are answered, fitted to a sample of them: what a rehearsal of the run draws its replies from.

*Model.* Each row has a rate at which its counted replies are wrong, and the same number of wrong answers, each as
likely. Rates differ from row to row in any way: their distribution over ``GRID`` is the one under which the sample is
likeliest (Laird, J. Am. Stat. Assoc. 73, 1978), found by expectation and maximization (Dempster, Laird and Rubin,
J. R. Stat. Soc. B 39, 1977). Which answer of a row is right nobody knows: all are weighed by how well they explain the
row's replies, so that rows whose replies all agree on a wrong answer are reckoned with as far as others make them
likely. Replies are discarded at one rate; rows of which no reply at all could be read are never read in the run either.

*Assumption.* A row's right answer is its likeliest: rates are at most a half.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from surefoot.runtime.forecast.estimates import Sample
from surefoot.voting.record_race import Fields, fields_of

GRID: Final = (0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.04, 0.055, 0.075, 0.1, 0.14, 0.19, 0.25, 0.32, 0.4, 0.5)
"""Rates of wrong replies that rows are taken to have."""
RIVALS: Final = (1, 2, 3, 4, 6, 10, 30)
"""Numbers of wrong answers that rows are taken to have."""
USUAL_RIVALS: Final = 4
PREFERENCE: Final = 0.3
"""Loss of log-likelihood for each doubling away from ``USUAL_RIVALS``: it decides where a sample says nothing."""
ROUNDS: Final = 200
"""Rounds of expectation and maximization; what they still change after that moves no forecast."""

Slip = tuple[int, ...]
"""What a wrong reply says of each field of a record: ``RIGHT``, ``WRONG`` or ``UNREAD``; empty for a whole answer."""
RIGHT, WRONG, UNREAD = 0, 1, 2


class RowAnswers(msgspec.Struct, frozen=True):
    """How a table's rows are answered.

    Attributes:
        rates: (rate of wrong replies among those that count, share of the rows that has it); shares add up to 1.
        rivals: Wrong answers of a row.
        discarded: Share of the replies that is discarded, of rows of which any can be read; below 1.
        never: Share of the rows of which no reply can be read.
        refused: Share of those of them that are refused.
        slips: How wrong replies differ from right ones where fields are voted on one by one; each as likely.
    """

    rates: tuple[tuple[float, float], ...]
    rivals: int = USUAL_RIVALS
    discarded: float = 0.0
    never: float = 0.0
    refused: float = 0.0
    slips: tuple[Slip, ...] = ()

    @property
    def wrong(self) -> float:
        """Mean rate of wrong replies among those that count."""
        return math.fsum(rate * share for rate, share in self.rates)

    def scaled(self, by: float) -> "RowAnswers":
        """Return the same with so many times as many wrong and discarded replies; rows stay below even odds."""
        rates = tuple((min(GRID[-1], rate * by), share) for rate, share in self.rates)
        return msgspec.structs.replace(self, rates=rates, discarded=min(0.95, self.discarded * by))


def row_answers(samples: Sequence[Sample], fields: int = 0) -> RowAnswers:
    """Fit the model to a sample.

    Args:
        samples: Rows, with the ballots of each; rows of which replies disagreed may have more of them than others.
        fields: Fields of a record that are voted on one by one; 0 for whole answers.

    Raises:
        ValueError: No reply of the sample can be read.
    """
    read = [one for one in samples if any(ballot.candidate is not None for ballot in one.ballots)]
    if not read:
        raise ValueError("no reply of the sample can be read")
    named = Counter(_named(one) for one in read)
    rivals, shares = max(
        ((number, _shares(named, number)) for number in RIVALS),
        key=lambda found: _likelihood(named, *found) - PREFERENCE * abs(math.log2(found[0] / USUAL_RIVALS)),
    )
    drawn = sum(len(one.ballots) for one in read)
    lost = drawn - sum(sum(counts) * rows for counts, rows in named.items())
    never = [one for one in samples if all(ballot.candidate is None for ballot in one.ballots)]
    refused = sum(all(ballot.spoiled_by == "refused" for ballot in one.ballots) for one in never)
    return RowAnswers(
        tuple((rate, share) for rate, share in zip(GRID, shares, strict=True) if share > 1e-6),
        rivals,
        lost / drawn,
        len(never) / len(samples),
        refused / max(1, len(never)),
        _slips(read, fields) if fields else (),
    )


def _named(sample: Sample) -> tuple[int, ...]:
    """Ballots of a row by candidate, most first."""
    counted = Counter(ballot.candidate for ballot in sample.ballots if ballot.candidate is not None)
    return tuple(sorted(counted.values(), reverse=True))


def _chance(counts: tuple[int, ...], rate: float, rivals: int) -> float:
    """Probability of a row's ballots up to a factor that depends on the counts alone, whichever answer is right."""
    total, each = sum(counts), rate / rivals
    ways = [math.prod(rivals - taken for taken in range(number)) for number in (len(counts) - 1, len(counts))]
    seen = math.fsum((1 - rate) ** count * each ** (total - count) for count in counts)
    return float(ways[0] * seen + ways[1] * each**total)  # or the right answer was never said


def _table(named: Counter[tuple[int, ...]], rivals: int) -> list[tuple[int, list[float]]]:
    return [(rows, [_chance(counts, rate, rivals) for rate in GRID]) for counts, rows in named.items()]


def _shares(named: Counter[tuple[int, ...]], rivals: int) -> list[float]:
    """Shares of the rates of ``GRID`` under which the sample is likeliest."""
    shares, table = [1 / len(GRID)] * len(GRID), _table(named, rivals)
    for _ in range(ROUNDS):
        after = [0.0] * len(GRID)
        for rows, chances in table:
            both = [share * chance for share, chance in zip(shares, chances, strict=True)]
            total = math.fsum(both)
            if total > 0:  # more candidates than there are answers: the number of rivals is too small
                after = [then + rows * one / total for then, one in zip(after, both, strict=True)]
        whole = math.fsum(after)
        shares = [one / whole for one in after] if whole > 0 else shares
    return shares


def _likelihood(named: Counter[tuple[int, ...]], rivals: int, shares: Sequence[float]) -> float:
    found = 0.0
    for rows, chances in _table(named, rivals):
        total = math.fsum(share * chance for share, chance in zip(shares, chances, strict=True))
        found += rows * (math.log(total) if total > 0 else -1e3)
    return found


def _slips(samples: Sequence[Sample], fields: int) -> tuple[Slip, ...]:
    """How replies differ, field by field, from what most replies of their row say; those that do not are left out."""
    found: list[Slip] = []
    for sample in samples:
        records = [fields_of(one.candidate, fields) for one in sample.ballots if one.candidate is not None]
        usual = tuple(_most(record[number] for record in records) for number in range(fields))
        found += [_slip(record, usual) for record in records if record != usual]
    return tuple(sorted(found)) or ((WRONG,) * fields,)


def _most(texts: Iterable[str | None]) -> str | None:
    counted = Counter(text for text in texts if text is not None)
    return min(counted, key=lambda text: (-counted[text], text), default=None)


def _slip(record: Fields, usual: Fields) -> Slip:
    def code(said: str | None, most: str | None) -> int:
        return UNREAD if said is None else RIGHT if said == most else WRONG

    return tuple(code(said, most) for said, most in zip(record, usual, strict=True))

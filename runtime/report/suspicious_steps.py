"""The steps worth a look: those that are suspicious, and those with the thinnest evidence among the ones that stand."""

import heapq
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.records import Contested, Entry, agreed

SUSPECTS = 40
"""Suspicious steps that are kept."""
WEAKEST = 10
"""Steps with the thinnest evidence that are kept."""


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a step stands in the journal."""

    path: Path
    part: str
    attempt: int
    index: int

    @property
    def chain(self) -> tuple[Path, str, int]:
        """The attempt that it belongs to."""
        return self.path, self.part, self.attempt


class SuspiciousStep(msgspec.Struct, frozen=True):
    """A step whose ballots did not all agree.

    Attributes:
        place: Where it stands.
        entry: Its ballots.
        named: Unspoiled ballots by candidate, most first.
        spoiled: Spoiled ballots.
        segment: The journal's name for the piece of work it belongs to.
    """

    place: Place
    entry: Contested
    named: tuple[tuple[str, int], ...]
    spoiled: int
    segment: str = ""

    @property
    def dissent(self) -> int:
        """Unspoiled ballots for other candidates than the most frequent."""
        return sum(count for _, count in self.named[1:])

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """More suspicious ones are larger: alarms, then dissent, then spoiled ballots."""
        return (len(self.entry.raised), self.dissent, self.spoiled, len(self.entry.ballots))

    def suspicious(self, lead: int) -> bool:
        """Whether it is worth a look, where ``lead`` was asked for at first."""
        entry = self.entry
        return bool(self.dissent or self.spoiled > 1 or entry.k > lead or entry.before or entry.raised)


class Worst:
    """The most suspicious steps, in the order found among equals."""

    def __init__(self) -> None:
        self._heap: list[tuple[tuple[int, int, int, int], int, SuspiciousStep]] = []
        self._seen = 0

    def add(self, doubt: SuspiciousStep) -> None:
        """Keep it if it is among the worst."""
        self._seen += 1
        heapq.heappush(self._heap, (doubt.weight, -self._seen, doubt))
        if len(self._heap) > SUSPECTS:
            heapq.heappop(self._heap)

    def ranked(self) -> list[SuspiciousStep]:
        """Return the steps kept so far, the worst first."""
        return [doubt for _, _, doubt in sorted(self._heap, key=lambda item: item[:2], reverse=True)]


class Thinnest:
    """The decided steps with the thinnest evidence, without runs of chains that a later one replaced.

    Thinner is: a smaller lead for the number of ballots; then fewer ballots for the winner; then more spoiled ones.

    Attributes:
        enough: Numbers of ballots that all agreed of which no more steps are needed.
    """

    def __init__(self) -> None:
        self.enough: set[int] = set()
        self._kept: dict[tuple[float, int, int], list[SuspiciousStep]] = defaultdict(list)
        self._segment: dict[tuple[float, int, int], list[SuspiciousStep]] = defaultdict(list)

    def add(self, place: Place, entry: Entry, k: int, doubt: SuspiciousStep | None, segment: str = "") -> None:
        """Look at one step; ``k`` is the lead of a step whose ballots all agreed."""
        if doubt is None:
            key = (1.0, k, 0)
            if self._full(key, place):
                return
            named = ((str(entry), k),)
            doubt = SuspiciousStep(place, agreed(str(entry), k), named, 0, segment)
        else:
            first, second = (*(count for _, count in doubt.named), 0, 0)[:2]
            key = ((first - second) / max(1, first + second), first, -doubt.spoiled)
            if self._full(key, place):
                return
        self._segment[key].append(doubt)

    def _full(self, key: tuple[float, int, int], place: Place) -> bool:
        """Whether enough like it are kept: of the whole run, or of its own attempt, which may not stand."""
        if len(self._kept[key]) >= WEAKEST:
            return True
        mine = self._segment[key][-WEAKEST:]
        return len(mine) == WEAKEST and mine[0].place.chain == place.chain

    def end_segment(self, last: Mapping[tuple[Path, str], int]) -> None:
        """Keep what stands of the segment that was read.

        Args:
            last: By path and part: the attempt that stands.
        """
        for key, doubts in self._segment.items():
            kept = self._kept[key]
            stand = [one for one in doubts if last.get((one.place.path, one.place.part)) == one.place.attempt]
            kept += stand[: WEAKEST - len(kept)]
            if len(kept) == WEAKEST and key[0] == 1 and not key[2]:
                self.enough.add(key[1])
        self._segment.clear()

    def ranked(self) -> list[SuspiciousStep]:
        """Return the steps kept so far, the thinnest win first."""
        return [one for _, kept in sorted(self._kept.items()) for one in kept][:WEAKEST]

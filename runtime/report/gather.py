"""One pass over a journal, one segment at a time: what it says is added up while it is read."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from decompose.plan import Path
from runtime.journal import Journal
from runtime.records import Contested, Entry, Record, unpack
from voting.alarms import Pattern
from voting.ballot import Ballot

BINS = 240
"""Most points of a line along the run."""
SUSPECTS = 40
"""Suspicious steps that are kept."""


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a step stands in the journal."""

    path: Path
    part: str
    attempt: int
    index: int


class Doubt(msgspec.Struct, frozen=True):
    """A step whose ballots did not all agree.

    Attributes:
        place: Where it stands.
        entry: Its ballots.
        named: Unspoiled ballots by candidate, most first.
        spoiled: Spoiled ballots.
    """

    place: Place
    entry: Contested
    named: tuple[tuple[str, int], ...]
    spoiled: int

    @property
    def dissent(self) -> int:
        """Unspoiled ballots for other candidates than the most frequent."""
        return sum(count for _, count in self.named[1:])

    @property
    def weight(self) -> tuple[int, int, int]:
        """More suspicious ones are larger: a thin lead among many ballots, then spoiled ones."""
        return (self.dissent, self.spoiled, len(self.entry.ballots))


class Bin(msgspec.Struct):
    """A stretch of the run in the order it was journalled."""

    steps: int = 0
    ballots: int = 0
    dissent: int = 0
    spoiled: int = 0
    contested: int = 0


class Span(msgspec.Struct, frozen=True):
    """One batch: who worked on it, when, and how many decided steps it brought. Times are seconds since 1970."""

    worker: str
    segment: str
    started: float
    ended: float
    steps: int


class Gathered(msgspec.Struct):
    """What a journal says.

    Attributes:
        bins: Along the run, at most ``BINS``.
        chain_bins: The same for first runs of chains, by lead: alike enough to be compared with each other.
        sampled: By (part, lead): how many steps were decided with how many ballots, spoiled ones included.
        voted: By (part, lead): how many with how many unspoiled ballots.
        standing: The same as ``voted``, without attempts that a later one replaced.
        spans: Who worked on what, and when.
        chains: Chains that stand.
        retried: Runs of chains that a later one replaced.
        undecided: Races that ended undecided on the first rung of the ladder.
        patterns: How many steps had which ballots; see ``voting.alarms.Pattern``.
        suspects: The most suspicious steps first.
    """

    bins: list[Bin] = []
    chain_bins: dict[int, list[Bin]] = {}
    sampled: dict[tuple[str, int], Counter[int]] = {}
    voted: dict[tuple[str, int], Counter[int]] = {}
    standing: dict[tuple[str, int], Counter[int]] = {}
    spans: list[Span] = []
    chains: int = 0
    retried: int = 0
    steps: int = 0
    ballots: int = 0
    dissent: int = 0
    spoiled: int = 0
    undecided: int = 0
    patterns: Counter[Pattern] = Counter()
    suspects: list[Doubt] = []


class _Along:
    """Bins whose width doubles whenever there are too many."""

    def __init__(self) -> None:
        self.bins: list[Bin] = [Bin()]
        self.width = 1

    def add(self, ballots: int, dissent: int, spoiled: int) -> None:
        """Count one step."""
        last = self.bins[-1]
        if last.steps == self.width:
            if len(self.bins) == BINS:
                self._halve()
            last = Bin()
            self.bins.append(last)
        last.steps += 1
        last.ballots += ballots
        last.dissent += dissent
        last.spoiled += spoiled
        last.contested += dissent > 0 or spoiled > 0

    def _halve(self) -> None:
        self.width *= 2
        pairs = zip(self.bins[::2], self.bins[1::2], strict=True)
        self.bins = [Bin(*(getattr(a, name) + getattr(b, name) for name in Bin.__struct_fields__)) for a, b in pairs]


def gather(journal: Journal) -> Gathered:
    """Read a journal once.

    Raises:
        JournalError: It cannot be read.
    """
    found = Gathered(patterns=Counter())
    along, chains = _Along(), defaultdict[int, _Along](_Along)
    heap: list[tuple[tuple[int, int, int], int, Doubt]] = []
    for segment in journal.segments():
        lengths: dict[tuple[Path, str, int], dict[int, Counter[int]]] = {}
        for record in _records(journal, segment, found.spans):
            key = (record.path, record.part, record.attempt)
            counter = lengths.setdefault(key, {}).setdefault(record.k, Counter())
            for offset, entry in enumerate(record.entries):
                place = Place(record.path, record.part, record.attempt, record.first + offset)
                doubt = _doubt(place, entry) if isinstance(entry, Contested) else None
                told = _count(found, record, doubt)
                along.add(*told)
                if record.part == "run" and not record.attempt:
                    chains[record.k].add(*told)
                counter[_valid(doubt, record.k)] += 1
                if doubt is not None and (
                    doubt.dissent or doubt.spoiled > 1 or doubt.entry.k > record.k or doubt.entry.before
                ):
                    heapq.heappush(heap, (doubt.weight, found.steps, doubt))
                    if len(heap) > SUSPECTS:
                        heapq.heappop(heap)
        _stand(found, lengths)
    found.bins = [one for one in along.bins if one.steps]
    found.chain_bins = {k: one.bins for k, one in chains.items()}
    found.suspects = [doubt for _, _, doubt in sorted(heap, key=lambda item: item[:2], reverse=True)]
    return found


def _records(journal: Journal, segment: str, spans: list[Span]) -> Iterator[Record]:
    """Records of a segment without those that came twice; who worked on them is noted."""
    known: Counter[tuple[Path, str, int]] = Counter()
    for payload in journal.payloads(segment):
        steps = 0
        for record in unpack(payload):
            if record.part == "worked":
                spans.append(Span(record.worker, segment, record.started, record.ended, steps))
            elif record.entries:
                key = (record.path, record.part, record.attempt)
                fresh = record.entries[max(0, known[key] - record.first) :]
                first = max(record.first, known[key])
                known[key] = first + len(fresh)
                steps += len(fresh)
                yield msgspec.structs.replace(record, first=first, entries=fresh)


def _doubt(place: Place, entry: Contested) -> Doubt:
    named = Counter(b.candidate for b in entry.ballots if b.candidate is not None)
    ranking = tuple(sorted(named.items(), key=lambda item: (-item[1], item[0])))
    return Doubt(place, entry, ranking, len(entry.ballots) - sum(named.values()))


def _valid(doubt: Doubt | None, lead: int) -> int:
    return lead if doubt is None else len(doubt.entry.ballots) - doubt.spoiled


def _count(found: Gathered, record: Record, doubt: Doubt | None) -> tuple[int, int, int]:
    """Count one step; its ballots, those that dissent, and those that are spoiled."""
    lead = record.k if doubt is None else doubt.entry.k
    valid = _valid(doubt, lead)
    spoiled = doubt.spoiled if doubt else 0
    dissent = doubt.dissent if doubt else 0
    key = (record.part, lead)
    found.sampled.setdefault(key, Counter())[valid + spoiled] += 1
    found.voted.setdefault(key, Counter())[valid] += 1
    found.steps += 1
    found.ballots += valid + spoiled
    found.dissent += dissent
    found.spoiled += spoiled
    found.patterns[Pattern(lead, valid, dissent, spoiled)] += 1
    if doubt is not None and doubt.entry.before:
        found.undecided += 1
        found.ballots += len(doubt.entry.before)
        lost = sum(b.candidate is None for b in doubt.entry.before)
        found.spoiled += lost
        named = Counter(b.candidate for b in doubt.entry.before if b.candidate is not None)
        others = sum(named.values()) - max(named.values(), default=0)
        found.patterns[Pattern(lead, sum(named.values()), others, lost)] += 1
    return valid + spoiled, dissent, spoiled


def _stand(found: Gathered, lengths: dict[tuple[Path, str, int], dict[int, Counter[int]]]) -> None:
    """Count the attempts that stand, and those that a later one replaced."""
    last = {(path, part): attempt for path, part, attempt in sorted(lengths)}
    for (path, part, attempt), by_lead in lengths.items():
        stands = last[path, part] == attempt
        if stands:
            for lead, counter in by_lead.items():
                found.standing.setdefault((part, lead), Counter()).update(counter)
        if part == "run":
            found.chains += stands
            found.retried += not stands


def ballots_of(entry: Entry, k: int) -> tuple[Ballot, ...]:
    """The ballots of a decided step, written out."""
    return entry.ballots if isinstance(entry, Contested) else tuple(Ballot(i, entry) for i in range(k))

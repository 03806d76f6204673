"""One pass over a journal, one segment at a time: what it says is added up while it is read."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Contested, Record
from surefoot.runtime.report.suspicious_steps import Place, SuspiciousStep, Thinnest, Worst
from surefoot.voting.alarms import Pattern
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import Looks
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.sequential import Sequential

BINS = 240
"""Most points of a line along the run."""


DECIDED = ("run", "split", "undecided")
"""Parts of records whose entries are steps that were voted on, one after the other; rows are read apart."""


class Bin(msgspec.Struct):
    """A stretch of the run in the order it was journalled."""

    steps: int = 0
    ballots: int = 0
    dissent: int = 0
    spoiled: int = 0


class Span(msgspec.Struct, frozen=True):
    """One batch: who worked on it, when, and how many decided steps it brought. Times are seconds since 1970."""

    worker: str
    segment: str
    started: float
    ended: float
    steps: int


Decider = Sequential | RaisedLead | Looks
"""What decides races besides the run's own rule."""


class Gathered(msgspec.Struct):
    """What one reading of a journal found.

    Attributes:
        bins: Along the run, at most ``BINS``.
        sampled: By (part, lead): how many steps were decided with how many ballots, spoiled ones and those of lower
            rungs included.
        voted: By (part, lead): how many with how many unspoiled ballots.
        standing: The same as ``voted``, without attempts that a later one replaced.
        by_rule: Of ``standing``, by (part, lead) and rule: those that something else than the run's rule decided.
        spans: Who worked on what, and when.
        chains: Chains that stand.
        retried: Runs of chains that a later one replaced.
        undecided: Races that ended undecided on the first rung of the ladder, without an alarm.
        given_up: Steps that were undecided on every rung.
        raised: Steps that raised an alarm, by its kind.
        rules: By lead, the last of the rules in ``by_rule``.
        patterns: How many steps had which ballots; see ``surefoot.voting.alarms.Pattern``.
        suspects: The most suspicious steps first.
        weakest: Decided steps that stand, those with the thinnest evidence first.
        by_person: Steps that a person decided; in no other count of steps.
        results: Results of tools and sub-plans, which nobody votes on; likewise.
    """

    bins: list[Bin] = []
    sampled: dict[tuple[str, int], Counter[int]] = {}
    voted: dict[tuple[str, int], Counter[int]] = {}
    standing: dict[tuple[str, int], Counter[int]] = {}
    by_rule: dict[tuple[str, int], dict[Decider, Counter[int]]] = {}
    spans: list[Span] = []
    chains: int = 0
    retried: int = 0
    steps: int = 0
    ballots: int = 0
    dissent: int = 0
    spoiled: int = 0
    undecided: int = 0
    given_up: int = 0
    raised: Counter[str] = msgspec.field(default_factory=Counter)
    rules: dict[int, Decider] = {}
    patterns: Counter[Pattern] = msgspec.field(default_factory=Counter)
    suspects: list[SuspiciousStep] = []
    weakest: list[SuspiciousStep] = []
    by_person: int = 0
    results: int = 0


Lengths = dict[tuple[Path, str, int], dict[tuple[int, Decider | None], Counter[int]]]
"""Of each attempt, by lead and rule: how many steps were decided with how many unspoiled ballots."""


class _Along:
    """Bins whose width doubles whenever there are too many."""

    def __init__(self) -> None:
        self.bins: list[Bin] = [Bin()]
        self.width = 1

    def add(self, ballots: int, dissent: int, spoiled: int) -> None:
        """Count one step and its ballots into the current bin."""
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

    def _halve(self) -> None:
        self.width *= 2
        pairs = zip(self.bins[::2], self.bins[1::2], strict=True)
        self.bins = [Bin(*(getattr(a, name) + getattr(b, name) for name in Bin.__struct_fields__)) for a, b in pairs]


def gather(journal: JournalReader) -> Gathered:
    """Read a journal once, from its first record to its last.

    Raises:
        JournalError: It cannot be read.
    """
    found = Gathered(patterns=Counter(), raised=Counter(), rules={})
    along = _Along()
    suspects, weakest = Worst(), Thinnest()
    for segment in journal.segments():
        lengths: Lengths = {}
        for record in _records(journal, segment, found.spans):
            key = (record.path, record.part, record.attempt)
            counters = lengths.setdefault(key, {})
            for number, entry in zip(_numbers(record), record.entries, strict=True):
                place = Place(record.path, record.part, record.attempt, number)
                if isinstance(entry, Contested) and entry.decided is not None:
                    found.by_person += 1
                    continue
                if isinstance(entry, str) and not record.k:
                    found.results += 1
                    continue
                doubt = _doubt(place, entry, segment) if isinstance(entry, Contested) else None
                if doubt is not None and doubt.suspicious(record.k):
                    suspects.add(doubt)
                if record.part == "undecided":
                    _give_up(found, doubt)
                    continue
                told = _count(found, record, doubt)
                along.add(*told)
                lead = record.k if doubt is None else doubt.entry.k
                rule = None if doubt is None else doubt.entry.rule
                counters.setdefault((lead, rule), Counter())[_valid(doubt, lead)] += 1
                if doubt is not None or lead not in weakest.enough:
                    weakest.add(place, entry, lead, doubt, segment)
        weakest.end_segment(_stand(found, lengths))
    found.bins = [one for one in along.bins if one.steps]
    found.suspects, found.weakest = suspects.ranked(), weakest.ranked()
    return found


def _records(journal: JournalReader, segment: str, spans: list[Span]) -> Iterator[Record]:
    """Records of a segment without those that came twice; who worked on them is noted."""
    known: Counter[tuple[Path, str, int]] = Counter()
    known_rows: set[tuple[Path, int]] = set()
    for payload in journal.payloads(segment):
        steps = 0
        for record in unpack(payload):
            if record.part == "worked":
                spans.append(Span(record.worker, segment, record.started, record.ended, steps))
            elif record.part == "rows":
                rows = [(row, entry) for row, entry in zip(record.children, record.entries, strict=False)]
                fresh_rows = [(row, entry) for row, entry in rows if (record.path, row) not in known_rows]
                known_rows.update((record.path, row) for row, _ in fresh_rows)
                steps += len(fresh_rows)
                numbers, entries = tuple(row for row, _ in fresh_rows), tuple(entry for _, entry in fresh_rows)
                yield msgspec.structs.replace(record, children=numbers, entries=entries)
            elif record.entries and record.part in DECIDED:
                key = (record.path, record.part, record.attempt)
                fresh = record.entries[max(0, known[key] - record.first) :]
                first = max(record.first, known[key])
                known[key] = first + len(fresh)
                steps += len(fresh)
                yield msgspec.structs.replace(record, first=first, entries=fresh)


def _numbers(record: Record) -> Iterable[int]:
    """Numbers of a record's steps: rows of a chunk come in any order."""
    return record.children if record.part == "rows" else range(record.first, record.first + len(record.entries))


def _doubt(place: Place, entry: Contested, segment: str) -> SuspiciousStep:
    named = Counter(b.candidate for b in entry.ballots if b.candidate is not None)
    ranking = tuple(sorted(named.items(), key=lambda item: (-item[1], item[0])))
    return SuspiciousStep(place, entry, ranking, len(entry.ballots) - sum(named.values()), segment)


def _valid(doubt: SuspiciousStep | None, lead: int) -> int:
    return lead if doubt is None else len(doubt.entry.ballots) - doubt.spoiled


def _count(found: Gathered, record: Record, doubt: SuspiciousStep | None) -> tuple[int, int, int]:
    """Count one step; its ballots, those that dissent, and those that are spoiled."""
    lead = record.k if doubt is None else doubt.entry.k
    valid = _valid(doubt, lead)
    spoiled = doubt.spoiled if doubt else 0
    dissent = doubt.dissent if doubt else 0
    key = (record.part, lead)
    below = len(doubt.entry.before) if doubt is not None and doubt.entry.way else 0
    found.sampled.setdefault(key, Counter())[valid + spoiled + below] += 1
    found.voted.setdefault(key, Counter())[valid] += 1
    found.steps += 1
    found.ballots += valid + spoiled
    found.dissent += dissent
    found.spoiled += spoiled
    found.patterns[Pattern(lead, valid, dissent, spoiled)] += 1
    if doubt is not None:
        if doubt.entry.rule is not None:
            found.rules[lead] = doubt.entry.rule
        found.raised.update(str(one.kind) for one in doubt.entry.raised)
        if doubt.entry.before:
            found.undecided += not doubt.entry.raised
            _count_before(found, doubt.entry.before)
    return valid + spoiled, dissent, spoiled


def _count_before(found: Gathered, ballots: tuple[Ballot, ...]) -> None:
    found.ballots += len(ballots)
    found.spoiled += sum(ballot.candidate is None for ballot in ballots)


def _give_up(found: Gathered, doubt: SuspiciousStep | None) -> None:
    """Count a step that has no verdict; its ballots are ballots."""
    found.given_up += 1
    if doubt is not None:
        found.raised.update(str(one.kind) for one in doubt.entry.raised)
        _count_before(found, (*doubt.entry.before, *doubt.entry.ballots))


def _stand(found: Gathered, lengths: Lengths) -> dict[tuple[Path, str], int]:
    """Count the attempts that stand, and those that a later one replaced; the former by path and part."""
    last = {(path, part): attempt for path, part, attempt in sorted(lengths)}
    for (path, part, attempt), counters in lengths.items():
        stands = last[path, part] == attempt
        for (lead, rule), counter in counters.items() if stands else ():
            found.standing.setdefault((part, lead), Counter()).update(counter)
            if rule is not None:
                found.by_rule.setdefault((part, lead), {}).setdefault(rule, Counter()).update(counter)
        if part == "run":
            found.chains += stands
            found.retried += not stands
    return last

"""Journals of random runs, written by the buffer that workers write with, and what truly happened in them."""

import random

import msgspec

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.reports import record_of_evidence
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import (
    SUB_PLANS,
    TOOL,
    Batch,
    Contested,
    Counts,
    Entry,
    Finished,
    Record,
    record_of_revision,
)
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal

RULE = "first-to-ahead-by"


class Happened(msgspec.Struct):
    """What a random run did, in the order in which it did it.

    Attributes:
        questions: Place of each decided question: path, part, attempt, number.
        rejected: Ballots that were outvoted or discarded.
        retries: Chains that were run again: path and attempt.
        convicted: Decompositions that did not hold: path and attempt.
        results: Results of tools and sub-plans.
        evidence: Nodes whose chain said something against an assumption.
        revised: Versions of plans that were given up for it: path and version.
        stand: Places of the questions that the run went on with.
    """

    questions: list[tuple[Path, str, int, int]] = []
    rejected: int = 0
    retries: list[tuple[Path, int]] = []
    convicted: list[tuple[Path, int]] = []
    results: int = 0
    evidence: list[Path] = []
    revised: list[tuple[Path, int]] = []
    stand: set[tuple[Path, str, int, int]] = set()


class RandomRun:
    """One run of random shape, journalled in batches that are cut anywhere.

    Args:
        seed: Of everything random in it.
        replies: Share of the steps whose replies are kept.
    """

    def __init__(self, seed: int, replies: float = 0.5) -> None:
        self._dice, self._replies = random.Random(seed), replies
        self.journal, self.happened = InMemoryJournal(f"run {seed}"), Happened()
        self._buffer = RecordBuffer(10**9, 10**9)
        self._node((), 0)
        self._flush(1.0, Finished([seed]))
        self.journal.set_meta(status="solved", message="")

    def _flush(self, chance: float, end: Finished | None = None) -> None:
        if self._dice.random() >= chance:
            return
        payload = pack(self._buffer.take(Counts(), 1))
        self.journal.commit([Write("/", Batch(payload, Counts(), end))], 1.0)

    def _node(self, path: Path, depth: int) -> set[tuple[Path, str, int, int]]:
        found = self._split(path, depth) if depth < 2 and self._dice.random() < 0.6 else self._chain(path, depth)
        if not path:
            self.happened.stand = found
        return found

    def _split(self, path: Path, depth: int) -> set[tuple[Path, str, int, int]]:
        attempts = 1 + (self._dice.random() < 0.3) + (self._dice.random() < 0.1)
        for attempt in range(attempts):
            here = self._ask(path, "split", attempt, 0)
            elements = range(attempt * ATTEMPT, attempt * ATTEMPT + self._dice.randint(1, 3))
            if attempt:
                self._buffer.add(Record(path, "children", attempt, 0, 0, (), tuple(elements)))
            stand = here.union(*(self._node((*path, element), depth + 1) for element in elements))
            if attempt + 1 < attempts and self._dice.random() < 0.5:
                self._revise(path, attempt, (*path, elements[-1]))
            elif attempt + 1 < attempts:
                self._buffer.add(Record(path, "broken", attempt, 0, 0, ()))
                self.happened.convicted.append((path, attempt))
        return stand

    def _revise(self, path: Path, version: int, source: Path) -> None:
        """Give a version up for what one of its nodes says against an assumption, as the runtime journals it."""
        assumption = Assumption(f"gate {len(self.happened.evidence)}", "left")
        evidence = Evidence(assumption, "contradicts", found="right")
        self._buffer.add(record_of_evidence((source, 0, 9), (evidence,), evidence))
        self.happened.evidence.append(source)
        self._flush(0.5)
        revision = Revision(version, "evidence", (Report(source, evidence),), (assumption,), source[-1:])
        self._buffer.add(record_of_revision(path, revision))
        self.happened.revised.append((path, version))
        self._flush(0.5)

    def _chain(self, path: Path, depth: int) -> set[tuple[Path, str, int, int]]:
        attempts = 1 + (self._dice.random() < 0.3) + (self._dice.random() < 0.1)
        for attempt in range(attempts):
            if attempt:
                self.happened.retries.append((path, attempt))
            stand: set[tuple[Path, str, int, int]] = set()
            for number in range(self._dice.randint(1, 4)):
                if self._dice.random() < 0.8:
                    stand |= self._ask(path, "run", attempt, number)
                    continue
                if depth < 2 and self._dice.random() < 0.5:
                    stand |= self._node((*path, attempt * SUB_PLANS + number, 0), depth + 1)
                else:
                    self._buffer.add(Record(path, TOOL, attempt, number, 0, ("calc", '{"x":1}')))
                self._buffer.keep((path, "run", attempt), 0, number, '{"value":2}')
                self.happened.results += 1
                self._flush(0.2)
        return stand

    def _ask(self, path: Path, part: str, attempt: int, number: int) -> set[tuple[Path, str, int, int]]:
        k = self._dice.choice((1, 2, 3))
        entry, replies = self._race(k)
        if self._dice.random() < self._replies:
            text = f"what is {path} {part} {attempt} {number}?"
            kept = KeptStep("move" if part == "run" else "split", "Actor", "You are exact.", text, replies)
            self._buffer.add(Record(path, "replies", attempt, number, 0, (), kept=kept))
        self._buffer.keep((path, part, attempt), k, number, entry)
        self.happened.questions.append((path, part, attempt, number))
        self._flush(0.2)
        return {(path, part, attempt, number)}

    def _race(self, k: int) -> tuple[Entry, tuple[KeptReply, ...]]:
        """Ballots until one candidate leads by ``k``, and the replies they came in."""
        drawn: list[Ballot] = []
        lead = 0
        while abs(lead) < k:
            said = self._dice.choices(("a", "b", None), (6, 2, 2))[0]
            lead += {"a": 1, "b": -1, None: 0}[said]
            drawn.append(Ballot(len(drawn), said, None if said else "illegal"))
        replies = tuple(
            KeptReply(f"I say {one.candidate or '?'} {one.draw}", one.spoiled_by or "", one.candidate or "not a move")
            for one in drawn
        )
        winner = "a" if lead > 0 else "b"
        self.happened.rejected += sum(one.candidate != winner for one in drawn)
        if len(drawn) == k:
            return winner, replies
        return Contested(k, tuple(drawn), tuple("" if one.candidate else "not a move" for one in drawn)), replies

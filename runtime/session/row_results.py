"""Results of a table's rows, read from the journal in the order of the rows."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from surefoot.decompose.plan import Failure
from surefoot.decompose.segment import segment_key
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import ASIDE, Contested, Entry, Record
from surefoot.runtime.voting_rules import rule_of
from surefoot.voting.record_race import FieldWise, replay_record


class RowResult(msgspec.Struct, frozen=True):
    """Result of one row of a table.

    Attributes:
        row: Its number, 0-based.
        answer: The answer as builtin values; ``None`` if there is an error.
        error: Why there is no answer, in one line; empty if there is one. May quote a model: untrusted text.
        votes: Ballots for the answer.
        margin: Ballots for it less those for the second.
        flags: Discarded replies, by the name of the red flag.
        cost_usd: What its replies cost; ``None`` if the price of one is unknown.
        by_person: Whether a person gave the answer; votes and margin are those of the ballots before, and the margin is
            0 where another answer had as many or more.
    """

    row: int
    answer: Any = None
    error: str = ""
    votes: int = 0
    margin: int = 0
    flags: dict[str, int] = {}
    cost_usd: float | None = 0.0
    by_person: bool = False


def results_of(
    journal: JournalReader, task: RowTask, rule: str, sizes: Iterator[tuple[int, int]]
) -> Iterator[RowResult]:
    """Yield what came of every row in order, one chunk in memory at a time.

    Args:
        journal: Of the run, also while it goes on.
        task: Decodes candidates.
        rule: Name of the rule that races were decided by.
        sizes: First row and number of rows of each chunk.
    """
    free = 0.0 if not journal.totals.unpriced_calls else None
    for number, (first, count) in enumerate(sizes):
        found = _chunk(journal, task, rule, number, first, free)
        for row in range(count):
            yield found.get(row) or RowResult(first + row, error="not answered yet")


def _chunk(
    journal: JournalReader, task: RowTask, rule: str, number: int, first: int, free: float | None
) -> dict[int, RowResult]:
    """What came of the rows of one chunk; ``free`` is what a record without costs stands for."""
    found: dict[int, RowResult] = {}
    aside: dict[int, RowResult] = {}
    for payload in journal.payloads(segment_key((number,))):
        for record in unpack(payload):
            if record.part == "rows":
                found |= {row: one for row, one in _answered(record, task, rule, first, free) if row not in found}
            elif record.part == ASIDE:
                waits = RowResult(first + record.first, error="waits for a person", cost_usd=_sum(record, free))
                aside[record.first] = waits
            elif record.part == "failed":
                failure = msgspec.json.decode(str(record.entries[0]), type=Failure)
                row = record.path[-1]
                error = f"{failure.error}: {failure.message}"
                found[row] = RowResult(first + row, error=error, cost_usd=_sum(record, free))
    return aside | {row: _with_earlier(one, aside.get(row)) for row, one in found.items()}


def _with_earlier(one: RowResult, aside: RowResult | None) -> RowResult:
    """A result with what was paid before the row was put aside for a person."""
    if aside is None:
        return one
    unknown = one.cost_usd is None or aside.cost_usd is None
    cost = None if unknown else (one.cost_usd or 0.0) + (aside.cost_usd or 0.0)
    return msgspec.structs.replace(one, cost_usd=cost)


def _sum(record: Record, free: float | None) -> float | None:
    """What the entries of a record cost together; ``None`` if the price of one is unknown."""
    if not record.costs:
        return free
    return None if None in record.costs else math.fsum(cost for cost in record.costs if cost is not None)


def _answered(
    record: Record, task: RowTask, rule: str, first: int, free: float | None
) -> Iterator[tuple[int, RowResult]]:
    costs = record.costs or (free,) * len(record.entries)
    for row, entry, cost in zip(record.children, record.entries, costs, strict=True):
        yield row, _result(entry, record.k, task, rule, first + row, cost)


def _result(entry: Entry, k: int, task: RowTask, rule: str, row: int, cost_usd: float | None) -> RowResult:
    if isinstance(entry, str):
        return RowResult(row, _value(task, entry), "", k, k, {}, cost_usd)
    votes, flags = _counted(entry)
    if entry.fields:
        return _by_field(entry, task, rule, row, cost_usd, flags)
    candidate = winner(entry, rule)
    mine = votes[candidate]
    others = max((count for other, count in votes.items() if other != candidate), default=0)
    person = entry.decided is not None
    margin = max(0, mine - others) if person else mine - others
    return RowResult(row, _value(task, candidate), "", mine, margin, flags, cost_usd, person)


def _by_field(
    entry: Contested, task: RowTask, rule: str, row: int, cost_usd: float | None, flags: dict[str, int]
) -> RowResult:
    """The result of a row whose fields were voted on one by one: votes and margin are those of the closest field."""
    each: Any = (entry.rule or rule_of(rule, entry.k),) * entry.fields
    fields = replay_record(FieldWise(each), len(entry.ballots), entry.ballots).fields
    votes = min(dict(field.tally).get(str(field.winner), 0) for field in fields)
    margin = min(field.margin for field in fields)
    return RowResult(row, _value(task, winner(entry, rule)), "", votes, margin, flags, cost_usd, bool(entry.decided))


def _counted(entry: Contested) -> tuple[Counter[str], dict[str, int]]:
    """Ballots by candidate, of the race that decided, and discarded replies by flag, of all."""
    votes = Counter(one.candidate for one in entry.ballots if one.candidate is not None)
    flags = Counter(str(one.spoiled_by) for one in (*entry.before, *entry.ballots) if one.candidate is None)
    return votes, dict(flags)


def _value(task: RowTask, candidate: str) -> Any:
    return msgspec.to_builtins(task.value_of(candidate), enc_hook=_dumped)


def _dumped(value: Any) -> Any:
    """A value of a Pydantic model, which takes itself apart, as builtin values."""
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise NotImplementedError(f"{type(value).__name__} is no builtin value")
    return dump(mode="json")

"""The decided steps of a journal one by one, as plain values: which ballots there were and what came of them.

Read from the journal alone: the task's code is not needed, and nothing of it is run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.plan import Path, node_name
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import TOOL, Contested, Entry, Record
from surefoot.voting.ballot import Ballot

STEPS = {
    "run": "step", "split": "decomposition", "undecided": "undecided step", "sample": "pilot", "failed": "failed node",
    "rows": "row",
}  # fmt: skip
"""Parts of a journal that hold steps, and what people call them."""

RESULT = "result"
"""What people call an entry that nobody votes on: the result of a tool or a sub-plan."""

Place = tuple[Path, int, int]
"""Node, attempt, and number of the step within the attempt."""


class Shown(msgspec.Struct, frozen=True):
    """One ballot of a step as it is shown, counted or discarded.

    Attributes:
        candidate: What it named; ``None`` if it was discarded.
        flag: Name of the red flag; empty if it counted.
        why: What exactly was wrong; untrusted text, cut short.
    """

    candidate: str | None
    flag: str = ""
    why: str = ""


class JournalStep(msgspec.Struct, frozen=True):
    """One step as the journal has it.

    Attributes:
        node: Path of the node, such as ``0.2.1``; ``root`` for the root.
        what: ``step`` of a chain, ``decomposition``, ``undecided step``, ``pilot``, ``result`` of a tool or a sub-plan
            (JSON, not voted on), or ``failed node`` or ``failed row`` (whose failure is its result).
        attempt: Which run of the chain, or which decomposition, 0-based.
        number: Which step of the chain, 0-based.
        lead: Lead that was asked for.
        answer: The candidate that won; ``None`` if none did.
        ballots: In the order drawn; those of lower rungs of the ladder first.
        way: Name of the rung of the ladder that decided; empty for the first.
        alarms: Alarms that the step raised.
        remembered: Whether the answer came from the cache and nothing was asked.
        kind: Class of the question, where the journal has it.
        system: System prompt, where the journal has it; cut short.
        prompt: The question as the model saw it, where the journal has it; cut short.
        replies: Some or all replies as they came, in the order drawn, as the run's option ``--keep-replies`` says.
        row: Row of the table that the step is about, 0-based as in the results; ``None`` in runs without a table.
        tool: Name of the tool whose result it is; empty for others.
        arguments: What the tool was given, as JSON that may be cut short.
    """

    node: str
    what: str
    attempt: int
    number: int
    lead: int
    answer: str | None
    ballots: tuple[Shown, ...]
    way: str = ""
    alarms: tuple[str, ...] = ()
    remembered: bool = False
    kind: str = ""
    system: str = ""
    prompt: str = ""
    replies: tuple[KeptReply, ...] = ()
    row: int | None = None
    tool: str = ""
    arguments: str = ""

    @property
    def disputed(self) -> bool:
        """Whether its valid ballots named more than one candidate, or nothing was decided."""
        return self.answer is None or len({one.candidate for one in self.ballots if one.candidate is not None}) > 1

    @property
    def flagged(self) -> bool:
        """Whether some reply to the step was discarded."""
        return any(one.flag for one in self.ballots)


def steps_of(journal: JournalReader, rule: str, rows_a_chunk: int = 0) -> Iterator[JournalStep]:
    """Every step of a journal, segment by segment, each once though its record may have come twice; rows in order.

    Args:
        journal: Open.
        rule: Name of the rule that the run's races were decided by.
        rows_a_chunk: Rows of each chunk of the run's table; 0 for a run without one.

    Raises:
        JournalError: It cannot be read.
    """
    segments = journal.segments()
    if not rows_a_chunk:
        for segment in segments:
            yield from _steps_in(journal.payloads(segment), rule, 0)
        return
    for segment in sorted(segments, key=_chunk):  # rows come in any order, and are shown in that of the table
        found = list(_steps_in(journal.payloads(segment), rule, rows_a_chunk))
        yield from sorted(found, key=lambda step: -1 if step.row is None else step.row)


def _chunk(segment: str) -> int:
    """Number of the chunk of rows that a segment is; what is no chunk comes first."""
    name = segment.removeprefix("/")
    return int(name) if name.isdecimal() and len(name) < 19 else -1


def _steps_in(payloads: tuple[bytes, ...], rule: str, rows_a_chunk: int) -> Iterator[JournalStep]:
    """The steps of one segment in the order of its records."""
    kept, tools = _kept(payloads), _tools(payloads)
    known: Counter[tuple[Path, str, int]] = Counter()
    rows: set[tuple[Path, int]] = set()
    for record in (record for payload in payloads for record in unpack(payload)):
        if record.part not in STEPS:
            continue
        ordered = range(record.first, record.first + len(record.entries))
        numbers = record.children if record.part == "rows" else ordered
        for number, entry in zip(numbers, record.entries, strict=False):
            if record.part in ("run", "split"):
                if number < known[record.path, record.part, record.attempt]:
                    continue
                known[record.path, record.part, record.attempt] = number + 1
            elif record.part == "rows":
                if (record.path, number) in rows:
                    continue
                rows.add((record.path, number))
            place = (record.path, record.attempt, number)
            step = _step(record, number, entry, rule, kept.get(place))
            yield _placed(step, record, tools.get(place) if step.what == RESULT else None, rows_a_chunk)


def _placed(step: JournalStep, record: Record, called: tuple[str, str] | None, rows_a_chunk: int) -> JournalStep:
    """A step with the tool that it called, and with the row of the table that it is about."""
    if called is not None:
        return msgspec.structs.replace(step, tool=called[0], arguments=called[1])
    if not rows_a_chunk or record.part == "sample" or not record.path:
        return step
    number, what = step.number, step.what
    if record.part == "failed":
        number, what = record.path[-1], "failed row"
    return msgspec.structs.replace(step, row=record.path[0] * rows_a_chunk + number, what=what)


def kept_step(record: Record, entry: Contested, kept: KeptStep | None) -> JournalStep:
    """Return a step that was put aside for a person, as people see it.

    Args:
        record: Of the part ``aside``.
        entry: Its ballots, which decided nothing.
        kept: Its prompt and replies, where the journal has them.
    """
    step = JournalStep(
        node=node_name(record.path),
        what="undecided step",
        attempt=record.attempt,
        number=record.first,
        lead=entry.k,
        answer=None,
        ballots=_ballots(entry),
        alarms=tuple(str(one.kind) for one in entry.raised),
    )
    return step if kept is None else _with_kept(step, kept)


def _with_kept(step: JournalStep, kept: KeptStep) -> JournalStep:
    return msgspec.structs.replace(step, kind=kept.kind, system=kept.system, prompt=kept.user, replies=kept.replies)


def kept_of(journal: JournalReader, segments: Iterable[str]) -> dict[Place, KeptStep]:
    """Return the prompts and replies that a journal has of the steps of some segments, by place."""
    found: dict[Place, KeptStep] = {}
    for segment in sorted(segments):
        found |= _kept(journal.payloads(segment))
    return found


def _kept(payloads: Iterable[bytes]) -> dict[Place, KeptStep]:
    """The prompts and replies that were kept of a segment's steps; they may come before or after the step."""
    return {
        (record.path, record.attempt, record.first): record.kept
        for payload in payloads
        for record in unpack(payload)
        if record.part == "replies" and record.kept is not None
    }


def _tools(payloads: Iterable[bytes]) -> dict[Place, tuple[str, str]]:
    """The tools that a segment's steps called, and what with; empty for journals that did not note it."""
    return {
        (record.path, record.attempt, record.first): (str(record.entries[0]), str(record.entries[-1]))
        for payload in payloads
        for record in unpack(payload)
        if record.part == TOOL and record.entries
    }


def _step(record: Record, number: int, entry: Entry, rule: str, kept: KeptStep | None) -> JournalStep:
    contested = entry if isinstance(entry, Contested) else None
    voted = record.k > 0 or contested is not None
    step = JournalStep(
        node=node_name(record.path),
        what=STEPS[record.part] if voted or record.part == "failed" else RESULT,
        attempt=record.attempt,
        number=number,
        lead=contested.k if contested else record.k,
        answer=_answer(record, entry, rule),
        ballots=_ballots(contested) if contested else (Shown(str(entry)),) * record.k,
    )
    if contested is not None:
        alarms = tuple(str(one.kind) for one in contested.raised)
        step = msgspec.structs.replace(step, way=contested.way, alarms=alarms, remembered=contested.remembered)
    return step if kept is None else _with_kept(step, kept)


def _answer(record: Record, entry: Entry, rule: str) -> str | None:
    if record.part in ("undecided", "sample"):
        return None
    try:
        return winner(entry, rule)
    except ValueError:
        return None


def _ballots(entry: Contested) -> tuple[Shown, ...]:
    """All ballots of a step, those of lower rungs first; the journal keeps their details behind those of the last."""
    details = (*entry.details, *("" for _ in range(len(entry.ballots) + len(entry.before))))
    own = map(_shown, entry.ballots, details)
    before = map(_shown, entry.before, details[len(entry.ballots) :])
    return (*before, *own)


def _shown(ballot: Ballot, detail: str) -> Shown:
    if ballot.candidate is not None:
        return Shown(ballot.candidate)
    return Shown(None, str(ballot.spoiled_by), detail)

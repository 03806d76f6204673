"""Steps of a run that wait for a person: which they are, and how an answer goes into the journal."""

import pathlib
from collections.abc import Iterator

import msgspec

from surefoot.decompose.plan import node_name
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.rows import KIND, MapRows
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.reviews import Place, reviewed
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import ASIDE, REVIEWED, Batch, Contested, Counts, Record
from surefoot.runtime.report.journal_steps import JournalStep, kept_step
from surefoot.runtime.session.mapping import KeptTable, kept_table

LONGEST = 100_000
"""Most characters of a person's answer."""


class Waiting(msgspec.Struct, frozen=True):
    """A step that was put aside for a person.

    Attributes:
        segment: The journal's name for the piece of work it belongs to.
        place: Node, attempt and number of the step.
        lead: Lead that was asked for.
        entry: Its ballots.
        step: The same for people, with the prompt and the replies that were kept.
        answered: What a person has answered already; ``None`` if nothing.
    """

    segment: str
    place: Place
    lead: int
    entry: Contested
    step: JournalStep
    answered: str | None = None

    @property
    def name(self) -> tuple[str, int, int]:
        """Name of the waiting step in JSON: its node, attempt, and number within the attempt."""
        return node_name(self.place[0]), self.place[1], self.place[2]


def put_aside_in(directory: pathlib.Path, *, again: bool = False) -> list[Waiting]:
    """Return the steps of a run that wait for a person, in the order of the journal.

    Args:
        directory: The run directory.
        again: Also those that a person has answered.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    journal = open_journal(directory, write=False)
    try:
        if not journal.totals.put_aside:
            return []
        table = kept_table(journal)
        found = [_with_row(one, table) for segment in journal.segments() for one in _in_segment(journal, segment)]
    finally:
        journal.close()
    return [one for one in found if again or one.answered is None]


def _in_segment(journal: JournalReader, segment: str) -> Iterator[Waiting]:
    records = [record for payload in journal.payloads(segment) for record in unpack(payload)]
    aside = {_place(record): record for record in records if record.part == ASIDE}
    kept = {_place(record): record.kept for record in records if record.part == "replies"} if aside else {}
    answers = {_place(record): record.entries[0] for record in records if record.part == REVIEWED}
    for place, record in aside.items():
        entry, answer = record.entries[0], answers.get(place)
        if isinstance(entry, Contested):
            decided = answer.decided if isinstance(answer, Contested) else None
            yield Waiting(segment, place, record.k, entry, kept_step(record, entry, kept.get(place)), decided)


def _with_row(one: Waiting, table: KeptTable | None) -> Waiting:
    """A waiting step with the row of the run's table that it is about."""
    if table is None or not one.place[0]:
        return one
    row = one.place[0][0] * table.chunk + one.place[2]
    return msgspec.structs.replace(one, step=msgspec.structs.replace(one.step, row=row))


def _place(record: Record) -> Place:
    return record.path, record.attempt, record.first


def give_answers(directory: pathlib.Path, answers: list[tuple[Waiting, str]]) -> None:
    """Write what a person answered into the journal; ``resume`` goes on with it.

    Args:
        directory: The run directory.
        answers: Steps, each with a candidate of its ballots, or a reply as the model would write it.

    Raises:
        ConfigurationError: An answer cannot be read, where that is known without the task's code.
        RunDirectoryError: The run is at work.
    """
    told = [(one, _named(directory, one, text)) for one, text in answers]
    journal = open_journal(directory, write=True)
    try:
        writes = [
            Write(one.segment, Batch(pack([reviewed(one.place, one.lead, one.entry, text)]), _counts(one)))
            for one, text in told
        ]
        if writes:
            journal.commit(writes, journal.wall_s)
            left = journal.totals.waiting
            message = f"{left:,} steps wait for a person" if left else "a person has answered: resume goes on"
            journal.set_meta(message=message)
    finally:
        journal.close()


def _named(directory: pathlib.Path, one: Waiting, text: str) -> str:
    """A checked answer; an error names the step that it was given to."""
    try:
        return checked_answer(directory, one, text)
    except ConfigurationError as error:
        node, _, number = one.name
        raise ConfigurationError(f"node {node}, number {number}: {error}") from error


def _counts(one: Waiting) -> Counts:
    return Counts(reviewed=1 if one.answered is None else 0)


def checked_answer(directory: pathlib.Path, waiting: Waiting, text: str) -> str:
    """Return a person's answer as a candidate, where the task's code is not needed to tell; else as it is.

    Raises:
        ConfigurationError: It is empty, too long, or no answer to the question of a table.
    """
    named = {ballot.candidate for ballot in (*waiting.entry.before, *waiting.entry.ballots)}
    text = text.strip()
    if text in named:
        return text
    if not text or len(text) > LONGEST:
        raise ConfigurationError(f"an answer has 1 to {LONGEST:,} characters")
    config = read_config(directory)
    if config.task != "map":
        return text
    task = MapRows(**config.task_options)
    if task.lacks_type:  # a Python type, which is at hand where the run goes on
        return text
    read = task.parse(Step(KIND, Role.ACTOR, None), text, "chat")
    if isinstance(read, Flag):
        raise ConfigurationError(f"the answer cannot be read: {read.name} {read.detail}")
    return read

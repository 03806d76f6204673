"""Evidence that ended the node which found it, as records of the journal keep it."""

from collections.abc import Sequence

import msgspec

from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Report
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.record_buffer import NOT_VOTED
from surefoot.runtime.records import EVIDENCE, Record
from surefoot.runtime.unreadable import UNREADABLE


def record_of_evidence(place: tuple[Path, int, int], found: Sequence[Evidence], ending: Evidence | None) -> Record:
    """Return the record that keeps what a step said about assumptions.

    Args:
        place: The node, the run of its chain, and the number of the step in it.
        found: What the step said.
        ending: Which of it speaks against what the node rests on, and so ends the node.
    """
    path, attempt, index = place
    texts = tuple(msgspec.json.encode(one).decode() for one in found)
    ends = () if ending is None else (found.index(ending),)
    return Record(path, EVIDENCE, attempt, index, NOT_VOTED, texts, ends)


def report_in(record: Record) -> Report | None:
    """Return the report with which evidence ended its node, if it speaks against an assumption by its name.

    A node that cannot be solved whatever is assumed says so by its end: nothing but that node is in doubt.

    Raises:
        JournalError: The record cannot be read.
    """
    if record.part != EVIDENCE or not record.children:
        return None
    try:
        evidence = msgspec.json.decode(str(record.entries[record.children[0]]), type=Evidence)
    except (*UNREADABLE, IndexError) as error:
        raise JournalError(f"a record of evidence cannot be read: {error}") from error
    return Report(record.path, evidence) if evidence.refutes and evidence.assumption is not None else None

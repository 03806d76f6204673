"""The versions of a run's plans as its journal has them, and the records that say what came when.

Nothing of the task is run: a journal that was received is read like any other.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.plan import Path, node_name
from surefoot.decompose.revision import Revision, StaleRevision, VersionChain, first_version
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import REVISED, Record
from surefoot.runtime.unreadable import UNREADABLE

T = TypeVar("T")


def records_of(journal: JournalReader) -> Iterator[Record]:
    """Yield the records of a run's plan, segment by segment in the order in which these began.

    Raises:
        JournalError: They cannot be read.
    """
    for key in journal.segments():
        if key.startswith("/"):
            for payload in journal.payloads(key):
                yield from unpack(payload)


def revision_in(record: Record) -> Revision:
    """Return what a record says of a version that was given up.

    Raises:
        JournalError: It says nothing that can be read.
    """
    return _read(record, 0, Revision)


def evidence_in(record: Record) -> tuple[Evidence, ...]:
    """Return what a record says about assumptions.

    Raises:
        JournalError: It says nothing that can be read.
    """
    return tuple(_read(record, number, Evidence) for number in range(len(record.entries)))


def _read(record: Record, number: int, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(str(record.entries[number]), type=kind)
    except (*UNREADABLE, IndexError) as error:
        raise JournalError(f"a record of the plan's versions cannot be read: {error}") from error


def version_chains(journal: JournalReader) -> dict[Path, VersionChain]:
    """Return the chain of versions of every plan that was revised, by its node, in plan order.

    Raises:
        JournalError: Records cannot be read, or a version is missing from a chain.
    """
    if not journal.totals.revisions:
        return {}
    found: dict[Path, list[Revision]] = {}
    for record in records_of(journal):
        if record.part == REVISED:
            found.setdefault(record.path, []).append(revision_in(record))
    return {path: _chain(path, found[path]) for path in sorted(found)}


def _chain(path: Path, revisions: list[Revision]) -> VersionChain:
    chain = first_version(path)
    try:
        for revision in sorted(revisions, key=lambda one: one.parent):
            chain = chain.revised(revision)
    except StaleRevision as error:
        raise JournalError(
            f"the versions of node {node_name(path)}'s plan do not follow each other: {error}"
        ) from error
    return chain

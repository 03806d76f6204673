"""What the coordinator notes of decompositions that did not hold: each once, whatever was killed in between.

A note is a record in the segment of the decomposition step that it is about, and stands in one batch with the counts
that it changes. A resumed run reads which notes there are and repeats none.
"""

import msgspec

from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Revision
from surefoot.decompose.segment import segment_key
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import AGAIN, REVISED, Batch, Counts, Record, record_of_revision

NOTES = ("broken", "mended", "children", REVISED)
Note = tuple[Path, str, int]
"""Path, one of ``NOTES``, and attempt."""


class RetractedExpansions:
    """Notes which decompositions of a run did not hold, each once however often the run is killed.

    Args:
        journal: Open for writing.
    """

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._children: dict[tuple[Path, int], tuple[int, ...]] = {}
        self._noted: set[Note] = set()
        self._losable: dict[tuple[Path, int], dict[int, int]] = {}
        self._revisions: dict[tuple[Path, int], str] = {}
        if journal.totals.broken_promises or journal.totals.revisions:
            for key in journal.begun():
                if "#" in key:
                    for record in _records(journal, key):
                        self._know(record)

    def broken(self, path: Path, attempt: int) -> Write | None:
        """Make the note that a decomposition did not hold; ``None`` if the journal has it already."""
        return self._note(Record(path, "broken", attempt, 0, 0, ()), Counts(broken_promises=1))

    def mended(self, path: Path, attempt: int) -> Write | None:
        """Make the note that a repeated decomposition held; ``None`` if the journal has it already."""
        return self._note(Record(path, "mended", attempt, 0, 0, ()), Counts(caught={AGAIN: 1}))

    def look_below(self, path: Path, attempt: int) -> None:
        """Read which steps a repeated decomposition may drop; nothing may be on its way into the journal."""
        alive = self._children.get((path, attempt - 1))
        steps = steps_below(self._journal, path)
        self._losable[path, attempt] = {one: n for one, n in steps.items() if alive is None or one in alive}

    def kept(self, path: Path, attempt: int, elements: tuple[int, ...]) -> Write | None:
        """Make the note of which children an attempt goes on with; the steps of the others no longer count."""
        losable = self._losable.pop((path, attempt), {})
        lost = sum(steps for element, steps in losable.items() if element not in elements)
        return self._note(Record(path, "children", attempt, 0, 0, (), elements, steps=-lost), Counts(steps=-lost))

    def revised(self, path: Path, revision: Revision) -> Write | None:
        """Make the note why a version of a plan was given up; ``None`` if the journal has it already."""
        return self._note(record_of_revision(path, revision), Counts(revisions=1))

    def revision(self, path: Path, version: int) -> Revision | None:
        """Return why the journal says that a version of a node's plan was given up; ``None`` if it does not."""
        text = self._revisions.get((path, version))
        return None if text is None else msgspec.json.decode(text, type=Revision)

    def _note(self, record: Record, counts: Counts) -> Write | None:
        if (record.path, record.part, record.attempt) in self._noted:
            return None
        self._know(record)
        return Write(segment_key(record.path, record.attempt), Batch(pack([record]), counts))

    def _know(self, record: Record) -> None:
        if record.part in NOTES:
            self._noted.add((record.path, record.part, record.attempt))
        if record.part == REVISED:
            self._revisions[record.path, record.attempt] = str(record.entries[0])
        if record.part == "children":
            self._children[record.path, record.attempt] = record.children


def steps_below(journal: JournalReader, path: Path) -> dict[int, int]:
    """Count the steps below each child of a node, by the child's path element."""
    found: dict[int, int] = {}
    for key in journal.begun():
        below = _path_of(key)
        if below is not None and len(below) > len(path) and below[: len(path)] == path:
            element = below[len(path)]
            found[element] = found.get(element, 0) + sum(record.steps for record in _records(journal, key))
    return found


def _path_of(key: str) -> Path | None:
    """The path in a segment's key; ``None`` for what is not part of the plan."""
    if not key.startswith("/"):
        return None
    name = key[1:].partition("#")[0]
    if not name:
        return ()
    parts = name.split(".")
    # A received journal may have any key; int() would take blanks and signs, and fail at very long numbers.
    return tuple(map(int, parts)) if all(one.isascii() and one.isdigit() and len(one) < 20 for one in parts) else None


def _records(journal: JournalReader, key: str) -> list[Record]:
    return [record for payload in journal.payloads(key) for record in unpack(payload)]

"""The journal as the rest of the runtime sees it: a reader and a store that any database could stand behind.

``Journal`` in ``journal.py`` keeps both in one SQLite file. A second implementation, in memory, is in
``tests/runtime/journal/in_memory.py``; a small plan is run on it there. Nothing outside ``runtime/journal`` names a
class or a file of SQLite's, except where a journal is opened.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from surefoot.runtime.journal.fault_points import FaultPoints
from surefoot.runtime.journal.rows import Outcome, Write
from surefoot.runtime.records import Counts


class JournalReader(Protocol):
    """Reads what a run has made durable; changes nothing."""

    @property
    def run(self) -> str:
        """Name of the run, for messages and logs: its directory, if it has one."""
        ...

    @property
    def totals(self) -> Counts:
        """Everything counted in the batches that are durable. Not to be changed."""
        ...

    @property
    def wall_s(self) -> float:
        """Seconds that the run has worked, over all its sessions, when the last batch was written."""
        ...

    def meta(self, key: str) -> Any:
        """A named value as builtin types; ``None`` if it was never set.

        Raises:
            JournalError: It cannot be read.
        """
        ...

    def outcomes(self) -> dict[str, Outcome]:
        """How every segment ended that has ended for good, by its key.

        Raises:
            JournalError: They cannot be read.
        """
        ...

    def outcome(self, segment: str) -> Outcome | None:
        """How one segment ended; ``None`` if it has not ended for good.

        Raises:
            JournalError: It cannot be read.
        """
        ...

    def segments(self) -> list[str]:
        """Keys of all segments that have a batch, in the order of their first one."""
        ...

    def begun(self) -> set[str]:
        """Keys of all segments that have a batch, for look-ups."""
        ...

    def payloads(self, segment: str) -> tuple[bytes, ...]:
        """The payloads of a segment's batches, in the order written; see ``surefoot.runtime.payloads.unpack``.

        Raises:
            JournalError: They cannot be read.
        """
        ...

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Yield the segment and the payload of every batch, in the order in which they became durable.

        Raises:
            JournalError: They cannot be read.
        """
        ...


class JournalStore(JournalReader, Protocol):
    """A journal that is open for writing, by one process."""

    faults: FaultPoints
    """Where a test makes the process fail; ``FaultPoints()`` for nowhere."""

    def commit(self, writes: Sequence[Write], wall_s: float) -> None:
        """Make a group of batches durable, with the totals that include them: all of the group or nothing.

        Called from a thread of its own. Batches of one segment come in order.

        Args:
            writes: The group, not empty.
            wall_s: Seconds that the run has worked so far, over all its sessions.

        Raises:
            JournalError: Nothing of the group is in the journal.
        """
        ...

    def set_meta(self, **values: Any) -> None:
        """Make named values durable, all of them or none; JSON.

        Raises:
            JournalError: None of them is in the journal.
        """
        ...

    def close(self) -> None:
        """Let go of the journal; another process may write to it then. A commit under way is waited for."""
        ...

    def check_present(self) -> None:
        """See that what was written is still there to be read: nobody deleted or replaced it.

        Raises:
            JournalError: It is gone.
        """
        ...

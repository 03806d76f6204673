"""Which work of a run stands: not that of chains which were run again, nor that below decompositions that did not hold.

One pass over the journal. What is held is a few numbers for each retry and each conviction, and nothing for a step.
"""

from surefoot.decompose.plan import Path
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import REVISED, SUB_PLANS, Contradicted, Record
from surefoot.runtime.trace.journal_events import segment_path


class Abandoned:
    """Knows which attempts and which nodes of a run were given up for others.

    Args:
        journal: Read once, from its first record to its last.

    Raises:
        JournalError: It cannot be read.
    """

    def __init__(self, journal: JournalReader) -> None:
        self._runs: dict[Path, int] = {}
        """Last attempt of chains that were run again."""
        self._splits: dict[Path, int] = {}
        """Last attempt of decompositions that were asked again."""
        self._children: dict[tuple[Path, int], frozenset[int]] = {}
        self._broken: set[tuple[Path, int]] = set()
        self._revised: set[tuple[Path, int]] = set()
        for segment in journal.segments():
            for payload in journal.payloads(segment):
                for record in unpack(payload):
                    self._read(record)
        outcomes = journal.outcomes()
        failed = {segment_path(key) for key, outcome in outcomes.items() if isinstance(outcome, Contradicted)}
        self._contradicted = {path for path in failed if path is not None}

    def _read(self, record: Record) -> None:
        path, attempt = record.path, record.attempt
        if record.part == "run" and attempt > self._runs.get(path, 0):
            self._runs[path] = attempt
        elif record.part in ("split", "children") and attempt > self._splits.get(path, 0):
            self._splits[path] = attempt
        if record.part == "children":
            self._children[path, attempt] = frozenset(record.children)
        elif record.part == "broken":
            self._broken.add((path, attempt))
        elif record.part == REVISED:
            self._revised.add((path, attempt))

    def stands(self, path: Path, part: str, attempt: int) -> bool:
        """Whether the run went on with an attempt of a node.

        Args:
            path: The node.
            part: ``run``, ``split`` or ``rows``.
            attempt: Of the chain, or of the decomposition.
        """
        if any(not self._kept(path[:length], path[length]) for length in range(len(path))):
            return False
        if any(path[:length] in self._contradicted for length in range(len(path) + 1)):
            return False
        if part == "split":
            return attempt == self._splits.get(path, 0) and not self._was_given_up(path, attempt)
        return attempt == self._runs.get(path, 0)

    def refuted(self, path: Path, part: str, attempt: int) -> bool:
        """Whether a decomposition was given up for evidence that came later, and not because it did not hold."""
        return part == "split" and (path, attempt) in self._revised - self._broken

    def _was_given_up(self, path: Path, attempt: int) -> bool:
        return (path, attempt) in self._broken or (path, attempt) in self._revised

    def _kept(self, parent: Path, element: int) -> bool:
        """Whether a child belongs to what its parent went on with."""
        if parent in self._runs:
            return element // SUB_PLANS >= self._runs[parent]
        last = self._splits.get(parent, 0)
        if self._was_given_up(parent, last):
            return False
        kept = self._children.get((parent, last))
        return element >= last * ATTEMPT if kept is None else element in kept

"""The coordinator's hands: parts of a plan go to workers, and what becomes of the plan goes into the journal."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Expansion, Failure, Node, Path, node_name
from surefoot.decompose.revision import Report, Revision
from surefoot.decompose.segment import Segment, SegmentSize, given_expansion, travels_whole
from surefoot.decompose.task import Task
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.reports import report_in
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.retracted import RetractedExpansions
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.logs import events_of
from surefoot.runtime.payloads import failures_in, pack, unpack
from surefoot.runtime.records import FAILED_NODES, Batch, Contradicted, Counts, Record


class Cut(msgspec.Struct, frozen=True):
    """How a plan is cut into the pieces that travel to workers.

    Attributes:
        method: Says which nodes are split.
        segments: Up to which size a node travels whole.
        cost: What a node is expected to take, against others.
    """

    method: Method
    segments: SegmentSize
    cost: Callable[[Node], float]


class PlanHands:
    """The operations of a plan runner in the coordinator; see ``runtime/execution/plan_runner.py``.

    Args:
        task: The task.
        cut: How the plan is cut into pieces.
        send: Has a piece run by a worker.
        let_go: Has workers stop what they do of a node; what still comes of it is not taken for steps.
        writer: Makes notes durable.
        journal: Says what earlier sessions noted.
    """

    def __init__(
        self,
        task: Task,
        cut: Cut,
        send: Callable[[Segment], Awaitable[Outcome]],
        let_go: Callable[[Path], None],
        writer: JournalWriter,
        journal: JournalReader,
    ) -> None:
        self._task, self._method, self._segments, self._cost = task, cut.method, cut.segments, cut.cost
        self._send, self._let_go, self._writer = send, let_go, writer
        self._retracted = RetractedExpansions(journal)
        self._failed = failures_in(journal.payloads(FAILED_NODES))
        self._reports = reports_in(payload for _, payload in journal.written()) if journal.totals.evidence else []
        self._log = events_of(journal.run)

    def is_leaf(self, node: Node) -> bool:
        """Return whether the node travels to a worker with everything below it."""
        return travels_whole(self._task, self._method, node, self._segments)

    def expansion_of(self, node: Node) -> Expansion | None:
        """Return the children that the task's own code gives a node, or ``None`` if they have to be asked for."""
        return given_expansion(self._task, node)

    def failure_known(self, path: Path) -> Failure | None:
        """Return the failure that the journal holds as the result of a node, if it holds one."""
        return self._failed.get(path)

    def child_failed(self, path: Path, failure: Failure) -> None:
        """Keep the failure of a node as its result: a resumed run does not ask it again."""
        record = Record(path, "failed", 0, 0, 0, (msgspec.json.encode(failure).decode(),))
        self._log.info("node failed", node=node_name(path), error=failure.error, message=failure.message)
        self._writer.note(FAILED_NODES, Batch(pack([record]), Counts(failed_nodes=1)))

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a node on a worker."""
        return await self._send(Segment(node, cost=self._cost(node)))

    async def split(self, node: Node, attempt: int) -> str:
        """Have a decomposition step decided by a worker."""
        outcome = await self._send(Segment(node, attempt))
        if isinstance(outcome, Contradicted):
            raise StepDeadlocked(outcome.detail)
        return str(outcome.output)

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Journal a broken promise; a resumed run does not count it twice."""
        self._log.warning("promise broken", node=node_name(node.path), attempt=attempt, detail=by.detail)
        self._write_note(self._retracted.broken(node.path, attempt))

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Journal that a repeated decomposition held; a resumed run does not count it twice."""
        self._write_note(self._retracted.mended(node.path, attempt))

    async def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Journal which children a repeated decomposition goes on with."""
        await self._writer.flush()
        self._retracted.look_below(node.path, attempt)
        self._write_note(self._retracted.kept(node.path, attempt, elements))

    def revision_known(self, path: Path, version: int) -> Revision | None:
        """Return why the journal says that a version of a node's plan was given up; ``None`` if it does not."""
        return self._retracted.revision(path, version)

    def plan_revised(self, node: Node, revision: Revision) -> None:
        """Journal why a version of a plan was given up; a resumed run does not count it twice."""
        self._log.info("plan revised", node=node_name(node.path), version=revision.version, because=str(revision)[:200])
        self._write_note(self._retracted.revised(node.path, revision))

    def reports_known(self) -> Sequence[Report]:
        """Return what earlier sessions journalled that nodes found, in the order in which it came."""
        return self._reports

    def let_go(self, path: Path) -> None:
        """Have workers stop what they do of a node; what still comes of it is not taken for steps."""
        self._let_go(path)

    def _write_note(self, note: Write | None) -> None:
        if note is not None:
            self._writer.note(note.segment, note.batch)


def reports_in(payloads: Iterable[bytes]) -> list[Report]:
    """Return what payloads hold that nodes found against assumptions which they rest on, in order.

    Raises:
        JournalError: They cannot be read.
    """
    found = (report_in(record) for payload in payloads for record in unpack(payload))
    return [report for report in found if report is not None]

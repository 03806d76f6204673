"""Runs one segment: a node and everything below it, step by step, on the worker it travelled to.

A segment is deterministic in what was decided: steps that the journal already holds are taken from it without
asking, so a segment that comes back after a crash goes on where its last batch ended, through the same door.
"""

from collections.abc import Iterable, Sequence

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Expansion, Failure, Node, Path, node_name
from surefoot.decompose.revision import Report, Revision
from surefoot.decompose.segment import Segment, given_expansion
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import RunFailed, StepDeadlocked
from surefoot.runtime.execution.chain_runner import ChainRunner
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.plan_runner import PlanRunner
from surefoot.runtime.execution.policy import SegmentPolicy
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.work import Work
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import AGAIN, Contradicted, Finished, Record, record_of_revision, tally


class SegmentRunner:
    """The operations of a plan runner inside a worker: they ask the model; see ``runtime/execution/plan_runner.py``.

    Args:
        task: The task.
        work: What the journal knows of the segment, who decides, and where records gather.
        method: Says which nodes are split.
        policy: Whether promises are checked, and how often things are tried again.
        semaphore: Limits the chains that run at the same time, over all segments of the worker.
    """

    def __init__(
        self, task: Task, work: Work, method: Method, policy: SegmentPolicy, semaphore: PrioritySemaphore
    ) -> None:
        self.task, self.work, self.method = task, work, method
        self._plan = PlanRunner(task, self, semaphore, policy.re_decompositions, policy.revisions)
        self._chains = ChainRunner(task, work, policy, self._plan)

    async def run(self, segment: Segment, journalled: Iterable[bytes] = ()) -> Outcome:
        """Return the outcome of the segment's node, or the candidate of its decomposition step.

        Args:
            segment: What to run.
            journalled: Payloads of the batches that the journal already holds of it.

        Raises:
            StepDeadlocked: A step that no seam guards is undecided in every prompt variant.
            RunFailed, ModelUnavailable, ModelRejected: The segment cannot go on.
            SegmentStopped: The worker was asked to stop.
        """
        self.work.load(journalled)
        if segment.split is not None:
            try:
                return Finished(await self.split(segment.node, segment.split))
            except StepDeadlocked as undecided:
                return Contradicted(segment.node.path, undecided.message)
        return await self._plan.run(segment.node)

    def is_leaf(self, node: Node) -> bool:
        """Return whether the method runs the node as a chain."""
        return not self.method.splits(self.task, node)

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a node as a chain, its seam included."""
        return await self._chains.run(node)

    async def split(self, node: Node, attempt: int) -> str:
        """Decide a decomposition step; one that is asked again needs the lead of a suspect.

        Raises:
            StepDeadlocked: Undecided in every prompt variant, now or in an earlier session.
            RunFailed: The node has no decomposition step.
        """
        step = self.task.decomposition_step(node.goal, node.inputs)
        if not isinstance(step, Step):
            raise RunFailed(f"node {node_name(node.path)} cannot be split")
        work, key = self.work, (node.path, "split", attempt)
        known = work.journalled.get(key)
        if known:
            return winner(known[0], work.steps.policy.rule)
        if (node.path, "split", attempt + 1) in work.journalled:
            raise StepDeadlocked("undecided in an earlier session")
        await work.begin_step()
        leads = work.steps.leads.leads
        k = leads.suspect if attempt else leads.split
        try:
            candidate, entry = await work.decide(key, step, 0, k, draws_of(key))
        except StepDeadlocked as undecided:
            await work.wait_for_person(undecided)
            raise
        work.counts.decompositions += 1
        work.buffer.keep(key, k, 0, entry)
        return candidate

    def expansion_of(self, node: Node) -> Expansion | None:
        """Return the children that the task's own code gives a node, or ``None`` if they have to be asked for."""
        return given_expansion(self.task, node)

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Count a decomposition that did not hold, unless the journal shows that it was counted before."""
        if (node.path, "broken", attempt) not in self.work.journalled:
            self.work.counts.broken_promises += 1
            self.work.buffer.add(Record(node.path, "broken", attempt, 0, 0, ()))

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Count a repeated decomposition that held, if its last decision was made in this session."""
        if (node.path, "split", attempt) not in self.work.journalled:
            tally(self.work.counts.caught, {AGAIN: 1})

    async def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Note the path elements of a repeated decomposition's children for whoever reads the plan."""
        work, depth, lost = self.work, len(node.path), 0
        for path in list(work.standing):
            if len(path) > depth and path[:depth] == node.path and path[depth] not in elements:
                lost += work.standing.pop(path)  # also in a resumed run: the next version must not drop them again
        if (node.path, "children", attempt) not in work.journalled:
            work.counts.steps -= lost
            work.buffer.add(Record(node.path, "children", attempt, 0, 0, (), elements))

    def failure_known(self, path: Path) -> Failure | None:
        """Return the failure that the journal holds as the result of a node, if it holds one."""
        text = self.work.failed.get(path)
        return None if text is None else msgspec.json.decode(text, type=Failure)

    def child_failed(self, path: Path, failure: Failure) -> None:
        """Keep the failure of a node as its result: a resumed run does not ask it again."""
        self.work.counts.failed_nodes += 1
        text = msgspec.json.encode(failure).decode()
        self.work.buffer.add(Record(path, "failed", 0, 0, 0, (text,)))
        self.work.note("node failed", path, error=failure.error, message=failure.message[:200])

    def revision_known(self, path: Path, version: int) -> Revision | None:
        """Return why the journal says that a version of a node's plan was given up; ``None`` if it does not."""
        text = self.work.revised.get((path, version))
        return None if text is None else msgspec.json.decode(text, type=Revision)

    def plan_revised(self, node: Node, revision: Revision) -> None:
        """Keep why a version of a node's plan was given up."""
        self.work.buffer.flush()  # what was decided before stands before it in the journal
        self.work.counts.revisions += 1
        self.work.buffer.add(record_of_revision(node.path, revision))
        self.work.note("plan revised", node.path, version=revision.version, because=str(revision)[:200])

    def reports_known(self) -> Sequence[Report]:
        """Return what the journal says that nodes found against what they rest on, in the order in which it came."""
        return self.work.reports

    def let_go(self, path: Path) -> None:
        """Do nothing: the chains of a worker are cancelled, and keep no step after that."""

"""Grows a plan and runs it: the same engine in the coordinator and inside a worker's segment.

What differs between the two is a pair of hands: the coordinator's hands send leaves to workers, a worker's hands
ask the model. The versions of one node's plan, and its children, are in ``node_plan.py``.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from surefoot.decompose.assumptions import Assumption, Findings
from surefoot.decompose.plan import Expansion, Node, Path
from surefoot.decompose.revision import Report
from surefoot.decompose.task import Task
from surefoot.runtime.errors import PlanTooDeep
from surefoot.runtime.execution.hands import Hands, Outcome
from surefoot.runtime.execution.node_plan import NodePlan, Refuted
from surefoot.runtime.execution.policy import RevisionPolicy
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore, Slot
from surefoot.runtime.records import Contradicted

DEEPEST = 256
"""Path elements of a node. A plan that halves its nodes needs 64 for 10^19 steps; a sub-plan of a chain needs two."""


class PlanRunner:
    """Runs nodes of a plan to their outputs.

    Args:
        task: Says how nodes are split.
        hands: Does the asking.
        semaphore: Limits what is asked at the same time.
        re_decompositions: How often a decomposition is asked again whose promise did not hold.
        revisions: When and how often evidence revises a plan.
    """

    def __init__(
        self,
        task: Task,
        hands: Hands,
        semaphore: PrioritySemaphore,
        re_decompositions: int,
        revisions: RevisionPolicy | None = None,
    ) -> None:
        self.task, self.hands, self.semaphore = task, hands, semaphore
        self.re_decompositions = re_decompositions
        self.revisions = revisions or RevisionPolicy()
        self.suspended: list[Assumption] = []
        self._released = asyncio.Event()
        self._plans: dict[Path, NodePlan] = {}
        self._slots: dict[Path, Slot] = {}

    async def run(self, node: Node, whole: int | None = None) -> Outcome:
        """Run a node; return its output, or the news that the node's promise or an assumption of its is wrong.

        Args:
            node: To run.
            whole: Size of the node that it is a part of; its own must be smaller, or that decomposition is refused.

        Raises:
            SeamBroken: A node keeps failing although several decompositions above it were asked again.
            PlanTooDeep: Decompositions go on without end.
            RevisionsUsedUp: The root's plan was revised as often as it may be.
        """
        if self.hands.is_leaf(node):
            async with self.semaphore(node.path) as slot:
                self._slots[node.path] = slot
                try:
                    return await self.hands.run_leaf(node)
                finally:
                    del self._slots[node.path]
        if len(node.path) > DEEPEST:
            raise PlanTooDeep(f"the plan is more than {DEEPEST} levels deep", path=list(node.path))
        size = self.task.size(node.goal, node.inputs)
        given = self.hands.expansion_of(node)
        if given is None and whole is not None and size >= whole and type(self.task).size is not Task.size:
            return Contradicted(node.path, f"is a part of {size} steps of a node of {whole} steps: it gets no smaller")
        return await self._run_plan(NodePlan(self, node, size, given))

    async def _run_plan(self, plan: NodePlan) -> Outcome:
        path = plan.node.path
        self._plans[path] = plan
        try:
            return await plan.run()
        finally:
            del self._plans[path]

    async def run_expansion(self, node: Node, expansion: Expansion, again: Callable[[Findings], Expansion]) -> Any:
        """Run a sub-plan that a chain asks for; return the outputs of its children, in order.

        The chain's place in the semaphore is given away meanwhile: its children need places themselves.

        Args:
            node: Stands for the sub-plan; its path is the chain's and one element more.
            expansion: The children.
            again: The next version of the sub-plan, from what was found against the ones before.

        Raises:
            SeamBroken: A child keeps contradicting its promise. The task's code gave it, so nobody can be asked again.
            Refuted: What a plan above takes for granted is wrong.
            RevisionsUsedUp: The sub-plan was revised as often as it may be, or the chain asks for the same again.
        """
        async with self._slots[node.path[:-1]].aside():
            outcome = await self._run_plan(NodePlan(self, node, None, expansion, again))
        if isinstance(outcome, Contradicted):
            raise Refuted(outcome)
        return outcome.output

    def report(self, report: Report) -> bool:
        """Revise the plan that made the assumption which a report speaks against, if it is here and makes it still.

        The plan is the topmost one that says it of a node above the report's source: those below took it over. Evidence
        that a node cannot be solved at all is about the plan right above the node.

        Returns:
            Whether a plan will be revised, at once or at the end of its pass.
        """
        assumption, source = report.evidence.assumption, report.source
        lengths = range(len(source)) if assumption is not None else range(len(source) - 1, -1, -1)
        plans = (self._plans[source[:length]] for length in lengths if source[:length] in self._plans)
        return any(plan.revise(report) for plan in plans)

    def hear(self, reports: Iterable[Report]) -> None:
        """Take reports that are on their way into the journal, ahead of the ends of the nodes that they came from.

        Where evidence revises at once, nothing that rests on it goes on from here: what comes of it later is behind the
        report in the journal.
        """
        if self.revisions.when == "at-once":
            for one in reports:
                self.report(one)

    def suspend(self, assumption: Assumption | None) -> None:
        """Begin and keep no step of a chain that rests on an assumption until it is known what becomes of it."""
        if assumption is not None and self.revisions.when == "at-once":
            self.suspended.append(assumption)

    def release(self, assumption: Assumption | None) -> None:
        """Let chains that rest on an assumption go on; those that a revision cancelled do not."""
        if assumption in self.suspended:
            self.suspended.remove(assumption)
            self._released.set()
            self._released = asyncio.Event()

    async def go_ahead(self, node: Node) -> None:
        """Wait while something is suspended that a node rests on, or that what the node reads rests on."""
        while self._is_in_doubt(node):
            await self._released.wait()

    def _is_in_doubt(self, node: Node) -> bool:
        if any(one in self.suspended for one in node.rests_on):
            return True
        path = node.path
        plans = ((self._plans.get(path[:length]), path[length]) for length in range(len(path)) if self.suspended)
        return any(plan.doubts(element, one) for plan, element in plans if plan for one in self.suspended)

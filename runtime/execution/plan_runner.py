"""Grows a plan and runs it: the same engine in the coordinator and inside a worker's segment.

What differs between the two is a pair of hands: the coordinator's hands send leaves to workers, a worker's hands
ask the model. A child whose output is promised lets its readers start at once; whether the promise was kept is
checked where the child is run. A child that keeps contradicting its promise convicts the promise: what was built on
it is cancelled, the decomposition is asked again, and what did not depend on it is kept.
"""

import asyncio
from typing import Any, Protocol

from surefoot.decompose.plan import Child, Expansion, Node, Path, Ref
from surefoot.decompose.task import Task
from surefoot.runtime.errors import PlanTooDeep, SeamBroken, StepDeadlocked
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.records import Contradicted, Finished

ATTEMPT = 1024
"""Children of the second decomposition of a node are numbered from here, of the third from twice this."""

LEVELS = 3
"""Decompositions above a node that are asked again before the run stops. Each multiplies what a hopeless node costs."""

DEEPEST = 64
"""Levels of decompositions. A plan that halves its nodes needs as many for 10^19 steps."""

Outcome = Finished | Contradicted


class Hands(Protocol):
    """What a plan runner cannot do itself."""

    def is_leaf(self, node: Node) -> bool:
        """Whether the node is run as it is rather than split here."""
        ...

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a node, its seam included."""
        ...

    async def split(self, node: Node, attempt: int) -> str:
        """Decide the node's decomposition step.

        Raises:
            StepDeadlocked: It is undecided on every rung of the ladder; it is asked again like one that did not hold.
        """
        ...

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Take note that a decomposition did not hold."""
        ...

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Take note that a repeated decomposition held."""
        ...

    def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Take note of which children a repeated decomposition goes on with."""
        ...


class Kept:
    """Children of an abandoned decomposition that may be used again: description, path element, output."""

    def __init__(self) -> None:
        self.children: list[tuple[Child, tuple[int, ...], int, Finished]] = []

    def find(self, child: Child, sources: tuple[int, ...]) -> tuple[int, Finished] | None:
        """A finished child that was described alike and read the same siblings."""
        for kept, read, element, outcome in self.children:
            if kept == child and read == sources:
                return element, outcome
        return None


class PlanRunner:
    """Runs nodes to their outputs.

    Args:
        task: Says how nodes are split.
        hands: Does the asking.
        gate: Limits what is asked at the same time.
        re_decompositions: How often a decomposition is asked again.
    """

    def __init__(self, task: Task, hands: Hands, semaphore: PrioritySemaphore, re_decompositions: int) -> None:
        self.task, self.hands, self.semaphore = task, hands, semaphore
        self.re_decompositions = re_decompositions

    async def run(self, node: Node, whole: int | None = None) -> Outcome:
        """The node's output, or the news that its promise is wrong.

        Args:
            node: To run.
            whole: Size of the node that it is a part of; its own must be smaller, or that decomposition is refused.

        Raises:
            SeamBroken: A node keeps failing although ``LEVELS`` decompositions above it were asked again.
            PlanTooDeep: Decompositions go on without end.
        """
        if self.hands.is_leaf(node):
            async with self.semaphore(node.path):
                return await self.hands.run_leaf(node)
        if len(node.path) > DEEPEST:
            raise PlanTooDeep(f"the plan is more than {DEEPEST} decompositions deep", path=list(node.path))
        size = self.task.size(node.goal, node.inputs)
        if whole is not None and size >= whole and type(self.task).size is not Task.size:
            return Contradicted(node.path, f"is a part of {size} steps of a node of {whole} steps: it gets no smaller")
        kept = Kept()
        outcome = Contradicted(node.path, "never tried")
        for attempt in range(self.re_decompositions + 1):
            try:
                async with self.semaphore(node.path):
                    candidate = await self.hands.split(node, attempt)
            except StepDeadlocked as undecided:
                outcome = Contradicted(node.path, undecided.message)
                self.hands.promise_broken(node, attempt, outcome)
                continue
            expansion = self.task.expand(node.goal, node.inputs, candidate)
            stated = expansion.children[expansion.result].promise
            if node.promise is not None and stated is not None and stated != node.promise:
                outcome = Contradicted(node.path, f"the decomposition ends in {stated!r}, not {node.promise!r}")
            else:
                ended = await self._run_children(node, size, expansion, attempt, kept)
                if isinstance(ended, Finished):
                    if attempt:
                        self.hands.promise_mended(node, attempt)
                    return ended
                outcome = ended
            self.hands.promise_broken(node, attempt, outcome)
        levels = outcome.levels + 1
        if levels == LEVELS and node.path:
            raise SeamBroken(f"{outcome.detail}; {levels} decompositions above it were asked again in vain")
        return Contradicted(node.path, outcome.detail, levels)

    async def _run_children(self, node: Node, size: int, expansion: Expansion, attempt: int, kept: Kept) -> Outcome:
        family = _Family(self, node, size, expansion, attempt, kept)
        outcomes = await family.run()
        broken = next((o for o in outcomes if isinstance(o, Contradicted)), None)
        if broken is None:
            result = outcomes[expansion.result]
            assert isinstance(result, Finished)
            return result
        kept.children = [
            (child, family.sources(number), family.elements[number], outcome)
            for number, (child, outcome) in enumerate(zip(expansion.children, outcomes, strict=True))
            if isinstance(outcome, Finished)
        ]
        return broken


class _Family:
    """The children of one decomposition while they run."""

    def __init__(
        self, runner: PlanRunner, node: Node, size: int, expansion: Expansion, attempt: int, kept: Kept
    ) -> None:
        self.size = size
        self.runner, self.node, self.children = runner, node, expansion.children
        self.elements = [attempt * ATTEMPT + number for number in range(len(self.children))]
        self.ready: list[Finished | None] = [None] * len(self.children)
        for number, child in enumerate(self.children):
            found = kept.find(child, self.sources(number))
            if found is not None:
                self.elements[number], self.ready[number] = found
        if attempt:
            runner.hands.children_kept(node, attempt, tuple(self.elements))
        self.runs: list[asyncio.Task[Outcome]] = []

    def sources(self, number: int) -> tuple[int, ...]:
        """Path elements of the siblings that a child reads without a promise or with one."""
        return tuple(self.elements[s.child] for s in self.children[number].inputs if isinstance(s, Ref))

    async def run(self) -> list[Outcome | None]:
        """The outcome of every child; ``None`` for those cancelled because what they read was not true."""
        async with asyncio.TaskGroup() as group:
            for number, ready in enumerate(self.ready):
                path: Path = (*self.node.path, self.elements[number])
                run = _already(ready) if ready is not None else self._run(number, path)
                self.runs.append(group.create_task(run))
        return [None if run.cancelled() else run.result() for run in self.runs]

    async def _run(self, number: int, path: Path) -> Outcome:
        child = self.children[number]
        inputs = tuple([await self._value(source) for source in child.inputs])
        outcome = await self.runner.run(Node(path, child.goal, inputs, child.promise), self.size)
        if isinstance(outcome, Contradicted):
            self._cancel_readers(number)
        return outcome

    async def _value(self, source: Any) -> Any:
        """A literal, a promise, or the output of an earlier sibling, waited for."""
        if not isinstance(source, Ref):
            return source.value
        promise = self.children[source.child].promise
        if promise is not None:
            return promise
        # Shielded: being cancelled as a reader must not cancel what is read.
        outcome = await asyncio.shield(self.runs[source.child])
        if isinstance(outcome, Contradicted):
            raise asyncio.CancelledError
        return outcome.output

    def _cancel_readers(self, number: int) -> None:
        untrue = {number}
        for later in range(number + 1, len(self.children)):
            if any(isinstance(s, Ref) and s.child in untrue for s in self.children[later].inputs):
                untrue.add(later)
                self.runs[later].cancel()


async def _already(outcome: Finished) -> Outcome:
    return outcome

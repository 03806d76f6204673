"""Grows a plan and runs it: the same engine in the coordinator and inside a worker's segment.

What differs between the two is a pair of hands: the coordinator's hands send leaves to workers, a worker's hands
ask the model. A child whose output is promised lets its readers start at once; whether the promise was kept is
checked where the child is run. A child that keeps contradicting its promise convicts the promise: what was built on
it is cancelled, the decomposition is asked again, and what did not depend on it is kept.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol

from surefoot.decompose.plan import Child, Expansion, Failure, Node, Path, Ref, as_output
from surefoot.decompose.task import Task
from surefoot.runtime.errors import AwaitsReview, PlanTooDeep, RunFailed, SeamBroken, StepDeadlocked
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore, Slot
from surefoot.runtime.records import Contradicted, Finished

ATTEMPT = 1024
"""Children of the second decomposition of a node are numbered from here, of the third from twice this, or from further
on where those of an earlier one reach so far; see ``elements_of``."""

LEVELS = 3
"""Decompositions above a node that are asked again before the run stops. Each multiplies what a hopeless node costs."""

DEEPEST = 256
"""Path elements of a node. A plan that halves its nodes needs 64 for 10^19 steps; a sub-plan of a chain needs two."""

Outcome = Finished | Contradicted


class Hands(Protocol):
    """Operations that a plan runner leaves to its owner: asking models, and writing to the journal."""

    def is_leaf(self, node: Node) -> bool:
        """Whether a node is run as a whole by `run_leaf`, and not split by this plan runner."""
        ...

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a leaf node to its output, the check of its promise included."""
        ...

    async def split(self, node: Node, attempt: int) -> str:
        """Decide the decomposition step of a node.

        Raises:
            StepDeadlocked: It is undecided on every rung of the ladder; it is asked again like one that did not hold.
        """
        ...

    def expansion_of(self, node: Node) -> Expansion | None:
        """Return the children that the task's own code gives a node, or ``None`` if they have to be asked for."""
        ...

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Record that a node's decomposition did not return what was promised."""
        ...

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Record that a node's repeated decomposition returned what was promised."""
        ...

    def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Record which children a repeated decomposition takes over from the one before."""
        ...

    def failure_known(self, path: Path) -> Failure | None:
        """Return the failure that the journal holds as the result of a node, if it holds one."""
        ...

    def child_failed(self, path: Path, failure: Failure) -> None:
        """Keep the failure of a node as the node's result."""
        ...


def elements_of(attempt: int, count: int, before: range = range(0)) -> range:
    """Return the path elements of a decomposition's children, behind those of all decompositions ``before`` it."""
    first = max(attempt * ATTEMPT, before.stop)
    return range(first, first + count)


class Kept:
    """What abandoned decompositions leave to the next one.

    Attributes:
        children: Those that may be used again: description, path elements that it reads, path element, output.
        elements: Path elements of the last decomposition.
    """

    def __init__(self, elements: range = range(0)) -> None:
        self.children: list[tuple[Child, tuple[int, ...], int, Finished]] = []
        self.elements = elements

    def find(self, child: Child, sources: tuple[int, ...]) -> tuple[int, Finished] | None:
        """Return a finished child of a retracted decomposition with the same description and the same inputs."""
        for kept, read, element, outcome in self.children:
            if kept == child and read == sources:
                return element, outcome
        return None


class PlanRunner:
    """Runs nodes of a plan to their outputs.

    Args:
        task: Says how nodes are split.
        hands: Does the asking.
        gate: Limits what is asked at the same time.
        re_decompositions: How often a decomposition is asked again.
    """

    def __init__(self, task: Task, hands: Hands, semaphore: PrioritySemaphore, re_decompositions: int) -> None:
        self.task, self.hands, self.semaphore = task, hands, semaphore
        self.re_decompositions = re_decompositions
        self._slots: dict[Path, Slot] = {}

    async def run(self, node: Node, whole: int | None = None) -> Outcome:
        """Run a node; return its output, or the news that the node's promise is wrong.

        Args:
            node: To run.
            whole: Size of the node that it is a part of; its own must be smaller, or that decomposition is refused.

        Raises:
            SeamBroken: A node keeps failing although ``LEVELS`` decompositions above it were asked again.
            PlanTooDeep: Decompositions go on without end.
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
        if given is not None:
            return await self._run_given(node, given)
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
            kept.elements = elements_of(attempt, len(expansion.children), kept.elements)
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

    async def run_expansion(self, node: Node, expansion: Expansion) -> list[Any]:
        """Run a sub-plan that a chain asks for; return the outputs of its children, in order.

        The chain's place in the semaphore is given away meanwhile: its children need places themselves.

        Args:
            node: Stands for the sub-plan; its path is the chain's and one element more.
            expansion: The children.

        Raises:
            SeamBroken: A child keeps contradicting its promise. The task's code gave it, so nobody can be asked again.
        """
        async with self._slots[node.path[:-1]].aside():
            outcomes = await self._run_children_given(node, expansion)
        return [outcome.output for outcome in outcomes if isinstance(outcome, Finished)]

    async def _run_given(self, node: Node, expansion: Expansion) -> Outcome:
        """Run the children that the task's own code gave a node: there is no question that could be asked again."""
        outcomes = await self._run_children_given(node, expansion)
        result = outcomes[expansion.result]
        assert isinstance(result, Finished)
        if node.promise is not None and result.output != node.promise:
            return Contradicted(node.path, f"returned {result.output!r}, promised was {node.promise!r}")
        return result

    async def _run_children_given(self, node: Node, expansion: Expansion) -> list[Outcome | None]:
        kept = Kept(elements_of(0, len(expansion.children)))
        outcomes = await _Family(self, node, None, expansion, 0, kept).run()
        broken = next((outcome for outcome in outcomes if isinstance(outcome, Contradicted)), None)
        if broken is not None:
            raise SeamBroken(f"node {list(broken.path)} {broken.detail}; the task's own code promised it")
        return outcomes

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
        self, runner: PlanRunner, node: Node, size: int | None, expansion: Expansion, attempt: int, kept: Kept
    ) -> None:
        self.size = size
        self.runner, self.node, self.children = runner, node, expansion.children
        self.elements = list(kept.elements)
        self.ready: list[Finished | None] = [None] * len(self.children)
        for number, child in enumerate(self.children):
            found = kept.find(child, self.sources(number))
            if found is not None:
                self.elements[number], self.ready[number] = found
        if attempt:
            runner.hands.children_kept(node, attempt, tuple(self.elements))
        self.runs: list[asyncio.Task[Outcome]] = []
        self.waits: AwaitsReview | None = None

    def sources(self, number: int) -> tuple[int, ...]:
        """Path elements of the siblings that a child reads without a promise or with one."""
        return tuple(self.elements[s.child] for s in self.children[number].inputs if isinstance(s, Ref))

    async def run(self) -> list[Outcome | None]:
        """The outcome of every child; ``None`` for those cancelled because what they read was not true.

        Raises:
            AwaitsReview: A child waits for a person; everything that does not depend on it has come to its end.
        """
        async with asyncio.TaskGroup() as group:
            for number, ready in enumerate(self.ready):
                path: Path = (*self.node.path, self.elements[number])
                run = _already(ready) if ready is not None else self._run(number, path)
                self.runs.append(group.create_task(run))
        if self.waits is not None:
            raise self.waits
        return [None if run.cancelled() else run.result() for run in self.runs]

    async def _run(self, number: int, path: Path) -> Outcome:
        child = self.children[number]
        inputs = tuple([await self._value(source) for source in child.inputs])
        node = Node(path, child.goal, inputs, child.promise)
        try:
            outcome = await (self._run_or_fail(node) if child.may_fail else self.runner.run(node, self.size))
        except AwaitsReview as waits:
            self.waits = self.waits or waits
            raise asyncio.CancelledError from waits  # whoever reads it cannot go on; its other siblings can
        if isinstance(outcome, Contradicted):
            self._cancel_readers(number)
        return outcome

    async def _run_or_fail(self, node: Node) -> Outcome:
        """Run a child whose failure is its output; a failure that is known from the journal is not tried again."""
        hands = self.runner.hands
        known = hands.failure_known(node.path)
        if known is not None:
            return Finished(as_output(known))
        try:
            return await self.runner.run(node, self.size)
        except RunFailed as failed:
            failure = Failure(type(failed).__name__, failed.message)
        except BaseExceptionGroup as group:
            failures, others = group.split(RunFailed)
            if others is not None or failures is None:
                raise
            first = next(iter(_leaves(failures)))
            failure = Failure(type(first).__name__, str(first))
        hands.child_failed(node.path, failure)
        return Finished(as_output(failure))

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


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    """The errors inside groups of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error

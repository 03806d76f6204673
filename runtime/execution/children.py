"""The children of one version of a node's plan while they run, and what earlier versions leave to it.

A child whose output is promised lets its readers start at once; whether the promise was kept is checked where the
child is run. What was built on something that turns out to be wrong is cancelled.
"""

import asyncio
import functools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from surefoot.decompose.assumptions import Assumption, Evidence, rests
from surefoot.decompose.plan import Child, Expansion, Failure, Node, Path, Ref, as_output
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.errors import AwaitsReview, RunFailed
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.records import Contradicted, Finished

if TYPE_CHECKING:
    from surefoot.runtime.execution.node_plan import NodePlan

ATTEMPT = 1024
"""Children of the second decomposition of a node are numbered from here, of the third from twice this, or from further
on where those of an earlier one reach so far; see ``elements_of``."""

Run = asyncio.Future[Outcome]


def elements_of(attempt: int, count: int, before: range = range(0)) -> range:
    """Return the path elements of a decomposition's children, behind those of all decompositions ``before`` it."""
    first = max(attempt * ATTEMPT, before.stop)
    return range(first, first + count)


class Kept:
    """What earlier versions leave to the next one.

    Attributes:
        children: Those that may be used again: description, path elements that it reads, path element, run.
        elements: Path elements of the newest version.
        stopped: Path elements of children that were stopped, or not begun, by evidence which revised nothing yet. They
            keep their numbers in the next version, which that evidence revises before they are begun.
    """

    def __init__(self) -> None:
        self.children: list[tuple[Child, tuple[int, ...], int, Run]] = []
        self.elements = range(0)
        self.stopped: set[int] = set()

    def find(self, child: Child, sources: tuple[int, ...], used: Sequence[int]) -> tuple[int, Run] | None:
        """Return the run of an earlier version's child with the same description and inputs that nobody uses yet."""
        for kept, read, element, run in self.children:
            if kept == child and read == sources and element not in used and self._is_useful(element, run):
                return element, run
        return None

    def _is_useful(self, element: int, run: Run) -> bool:
        """Whether a run goes on, has an output, or brought evidence; one that broke its promise is no use."""
        if not run.done():
            return True
        if run.cancelled():
            return element in self.stopped
        outcome = run.result()
        return isinstance(outcome, Finished) or outcome.evidence is not None

    def add(self, children: "Children") -> None:
        """Take over what a version that was given up may leave."""
        known = {element for _, _, element, _ in self.children}
        self.children += [
            (child, children.sources(number), children.elements[number], run)
            for number, (child, run) in enumerate(zip(children.children, children.runs, strict=True))
            if children.elements[number] not in known
        ]

    def let_go(self, but: Sequence[int] = ()) -> list[Run]:
        """Cancel and return what still runs, but for some path elements."""
        running = [run for _, _, element, run in self.children if element not in but and not run.done()]
        for run in running:
            run.cancel()
        return running


class Children:
    """The children of one version while they run.

    Args:
        plan: The plan.
        node: Its node, told what was found.
        expansion: The version.
        kept: What may be taken over.
    """

    def __init__(self, plan: "NodePlan", node: Node, expansion: Expansion, kept: Kept) -> None:
        self.plan, self.node, self.children, self._kept = plan, node, expansion.children, kept
        self.elements = list(kept.elements)
        self.ready: list[Run | None] = [None] * len(self.children)
        for number, child in enumerate(self.children):
            found = kept.find(child, self.sources(number), self.elements)
            if found is not None:
                self.elements[number], self.ready[number] = found
        self.runs: list[Run] = []
        self.triggers: list[Report] = []
        self.dropped: set[int] = set()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = len(self.children)

    def sources(self, number: int) -> tuple[int, ...]:
        """Path elements of the siblings that a child reads without a promise or with one."""
        return tuple(self.elements[s.child] for s in self.children[number].inputs if isinstance(s, Ref))

    async def run(self, known: Revision | None = None, found: Sequence[Report] = ()) -> list[Outcome | None]:
        """The outcome of every child; ``None`` for those that did not end: stopped, or going on beyond this version.

        Args:
            known: Why the journal says that this version is given up: what it cancelled is not begun again.
            found: Evidence against this version that was there before it: what rests on it is not begun either. The
                first of it revises the version, unless it is given up already.
        """
        stopped: set[int] = set()
        for report in known.triggers if known is not None else ():
            stopped |= self._resting(report)
        for report in found:
            stopped |= self._stopped_by(report)
        group = self.plan.group
        for number, ready in enumerate(self.ready):
            if number in stopped:
                run: Run = asyncio.get_running_loop().create_future()
                run.cancel()
            else:
                run = ready or group.create_task(self._run(number, (*self.node.path, self.elements[number])))
            self.runs.append(run)
        if known is not None:
            self._stop()
        elif found:
            self.revise(found[0])
        for number, run in enumerate(self.runs):
            run.add_done_callback(partial(self._ended, number))
        await self.over
        return [None if not run.done() or run.cancelled() else run.result() for run in self.runs]

    def revise(self, report: Report) -> None:
        """Take evidence against this version: at once, or when all children have ended."""
        if report in self.triggers:  # it was told by the node itself before it came up from below
            return
        self.triggers.append(report)
        resting = self._resting(report)
        self.dropped.update(self.elements[number] for number in resting)
        if self.plan.runner.revisions.when == "at-once":
            self._cancel(resting)
            self._stop()

    def concerns(self, report: Report) -> bool:
        """Whether this version says what a report speaks against."""
        assumption = report.evidence.assumption
        if assumption is None:
            return self.node.path == report.source[:-1] and report.source[-1] in self.elements
        return any(rests(child.rests_on, assumption) for child in self.children)

    def give_up(self, report: Report) -> None:
        """Stop what rests on what a report speaks against, while the version that follows this one is being made."""
        self._cancel(self._stopped_by(report))

    def _ended(self, number: int, run: Run) -> None:
        """Act on the end of a child; once this version has been given up, on evidence alone."""
        outcome = None if run.cancelled() or run.exception() is not None else run.result()
        if self.over.done():
            if isinstance(outcome, Contradicted) and outcome.evidence is not None:
                self.plan.hear_late(outcome, outcome.evidence)
            return
        if isinstance(outcome, Contradicted):
            evidence = outcome.evidence
            if evidence is None:
                self._cancel(self._readers({number}))
            else:
                self._refuted(number, outcome.path, evidence)
        self._left -= 1
        if not self._left:
            self._stop()

    def _refuted(self, number: int, source: Path, evidence: Evidence) -> None:
        """Have the plan revised that made the assumption which a child's chain found to be wrong."""
        runner = self.plan.runner
        if not runner.report(Report(source, evidence)):
            # Who made the assumption is above, and everything here rests on it; or nobody revises, and the plan fails.
            self._stop()
            return
        runner.release(evidence.assumption)
        if runner.revisions.when != "at-once":
            self._cancel(self._readers({number}))

    def _stop(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    async def _run(self, number: int, path: Path) -> Outcome:
        child = self.children[number]
        inputs = tuple([await self._value(source) for source in child.inputs])
        node = Node(path, child.goal, inputs, child.promise, (*self.node.rests_on, *child.rests_on))
        try:
            return await (self._run_or_fail(node) if child.may_fail else self.plan.run_child(node))
        except AwaitsReview as waits:
            self.plan.waits = self.plan.waits or waits
            raise asyncio.CancelledError from waits  # whoever reads it cannot go on; its other siblings can

    async def _run_or_fail(self, node: Node) -> Outcome:
        """Run a child whose failure is its output; a failure that is known from the journal is not tried again."""
        hands = self.plan.runner.hands
        known = hands.failure_known(node.path)
        if known is not None:
            return Finished(as_output(known))
        try:
            return await self.plan.run_child(node)
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

    def _resting(self, report: Report) -> set[int]:
        """Numbers of the children that rest on what a report speaks against, and of those that read them."""
        assumption = report.evidence.assumption
        if assumption is None:
            return self._readers({n for n, one in enumerate(self.elements) if report.source[-1:] == (one,)})
        return self._resting_on(assumption)

    def _resting_on(self, assumption: Assumption) -> set[int]:
        return self._readers({n for n, child in enumerate(self.children) if rests(child.rests_on, assumption)})

    def doubts(self, element: int, assumption: Assumption) -> bool:
        """Whether a child of this number rests on an assumption, or reads what does."""
        return any(self.elements[number] == element for number in self._resting_on(assumption))

    def _stopped_by(self, report: Report) -> set[int]:
        """Numbers of those that a report stops before it revises anything; they keep their path elements."""
        resting = self._resting(report)
        if report.evidence.assumption is not None:  # else its source has ended, and tells the next version itself
            self._kept.stopped.update(self.elements[number] for number in resting)
        return resting

    def _readers(self, untrue: set[int]) -> set[int]:
        """Numbers of some children and of all that read them, directly or not."""
        found, waiting = set(untrue), [*untrue]
        while waiting:
            for reader in self._read_by.get(waiting.pop(), ()):
                if reader not in found:
                    found.add(reader)
                    waiting.append(reader)
        return found

    @functools.cached_property
    def _read_by(self) -> dict[int, list[int]]:
        """Numbers of the children that read a child, by its number: thousands may break their promises at once."""
        found: dict[int, list[int]] = {}
        for number, child in enumerate(self.children):
            for source in child.inputs:
                if isinstance(source, Ref):
                    found.setdefault(source.child, []).append(number)
        return found

    def _cancel(self, numbers: set[int]) -> None:
        for number in sorted(numbers):
            if not self.runs[number].done():
                self.runs[number].cancel()
                self.plan.runner.hands.let_go((*self.node.path, self.elements[number]))


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    """The errors inside groups of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error

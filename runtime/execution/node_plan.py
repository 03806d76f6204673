"""The plan of one node while it runs: its versions, one after the other.

A child that keeps contradicting its promise convicts the promise: what was built on it is cancelled and the plan is
made again. Evidence against an assumption does the same, at once: what rests on it is cancelled, what does not goes on
while the plan is made again, and whatever the next version describes in the same way is taken over, ended or not.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from surefoot.decompose.assumptions import Assumption, Evidence, Findings, restated, told
from surefoot.decompose.plan import Expansion, Node, node_name
from surefoot.decompose.revision import Report, Revision, findings_of
from surefoot.runtime.errors import AwaitsReview, RevisionsUsedUp, SeamBroken, StepDeadlocked, SurefootError
from surefoot.runtime.execution.children import Children, Kept, elements_of
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.work import SegmentStopped
from surefoot.runtime.records import Contradicted, Finished

if TYPE_CHECKING:
    from surefoot.runtime.execution.plan_runner import PlanRunner

LEVELS = 3
"""Decompositions above a node that are asked again before the run stops. Each multiplies what a hopeless node costs."""


UNSOLVABLE = Evidence(None, "unsolvable")
"""What a node says of itself once its plan was made again in vain because its parts cannot be solved."""


class Refuted(Exception):
    """A sub-plan of a chain found that something is wrong which a plan above the chain takes for granted."""

    def __init__(self, outcome: Contradicted) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class NodePlan:
    """The plan of one node, from its first version to the one whose children ended.

    Args:
        runner: Runs the children.
        node: The node.
        size: Its size, which children must be below; ``None`` where that does not matter.
        given: The children that the task's own code gives it, ``None`` if they have to be asked for.
        again: Of a sub-plan that a chain asked for: its next version, from what was found. The output of such a plan is
            the list of its children's.

    Attributes:
        group: Holds the runs of all children, of every version.
        waits: Set once a child waits for a person.
    """

    group: asyncio.TaskGroup

    def __init__(
        self,
        runner: "PlanRunner",
        node: Node,
        size: int | None,
        given: Expansion | None,
        again: Callable[[Findings], Expansion] | None = None,
    ) -> None:
        self.runner, self.node, self.size, self.given, self._again = runner, node, size, given, again
        self.waits: AwaitsReview | None = None
        self._kept = Kept()
        self._findings = Findings()
        self._given_up: list[Revision] = []
        self._children: Children | None = None
        self._found: list[Report] = []
        """Evidence against versions of this plan that revised nothing yet, in the order in which it came."""
        self._above: Contradicted | None = None
        """What a child found against a plan above while no version was there to say so."""

    async def run(self) -> Outcome:
        """Run the node: its output, or the news that something that is said of it above is wrong."""
        failed: SurefootError | SegmentStopped | None = None
        self._found = self._known_reports()
        async with asyncio.TaskGroup() as self.group:
            try:
                outcome = await self._versions()
            except (SurefootError, SegmentStopped) as error:
                # Raised outside: a group of errors would hide from a parent that this child waits for a person.
                failed = error
            self._kept.let_go()
        if failed is not None:
            raise failed
        return outcome

    async def run_child(self, node: Node) -> Outcome:
        """Run a child."""
        return await self.runner.run(node, self.size)

    def revise(self, report: Report) -> bool:
        """Revise the newest version if it says what a report speaks against; whether it does."""
        children, when = self._children, self.runner.revisions.when
        if when == "never" or children is None or not children.concerns(report):
            return False
        if not children.over.done():
            children.revise(report)
        elif when != "at-once":
            return False
        elif report not in (*children.triggers, *self._found):  # the next version is being made: it is for that one
            if report.evidence.assumption is not None:  # else the child itself tells the next version, as it has ended
                self._found.append(report)
            children.give_up(report)
        return True

    def doubts(self, element: int, assumption: Assumption) -> bool:
        """Whether the newest version has a child of this number that rests on an assumption, or reads what does."""
        return self._children is not None and self._children.doubts(element, assumption)

    def hear_late(self, outcome: Contradicted, evidence: Evidence) -> None:
        """Take what a child found after the version that it was begun in was given up."""
        if self.runner.report(Report(outcome.path, evidence)):
            self.runner.release(evidence.assumption)
        elif self._children is not None and self._children.over.done():
            self._above = outcome

    def _known_reports(self) -> list[Report]:
        """What the journal says was found below this node, where evidence revises at once."""
        if self.runner.revisions.when != "at-once":
            return []
        path = self.node.path
        return [one for one in self.runner.hands.reports_known() if one.source[: len(path)] == path]

    async def _versions(self) -> Outcome:
        """Run one version after the other until one holds, or nothing more is tried."""
        runner, broken = self.runner, 0
        attempt = 0
        while True:
            ended = await self._version(attempt)
            if isinstance(ended, Finished):
                if broken:
                    runner.hands.promise_mended(self.node, attempt)
                return ended
            if isinstance(ended, Revision):
                self._give_up(ended)
                if self._is_hopeless():
                    return Contradicted(self.node.path, str(ended), evidence=UNSOLVABLE)
            elif ended.evidence is not None or self.given is not None:
                return ended
            else:
                runner.hands.promise_broken(self.node, attempt, ended)
                broken += 1
                if broken > runner.re_decompositions:
                    return self._upwards(ended)
            attempt += 1

    def _give_up(self, revision: Revision) -> None:
        """Note why a version is given up; stop if that was the last that may be.

        Raises:
            RevisionsUsedUp: It was.
        """
        runner, node = self.runner, self.node
        if runner.hands.revision_known(node.path, revision.parent) is None:
            runner.hands.plan_revised(node, revision)
        self._given_up.append(revision)
        self._findings = findings_of(self._given_up)
        hopeless = revision.because == "restated" and self.given is not None  # code that says the same says it for ever
        if len(self._given_up) > runner.revisions.most or hopeless:
            name = node_name(node.path)
            raise RevisionsUsedUp(
                f"the plan of node {name} was revised {len(self._given_up)} times in vain; the last time: {revision}",
                path=list(node.path),
                versions=[str(one) for one in self._given_up],
            )

    def _is_hopeless(self) -> bool:
        """Whether parts that cannot be solved gave up so many versions that the plan above is made again instead."""
        unsolvable = sum(report.evidence.assumption is None for one in self._given_up for report in one.triggers)
        return bool(self.node.path) and self._again is None and unsolvable > self.runner.re_decompositions

    def _upwards(self, outcome: Contradicted) -> Contradicted:
        """The news for the plan above that this one does not hold, however often it is asked for.

        Raises:
            SeamBroken: Several plans above the first one were asked for again as well.
        """
        levels = outcome.levels + 1
        if levels == LEVELS and self.node.path:
            raise SeamBroken(f"{outcome.detail}; {levels} decompositions above it were asked again in vain")
        return Contradicted(self.node.path, outcome.detail, levels)

    async def _version(self, attempt: int) -> Outcome | Revision:
        """Make one version of the plan and run its children."""
        runner, node = self.runner, self._told()
        expansion = await self._expansion(node, attempt)
        if self._above is not None:
            return self._above
        if not isinstance(expansion, Expansion):
            return expansion
        self._kept.elements = elements_of(attempt, len(expansion.children), self._kept.elements)
        taken = tuple({str(one): one for child in expansion.children for one in child.rests_on}.values())
        again = restated(taken, self._findings)
        if again is not None:
            return Revision(attempt, "restated", (Report(node.path, again),), taken)
        stated = expansion.children[expansion.result].promise
        if self.given is None and node.promise is not None and stated is not None and stated != node.promise:
            return Contradicted(node.path, f"the decomposition ends in {stated!r}, not {node.promise!r}")
        children = Children(self, node, expansion, self._kept)
        await self._take_over(children, attempt)
        known = runner.hands.revision_known(node.path, attempt)
        self._children = children
        outcomes = await children.run(known, [one for one in self._found if children.concerns(one)])
        self._kept.add(children)
        if known is not None:
            self._found = [one for one in self._found if one not in known.triggers]
            return known
        if children.triggers:
            self._found = [one for one in self._found if one not in children.triggers]
            return Revision(attempt, "evidence", tuple(children.triggers), taken, tuple(sorted(children.dropped)))
        if self.waits is not None:
            raise self.waits
        return self._result(expansion, outcomes)

    def _told(self) -> Node:
        """The node with what was found among its inputs."""
        if not self._findings.evidence:
            return self.node
        return msgspec.structs.replace(self.node, inputs=told(self.node.inputs, self._findings))

    async def _expansion(self, node: Node, attempt: int) -> Expansion | Outcome:
        """The children of a version, from the task's own code or from a question; or why there is none."""
        runner = self.runner
        if self._again is not None and attempt:
            return self._again(self._findings)
        if self.given is not None:
            return (runner.hands.expansion_of(node) or self.given) if attempt else self.given
        try:
            async with runner.semaphore(node.path, split=True):
                candidate = await runner.hands.split(node, attempt)
        except StepDeadlocked as undecided:
            return Contradicted(node.path, undecided.message)
        return runner.task.expand(node.goal, node.inputs, candidate)

    async def _take_over(self, children: Children, attempt: int) -> None:
        """Stop what the new version does not go on with, and record what it does."""
        if not attempt:
            return
        stopped = self._kept.let_go(children.elements)
        if stopped:
            await asyncio.wait(stopped)
        await self.runner.hands.children_kept(self.node, attempt, tuple(children.elements))

    def _result(self, expansion: Expansion, outcomes: list[Outcome | None]) -> Outcome:
        """The outcome of the node from those of its children."""
        broken = [outcome for outcome in outcomes if isinstance(outcome, Contradicted)]
        refuted = next((one for one in broken if one.evidence is not None), None)
        if refuted is not None:
            return refuted
        if self.given is not None:
            _refuse_broken(outcomes)
        elif broken:
            return broken[0]
        if self._again is not None:
            return Finished([outcome.output for outcome in outcomes if isinstance(outcome, Finished)])
        result = outcomes[expansion.result]
        assert isinstance(result, Finished)
        if self.given is not None and self.node.promise is not None and result.output != self.node.promise:
            return Contradicted(self.node.path, f"returned {result.output!r}, promised was {self.node.promise!r}")
        return result


def _refuse_broken(outcomes: Sequence[Outcome | None]) -> None:
    """Raise SeamBroken for the first outcome that broke a promise which the task's own code made."""
    broken = next((outcome for outcome in outcomes if isinstance(outcome, Contradicted)), None)
    if broken is not None:
        raise SeamBroken(f"node {node_name(broken.path)} {broken.detail}; the task's own code promised it")

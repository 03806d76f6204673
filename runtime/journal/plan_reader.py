"""Reads a finished plan back from its journal, step by step in plan order, a few batches in memory at a time."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

import msgspec

from surefoot.decompose.assumptions import told
from surefoot.decompose.next_version import next_version
from surefoot.decompose.plan import Expansion, Node, Path, PlanStep, Ref, as_output, node_name
from surefoot.decompose.revision import findings_of
from surefoot.decompose.segment import given_expansion, segment_key, travels_whole
from surefoot.decompose.step import Done, Step
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.journalled_plan import JournalledPlan
from surefoot.runtime.journal.segment_records import SegmentRecords
from surefoot.runtime.payloads import failures_in
from surefoot.runtime.records import FAILED_NODES, SUB_PLANS
from surefoot.runtime.untrusted import tame

Steps = Generator[PlanStep, None, Any]
Walk = Callable[[Node], Steps]

WRONG = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError, RecursionError)
"""What a task raises of answers that it never gave: a journal may be forged. ``ValueError`` includes msgspec's."""


class PlanReader:
    """Walks a finished plan in plan order, from the journal and the task's own rules.

    Args:
        plan: Of a run that is solved.

    Attributes:
        longest: Questions that wait for each other in the node that was read to its end last; children of one
            expansion that do not read each other are asked at the same time.
    """

    def __init__(self, plan: JournalledPlan) -> None:
        self.plan, self.journal, self.task, self.rule = plan, plan.journal, plan.task, plan.rule
        self.longest = 0
        self._failed = failures_in(plan.journal.payloads(FAILED_NODES))

    def steps(self) -> Steps:
        """Yield every voted step of the plan in plan order; the generator's return value is the root's output.

        Raises:
            JournalError: The plan is not complete.
        """
        return self.steps_of(self.task.root())

    def steps_of(self, node: Node) -> Steps:
        """Yield the voted steps of a node that the coordinator ran; value and errors as for ``steps``."""
        try:
            return (yield from self._upper(node))
        except WRONG as error:
            what = f"{type(error).__name__}: {tame(error)}"
            raise JournalError(f"{self.journal.run}: the plan in its journal is none of its task's: {what}") from error

    def _upper(self, node: Node) -> Steps:
        """A node that the coordinator ran: its decompositions are segments of their own."""
        if travels_whole(self.task, self.plan.method, node, self.plan.segments):
            return self._inside(node, SegmentRecords(self.journal.payloads(segment_key(node.path)), self.rule))
        payloads: list[bytes] = []
        attempt = 0
        while found := self.journal.payloads(segment_key(node.path, attempt)):
            payloads += found
            attempt += 1
        decided = SegmentRecords(payloads, self.rule)
        return self._children(node, *self._expanded(node, decided), self._upper_child)

    def _upper_child(self, node: Node) -> Steps:
        failure = self._failed.get(node.path)
        return self._upper(node) if failure is None else self._nothing(as_output(failure))

    def _inside(self, node: Node, decided: SegmentRecords) -> Steps:
        """A node that ran inside a worker's segment."""
        failure = decided.failed.get(node.path)
        if failure is not None:
            return self._nothing(as_output(failure))
        if not self.plan.method.splits(self.task, node):
            return self._chain(node, decided)
        return self._children(node, *self._expanded(node, decided), lambda child: self._inside(child, decided))

    def _expanded(self, node: Node, decided: SegmentRecords) -> tuple[Expansion, Sequence[int]]:
        """The version of a node's plan that stands, and the path elements of its children."""
        revised = decided.revised.get(node.path, {})
        given = given_expansion(self.task, node)
        attempt, candidate = max(revised, default=-1) + 1, ""
        if given is None:
            attempt, candidate = decided.split(node.path)
        findings = findings_of(revised[one] for one in sorted(revised) if one < attempt)
        inputs = told(node.inputs, findings) if findings.evidence else node.inputs
        if given is None:
            expansion = self.task.expand(node.goal, inputs, candidate)
        else:
            known = msgspec.structs.replace(node, inputs=inputs)
            expansion = (given_expansion(self.task, known) if attempt else None) or given
        return expansion, decided.children.get((node.path, attempt)) or range(len(expansion.children))

    def _children(self, node: Node, expansion: Expansion, elements: Sequence[int], walk: Walk) -> Steps:
        outputs = yield from self._outputs(node, expansion, elements, walk)
        self.longest += given_expansion(self.task, node) is None  # the question that split the node
        return outputs[expansion.result]

    def _outputs(
        self, node: Node, expansion: Expansion, elements: Sequence[int], walk: Walk
    ) -> Generator[PlanStep, None, list[Any]]:
        """The steps of all children, and then their outputs."""
        outputs: list[Any] = []
        seen: list[Any] = []  # by siblings: a promise, which need not be kept where nobody looks at seams
        ended: list[int] = []
        for element, child in zip(elements, expansion.children, strict=True):
            inputs = tuple(seen[s.child] if isinstance(s, Ref) else s.value for s in child.inputs)
            output = yield from walk(Node((*node.path, element), child.goal, inputs, child.promise))
            outputs.append(output)
            seen.append(output if child.promise is None else child.promise)
            ended.append(self.longest + max([ended[s.child] for s in child.inputs if isinstance(s, Ref)], default=0))
        self.longest = max(ended)
        return outputs

    def _chain(self, node: Node, decided: SegmentRecords) -> Steps:
        """A node that ran as a chain, with the sub-plans that it asked for."""
        task, goal = self.task, node.goal
        attempt, answers = decided.attempt(node.path, "run"), decided.candidates(node.path, "run")
        state = task.begin(goal, node.inputs)
        asked = task.next_step(goal, state)
        before: list[str] = []
        longest = 0
        while not isinstance(asked, Done):
            answer = next(answers, None)
            if answer is None:
                raise JournalError(f"{self.journal.run}: node {node_name(node.path)} is not complete")
            if isinstance(asked, Expansion):
                below = Node((*node.path, attempt * SUB_PLANS + len(before)), goal, node.inputs)
                standing, elements = self._standing(node, below.path, before, asked, decided)
                yield from self._outputs(below, standing, elements, lambda child: self._inside(child, decided))
                longest += self.longest
            elif isinstance(asked, Step):
                longest += 1
                yield PlanStep(asked.kind, asked.reads, answer, state)
            state = task.advance(goal, state, answer if isinstance(asked, Step) else msgspec.json.decode(answer))
            asked = task.next_step(goal, state)
            before.append(answer)
        self.longest = longest
        return msgspec.to_builtins(asked.output)

    def _standing(
        self, node: Node, path: Path, answers: Sequence[str], asked: Expansion, decided: SegmentRecords
    ) -> tuple[Expansion, Sequence[int]]:
        """The version that stands of a sub-plan which a chain asked for, and the path elements of its children."""
        revised = decided.revised.get(path, {})
        attempt = max(revised, default=-1) + 1
        if attempt:
            findings = findings_of(revised[one] for one in sorted(revised))
            asked = next_version(self.task, node, answers, findings) or asked
        return asked, decided.children.get((path, attempt)) or range(len(asked.children))

    def _nothing(self, output: Any) -> Steps:
        """No step, and an output."""
        yield from ()
        self.longest = 0
        return output

"""Reads a finished plan back from its journal, step by step in plan order, one segment in memory at a time."""

from collections.abc import Generator
from typing import Any

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Node, Path, PlanStep, Ref
from surefoot.decompose.segment import segment_key
from surefoot.decompose.step import Done
from surefoot.decompose.task import Task
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.records import Entry, Record, extend, unpack, winner

Steps = Generator[PlanStep, None, Any]


class PlanReader:
    """Walks a plan.

    Args:
        journal: Of a run that is solved.
        task: The task.
        strategy: Says which nodes were split.
        rule: Name of the rule that races were decided by.
        segment_steps: Nodes of at most so many steps travelled whole.
    """

    def __init__(self, journal: JournalReader, task: Task, strategy: Method, rule: str, segment_steps: int) -> None:
        self.journal, self.task, self.strategy, self.rule = journal, task, strategy, rule
        self.segment_steps = segment_steps

    def steps(self) -> Steps:
        """Every step of the plan; the generator's return value is the root's output.

        Raises:
            JournalError: The plan is not complete.
        """
        return self._upper(self.task.root())

    def _upper(self, node: Node) -> Steps:
        """A node that the coordinator ran: its decompositions are segments of their own."""
        travels = self.task.size(node.goal, node.inputs) <= self.segment_steps
        if travels or not self.strategy.splits(self.task, node):
            return self._inside(node, _Decided(self._records(segment_key(node.path)), self.rule))
        records: list[Record] = []
        attempt = 0
        while found := self._records(segment_key(node.path, attempt)):
            records += found
            attempt += 1
        return self._children(node, _Decided(records, self.rule), self._upper)

    def _inside(self, node: Node, decided: "_Decided") -> Steps:
        if self.strategy.splits(self.task, node):
            return self._children(node, decided, lambda child: self._inside(child, decided))
        return self._chain(node, decided)

    def _children(self, node: Node, decided: "_Decided", walk: Any) -> Steps:
        attempt, (candidate, *_) = decided.last(node.path, "split")
        expansion = self.task.expand(node.goal, node.inputs, candidate)
        elements = decided.children.get((node.path, attempt)) or tuple(range(len(expansion.children)))
        outputs: list[Any] = []
        for element, child in zip(elements, expansion.children, strict=True):
            inputs = tuple(outputs[s.child] if isinstance(s, Ref) else s.value for s in child.inputs)
            output = yield from walk(Node((*node.path, element), child.goal, inputs, child.promise))
            outputs.append(output)
        return outputs[expansion.result]

    def _chain(self, node: Node, decided: "_Decided") -> Steps:
        _, candidates = decided.last(node.path, "run")
        state = self.task.begin(node.goal, node.inputs)
        for candidate in candidates:
            step = self.task.next_step(node.goal, state)
            if isinstance(step, Done):
                break
            yield PlanStep(step.kind, step.reads, candidate, state)
            state = self.task.advance(node.goal, state, candidate)
        end = self.task.next_step(node.goal, state)
        if not isinstance(end, Done):
            raise JournalError(f"{self.journal.run}: node {node.path} is not complete")
        return end.output

    def _records(self, key: str) -> list[Record]:
        return [record for payload in self.journal.payloads(key) for record in unpack(payload)]


class _Decided:
    """The records of one segment, by node."""

    def __init__(self, records: list[Record], rule: str) -> None:
        self.rule = rule
        self.entries: dict[tuple[Path, str], dict[int, list[Entry]]] = {}
        self.children: dict[tuple[Path, int], tuple[int, ...]] = {}
        for record in records:
            if record.part == "children":
                self.children[record.path, record.attempt] = record.children
                continue
            known = self.entries.setdefault((record.path, record.part), {}).setdefault(record.attempt, [])
            extend(known, record)

    def last(self, path: Path, part: str) -> tuple[int, list[str]]:
        """The attempt that stands, and its candidates.

        Raises:
            JournalError: The journal has nothing of this node.
        """
        attempts = self.entries.get((path, part))
        if not attempts:
            raise JournalError(f"the journal has no {part} of node {path}")
        attempt = max(attempts)
        return attempt, [winner(entry, self.rule) for entry in attempts[attempt]]

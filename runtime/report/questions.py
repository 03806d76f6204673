"""Finds the question behind a place in the journal: down from the root, through decided splits and sub-plans."""

from typing import Any

import msgspec

from surefoot.decompose.plan import Expansion, Node, Ref
from surefoot.decompose.segment import given_expansion, segment_key, travels_whole
from surefoot.decompose.step import Call, Done, Step
from surefoot.runtime.execution.children import ATTEMPT, elements_of
from surefoot.runtime.journal.journalled_plan import JournalledPlan
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import SUB_PLANS, Entry
from surefoot.runtime.report.suspicious_steps import Place

Decided = dict[tuple[tuple[int, ...], str, int], list[Entry]]


class Questions:
    """Looks up what the model was asked at a journalled step.

    Args:
        plan: Of the run, which need not be finished.
    """

    def __init__(self, plan: JournalledPlan) -> None:
        self.plan, self.journal, self.task, self.rule = plan, plan.journal, plan.task, plan.rule
        self._segment: tuple[str, Decided] = ("", {})
        self._chain: tuple[Any, int, Any] = (None, 0, None)

    def find(self, place: Place) -> Step | None:
        """The step at a place; ``None`` if what leads to it rests on an output that is neither promised nor known."""
        node, given = self.task.root(), None
        whole = self._whole(node)
        for element in place.path:
            if given is None and not self.plan.method.splits(
                self.task, node
            ):  # a chain, and the sub-plan that it asked for
                given = self._sub_plan(node, element, whole)
                if given is None:
                    return None
                node = Node((*node.path, element), node.goal, node.inputs)
                continue
            child = self._child(node, element, whole, given)
            if child is None:
                return None
            node, whole, given = child, whole or self._whole(child), None
        if place.part == "split":
            split = self.task.decomposition_step(node.goal, node.inputs)
            return split if isinstance(split, Step) else None
        step = self._in_chain(node, place.attempt, place.index, whole or segment_key(node.path))
        return step if isinstance(step, Step) else None

    def _sub_plan(self, node: Node, element: int, whole: str) -> Expansion | None:
        """The sub-plan that a chain asked for where its path element says."""
        attempt, index = divmod(element, SUB_PLANS)
        asked = self._in_chain(node, attempt, index, whole or segment_key(node.path))
        return asked if isinstance(asked, Expansion) else None

    def _whole(self, node: Node) -> str:
        """The segment's key if the node travelled whole, else nothing."""
        whole = travels_whole(self.task, self.plan.method, node, self.plan.segments)
        return segment_key(node.path) if whole else ""

    def _child(self, node: Node, element: int, whole: str, given: Expansion | None = None) -> Node | None:
        given = given or given_expansion(self.task, node)
        split = self._split_of(node, element, whole) if given is None else (given, element)
        if split is None:
            return None
        expansion, number = split
        if number >= len(expansion.children):
            return None
        child = expansion.children[number]
        inputs: list[Any] = []
        for source in child.inputs:
            if not isinstance(source, Ref):
                inputs.append(source.value)
                continue
            said = expansion.children[source.child].promise
            if said is None:
                said = self._output(self._child(node, element - number + source.child, whole, given), whole)
            if said is None:
                return None
            inputs.append(said)
        return Node((*node.path, element), child.goal, tuple(inputs), child.promise)

    def _output(self, node: Node | None, whole: str) -> Any:
        """What a chain came to; ``None`` for other nodes, and for one that has not come to its end."""
        if node is None or self.plan.method.splits(self.task, node):
            return None
        decided = self._decided(whole or segment_key(node.path))
        attempts = [attempt for path, part, attempt in decided if (path, part) == (node.path, "run")]
        attempt = max(attempts, default=0)
        length = len(decided.get((node.path, "run", attempt), ()))
        end = self._in_chain(node, attempt, length, whole or segment_key(node.path))
        return msgspec.to_builtins(end.output) if isinstance(end, Done) else None

    def _split_of(self, node: Node, element: int, whole: str) -> tuple[Expansion, int] | None:
        """The voted decomposition that a path element belongs to, and the number of the child in it."""
        elements = range(0)
        for attempt in range(element // ATTEMPT + 1):
            entries = self._decided(whole or segment_key(node.path, attempt)).get((node.path, "split", attempt))
            if entries:
                expansion = self.task.expand(node.goal, node.inputs, winner(entries[0], self.rule))
                elements = elements_of(attempt, len(expansion.children), elements)
                if element in elements:
                    return expansion, elements.index(element)
        return None

    def _in_chain(self, node: Node, attempt: int, number: int, segment: str) -> Step | Call | Expansion | Done:
        """What a chain asks for at some number, after what it took before."""
        entries = self._decided(segment).get((node.path, "run", attempt), [])
        key, index, state = self._chain
        if key != (node.path, attempt) or index > number:
            index, state = 0, self.task.begin(node.goal, node.inputs)
        for entry in entries[index:number]:
            asked = self.task.next_step(node.goal, state)
            answer = winner(entry, self.rule)
            state = self.task.advance(
                node.goal, state, answer if isinstance(asked, Step) else msgspec.json.decode(answer)
            )
        self._chain = ((node.path, attempt), number, state)
        return self.task.next_step(node.goal, state)

    def _decided(self, key: str) -> Decided:
        """Entries of a segment; the last one asked for is kept."""
        if key != self._segment[0]:
            decided: Decided = {}
            for payload in self.journal.payloads(key):
                for record in unpack(payload):
                    known = decided.setdefault((record.path, record.part, record.attempt), [])
                    known.extend(record.entries[max(0, len(known) - record.first) :])
            self._segment = (key, decided)
        return self._segment[1]

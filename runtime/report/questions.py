"""Finds the question behind a place in the journal: down from the root, through the splits that were decided."""

from typing import Any

import msgspec

from surefoot.decompose.plan import Expansion, Node, Ref
from surefoot.decompose.segment import given_expansion, segment_key, travels_whole
from surefoot.decompose.step import Step
from surefoot.runtime.execution.plan_runner import ATTEMPT, elements_of
from surefoot.runtime.journal.journalled_plan import JournalledPlan
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import Entry
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
        """The step at a place; ``None`` if what leads to it rests on outputs that nobody promised."""
        node = self.task.root()
        whole = self._whole(node)
        for element in place.path:
            child = self._child(node, element, whole)
            if child is None:
                return None
            node, whole = child, whole or self._whole(child)
        if place.part == "split":
            split = self.task.decomposition_step(node.goal, node.inputs)
            return split if isinstance(split, Step) else None
        return self._in_chain(node, place, whole or segment_key(node.path))

    def _whole(self, node: Node) -> str:
        """The segment's key if the node travelled whole, else nothing."""
        whole = travels_whole(self.task, self.plan.method, node, self.plan.segments)
        return segment_key(node.path) if whole else ""

    def _child(self, node: Node, element: int, whole: str) -> Node | None:
        given = given_expansion(self.task, node)
        split = self._split_of(node, element, whole) if given is None else (given, element)
        if split is None:
            return None
        expansion, number = split
        if number >= len(expansion.children):
            return None
        child = expansion.children[number]
        inputs = [expansion.children[s.child].promise if isinstance(s, Ref) else s.value for s in child.inputs]
        return None if None in inputs else Node((*node.path, element), child.goal, tuple(inputs), child.promise)

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

    def _in_chain(self, node: Node, place: Place, segment: str) -> Step | None:
        entries = self._decided(segment).get((node.path, "run", place.attempt), [])
        key, index, state = self._chain
        if key != (node.path, place.attempt) or index > place.index:
            index, state = 0, self.task.begin(node.goal, node.inputs)
        for entry in entries[index : place.index]:
            asked = self.task.next_step(node.goal, state)
            answer = winner(entry, self.rule)
            state = self.task.advance(
                node.goal, state, answer if isinstance(asked, Step) else msgspec.json.decode(answer)
            )
        self._chain = ((node.path, place.attempt), place.index, state)
        step = self.task.next_step(node.goal, state)
        return step if isinstance(step, Step) else None

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

"""Finds what an event or an example could not have known: something from later, or from outside of the run."""

from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.plan import node_name
from surefoot.decompose.revision import Revision
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import Example, digest_of
from surefoot.runtime.unreadable import UNREADABLE

ENDS = ("verdict", "undecided")


class Leak(msgspec.Struct, frozen=True):
    """Something that stands before it was known.

    Attributes:
        event: Id of the event.
        why: What is wrong, in a few words.
    """

    event: int
    why: str


def leaks_in(events: Iterable[Event]) -> Iterator[Leak]:
    """Yield what is out of causal order in the events of one run.

    Ids grow; an event follows from earlier ones only; a ballot has its question before it and no verdict yet; a verdict
    names a candidate that a ballot before it named, unless a person decided; a chain is run again, and a decomposition
    asked again, after the news that the one before did not hold; a version of a plan is given up after the evidence
    that it names, and before the next version is asked for.

    Args:
        events: In the order of the file.
    """
    last = -1
    open_race: Event | None = None
    named: set[str] = set()
    broken: set[tuple[str, int]] = set()
    known = _Plans()
    for event in events:
        if event.id <= last:
            yield Leak(event.id, f"stands behind event {last}")
        yield from (Leak(event.id, f"follows from the later event {one}") for one in event.after if one >= event.id)
        last = max(last, event.id)
        yield from known.leaks(event)
        if event.what == "question":
            open_race, named = event, set()
        elif event.what in ("ballot", *ENDS):
            yield from _in_race(event, open_race, named)
            named.add(event.candidate or "")
            open_race = None if event.what in ENDS else open_race
        elif event.what == "seam broke":
            broken.add((event.node, event.attempt))
        elif event.what == "retry" and (event.node, event.attempt - 1) not in broken:
            yield Leak(event.id, "is run again before its seam broke")


class _Plans:
    """What is known of evidence and of versions of plans."""

    def __init__(self) -> None:
        self._evidence: dict[str, set[str]] = {}
        """What was reported, by node."""
        self._asked: dict[str, int] = {}
        """Newest version that was asked for, by node."""

    def leaks(self, event: Event) -> Iterator[Leak]:
        """Yield what a revision, or a note of evidence, could not have known."""
        if event.what == "evidence":
            self._evidence.setdefault(event.node, set()).add(event.candidate or "")
        elif event.what == "question" and event.part == "split":
            self._asked[event.node] = max(event.attempt, self._asked.get(event.node, 0))
        elif event.what == "revision":
            if self._asked.get(event.node, 0) > event.attempt:
                yield Leak(event.id, "a version is given up behind the question for a later one")
            yield from self._unreported(event)

    def _unreported(self, event: Event) -> Iterator[Leak]:
        try:
            triggers = msgspec.json.decode(event.candidate or "", type=Revision).triggers
        except UNREADABLE:
            yield Leak(event.id, "a revision that cannot be read")
            return
        for report in triggers:
            if msgspec.json.encode(report.evidence).decode() not in self._evidence.get(node_name(report.source), ()):
                yield Leak(event.id, "a revision names evidence that was not reported before it")


def _in_race(event: Event, question: Event | None, named: set[str]) -> Iterator[Leak]:
    if question is None or question.place != event.place:
        yield Leak(event.id, f"a {event.what} without its question before it")
    elif event.what == "verdict" and not event.by_person and event.candidate not in named:
        yield Leak(event.id, "the verdict names what no ballot before it named")


def leaks_in_example(example: Example, events: dict[int, Event]) -> Iterator[Leak]:
    """Yield the messages of a conversation that say what no event in its range said, or say it before that event.

    Args:
        example: A conversation.
        events: Of its run, by id.
    """
    first, last = example.provenance.events[0], example.provenance.events[-1]
    said: dict[str, list[int]] = {}
    for number in sorted(number for number in events if first <= number <= last):
        event = events[number]
        if event.text is not None and event.node == example.provenance.node:
            said.setdefault(digest_of(event.text), []).append(number)
    reached = first
    for message in example.messages:
        if message.role == "assistant":
            found = [number for number in said.get(digest_of(message.content), []) if number > reached]
            if not found:
                yield Leak(reached, "a reply that was not given then")
                continue
            reached = found[0]

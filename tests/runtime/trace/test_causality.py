"""Planted leaks from the future are found, each of them; events as they happened have none."""

import random
from collections.abc import Callable

import msgspec
import pytest

from surefoot.runtime.trace.causality import leaks_in, leaks_in_example
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import Example, Message, Provenance
from surefoot.runtime.trace.journal_events import events_of
from tests.runtime.trace.random_runs import RULE, RandomRun

Plant = Callable[[list[Event], random.Random], list[Event]]


def later_cause(events: list[Event], dice: random.Random) -> list[Event]:
    at = dice.randrange(len(events) - 1)
    leak = msgspec.structs.replace(events[at], after=(dice.randrange(at + 1, len(events)),))
    return [*events[:at], leak, *events[at + 1 :]]


def verdict_first(events: list[Event], dice: random.Random) -> list[Event]:
    """A verdict, and its id, where its first ballot should be."""
    at = dice.choice([n for n, e in enumerate(events) if e.what == "verdict" and events[n - 1].what == "ballot"])
    first = max(n for n in range(at) if events[n].what == "question") + 1
    moved = [*events[:first], events[at], *events[first:at], *events[at + 1 :]]
    return [msgspec.structs.replace(e, id=n, after=()) for n, e in enumerate(moved)]


def answer_from_outside(events: list[Event], dice: random.Random) -> list[Event]:
    at = dice.choice([n for n, e in enumerate(events) if e.what == "verdict"])
    return [*events[:at], msgspec.structs.replace(events[at], candidate="the right answer"), *events[at + 1 :]]


def ballot_without_question(events: list[Event], dice: random.Random) -> list[Event]:
    at = dice.choice([n for n, e in enumerate(events) if e.what == "question"])
    return [*events[:at], *events[at + 1 :]]


def swapped(events: list[Event], dice: random.Random) -> list[Event]:
    at = dice.randrange(len(events) - 1)
    return [*events[:at], events[at + 1], events[at], *events[at + 2 :]]


def retry_first(events: list[Event], dice: random.Random) -> list[Event]:
    return [e for e in events if e.what != "seam broke"]


def revision_before_its_evidence(events: list[Event], dice: random.Random) -> list[Event]:
    """A revision, and its id, where the evidence for it should be."""
    at = dice.choice([n for n, e in enumerate(events) if e.what == "revision"])
    source = max(n for n in range(at) if events[n].what == "evidence" and n in events[at].after)
    moved = [*events[:source], events[at], *events[source:at], *events[at + 1 :]]
    return [msgspec.structs.replace(e, id=n, after=()) for n, e in enumerate(moved)]


def invented_evidence(events: list[Event], dice: random.Random) -> list[Event]:
    at = dice.choice([n for n, e in enumerate(events) if e.what == "revision"])
    invented = str(events[at].candidate).replace("right", "behind the third")
    return [*events[:at], msgspec.structs.replace(events[at], candidate=invented), *events[at + 1 :]]


def next_version_first(events: list[Event], dice: random.Random) -> list[Event]:
    """The question for the next version, and its id, in front of the revision that makes it necessary."""
    at = dice.choice([n for n, e in enumerate(events) if e.what == "revision"])
    later = next(n for n, e in enumerate(events) if n > at and e.part == "split" and e.node == events[at].node)
    moved = [*events[:at], events[later], *events[at:later], *events[later + 1 :]]
    return [msgspec.structs.replace(e, id=n, after=()) for n, e in enumerate(moved) if e.what != "ballot"]


@pytest.mark.parametrize("plant", [revision_before_its_evidence, invented_evidence, next_version_first])
def test_a_planted_leak_about_a_plan_is_found(plant: Plant) -> None:
    planted = 0
    for seed in range(90):
        events = list(events_of(RandomRun(seed).journal, RULE))
        if "revision" in {e.what for e in events}:
            planted += 1
            found = list(leaks_in(plant(events, random.Random(seed))))
            assert any("version" in one.why or "evidence" in one.why for one in found), seed
    assert planted > 10


@pytest.mark.parametrize("record", ["", "{", "[]", '{"parent": "one"}'])
def test_a_revision_that_cannot_be_read_is_a_leak_and_no_crash(record: str) -> None:
    (leak,) = leaks_in([Event(0, "revision", part="split", candidate=record)])
    assert "cannot be read" in leak.why


@pytest.mark.parametrize(
    "plant", [later_cause, verdict_first, answer_from_outside, ballot_without_question, swapped, retry_first]
)
def test_a_planted_leak_is_found(plant: Plant) -> None:
    planted = 0
    for seed in range(90):
        events = list(events_of(RandomRun(seed).journal, RULE))
        if not {"retry", "verdict"} <= {e.what for e in events}:
            continue
        planted += 1
        assert list(leaks_in(plant(events, random.Random(seed)))), seed
    assert planted > 10


def test_without_a_plant_nothing_is_found() -> None:
    for seed in range(60):
        assert list(leaks_in(events_of(RandomRun(seed).journal, RULE))) == []


PLACE = Provenance("r", "t", "m", {}, "0", "run", 0, 0, "k", "Actor", "execution", "", "", (0, 3), {}, True)
EVENTS = {
    0: Event(0, "question", node="0", part="run", prompt="p"),
    1: Event(1, "ballot", node="0", part="run", text="bad", flag="illegal", after=(0,)),
    2: Event(2, "ballot", node="0", part="run", text="good", candidate="g", after=(0,)),
    3: Event(3, "verdict", node="0", part="run", candidate="g", after=(1, 2)),
    4: Event(4, "ballot", node="0", part="run", text="later", candidate="h"),
}


def talk(*replies: str) -> Example:
    return Example(tuple(Message("assistant", text) for text in replies), PLACE, ())


def test_a_conversation_says_what_was_said_in_that_order() -> None:
    assert list(leaks_in_example(talk("bad", "good"), EVENTS)) == []


@pytest.mark.parametrize("replies", [("good", "bad"), ("bad", "later"), ("invented",), ("bad", "bad")])
def test_a_conversation_that_says_more_or_earlier_is_found(replies: tuple[str, ...]) -> None:
    assert list(leaks_in_example(talk(*replies), EVENTS))

"""What counts as changed: only what is proven to be, for values that can be encoded and for those that cannot."""

import collections
import functools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from surefoot.runtime.changed_arguments import is_changed, remember


class Plain:
    """An object whose class does not say when two are equal."""

    def __init__(self) -> None:
        self.items = [1]
        self._sum: int | None = None

    @property
    def summed(self) -> int:
        """Worked out when it is first asked for, and kept aside."""
        self._sum = sum(self.items) if self._sum is None else self._sum
        return self._sum

    @functools.cached_property
    def largest(self) -> int:
        return max(self.items)


class Slotted:
    """An object that nothing can look into."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items = [1]


class Compared(Plain):
    """An object that says when another is equal, and keeps what it has worked out."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compared) and self.items == other.items

    @functools.cached_property
    def total(self) -> int:
        return sum(self.items)


@dataclass
class Record:
    """A dataclass whose sum is worked out once."""

    items: list[int]

    @functools.cached_property
    def total(self) -> int:
        return sum(self.items)


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "a list": (lambda: [1], lambda value: value.append(2)),
    "a list within": (lambda: ({"a": [1]},), lambda value: value[0]["a"].append(2)),
    "a dict": (lambda: {"a": 1}, lambda value: value.update(a=2)),
    "keys that are no text": (lambda: {(0, 1): "x"}, lambda value: value.update({(0, 2): "y"})),
    "a set": (lambda: {1, "a", None}, lambda value: value.add(2)),
    "a queue": (lambda: collections.deque([1]), lambda value: value.append(2)),
    "a dataclass": (lambda: Record([1]), lambda value: value.items.append(2)),
    "a large number": (lambda: [10**30], lambda value: value.append(1)),
    "a plain object": (Plain, lambda value: value.items.append(2)),
    "a plain object within": (lambda: {"bag": [Plain()]}, lambda value: setattr(value["bag"][0], "items", [1, 2])),
    "an object": (Compared, lambda value: value.items.append(2)),
    "what can be encoded no more": (lambda: [1], lambda value: value.append(object())),
}

SAME: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "put back": (lambda: [3, 1], lambda value: value.append(value.pop())),
    "put back elsewhere": (lambda: {"a": 1, "b": 2}, lambda value: value.update(a=value.pop("a"))),
    "put back into a set": (lambda: set(range(9)), lambda value: [value.add(99), value.discard(99)]),
    "not a number": (lambda: [math.nan, 10**30], lambda value: None),
    "worked out once": (lambda: Record([1]), lambda value: value.total),
    "worked out once by an object": (Compared, lambda value: value.total),
    "kept aside by a plain object": (Plain, lambda value: value.summed),
    "worked out once by a plain object": (Plain, lambda value: value.largest),
    "nothing can tell": (Slotted, lambda value: value.items.append(2)),
    "nothing can copy": (threading.Lock, lambda value: value.acquire()),
    "text": (lambda: "text", lambda value: value.upper()),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_seen_and_leaving_it_alone_is_none(kind: str) -> None:
    make, change = CHANGES[kind]
    value, other = make(), make()
    before, placebo = remember(value), remember(other)
    change(value)
    assert is_changed(before, value)
    assert not is_changed(placebo, other)


@pytest.mark.parametrize("kind", SAME)
def test_no_complaint_without_proof(kind: str) -> None:
    make, use = SAME[kind]
    value = make()
    before = remember(value)
    use(value)
    assert not is_changed(before, value)

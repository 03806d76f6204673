"""Hands on what came of segments in the order in which they were sent, not in that in which they ended.

Segments that are sent together end in the order of the work they took, and a disputed step takes more. Whoever compares
the first with the last that ended finds the last harder, in any run that is wider than long.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_HELD = 512
"""Segments that may have ended behind one that goes on; of more, that one is passed over, and comes late."""


class SentOrder(Generic[T]):
    """Holds what came of segments until all that were sent before have ended."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, list[T]] = OrderedDict()
        self._open: set[str] = set()
        self._held = 0

    def sent(self, segment: str) -> None:
        """Note that a segment is sent; one that is sent again keeps its place."""
        self._sent.setdefault(segment, [])
        self._open.add(segment)

    def ended(self, segment: str, result: T | None = None) -> Iterator[T]:
        """Note that a segment ended; yield what may be handed on now, in the order sent.

        Args:
            segment: That ended.
            result: What came of it; nothing, if it was cut off.
        """
        self._open.discard(segment)
        if result is not None:
            self._sent.setdefault(segment, []).append(result)
            self._held += 1
        while self._sent:
            first = next(iter(self._sent))
            if first in self._open:
                if self._held <= MOST_HELD:
                    return
                self._open.discard(first)
            found = self._sent.pop(first)
            self._held -= len(found)
            yield from found

    def rest(self) -> Iterator[T]:
        """Yield everything that is held, in the order sent, as nothing comes any more."""
        while self._sent:
            yield from self._sent.popitem(last=False)[1]
        self._open.clear()
        self._held = 0

"""Which worker has how much to do, and which of them runs which segment."""

from collections.abc import Iterator
from contextlib import contextmanager


class Assignments:
    """Pieces of work by the number of the worker that has them.

    Args:
        workers: Number of workers.
    """

    def __init__(self, workers: int) -> None:
        self._load = [0] * workers
        self._holders: dict[str, int] = {}

    def holder(self, segment_key: str) -> int | None:
        """Number of the worker that runs a segment; ``None`` if no worker does."""
        return self._holders.get(segment_key)

    @contextmanager
    def least_busy(self, segment_key: str | None = None) -> Iterator[int]:
        """Count a piece of work for the worker that has the fewest, as long as the block lasts; yields its number.

        Args:
            segment_key: The segment, if the work is one: the worker counts as its holder meanwhile.
        """
        chosen = self._load.index(min(self._load))
        self._load[chosen] += 1
        if segment_key is not None:
            self._holders[segment_key] = chosen
        try:
            yield chosen
        finally:
            self._load[chosen] -= 1
            if segment_key is not None and self._holders.get(segment_key) == chosen:
                del self._holders[segment_key]

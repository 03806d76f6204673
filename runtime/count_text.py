"""Counts of things as people read them: one row, and several rows."""


def count_of(count: int, noun: str, plural: str = "") -> str:
    """Return how many there are of something, its name in the number that fits: ``1 row``, ``2,000 rows``.

    Args:
        count: How many.
        noun: The name of one.
        plural: The name of several, where it is not that with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"

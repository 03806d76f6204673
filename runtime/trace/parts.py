"""Splits examples into a training part and a test part by task, and keeps what the test asks out of the training.

A task is on one side whole, so that a model is tested on tasks that it has not learned from. Rows of a table are tasks
of their own. Equal prompts may stand in different tasks all the same: examples of the training part with a prompt of
the test part are dropped, and counted.
"""

from collections.abc import Collection, Iterable

from surefoot.runtime.trace.examples import digest_of

RANGE = 2**64


def tasks_for_test(tasks: Iterable[str], share: float, seed: int = 0) -> frozenset[str]:
    """Choose the tasks of the test part: a share of them, at least one where there are two.

    Args:
        tasks: Digests of tasks; each counts once.
        share: From 0 to 1; 0 chooses none.
        seed: Another one chooses others.
    """
    known = sorted(set(tasks), key=lambda task: digest_of(str(seed), task))
    if not share or len(known) < 2:
        return frozenset()
    count = min(len(known) - 1, max(1, round(share * len(known))))
    return frozenset(known[:count])


def row_for_test(prompts: Collection[str], share: float, seed: int = 0) -> bool:
    """Say whether a row of a table belongs to the test part; equal prompts always do so alike.

    Args:
        prompts: Digests of what was asked about it.
        share: From 0 to 1: the probability.
        seed: Another one chooses others.
    """
    return any(int(digest_of(str(seed), one), 16) < share * RANGE for one in prompts)


class Seen:
    """Remembers texts by their digests: 64 bits each, so that a million take some tens of megabytes."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def add(self, digest: str) -> bool:
        """Remember a digest; whether it was new."""
        number = int(digest, 16)
        if number in self._known:
            return False
        self._known.add(number)
        return True

    def __contains__(self, digest: str) -> bool:
        return int(digest, 16) in self._known

    def __len__(self) -> int:
        return len(self._known)

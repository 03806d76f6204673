"""How much a provider takes at once: halved after each batch that was too much, with waits that grow and end."""

import pytest

from surefoot.runtime.models.batches.follower import Pace
from surefoot.runtime.models.batches.ledger import Batch
from surefoot.runtime.models.batches.room import MOST_PARTS, Room, is_too_much


def batch(lines: int, ended: str = "failed", why: str = "Enqueued token limit reached (token_limit_exceeded)") -> Batch:
    return Batch(1, "t", lines, ended=ended, why=why)


@pytest.mark.parametrize(
    ("ended", "why", "said"),
    [
        ("failed", "Enqueued token limit reached for m", True),
        ("failed", "token_limit_exceeded", True),
        ("failed", "the file is no good (invalid)", False),
        ("failed", "", False),
        ("completed", "token_limit_exceeded", False),
    ],
)
def test_a_batch_that_is_too_much_is_told_from_one_that_is_wrong(ended: str, why: str, said: bool) -> None:
    assert is_too_much(batch(5, ended, why)) is said


def test_batches_become_smaller_and_stay_so() -> None:
    room, sizes = Room(50_000, Pace()), list[int]()
    for lines in (20, 10, 1, 1):
        room.ended(batch(lines), 0.0)
        sizes.append(room.most_lines)
    room.ended(batch(7, "completed"), 0.0)
    assert (sizes, room.most_lines) == ([10, 5, 1, 1], 1)


def test_a_large_batch_is_made_into_so_many_smaller_ones_and_no_more() -> None:
    room = Room(50_000, Pace())
    for _ in range(20):
        room.ended(batch(min(32_000, room.most_lines)), 0.0)
    assert room.most_lines == 32_000 // MOST_PARTS


def test_patience_begins_again_with_a_batch_that_was_taken() -> None:
    room = Room(100, Pace(2.0, 60.0, 100.0))
    for now in (0.0, 40.0, 80.0):
        room.ended(batch(9), now)
    assert room.wait_s(80.0) is not None
    assert room.wait_s(99.0) is None
    room.ended(batch(9, "completed"), 99.0)
    room.ended(batch(9), 1000.0)
    first = room.wait_s(1000.0)
    assert first is not None
    assert 2.7 <= first <= 3.0


async def test_a_stop_ends_the_wait() -> None:
    room, said = Room(9, Pace(1000.0, 1000.0, 1e9)), list[str]()
    room.ended(batch(9), 0.0)
    room.stop()
    await room.wait("m", "no more", said.append)
    assert said[0].startswith("no more; smaller batches in ")

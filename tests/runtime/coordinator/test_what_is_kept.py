"""A run of any length keeps what is under way, and nothing of what ended: counted in the objects of the process."""

import gc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.records import Batch

EARLY, LATE = 500, 3500
"""Steps of 4,095 after which objects are counted."""

HELD, UNDER_WAY = 32, 150
"""Segments that may be held for their order here, and what may be more at one moment than at another. Between the two
some 450 segments of 15 steps end.
"""


def census() -> Counter[str]:
    """How many objects there are of each of this project's classes, and how many keys of segments in all containers."""
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        if str(type(one).__module__).startswith("surefoot."):
            found[f"{type(one).__module__}.{type(one).__qualname__}"] += 1
        elif isinstance(one, dict | set):
            found["keys of segments"] += sum(isinstance(key, str) and key[:1] == "/" for key in one)
    return found


@pytest.mark.usefixtures("prompt_commits")  # or a slow disk would have batches wait at one moment and not at the other
@pytest.mark.parametrize("forgets", [True, False])
async def test_nothing_is_kept_of_segments_that_ended(
    new_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    """The placebo has the alarm monitor hear of no end, as it once was: an object more for each segment."""
    seen = dict[int, Counter[str]]()
    arrived = Coordinator._arrived

    async def counted(self: Coordinator, key: str, batch: Batch) -> None:
        await arrived(self, key, batch)
        for steps in (EARLY, LATE):
            if steps not in seen and self._writer.totals.steps >= steps:
                seen[steps] = census()

    monkeypatch.setattr(Coordinator, "_arrived", counted)
    monkeypatch.setattr("surefoot.runtime.coordinator.sent_order.MOST_HELD", HELD)
    if not forgets:
        monkeypatch.setattr("surefoot.runtime.coordinator.alarm_monitor.AlarmMonitor.ended", lambda *_, whole: None)
    run = new_run(
        options={"disks": 12, "shown": "tower"}, model="simulated:p_error=0.02", k=1, leaf_steps=7, segment_steps=15,
        chains_in_flight=8,
    )  # fmt: skip
    assert await run.session() == "solved"
    more = {name for name, count in (seen[LATE] - seen[EARLY]).items() if count > UNDER_WAY}
    assert (more == set()) is forgets, more

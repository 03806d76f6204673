"""A worker raises an alarm, once, where its model's replies look kept."""

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.models.copies import COPIES, Sameness
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.worker import Worker


class Cached(SimulatedModel):
    """A model of which so much was seen."""

    seen = Sameness()

    def sameness(self) -> Sameness:
        return self.seen


@pytest.mark.parametrize(
    ("seen", "alarms"),
    [
        (Sameness(prompts=500, insistent=40), 1),
        (Sameness(copied=1), 1),
        (Sameness(prompts=500, insistent=40, differing=1), 0),
        (Sameness(), 0),
    ],
)
async def test_replies_that_look_kept_are_an_alarm(seen: Sameness, alarms: int) -> None:
    config = RunConfig(task="hanoi", model="simulated")
    model = Cached(answers, Profile())
    worker = Worker(config, open_task(config), model)
    model.seen = seen
    signed = [worker._signed(Counts()) for _ in range(3)]
    assert sum(counts.alarms.get(COPIES, 0) for counts in signed) == alarms
    await worker.close()

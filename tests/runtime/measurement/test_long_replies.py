"""What a measurement says of replies to several steps, of a model whose rates along a reply are known."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import PlaceCount
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.measurement_file import Measurement
from surefoot.runtime.measurement.long_replies import bands_of
from surefoot.runtime.measurement.measure import measure
from surefoot.runtime.measurement.take_sample import Beside, take_sample
from surefoot.runtime.models.simulated import Profile, SimulatedModel


async def measured(configured: Callable[..., RunConfig], several: list[int], **rates: Any) -> tuple[Any, Measurement]:
    config = configured("hanoi", {"disks": 10}, k="auto", leaf_steps="auto", workers=1)
    task = open_task(config)
    model = SimulatedModel(hanoi.answers, Profile(**rates))
    sampled = await take_sample(config, task, 100, 3, [model], beside=Beside(several))
    return config, measure(config, task, hanoi.answers, sampled)


async def test_rates_are_shown_by_place_with_intervals_that_hold_the_truth(configured: Any) -> None:
    _, found = await measured(configured, [4, 16], p_error=0.03)
    assert found.several is not None
    assert {one.steps_per_call for one in found.several.places} == {4, 16}
    assert all(one.p_failed_low <= 0.03 <= one.p_failed_high for one in found.several.places)
    assert sum(one.asked for one in found.several.places) > 300
    assert found.several.doubling == 0.0


async def test_growth_is_measured_and_fewer_steps_are_advised(configured: Any) -> None:
    config, steady = await measured(configured, [32], p_error=0.02)
    _, growing = await measured(configured, [32], p_error=0.02, doubling_steps=4)
    assert steady.several is not None
    assert growing.several is not None
    assert growing.several.doubling in (2.0, 4.0, 8.0)
    assert steady.several.leads is not None
    assert growing.several.leads is not None
    assert growing.several.leads.steps_per_call < steady.several.leads.steps_per_call
    assert growing.several.predicted_calls is not None
    assert growing.predicted_calls is not None
    assert growing.several.predicted_calls < growing.predicted_calls
    auto = config.__class__(**{**{n: getattr(config, n) for n in config.__struct_fields__}, "steps_per_call": "auto"})
    chosen = choose_leads(auto, open_task(config), growing.estimate)
    assert chosen == growing.several.leads, "a run with --measurement begins with these"


async def test_single_steps_alone_say_nothing_of_long_replies(configured: Any) -> None:
    _, found = await measured(configured, [], p_error=0.02)
    assert found.several is None
    assert found.estimate is not None
    assert found.estimate.places == ()


@pytest.mark.parametrize("count", [4, 64])
def test_neighbouring_places_are_summed_up(count: int) -> None:
    places = [PlaceCount(place, 10, 1, 2, count) for place in range(count)]
    bands = bands_of(places)
    assert [(one.first, one.last, one.asked, one.wrong, one.spoiled) for one in bands][:2] == [
        (0, 0, 10, 2, 1), (1, 3, 30, 6, 3),
    ]  # fmt: skip
    assert sum(one.asked for one in bands) == 10 * count
    assert all(one.p_failed_low < one.p_failed < one.p_failed_high for one in bands)

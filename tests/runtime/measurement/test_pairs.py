"""How the errors of models go together, with models whose errors are known."""

from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import sample_numbers
from surefoot.runtime.forecast.measured import Mix
from surefoot.runtime.forecast.run_plan import Sampled
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.measurement.mixes import measure_mix
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.worker.local_pool import LocalPool

HALF = Profile(p_hard=0.3)
"""At three prompts of ten 44 % of the draws are wrong."""


@pytest.fixture
def mixed(configured: Callable[..., RunConfig]) -> Callable[..., object]:
    async def run(*members: tuple[str, Profile]) -> Mix:
        config = configured("hanoi", {"disks": 8}, red_flags="none")
        task, sampled = open_task(config), []
        for number, (name, profile) in enumerate(members):
            pool = LocalPool(config, task, [SimulatedModel(answers, profile, name=name)])
            found, counts = await pool.sample(sample_numbers(0, 800), 6, number)
            sampled.append(Sampled(found, counts, Speed(0.01, None), 1.0))
        return measure_mix(config, task, answers, [name for name, _ in members], sampled)

    return run


async def test_models_that_are_wrong_at_the_same_steps_correlate(mixed: Callable[..., object]) -> None:
    """Placebo arm: the same model twice, whose answers are wrong together as its own are."""
    same: Mix = await mixed(("a", HALF), ("a", HALF))  # type: ignore[misc]
    other: Mix = await mixed(("a", HALF), ("b", HALF))  # type: ignore[misc]
    again, apart = same.pairs[0], other.pairs[0]
    assert again.correlation is not None
    assert apart.correlation is not None
    assert again.correlation > 0.2
    assert abs(apart.correlation) < 0.08
    assert again.both_wrong > 1.8 * again.both_wrong_expected
    assert apart.both_wrong == pytest.approx(apart.both_wrong_expected, rel=0.35)
    assert again.alike > 2 * apart.alike
    assert again.p_error_first == pytest.approx(0.132, abs=0.03)


async def test_a_mix_needs_less_where_its_errors_lie_apart_and_the_same_where_they_do_not(
    mixed: Callable[..., object],
) -> None:
    same: Mix = await mixed(("a", HALF), ("a", HALF))  # type: ignore[misc]
    apart: Mix = await mixed(("a", HALF), ("b", HALF))  # type: ignore[misc]
    assert apart.together.lost < 0.7 * min(need.lost for need in apart.alone)
    assert same.together.lost >= 0.5 * min(need.lost for need in same.alone)
    assert apart.together.p_error == pytest.approx(sum(need.p_error or 0 for need in apart.alone) / 2, abs=0.005)
    assert apart.together.name == "a,b"


async def test_models_that_are_never_wrong_correlate_with_nothing(mixed: Callable[..., object]) -> None:
    found: Mix = await mixed(("a", Profile()), ("b", Profile(p_error=0.1)), ("c", Profile(p_refuse=1)))  # type: ignore[misc]
    assert [pair.correlation for pair in found.pairs] == [None] * 3
    assert [pair.steps > 0 for pair in found.pairs] == [True, False, False]
    assert (found.alone[0].p_error, found.alone[0].lead) == (0.0, None)
    assert found.alone[2].p_error is None


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("bundled", ["bundled"]),
        ("openai/a,openai/b", ["openai/a", "openai/b"]),
        ("bundled, bundled", ["bundled", "bundled"]),
        ("simulated:p_error=0.1,p_hard=0.2", ["simulated:p_error=0.1,p_hard=0.2"]),
        ("simulated:p_error=0.1,p_hard=0.2,bundled,simulated:p_hard=1", [
            "simulated:p_error=0.1,p_hard=0.2", "bundled", "simulated:p_hard=1",
        ]),
        (",", [","]),
    ],
)  # fmt: skip
def test_a_comma_parts_models_and_not_parameters(name: str, members: list[str]) -> None:
    assert members_of(name) == members

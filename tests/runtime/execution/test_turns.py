"""Voters of different models take turns from the first ballot; the same model twice is the placebo."""

import asyncio
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime import api
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.execution.turns import in_turns
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.factory import check_model, members, open_voters
from surefoot.runtime.models.stopping import CallsStopped

SHARED = "simulated:p_error=0.02,p_shared=0.06"
OTHER = "simulated:p_error=0.02,p_shared=0.061"
THIRD = "simulated:p_error=0.02,p_shared=0.062"
"""Models as good, whose prompts that mislead are others."""


async def test_draws_go_round_and_come_back_in_order() -> None:
    asked: dict[int, tuple[int, ...]] = {}

    async def ask(voter: int, draws: tuple[int, ...]) -> list[str]:
        asked[voter] = draws
        await asyncio.sleep(0)
        return [f"{voter}:{draw}" for draw in draws]

    assert await in_turns(range(4096, 4101), 2, ask) == ["0:4096", "1:4097", "0:4098", "1:4099", "0:4100"]
    assert asked == {0: (4096, 4098, 4100), 1: (4097, 4099)}
    assert await in_turns((7,), 3, ask) == ["1:7"]


async def test_what_one_voter_raises_is_raised() -> None:
    async def ask(voter: int, draws: tuple[int, ...]) -> list[str]:
        if voter:
            raise ValueError("gone")
        await asyncio.Event().wait()
        return []

    with pytest.raises(ValueError, match="gone"):
        await in_turns(range(2), 2, ask)


async def test_a_voter_that_is_stopped_leaves_what_the_others_said() -> None:
    async def ask(voter: int, draws: tuple[int, ...]) -> list[str]:
        if voter:
            raise CallsStopped("the run stops", unsent=1, came={0: "1:13"})
        await asyncio.sleep(0)
        return [f"{voter}:{draw}" for draw in draws]

    with pytest.raises(CallsStopped) as stopped:
        await in_turns(range(12, 16), 2, ask)
    assert stopped.value.first(range(4)) == ["0:12", "1:13", "0:14"]
    assert stopped.value.unsent == 1


def test_a_mix_is_split_at_models_not_at_parameters() -> None:
    assert members_of(f"{SHARED},{OTHER}, bundled") == [SHARED, OTHER, "bundled"]
    assert members_of("ollama/llama3.2") == ["ollama/llama3.2"]
    assert members_of(",") == [","]


def test_each_is_asked_in_its_own_dialect(configured: Callable[..., RunConfig]) -> None:
    """Single facts are asked for only where all are: another model is asked another task's questions."""
    mixed = configured(model="bundled,smollm2")
    assert [dialect_of(one) for one in members(mixed)] == ["compact", "chat"]
    both = configured(model="gguf:a,smollm2")
    assert [dialect_of(one) for one in members(both)] == ["micro", "micro"]
    assert dialect_of(both) == "micro"
    assert dialect_of(mixed) == "chat"
    assert configured(model=f"bundled,{OTHER}").resolved_temperature() == 1.0
    assert mixed.resolved_temperature() == 0.1


def test_the_same_model_twice_makes_the_same_mistakes(configured: Callable[..., RunConfig]) -> None:
    same, other = (open_voters(configured(model=name)) for name in (f"{SHARED},{SHARED}", f"{SHARED},{OTHER}"))
    assert same[0].name == same[1].name == other[0].name
    assert other[1].name == "simulated 2"
    check_model(configured(model=f"bundled,{OTHER}"))


def solved(place: pathlib.Path, model: str, **options: Any) -> Any:
    return api.run("hanoi", model, disks=5, run_dir=place, k=3, address="none", workers=1, strategy="chain", **options)


def test_models_that_err_elsewhere_outvote_each_other_and_one_model_thrice_does_not(tmp_path: pathlib.Path) -> None:
    """A prompt in sixteen misleads each of them; two others outvote the one."""
    plain: dict[str, Any] = {"ladder": False, "red_flags": "none", "max_ballots": 60}
    placebo = solved(tmp_path / "placebo", f"{SHARED},{SHARED},{SHARED}", **plain)
    mixed = solved(tmp_path / "mixed", f"{SHARED},{OTHER},{THIRD}", **plain)
    assert (placebo.status, mixed.status) == ("failed", "solved")
    assert mixed.standing.disagreements > 0


def test_calls_are_counted_by_model_and_a_resumed_run_goes_on_with_both(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "run"
    assert solved(place, f"bundled,{OTHER}", max_calls=60).status == "paused"
    ended = api.resume(place, max_calls=9999)
    by_model = ended.standing.accounts["model"]
    assert set(by_model) == {"bundled", "simulated 2"}
    calls = [usage.calls for usage in by_model.values()]
    assert min(calls) > 0.25 * sum(calls)
    assert ended.status == "solved"


def test_looks_of_two_models_are_two_looks(tmp_path: pathlib.Path) -> None:
    ended = api.run(
        "hanoi", f"{OTHER},simulated", disks=4, dialect="micro", rule="looks", run_dir=tmp_path / "run", address="none"
    )  # fmt: skip
    assert ended.status == "solved"
    assert set(ended.standing.accounts["model"]) == {"simulated", "simulated 2"}

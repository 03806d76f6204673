"""Where time goes: each part at its smallest size, and the ratios from made-up times."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import click
import pytest

from surefoot.runtime.models.bundled import ABREAST
from surefoot.scripts.benchmarks import throughput
from surefoot.scripts.benchmarks.throughput import (
    Recorder,
    against_the_bound,
    alone,
    at_no_cost,
    growth,
    hanoi,
    main,
    memory,
    resident_kb,
    run_in_process,
    tree_against_chain,
    two_workers_against_one,
    wall_s,
)

SIMULATED = {**hanoi(4), "model": "simulated", "workers": 1, "k": 1}


def test_the_runtime_is_held_against_the_bundled_model(printed: Callable[..., str]) -> None:
    lines = printed(main, "--only", "alone", "--disks", "3", "--rounds", "1").splitlines()
    assert lines[0].startswith("  7 steps: whole runtime ")
    assert lines[1].startswith("steps/s of the runtime vs the bundled model alone: ")


def test_the_model_alone_is_asked_every_draw_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    _, _, calls = asyncio.run(run_in_process({**hanoi(3), "workers": 1}, [recorder]))
    batches: list[int] = []

    class Counted:
        """A generator that only counts prompts."""

        def generate_batch(self, prompts: Any, **options: Any) -> None:
            batches.append(len(prompts))

    class Model:
        _runs = type("Runs", (), {"generator": Counted()})

    monkeypatch.setattr(throughput, "BundledModel", Model)
    assert alone(recorder.requests, 4) >= 0
    assert sum(batches) == sum(len(request.draws) for request in recorder.requests) == calls
    assert max(batches) <= 4 < ABREAST


def test_a_run_that_is_not_solved_has_no_time() -> None:
    with pytest.raises(click.ClickException, match="ended paused"):
        asyncio.run(run_in_process({**SIMULATED, "max_calls": 3}, None))


def test_steps_and_calls_are_those_of_the_journal() -> None:
    seconds, steps, calls = asyncio.run(run_in_process(SIMULATED, None))
    assert (steps, seconds > 0) == (15, True)
    assert calls >= 15


def test_a_tree_is_held_against_a_chain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def ran(options: dict[str, Any], models: Any) -> tuple[float, int, int]:
        if options.get("strategy") == "chain":
            return 10.0, 15, 50
        return (2.0 if options["task_options"]["shown"] == "all" else 1.0), 15, 20

    monkeypatch.setattr(throughput, "run_in_process", ran)
    monkeypatch.setattr(throughput, "wall_s", lambda disks, *options: 8.0 if "chain" in options else 2.0)
    tree_against_chain(4, 3)
    assert capsys.readouterr().out.splitlines() == [
        "wall time a step, tree --shown all vs chain --k 3, 4 disks: 0.250 (aim 0.2)",
        "  the same with one worker and no Ray: 0.200",
        "wall time a step, tree --shown tower vs chain --k 3, 4 disks: 0.250 (aim 0.2)",
        "  the same with one worker and no Ray: 0.100",
        "calls a step, tree vs chain --k 3, 4 disks: 0.400 (aim 0.4)",
    ]


def test_two_workers_are_held_against_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    times = {("2", 0): 5.0, ("1", 1): 9.0, ("1", 0): 7.0}
    monkeypatch.setattr(throughput, "wall_s", lambda disks, *options, cores=0: times[options[1], cores])
    two_workers_against_one(6, 1)
    told = capsys.readouterr().out
    assert "two workers on two cores vs one on one, 6 disks: 1.80 times" in told
    assert told.rstrip().endswith("1.40")


def test_a_run_may_use_as_many_cores_as_it_is_given_and_all_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = os.sched_getaffinity(0), []

    def ran(*words: str) -> tuple[dict[str, Any], float]:
        seen.append(os.sched_getaffinity(0))
        return {"wall_s": 2.5}, 9.0

    monkeypatch.setattr(throughput, "surefoot", ran)
    assert wall_s(3, "--workers", "1", cores=1) == 2.5
    assert wall_s(3) == 2.5
    assert [len(cores) for cores in seen] == [1, len(before)]
    assert os.sched_getaffinity(0) == before


def test_the_bound_is_work_over_width_or_the_longest_chain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ran(options: dict[str, Any], models: Any) -> tuple[float, int, int]:
        assert options["chains_in_flight"] in (2, 1000)
        return 30.0, 15, 40

    monkeypatch.setattr(throughput, "run_in_process", ran)
    against_the_bound(4, 2)
    against_the_bound(4, 1000)
    wide, narrow = capsys.readouterr().out.splitlines()
    assert wide.endswith("30 s, bound 20 s: 1.50 (aim 1.3)")
    assert narrow.endswith("30 s, bound 8 s: 3.75 (aim 1.3)")  # a split, and a leaf of seven steps


def test_peaks_of_two_processes_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    memory(3, 4)
    told = capsys.readouterr().out
    assert told.startswith("peak memory: 2^3 steps ")
    assert ", 2^4 steps " in told


def test_the_peak_of_one_run_is_its_only_line(printed: Callable[..., str]) -> None:
    assert int(printed(main, "--only", "peak", "--disks", "3")) > 10_000
    assert resident_kb() > 10_000


def test_growth_is_the_slope_of_the_later_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def watched(options: dict[str, Any]) -> list[tuple[int, int]]:
        assert options["max_wall_s"] == 5.0
        early = [(steps, 50_000 + steps) for steps in range(0, 1_000_000, 100_000)]
        return [*early, *((steps, 1_000_000 + steps // 1000) for steps in range(1_000_000, 3_000_001, 100_000))]

    monkeypatch.setattr(throughput, "_watched", watched)
    growth(26, 5.0)
    told = capsys.readouterr().out
    assert told.startswith("of 2^26 steps the first 3,000,000: 1001.1 MB after 1,100,000 steps, 1003.0 at the end")
    assert "slope 1.00 MB a million steps" in told


@pytest.mark.parametrize("only", ["alone", "chain", "workers", "latency", "memory", "growth"])
def test_one_part_can_be_measured_alone(
    only: str, printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {
        "alone": "against_the_model_alone", "chain": "tree_against_chain", "workers": "two_workers_against_one",
        "latency": "against_the_bound", "memory": "memory", "growth": "growth",
    }  # fmt: skip
    called: list[str] = []
    for name, function in parts.items():
        monkeypatch.setattr(throughput, function, lambda *_, name=name: called.append(name))
    printed(main, "--only", only)
    assert called == [only]
    printed(main)
    assert called == [only, *parts]


def test_options_of_a_free_run_name_no_other_model() -> None:
    assert at_no_cost(5) == {
        "task": "hanoi", "task_options": {"disks": 5, "shown": "tower"}, "model": "simulated", "workers": 1, "k": 1
    }  # fmt: skip

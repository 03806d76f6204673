"""Limits over real kills: what was asked is counted on the model's side, and never exceeds what was allowed."""

import pathlib
import random
import subprocess
from typing import Any

import msgspec
import pytest

from surefoot.runtime.journal.journal import open_journal
from tests.chaos import hanoi_server
from tests.chaos.harness import Run, killed, result, until
from tests.chaos.test_coordinator_kills import SMALL, random_session

PRICE_IN, PRICE_OUT = 100.0, 1000.0
"""USD per million tokens; the server bills 100 tokens in and 7 out for every call."""
USD_A_CALL = (100 * PRICE_IN + 7 * PRICE_OUT) / 1e6
PAID = ("hanoi", "--disks", "7", "--leaf-steps", "3", "--segment-steps", "7", "--address", "none", "--workers", "2")


class Stops(msgspec.Struct):
    """What a set of limited runs came to."""

    runs: int = 0
    kills: int = 0
    reached: int = 0
    asked: float = 0
    above: float = 0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.kills} kills, {self.reached} limits reached: "
            f"{self.asked:g} asked, {self.above:g} above the limits"
        )

    def add(self, run: Run, asked: float, limit: float) -> None:
        """Count one run that has come to its limit or to its end."""
        self.runs += 1
        self.asked += asked
        self.above += max(0.0, asked - limit)
        journal = open_journal(run.path, write=False)
        self.reached += journal.meta("status") == "paused"
        journal.close()


def work_on(run: Run, rng: random.Random, stops: Stops) -> None:
    """Kill a run again and again; the last session comes to the limit or to the end."""
    for _ in range(3):
        ended = run.session(**random_session(rng))
        if not killed(ended):
            assert ended.returncode in (0, 3), ended.stderr
            return
        stops.kills += 1
    ended = run.session()
    assert ended.returncode in (0, 3), ended.stderr


def calls_under_kills(place: pathlib.Path, seeds: range) -> Stops:
    stops = Stops()
    for seed in seeds:
        rng = random.Random(f"calls {seed}")
        limit = rng.choice((60, 150, 300))
        run = Run(place / str(seed), *SMALL, "--seed", str(seed), "--max-calls", str(limit))
        work_on(run, rng, stops)
        stops.add(run, len(run.asked()), limit)
    return stops


def test_killed_runs_ask_no_more_than_max_calls(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    stops = calls_under_kills(tmp_path, range(1))
    with capsys.disabled():
        print(f"\n--max-calls: {stops}")
    assert stops.above == 0
    assert stops.kills > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_kills_under_max_calls(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    stops = calls_under_kills(tmp_path, range(100, 150))
    with capsys.disabled():
        print(f"\n--max-calls, long: {stops}")
    assert stops.above == 0
    assert stops.kills >= 100


def money_under_kills(place: pathlib.Path, seeds: range, sessions: int) -> Stops:
    """Each run has a server of its own, and is killed when that was asked for so many more calls."""
    stops = Stops()
    for seed in seeds:
        rng = random.Random(f"money {seed}")
        limit = rng.choice((0.5, 2.0, 4.0))
        port = hanoi_server.free_port()
        server = hanoi_server.start(port)
        try:
            seen = hanoi_server.client(port)
            money = ("--price-in", str(PRICE_IN), "--price-out", str(PRICE_OUT), "--max-cost-usd", str(limit))
            model = ("--model", "openai/x", "--api-base", seen.base, "--max-reply-tokens", "20", "--k", "2")
            # What a killed process held counts as spent: with few calls under way a limit lasts for several kills.
            few = ("--flush-steps", "2", "--calls-in-flight", str(rng.choice((2, 4))))
            run = Run(place / str(seed), *PAID, *model, *money, *few)
            for _ in range(sessions):
                process = run.start(OPENAI_API_KEY="none")
                stop_at = seen.calls() + rng.randint(3, 12)
                over = not until(process, lambda: seen.calls() >= stop_at)  # noqa: B023
                process.kill()
                process.communicate()
                if over:
                    break
                stops.kills += 1
            ended: subprocess.CompletedProcess[Any] = run.session()
            assert ended.returncode in (0, 3), ended.stderr
            usd = seen.calls() * USD_A_CALL
            assert result(ended)["cost_at_most_usd"] >= usd - 1e-9
            stops.add(run, usd, limit)
        finally:
            server.kill()
            server.communicate()
    return stops


@pytest.mark.timeout(300)
def test_killed_runs_ask_for_no_more_than_max_cost(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    stops = money_under_kills(tmp_path, range(1), 1)
    with capsys.disabled():
        print(f"\n--max-cost-usd: {stops}")
    assert stops.above == 0
    assert stops.kills > 0


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_hundred_kills_under_max_cost(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    stops = money_under_kills(tmp_path, range(100, 132), 8)
    with capsys.disabled():
        print(f"\n--max-cost-usd, long: {stops}")
    assert stops.above == 0
    assert stops.kills >= 100

"""A table that is paused while most of what is under way is disputed does not learn from the easy rows alone."""

import asyncio
import pathlib
import random
from typing import Any

import pytest

import surefoot
from surefoot.runtime.api import MapRun
from surefoot.runtime.forecast import lead_choice
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.runtime.payloads import unpack
from tests.runtime.execution.models import QUIET

ROWS = [{"text": f"{number}"} for number in range(300)]


class Errs(Model):
    """Says a row's number, in eight of a hundred draws the next one, for a fixed price."""

    dialect = "chat"

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    async def ask(self, request: Request) -> list[Reply]:
        await asyncio.sleep(0)  # as over a network: all rows are asked at once
        number = int(request.prompt.user.partition("again: ")[2].split()[0])
        return [self._reply(number + (self._dice.random() < 0.08)) for _ in request.draws]

    def _reply(self, number: int) -> Reply:
        return Reply(str(number), Stop.END, 100, 20, 0.001)

    async def close(self) -> None:
        pass


def ask(model: Model, directory: pathlib.Path, rows: Any = ROWS, **options: Any) -> MapRun:
    chosen = {**QUIET, "k": "auto", "flush_steps": 16, **options}
    return surefoot.map(rows, "Say it again: {text}", model, output=int, run_dir=directory, **chosen)


def least_lead(directory: pathlib.Path) -> int:
    """The least lead that a run chose while it went on."""
    journal = open_journal(directory, write=False)
    try:
        records = [record for payload in journal.payloads("leads") for record in unpack(payload)]
    finally:
        journal.close()
    return min(record.learned.unguarded for record in records if record.learned is not None)


def paused_and_gone_on_with(directory: pathlib.Path, seed: int) -> int:
    """Let the money end while most rows that agree are decided and no other is; return the least lead until the end."""
    paused = ask(Errs(seed), directory, max_cost_usd=1.68)
    assert paused.status == "paused"
    assert paused.counts.steps > 64
    assert paused.counts.disagreements < paused.counts.disputes / 2
    done = ask(Errs(seed + 100), directory, max_cost_usd=9.0)
    assert (done.status, done.counts.failed_nodes) == ("solved", 0)
    told = done.standing
    assert f"learned since: lead {told.k}" in told.why, "who looks sees with which leads it went on"
    assert told.leads["unguarded"] > told.k, "beside those that it began with"
    return least_lead(directory)


@pytest.mark.parametrize("seed", [1, 3])
def test_a_pause_does_not_make_a_model_look_sure_of_itself(seed: int, tmp_path: pathlib.Path) -> None:
    assert paused_and_gone_on_with(tmp_path / "run", seed) >= 3


def test_without_what_was_cut_short_it_would(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The placebo: learning from decided rows alone takes two agreeing answers to do for a target of 99.9 %."""
    monkeypatch.setattr(lead_choice, "unfinished", lambda counts: 0)
    assert paused_and_gone_on_with(tmp_path / "run", 1) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_disputed_rows_that_a_pause_leaves_are_no_drift(seed: int, tmp_path: pathlib.Path) -> None:
    """They are all that is left of the first chunks; the chunks behind them are whole."""
    rows, options = ROWS[:120], {"workers": 2, "flush_steps": 16}
    paused = ask(Errs(seed), tmp_path / "run", rows, max_cost_usd=0.4, **options)
    assert paused.status == "paused"
    done = ask(Errs(seed + 100), tmp_path / "run", rows, max_cost_usd=9.0, **options)
    assert (done.status, done.counts.alarms) == ("solved", {})

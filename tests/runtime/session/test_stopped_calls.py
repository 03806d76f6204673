"""Ctrl-C while a table's questions are with a server and wait for it: what was sent is kept, and no more is sent."""

import json
import pathlib
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

import surefoot
from surefoot.runtime import api
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.port import Model
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.interruption import Interruption
from surefoot.runtime.session.kept_map import keep_table_of
from surefoot.runtime.session.mapping import MapRun
from surefoot.runtime.session.setup import row_task, set_up_rows
from surefoot.runtime.session.watcher import Watcher
from tests.runtime.execution.models import QUIET
from tests.runtime.models.openai_server import Client, running

ROWS = [{"text": f"row {number}"} for number in range(12)]
AT_ONCE = 4
OPTIONS = {**QUIET, "k": 3, "price_in": 1.0, "price_out": 1.0, "max_cost_usd": 1.0, "max_calls": 100,
           "calls_in_flight": AT_ONCE}  # fmt: skip
"""Money and calls are limited, so that what is reserved for calls that are not made has to be given back."""


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    with running() as client:
        yield client


def stopped(server: Client, place: pathlib.Path) -> MapRun:
    """A run that is stopped by Ctrl-C once the server holds as many questions as it is asked at once."""
    server.script("always_held")
    setup = checked(set_up_rows(row_task("Say: {text}", None), "openai/small", {**OPTIONS, "api_base": server.base}))
    interruption = Interruption()

    def press() -> None:
        server._ask("GET", f"/seen/{AT_ONCE}")
        interruption.ask("stopped by Ctrl-C")

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        return api.start_map(keep_table_of(setup, ROWS, place), Watcher(), interruption)
    finally:
        pressing.join()


def release_when_stopped(server: Client, monkeypatch: pytest.MonkeyPatch, *, hears: bool = True) -> None:
    """Have the server answer as soon as the model was told to stop."""
    hear = LiteLLMModel.stop_waiting if hears else Model.stop_waiting

    def stop_waiting(model: LiteLLMModel) -> None:
        hear(model)
        server.release()

    monkeypatch.setattr(LiteLLMModel, "stop_waiting", stop_waiting)
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def asked(server: Client) -> Counter[str]:
    return Counter(json.dumps(body, sort_keys=True) for body in server.stats()["seen"])


def test_nothing_more_is_sent_and_what_was_sent_is_kept(
    server: Client, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_when_stopped(server, monkeypatch)
    run = stopped(server, tmp_path / "run")
    assert (run.status, run.message) == ("paused", "stopped by Ctrl-C")
    assert server.calls() == AT_ONCE
    assert (run.counts.calls, run.counts.steps, run.counts.failed_calls) == (3 * AT_ONCE, AT_ONCE, 0)
    spent = AT_ONCE * (100 + 3 * 7) / 1e6
    assert run.counts.cost_usd == pytest.approx(spent)
    assert (run.counts.granted_usd, run.counts.granted_calls) == (pytest.approx(spent), 3 * AT_ONCE)
    first = asked(server)
    ended = surefoot.resume(tmp_path / "run")
    assert (ended.status, len(ended.output)) == ("solved", len(ROWS))
    assert max(asked(server).values()) == 1, "an answer that was paid is not asked for again"
    assert first.total() + len(ROWS) - AT_ONCE == server.calls()


def test_placebo_a_model_that_does_not_hear_of_it_sends_all_that_waits(
    server: Client, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_when_stopped(server, monkeypatch, hears=False)
    stopped(server, tmp_path / "run")
    assert server.calls() == len(ROWS)

"""Batches that were cut off: whoever goes on takes them up, and nothing is paid for twice."""

import asyncio
import json
import pathlib
import threading
from typing import Any

import pytest

from surefoot.runtime.errors import (
    ModelUnavailable,
)
from surefoot.runtime.models.batches.batched_model import BatchedModel
from surefoot.runtime.models.batches.ledger import BatchLedger, in_flight
from tests.runtime.models.batch_server import BatchServer
from tests.runtime.models.batches.batching import FIVE, NAME, Kill, Killed, Session, asked, right

POINTS = [
    "batch.gathered", "batch.written", "batch.intended", "batch.sent", "batch.asked", "batch.taken", "batch.known",
    "batch.fetched", "batch.ended",
]  # fmt: skip
SIX = [asked(f"later {number}", (4096 * number + 2,)) for number in range(6)]


async def two_rounds(model: BatchedModel) -> bool:
    """Five questions of two draws, and once they are answered six others."""
    first = right(await asyncio.gather(*(model.ask(one) for one in FIVE)))
    return first and right(await asyncio.gather(*(model.ask(one) for one in SIX)), SIX)


def test_every_place_is_reached(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    kill = Kill()
    assert Session(provider, tmp_path, kill).run(two_rounds)
    assert kill.points == POINTS * 2


@pytest.mark.parametrize("round_", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_anywhere_pays_nothing_twice(
    provider: BatchServer, tmp_path: pathlib.Path, point: str, round_: int
) -> None:
    with pytest.raises(Killed):
        Session(provider, tmp_path, Kill(point, round_)).run(two_rounds)
    assert Session(provider, tmp_path).run(two_rounds)
    assert provider.paid_twice == 0
    assert provider.sizes == [5, 6]
    assert not in_flight(tmp_path)


def test_two_kills_and_an_answer_that_gets_lost_pay_nothing_twice(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    for point in ("batch.taken", "batch.fetched", "batch.ended"):
        provider.requests["POST /v1/batches"] = ["lost"]
        with pytest.raises(Killed):
            Session(provider, tmp_path, Kill(point)).run(two_rounds)
    provider.hidden = 1
    assert Session(provider, tmp_path).run(two_rounds)
    assert (provider.paid_twice, provider.sizes) == (0, [5, 6])


def test_a_run_that_goes_on_with_other_leads_asks_only_for_the_draws_that_are_missing(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    Session(provider, tmp_path).ask(asked("q", (0, 1)))
    wider = asked("q", (0, 1, 2, 3))
    assert right(Session(provider, tmp_path).ask(wider), [wider])
    assert [body.get("n", 1) for body in provider.bodies] == [2, 2]
    narrow = asked("q", (1,))
    (reply,) = Session(provider, tmp_path).ask(narrow)[0]
    assert reply.tokens_in == 0, "the prompt was paid with the first draw"
    assert provider.sizes == [1, 1]


def test_whoever_stops_leaves_the_batch_in_flight(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.looks, looked_at = 10**9, threading.Event()
    provider.on_look = looked_at.set

    async def stopped(model: BatchedModel) -> list[Any]:
        asking = asyncio.gather(*(model.ask(one) for one in FIVE), return_exceptions=True)
        await asyncio.to_thread(looked_at.wait, 10)
        model.stop_waiting()
        with pytest.raises(ModelUnavailable):
            await model.ask(asked("too late"))
        return list(await asking)

    ended = Session(provider, tmp_path).run(stopped)
    assert {str(one) for one in ended} == {f"{NAME}: batches go on at the provider; resume takes them up"}
    assert [batch.id for batch in in_flight(tmp_path)] == ["batch_0"]
    provider.looks = 1
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert provider.sizes == [5]
    assert "5 questions of an earlier session taken up" in session.noted[0]


@pytest.mark.parametrize("hidden", [0, 1])
def test_a_batch_whose_answer_got_lost_is_found_in_the_list(
    provider: BatchServer, tmp_path: pathlib.Path, hidden: int
) -> None:
    provider.requests["POST /v1/batches"] = ["lost"]
    places = tmp_path / "a", tmp_path / "b"
    for place in places:
        place.mkdir()
    provider.hidden = hidden
    first, second = (Session(provider, place) for place in places)
    assert right(first.ask(*FIVE))
    assert provider.sizes == [5]
    assert provider.seen.count("GET /v1/batches") == 1 + hidden
    assert right(second.ask(asked("later")), [asked("later")]), "another's batch is never taken for this one"
    assert provider.sizes == [5, 1]


def test_where_nobody_can_know_nothing_is_sent_again(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.requests["POST /v1/batches"], provider.lists = ["lost"], False
    with pytest.raises(ModelUnavailable, match=r"may have been taken, and nobody can know.*delete .*0001\.json"):
        Session(provider, tmp_path).ask(*FIVE)
    assert provider.sizes == [5]
    with pytest.raises(ModelUnavailable, match="nobody can know"):
        Session(provider, tmp_path).ask(*FIVE)
    assert provider.sizes == [5]


def test_a_stranger_sees_no_key_and_no_prompt_in_the_ledger(
    provider: BatchServer, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    Session(provider, tmp_path).ask(*FIVE)
    ledger = BatchLedger(tmp_path)
    state = json.loads(ledger.path(1).read_bytes())
    assert set(state) == {"number", "token", "lines", "file", "id", "ended", "asked_at", "why"}
    assert all(b"sk-secret" not in file.read_bytes() for file in ledger.folder.iterdir())
    assert {file.stat().st_mode & 0o777 for file in ledger.folder.iterdir()} == {0o600}

"""A rehearsal of a table: the run's own rules over made-up rows, by the rates of a sample, without a trace left."""

import asyncio
import pathlib
import tempfile

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, ModelUnavailable
from surefoot.runtime.forecast.estimates import Sample, judge_pilot
from surefoot.runtime.forecast.row_answers import RIGHT, UNREAD, WRONG, RowAnswers
from surefoot.runtime.forecast.table_plan import Rehearsed
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Request, Stop
from surefoot.runtime.records import Counts
from surefoot.runtime.session.rehearsal import Actor, Pace, Setting, rehearse, said
from surefoot.voting.ballot import Ballot

EASY = RowAnswers(((0.001, 1.0),))


def setting(k: int = 2, fields: int = 0, latency_s: float = 0.0, **options: object) -> Setting:
    config = RunConfig(task="map", model="simulated", k=k, workers=1, **options)  # type: ignore[arg-type]
    return Setting(config, Leads(k, k, k + 2), None, fields, latency_s)


def taken(answers: RowAnswers, rows: int = 60, seed: int = 0, k: int = 2, fields: int = 0) -> Rehearsed:
    return asyncio.run(rehearse(setting(k, fields), answers, rows, seed))


@pytest.fixture
def folders(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_rows_that_are_never_wrong_take_their_lead_and_leave_nothing_behind(folders: pathlib.Path) -> None:
    found = taken(RowAnswers(((0.0, 1.0),)))
    assert found.draws == (2,) * 60
    assert found.requests == (1,) * 60
    assert (found.right, found.failed) == (60, 0)
    assert not list(folders.iterdir())


def test_a_larger_error_rate_takes_more_calls() -> None:
    """Placebo: a forecast that does not look at its sample."""
    calls = [sum(taken(RowAnswers(((rate, 1.0),))).draws) for rate in (0.0, 0.05, 0.3)]
    assert calls == sorted(calls)
    assert calls[0] == 120 < calls[1] < calls[2]


def test_hard_rows_are_as_many_as_the_sample_says() -> None:
    found = taken(RowAnswers(((0.0, 0.9), (0.45, 0.1))), rows=100, k=3)
    assert 4 <= sum(draws > 3 for draws in found.draws) <= 10


def test_rows_that_are_never_read_fail_as_in_the_run() -> None:
    """Refused ones after eight replies, the others once 100 replies, or what chance allows, are used up."""
    refused = taken(RowAnswers(((0.0, 1.0),), never=0.2, refused=1.0))
    assert refused.failed in (12, 13)
    assert {draws for draws in refused.draws if draws != 2} == {8}
    unread = taken(RowAnswers(((0.0, 1.0),), never=0.2))
    assert unread.failed == refused.failed
    assert all(draws > 30 for draws in unread.draws if draws != 2)


def test_a_model_that_nothing_can_be_read_of_is_said_to_pause_the_run() -> None:
    with pytest.raises(ModelUnavailable, match="would pause"):
        taken(RowAnswers(((0.0, 1.0),), never=1.0))


def test_fields_are_voted_on_one_by_one() -> None:
    """Wrong replies whose wrong fields differ count for each other's right ones; placebo: whole records."""
    rates = ((0.25, 1.0),)
    wise = taken(RowAnswers(rates, 6, slips=((WRONG, RIGHT, RIGHT), (RIGHT, RIGHT, WRONG))), fields=3)
    whole = taken(RowAnswers(rates, 6))
    assert sum(wise.draws) < sum(whole.draws)
    assert wise.right >= 55


def test_the_same_seed_is_the_same_rehearsal() -> None:
    hard = RowAnswers(((0.2, 1.0),))
    assert taken(hard) == taken(hard)
    assert taken(hard) != taken(hard, seed=1)


def test_a_latency_has_rows_begin_before_anything_is_learned() -> None:
    """Of 800 rows that are all under way when the first is answered none learns anything. Placebo: one at a time."""
    config = RunConfig(task="map", model="simulated", target=0.999, workers=1, chains_in_flight=800, flush_steps=32)
    wide = Setting(config, Leads(5, 5, 7), judge_pilot(pilot(20), Counts(calls=60)), latency_s=1.0, width=800)
    narrow = msgspec.structs.replace(wide, latency_s=0.0, config=msgspec.structs.replace(config, chains_in_flight=1))
    at_once, one_by_one = (sum(asyncio.run(rehearse(one, EASY, 800)).draws) for one in (wide, narrow))
    assert at_once >= 5 * 800
    assert one_by_one < 0.9 * at_once


def test_rounds_of_batches_are_answered_together() -> None:
    found = asyncio.run(rehearse(setting(batch=True), EASY, 30))
    assert (found.right, found.failed) == (30, 0)


def asked(row: int, *draws: int) -> Request:
    return Request(Prompt(str(row)), draws, 1.0, 100, 0)


def replies(actor: Actor, row: int, count: int) -> list[str]:
    return [reply.text for reply in asyncio.run(actor.ask(asked(row, *range(count))))]


def test_the_actor_counts_what_it_is_asked_by_row() -> None:
    actor = Actor(EASY, 0, 0, Pace(0.0, None, rounds=False))
    replies(actor, 3, 4)
    replies(actor, 3, 2)
    assert (actor.draws[3], actor.requests[3], actor.draws[4]) == (6, 2, 0)


def test_the_actor_errs_discards_and_refuses_at_its_rates() -> None:
    actor = Actor(RowAnswers(((0.3, 1.0),), 2, discarded=0.1), 0, 0, Pace(0.0, None, rounds=False))
    found = [text for row in range(20) for text in replies(actor, row, 100)]
    assert found.count("?") / 2000 == pytest.approx(0.1, abs=0.02)
    assert found.count("answer 0") / 2000 == pytest.approx(0.63, abs=0.04)
    assert set(found) == {"?", "answer 0", "answer 1", "answer 2"}
    refuses = Actor(RowAnswers(((0.3, 1.0),), never=1.0, refused=1.0), 0, 0, Pace(0.0, None, rounds=False))
    assert [one.stop for one in asyncio.run(refuses.ask(asked(0, 0)))] == [Stop.REFUSED]


def test_what_is_said_of_a_record() -> None:
    assert said(0, 0, ()) == "answer 0"
    assert said(3, 0, ()) == "answer 3"
    assert said(0, 2, (WRONG, WRONG)) == '["text 0","text 0"]'
    assert said(2, 3, (RIGHT, WRONG, UNREAD)) == '["text 0","text 2",null]'


def waited(pace: Pace, calls: int) -> list[int]:
    """In which order calls that are made together are answered, and how many are under way at once, at most."""
    order: list[int] = []

    async def one(number: int) -> None:
        await pace.wait()
        order.append(number)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(calls)))

    asyncio.run(all_of_them())
    return order


@pytest.mark.parametrize(("at_once", "rounds"), [(None, False), (2, False), (None, True)])
def test_every_call_is_answered_once_in_the_order_of_the_calls(at_once: int | None, rounds: bool) -> None:
    assert waited(Pace(0.0, at_once, rounds), 20) == list(range(20))


def test_a_round_is_answered_once_no_new_question_comes() -> None:
    """Placebo: at once, where the first question is answered before the second is asked."""

    async def asked_late(pace: Pace) -> list[str]:
        told: list[str] = []

        async def one(name: str) -> None:
            await pace.wait()
            told.append(name)

        first = asyncio.create_task(one("first"))
        for _ in range(3):
            await asyncio.sleep(0)
        told.append("second is asked")
        second = asyncio.create_task(one("second"))
        await asyncio.gather(first, second)
        return told

    assert asyncio.run(asked_late(Pace(0.0, None, rounds=True))) == ["second is asked", "first", "second"]
    assert asyncio.run(asked_late(Pace(0.0, None, rounds=False)))[0] == "first"


def test_a_question_that_is_given_up_does_not_hold_up_its_round() -> None:
    async def cancelled() -> None:
        pace = Pace(0.0, None, rounds=True)
        gone, stays = (asyncio.create_task(pace.wait()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await stays

    asyncio.run(cancelled())


def test_in_batches_all_rows_begin_with_the_first_lead() -> None:
    """1,500 rows, of which a run at once learns to ask less; in a round of batches nothing is learned."""
    config = RunConfig(task="map", model="simulated", target=0.999, workers=1)
    start = judge_pilot(pilot(20), Counts(calls=60))
    at_once = Setting(config, Leads(5, 5, 7), start)
    gathered = msgspec.structs.replace(
        at_once, config=msgspec.structs.replace(config, batch=True, chains_in_flight=50_000)
    )
    learned, batched = (sum(asyncio.run(rehearse(one, EASY, 1500)).draws) for one in (at_once, gathered))
    assert batched >= 5 * 1500
    assert learned < 0.95 * batched


def pilot(rows: int) -> list[Sample]:
    return [Sample(number, "row", tuple(Ballot(draw, "a") for draw in range(3))) for number in range(rows)]


def test_a_pilot_of_its_own_chooses_the_leads() -> None:
    """Placebo: the leads that it is given, which are larger than any pilot asks for."""
    config = RunConfig(task="map", model="simulated", target=0.9, workers=1, learn=False)
    given = Setting(config, Leads(9, 9, 11), judge_pilot(pilot(20), Counts(calls=60)))
    own = msgspec.structs.replace(given, own_pilot=True)
    told, chosen = (asyncio.run(rehearse(one, EASY, 60)).draws for one in (given, own))
    assert min(told) == 9
    assert max(chosen) < 9
    assert len(told) == len(chosen) == 60


def test_a_pilot_that_allows_no_lead_is_refused_as_in_the_run() -> None:
    config = RunConfig(task="map", model="simulated", target=0.999, workers=1)
    own = Setting(config, Leads(3, 3, 5), None, own_pilot=True)
    with pytest.raises(ConfigurationError, match="no lead can be chosen"):
        asyncio.run(rehearse(own, RowAnswers(((0.5, 1.0),), rivals=30), 60))


def test_limits_and_places_of_the_run_do_not_concern_its_rehearsal(tmp_path: pathlib.Path) -> None:
    config = setting(max_calls=1, max_cost_usd=0.01, max_wall_s=0.001, mirror=str(tmp_path / "m"), review=True)
    found = asyncio.run(rehearse(config, RowAnswers(((0.0, 1.0),)), 20))
    assert (sum(found.draws), found.right) == (40, 20)
    assert not list(tmp_path.iterdir())

"""Questions that go out together: one batch a round, and every answer where it belongs."""

import asyncio
import pathlib
from typing import Any

import pytest

from surefoot.runtime.errors import (
    AccessLost,
    ConfigurationError,
    JournalError,
    ModelRejected,
    ModelUnavailable,
    QuestionRefused,
    QuotaUsedUp,
)
from surefoot.runtime.models.batches.batched_model import BatchedModel
from surefoot.runtime.models.batches.follower import Pace
from surefoot.runtime.models.batches.provider import provider_of
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.port import Stop
from tests.runtime.models.batch_server import BatchServer, serving
from tests.runtime.models.batches.batching import FIVE, Session, asked, right


def test_what_is_asked_together_is_one_batch_at_half_the_price(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    session = Session(provider, tmp_path)
    replies = session.ask(*FIVE)
    assert right(replies)
    assert provider.sizes == [5]
    assert provider.seen.count("POST /v1/chat/completions") == 0
    first, second = replies[0]
    assert (first.tokens_in, second.tokens_in, first.tokens_out) == (100, 0, 7)
    assert first.cost_usd == pytest.approx((100 * 0.4 + 7 * 1.6) / 2 / 1e6)
    assert second.cost_usd == pytest.approx(7 * 1.6 / 2 / 1e6)
    body = provider.bodies[0]
    assert (body["model"], body["n"], body["temperature"], body["max_tokens"]) == ("gpt-4.1-mini", 2, 0.1, 9)
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]
    assert [note.partition(":")[2].strip() for note in session.noted] == [
        "5 questions sent together",
        "5 questions with the provider as batch_0",
        "5 questions answered after T",
    ]


def test_an_answer_in_parts_is_read_as_one_in_text(tmp_path: pathlib.Path) -> None:
    def in_parts(body: dict[str, Any]) -> Any:
        return [[{"type": "text", "text": part} for part in ("ans", "wer")]] * body["n"]

    with serving(in_parts) as provider:
        ((first, second),) = Session(provider, tmp_path).ask(FIVE[0])
        assert (first.text, second.text, provider.sizes) == ("answer", "answer", [1])


def test_a_second_round_is_a_second_batch(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    async def work(model: BatchedModel) -> None:
        for _ in range(2):
            assert right(await asyncio.gather(*(model.ask(one) for one in FIVE)))

    Session(provider, tmp_path).run(work)
    assert provider.sizes == [5, 5], "a draw is handed out once: asked again it is another answer"


def test_a_full_batch_is_sent_at_once_and_a_round_may_be_several(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    assert right(Session(provider, tmp_path, most_lines=2).ask(*FIVE))
    assert sorted(provider.sizes) == [1, 2, 2]


@pytest.mark.parametrize(
    ("end", "batches", "line"),
    [
        ("shuffled", 1, ""),
        ("counts", 1, ""),
        ("duplicates", 1, "5 of its lines answer a question a second time: the first answer counts"),
        ("unknown", 1, "1 of its lines answer a question that was not in it"),
        ("huge", 1, "1 of its lines are longer than 4 MB"),
        ("expired:3", 2, "expired"),
        ("cancelled:1", 2, "cancelled"),
        ("failed", 2, "failed: the file is \\x1b[31mno good"),
        ("empty", 2, "0 questions answered after T; 5 not: what the provider did not refuse is asked again"),
        ("nothing", 2, "0 questions answered after T; 5 not: what the provider did not refuse is asked again"),
        ("errors:500:2", 2, "3 questions answered after T; 2 not: what the provider did not refuse is asked again"),
        ("errors:429:5", 2, "0 questions answered after T; 5 not: what the provider did not refuse is asked again"),
    ],
)
def test_a_bad_batch_keeps_what_it_has_and_the_rest_is_asked_again(
    provider: BatchServer, tmp_path: pathlib.Path, end: str, batches: int, line: str
) -> None:
    provider.ends = [end]
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert len(provider.sizes) == batches
    assert provider.paid_twice == 0
    assert sum(line in note for note in session.noted) == 1 if line else True
    assert not any("\x1b" in note or "\n" in note for note in session.noted)


def test_lines_that_cannot_be_read_are_paid_and_asked_again(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    """Nobody can read what they said; the four others of the file are used."""
    provider.ends = ["garbage"]
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert provider.sizes == [5, 1]
    assert any("4 of its lines are no results" in note for note in session.noted)


def test_an_answer_that_is_no_completion_is_asked_for_again(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.ends = ["hollow"]
    session = Session(provider, tmp_path)
    assert right(session.ask(FIVE[0]), FIVE[:1])
    assert provider.sizes == [1, 1]
    assert any("is left, and asked for again: it has no answer" in note for note in session.noted)


def test_a_server_that_gives_one_answer_a_line_is_sent_a_line_for_each(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.ends = ["one_choice"] * 3
    more = [asked("another", (1, 2, 3, 4))]

    async def work(model: BatchedModel) -> None:
        assert right([await model.ask(FIVE[0])], FIVE[:1])
        assert right([await model.ask(more[0])], more)

    Session(provider, tmp_path).run(work)
    assert provider.sizes == [1, 1, 4]
    assert provider.paid_twice == 0


@pytest.mark.parametrize(
    ("end", "error", "words"),
    [
        ("errors:400:1", QuestionRefused, "400 it cannot be (400)"),
        ("errors:401:1", AccessLost, "401 it cannot be (401)"),
        ("errors:402:1", QuotaUsedUp, "402 it cannot be (402)"),
        ("errors:400", ModelRejected, "every question of a batch was refused"),
    ],
)
def test_a_refused_line_is_told_to_whoever_asked_it(
    provider: BatchServer, tmp_path: pathlib.Path, end: str, error: type[Exception], words: str
) -> None:
    provider.ends = [end]

    async def work(model: BatchedModel) -> list[Any]:
        return list(await asyncio.gather(*(model.ask(one) for one in FIVE), return_exceptions=True))

    refused, *others = Session(provider, tmp_path).run(work)
    assert isinstance(refused, error)
    assert words in str(refused)
    assert right(others, FIVE[1:]) if end.count(":") > 1 else all(isinstance(one, error) for one in others)


def test_a_provider_that_declines_gives_a_reply_that_is_discarded(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.ends = ["policy:1"]
    refused, *others = Session(provider, tmp_path).ask(*FIVE)
    assert [reply.stop for reply in refused] == [Stop.REFUSED] * 2
    assert right(others, FIVE[1:])


def test_a_question_that_no_batch_answers_pauses_the_run(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.ends = ["empty"] * 9
    with pytest.raises(ModelUnavailable, match="3 batches came back without an answer to the same question"):
        Session(provider, tmp_path).ask(FIVE[0])
    assert len(provider.sizes) == 3


def test_a_provider_that_takes_no_more_is_waited_for_and_sent_smaller_batches(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.ends = ["failed:full"] * 5
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert (provider.sizes[:2], provider.paid_twice) == ([5, 2], 0)
    assert max(provider.sizes[-2:]) == 1
    assert any(said.startswith("Enqueued token limit reached (token_limit_exceeded); smaller") for said in session.said)


def test_a_provider_that_never_takes_more_ends_the_wait_with_its_reason_and_a_way_out(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.ends = ["failed:full"] * 10_000
    session = Session(provider, tmp_path, pace=Pace(0.001, 0.002, 0.05))
    with pytest.raises(ModelUnavailable, match=r"token limit reached \(token_limit_exceeded\); give a smaller"):
        session.ask(FIVE[0])
    assert len(provider.sizes) > 1


def test_a_run_that_pauses_over_failed_batches_says_the_providers_reason(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.ends = ["failed"] * 9
    with pytest.raises(ModelUnavailable, match=r"the last that failed: the file is \\x1b\[31mno good \(invalid\)$"):
        Session(provider, tmp_path).ask(FIVE[0])


@pytest.mark.parametrize(
    "fault", ["lost", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("500", "429", "503", "html", "cut"))]
)
@pytest.mark.parametrize(
    "request_", ["POST /v1/files", "POST /v1/batches", "GET /v1/batches/ID", "GET /v1/files/ID/content"]
)
def test_a_request_that_fails_in_passing_is_made_again(
    provider: BatchServer, tmp_path: pathlib.Path, request_: str, fault: str
) -> None:
    provider.requests[request_] = [fault]
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert provider.paid_twice == 0
    assert provider.sizes == [5]
    assert any("asking again in" in said for said in session.said)


@pytest.mark.parametrize(
    ("request_", "fault", "error", "words"),
    [
        ("POST /v1/files", "404", ModelRejected, "the server has no batches"),
        ("POST /v1/batches", "405", ModelRejected, "the server has no batches"),
        ("POST /v1/files", "401", AccessLost, "fault 401"),
        ("POST /v1/batches", "402", QuotaUsedUp, "fault 402"),
        ("POST /v1/batches", "400", ModelUnavailable, "fault 400"),
        ("GET /v1/batches/ID", "404", ModelUnavailable, "does not know batch_0"),
        ("GET /v1/files/ID/content", "404", ModelUnavailable, "does not give out its file"),
    ],
)
def test_a_request_that_fails_for_good_is_one_clear_line(
    provider: BatchServer, tmp_path: pathlib.Path, request_: str, fault: str, error: type[Exception], words: str
) -> None:
    provider.requests[request_] = [fault]
    with pytest.raises(error, match=words) as found:
        Session(provider, tmp_path).ask(*FIVE)
    assert "\n" not in str(found.value)


def test_an_outage_pauses_after_the_patience(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.requests["GET /v1/batches/ID"] = ["500"] * 10_000
    with pytest.raises(ModelUnavailable, match=r"batch 1: \d+ requests failed for \d+ s: GET"):
        Session(provider, tmp_path, pace=Pace(0.001, 0.002, 0.05)).ask(*FIVE)
    provider.requests.clear()
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert provider.sizes == [5], "the batch went on meanwhile"


def test_what_is_only_gathered_is_not_sent_by_whoever_stops(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    lease = BudgetLease(limited=True)
    lease.grant(1.0)

    async def stopped(model: BatchedModel) -> None:
        asking = asyncio.ensure_future(model.ask(FIVE[0]))
        for _ in range(3):
            await asyncio.sleep(0)
        assert lease.reserved
        model.stop_waiting()
        with pytest.raises(ModelUnavailable):
            await asking

    Session(provider, tmp_path, lease=lease).run(stopped)
    assert (lease.balance, lease.reserved, provider.sizes) == (1.0, 0.0, [])


def test_a_race_that_is_called_off_takes_its_question_out_of_the_batch(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    async def work(model: BatchedModel) -> bool:
        other = asyncio.ensure_future(model.ask(asked("called off")))
        rest = asyncio.gather(*(model.ask(one) for one in FIVE))
        await asyncio.sleep(0)
        other.cancel()
        return right(await rest)

    assert Session(provider, tmp_path).run(work)
    assert provider.sizes == [5]


def test_a_disk_that_is_full_is_told_to_whoever_asks(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    (tmp_path / "batches").write_text("a file where a folder should be")
    with pytest.raises(JournalError, match="batches"):
        Session(provider, tmp_path).ask(*FIVE)
    assert provider.seen == []


def test_a_strange_state_is_told_once_and_waited_for(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.ends, provider.looks = ["odd"], 4
    session = Session(provider, tmp_path)
    assert right(session.ask(*FIVE))
    assert [note for note in session.noted if "calls it" in note] == [
        "batch 1: the provider calls it 'pondering\\\\x1b[2J', which is waited for like any"
    ]
    assert "5 questions asked, 0 back, pondering\\x1b[2J, after 0:00:0" in session.said[0]


@pytest.mark.parametrize("name", ["anthropic/claude-3-5-haiku-latest", "gemini/gemini-2.0-flash", "ollama/llama3.2"])
def test_a_provider_of_another_form_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="--batch speaks OpenAI's form of files and batches, and "):
        provider_of(name, None, 5)
    with pytest.raises(ConfigurationError, match="one address"):
        provider_of("openai/m", "http://a/v1,http://b/v1", 5)


def test_nothing_is_scored_in_a_batch(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    async def work(model: BatchedModel) -> tuple[str, str, Any]:
        return model.how(Capability.CHOICES), model.how(Capability.SEVERAL), model.prices()

    assert Session(provider, tmp_path).run(work) == ("parsing", "one call", pytest.approx((0.2e-6, 0.8e-6)))

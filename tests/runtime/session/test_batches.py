"""Whole runs whose questions go out as batches: tables and plans, limits, pauses, and what does not go with them."""

import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

import surefoot
from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime import api
from surefoot.runtime.batch_options import check_batch, for_batches
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.batches.ledger import in_flight, questions_in_flight
from surefoot.runtime.session.batches import batch_prices
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.interruption import Interruption
from surefoot.runtime.session.kept_map import keep_table_of
from surefoot.runtime.session.mapping import MapRun
from surefoot.runtime.session.setup import row_task, set_up_rows
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.worker.worker import Worker
from tests.runtime.execution.models import QUIET
from tests.runtime.models.batch_server import BatchServer, serving

MODEL = "openai/gpt-4.1-mini"
ROWS = [{"text": f"row {number}"} for number in range(40)]
DISPUTED = "row 7"


def echo(body: dict[str, Any]) -> str | list[str]:
    """What a row asks for; of one row the first three answers are not alike."""
    text = body["messages"][-1]["content"].partition("again: ")[2].partition("\n")[0]
    right, n = f"Answer: {text}", body.get("n") or 1
    return [right, "Answer: other", right][:n] if text == DISPUTED and n == 3 else right


def move(body: dict[str, Any]) -> str:
    """The right answer to a question of a Tower of Hanoi."""
    said = {turn["role"]: turn["content"] for turn in body["messages"]}
    return hanoi.answers(Prompt(said["user"], said.get("system", ""))).right[0]


@pytest.fixture
def provider() -> Iterator[BatchServer]:
    with serving(echo) as server:
        yield server


Ask = Callable[..., MapRun]


@pytest.fixture
def ask(provider: BatchServer, tmp_path: pathlib.Path) -> Ask:
    """Asks the rows in batches; quiet times short, as everything is in this process."""

    def asked(**options: Any) -> MapRun:
        usual = {"k": 3, "batch": True, "batch_quiet_s": 0.1, "batch_poll_s": 0.01, "api_base": provider.base}
        return surefoot.map(ROWS, "Say it again: {text}", MODEL, run_dir=tmp_path / "run", **{**usual, **options})

    return asked


def test_a_table_takes_one_round_and_a_disputed_row_another(provider: BatchServer, ask: Ask) -> None:
    told: list[str] = []
    run = ask(on_event=lambda event: told.append(event.text))
    assert (run.status, run.output) == ("solved", [row["text"] for row in ROWS])
    assert provider.sizes == [40, 1]
    assert [body.get("n", 1) for body in provider.bodies] == [3] * 40 + [2]
    assert run.counts.calls == 3 * 40 + 2
    assert run.counts.cost_usd == pytest.approx((41 * 100 * 0.4 + 122 * 7 * 1.6) / 2 / 1e6)
    ahead = (
        "batches: 1 or more round of at most 24 h each; a race that stays disputed takes at most 98 in each way to ask"
    )
    assert ahead in told
    assert any(line.startswith("batch 2: 1 question answered after") for line in told)


def test_a_pilot_is_a_round_of_its_own(provider: BatchServer, ask: Ask) -> None:
    told: list[str] = []
    assert ask(k="auto", on_event=lambda event: told.append(event.text)).status == "solved"
    assert provider.sizes[:2] == [20, 40]
    assert any(line.startswith("batches: about 2 rounds of at most 24 h each") for line in told)


def test_a_plan_takes_as_many_rounds_as_questions_wait_for_each_other(tmp_path: pathlib.Path) -> None:
    """Leaves of three steps in one go: every leaf's next step is in the round."""
    with serving(move) as provider:
        run = surefoot.run(
            "hanoi", MODEL, disks=5, k=1, leaf_steps=3, batch=True, batch_quiet_s=0.1, batch_poll_s=0.01,
            api_base=provider.base, run_dir=tmp_path / "run",
        )  # fmt: skip
        assert (run.status, run.counts.steps) == ("solved", 31)
        assert sum(provider.sizes) == run.counts.calls == 38, "31 steps and seven decompositions"
        assert len(provider.sizes) == 3 + 3, "three levels of decompositions, and leaves of three steps"
        assert max(provider.sizes) >= 8, "eight leaves ask their next steps together"
        assert provider.paid_twice == 0


class Stopper(Watcher):
    """Presses Ctrl-C as soon as a batch is waited for."""

    def __init__(self) -> None:
        self.interruption = Interruption()

    def say(self, text: str) -> None:
        if "questions asked" in text:
            self.interruption.ask("stopped by Ctrl-C")


def test_a_single_question_with_votes_is_a_round(tmp_path: pathlib.Path) -> None:
    with serving(lambda body: "Answer: 7") as provider:
        run = surefoot.ask(
            "What is 3 + 4?", MODEL, k=3, batch=True, batch_quiet_s=0.1, batch_poll_s=0.01, api_base=provider.base,
            run_dir=tmp_path / "run",
        )  # fmt: skip
        assert (run.output, provider.sizes, provider.bodies[0]["n"]) == ("7", [1], 3)


def test_what_is_in_flight_when_a_run_pauses_is_taken_up_by_resume(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    provider.looks, place, stopper = 10**9, tmp_path / "run", Stopper()
    options = {"k": 3, "batch": True, "batch_quiet_s": 0.1, "batch_poll_s": 0.01, "api_base": provider.base}
    setup = checked(set_up_rows(row_task("Say it again: {text}", None), MODEL, options))
    run = api.start_map(keep_table_of(setup, ROWS, place), stopper, stopper.interruption)
    assert (run.status, run.message, run.counts.calls) == ("paused", "stopped by Ctrl-C", 0)
    assert [batch.id for batch in in_flight(place)] == ["batch_0"]
    assert questions_in_flight(place) == in_flight(place)[0].lines > 0
    with pytest.raises(ConfigurationError, match="may be at the provider, paid for: go on with --batch"):
        surefoot.resume(place, batch=False)
    provider.looks = 1
    ended = surefoot.resume(place)
    assert (ended.status, ended.output) == ("solved", [row["text"] for row in ROWS])
    assert provider.sizes == [40, 1]
    assert provider.paid_twice == 0
    assert not in_flight(place)
    assert questions_in_flight(place) == 0


def test_a_run_that_was_begun_without_batches_goes_on_with_them(
    provider: BatchServer, ask: Ask, tmp_path: pathlib.Path
) -> None:
    assert ask(batch=False, max_wall_s=1e-9).status == "paused"
    ended = surefoot.resume(tmp_path / "run", batch=True, max_wall_s=100, batch_quiet_s=0.1, batch_poll_s=0.01)
    assert ended.status == "solved"
    assert provider.seen.count("POST /v1/chat/completions") == 0


def test_a_limit_on_money_holds_over_batches(provider: BatchServer, ask: Ask, tmp_path: pathlib.Path) -> None:
    """A row reserves some $0.0019, for three replies of 750 tokens, and costs $0.00004: one goes out at a time."""
    run = ask(max_cost_usd=0.002)
    assert run.status == "paused"
    assert 1 <= len(provider.paid) < 40
    assert set(provider.sizes) == {1}
    assert run.counts.cost_usd <= 0.002
    ended = surefoot.resume(tmp_path / "run", max_cost_usd=1)
    assert ended.status == "solved"
    assert provider.paid_twice == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "bundled"}, "--batch is for models behind a provider's address: bundled is asked at once anyway"),
        ({"model": "simulated:p_error=0.1"}, "--batch is for models behind"),
        ({"model": "smollm2"}, "--batch is for models behind"),
        ({"model": "my_module:Mine"}, "--batch is for models behind"),
        ({"model": "openai/a,openai/b"}, "--batch does not go with several models that take turns"),
        ({"rule": "looks"}, "--batch does not go with --rule looks"),
        ({"address": "local"}, "--batch does not go with --address local"),
        (
            {"mirror": "/tmp/m"},
            "--batch does not go with --mirror: what is in flight stands in the run directory alone",
        ),
    ],
)
def test_what_does_not_go_with_batches_is_said_before_anything_starts(options: dict[str, Any], said: str) -> None:
    config = RunConfig(**{"task": "hanoi", "model": MODEL, "batch": True, **options})
    with pytest.raises(ConfigurationError) as found:
        check_batch(config)
    assert str(found.value).startswith(said)
    assert for_batches(msgspec.structs.replace(config, batch=False)).workers is None


def test_one_worker_holds_a_whole_batch() -> None:
    config = for_batches(RunConfig(task="hanoi", model=MODEL, batch=True, batch_size=5000))
    assert (config.workers, config.address, config.chains_in_flight) == (1, "none", 5000)
    assert for_batches(msgspec.structs.replace(config, chains_in_flight=9000)).chains_in_flight == 9000


def test_whoever_keeps_no_batches_sends_none() -> None:
    config = RunConfig(**{"task": "hanoi", "model": MODEL, "batch": True, **QUIET})
    with pytest.raises(ConfigurationError, match="--batch is for run, map and resume"):
        Worker(config, Hanoi(disks=3))


def test_prices_of_a_model_that_has_no_batches_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    usual = ((0.4e-6, 1.6e-6), (0.2e-6, 0.8e-6))
    assert batch_prices(RunConfig(task="hanoi", model=MODEL)) == usual
    assert batch_prices(RunConfig(task="hanoi", model=MODEL, batch_price=1.0)) == (usual[0], usual[0])
    claude = RunConfig(task="hanoi", model="anthropic/claude-3-haiku-20240307")
    assert batch_prices(claude) is None
    assert batch_prices(RunConfig(task="hanoi")) is None
    with pytest.raises(ConfigurationError, match="OpenAI's form of files and batches, and anthropic has another"):
        batch_prices(msgspec.structs.replace(claude, batch=True))

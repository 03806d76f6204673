"""The forecast of a table beside the run that it is about: same leads, about the same calls, tokens and money."""

import asyncio
import pathlib
from collections.abc import Iterable
from typing import Any

import pytest

from surefoot.runtime import api
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.table_plan import TablePlan
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Model, Reply, Stop
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.session import table_plan
from surefoot.runtime.session.rehearsal import Setting, rehearse
from surefoot.runtime.session.setup import set_up_rows
from surefoot.runtime.session.table_plan import plan_table, usual_samples
from surefoot.scripts.benchmarks.table_plan import Case
from tests.data.own.row_tasks import Next, answers


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_plan, "REHEARSALS", 1)


UNEVEN = Case(p_error=0.05, even=False, field_wise=False, rows=120)


def planned(case: Case, model: Model | None = None, rows: Iterable[Any] | None = None, **options: Any) -> TablePlan:
    samples = options.pop("samples", None)
    setup = set_up_rows(case.task(), model or case.model("m"), {**case.options(0), **options})
    return asyncio.run(plan_table(setup, case.table() if rows is None else rows, samples, lambda text: None))


@pytest.mark.parametrize("field_wise", [False, True], ids=["whole", "by field"])
def test_calls_tokens_and_money_are_about_those_of_the_run(field_wise: bool, tmp_path: pathlib.Path) -> None:
    case = Case(0.05, even=False, field_wise=field_wise, rows=300)
    ahead = planned(case)
    run = api.map(case.table(), case.task(), case.model("m"), run_dir=tmp_path / "r", **case.options(0))
    took = run.counts
    for said, was in (
        (ahead.calls, took.calls), (ahead.tokens_in, took.tokens_in), (ahead.tokens_out, took.tokens_out),
        (ahead.cost_usd, took.cost_usd),
    ):  # fmt: skip
        assert said == pytest.approx(was, rel=0.15)
    journal = open_journal(run.run_dir, write=False)
    assert leads_of(ahead) == leads_of_journal(journal.meta("leads"))
    assert ahead.pilot_calls == journal.meta("pilot_calls") == 60
    journal.close()
    assert ahead.calls_low <= ahead.calls <= ahead.calls_high
    assert ahead.rows_right == pytest.approx(300, abs=3)


def leads_of(ahead: TablePlan) -> tuple[int, int]:
    return ahead.leads.unguarded, ahead.leads.suspect


def leads_of_journal(kept: Any) -> tuple[int, int]:
    return kept["unguarded"], kept["suspect"]


def test_the_sample_changes_the_forecast() -> None:
    """Placebo: one that rests on the table alone."""
    good, bad = (planned(Case(rate, even=True, field_wise=False, rows=120)) for rate in (0.005, 0.1))
    assert bad.calls > 1.5 * good.calls
    assert bad.leads.unguarded > good.leads.unguarded


def test_what_is_learned_on_the_way_is_forecast() -> None:
    """Placebo: a run that keeps its first leads, as the forecast says of one without --learn."""
    case = Case(0.02, even=True, field_wise=False, rows=400)
    learns, stays = (planned(case, learn=learn, chains_in_flight=16, flush_steps=16) for learn in (True, False))
    assert stays.calls > 1.2 * learns.calls
    assert stays.calls_per_row == pytest.approx(stays.leads.unguarded, rel=0.15)


def test_a_lead_that_is_asked_for_needs_no_pilot() -> None:
    ahead = planned(UNEVEN, k=2)
    assert (ahead.pilot_calls, ahead.leads.unguarded) == (0, 2)
    assert ahead.calls_per_row == pytest.approx(ahead.calls / 120)
    assert "as asked for" in ahead.why


def test_a_short_table_has_no_pilot_and_all_its_rows_are_asked() -> None:
    ahead = planned(Case(0.02, even=True, field_wise=False, rows=12))
    assert (ahead.sample_rows, ahead.pilot_calls) == (12, 0)
    assert "too few rows for a pilot" in ahead.why
    assert ahead.leads == Leads(3, 3, 5)
    assert 36 <= ahead.calls <= 48


def test_rows_without_a_question_cost_nothing_and_are_without_an_answer() -> None:
    rows = [*({"row": n, "text": "word"} for n in range(90)), *({"other": n} for n in range(9)), 7]
    ahead = planned(UNEVEN, rows=rows, k=2)
    assert (ahead.rows, ahead.rows_without_question) == (100, 10)
    assert ahead.rows_failed == pytest.approx(10, abs=1)
    assert ahead.calls_per_row == pytest.approx(ahead.calls / 90)


def test_longer_rows_than_those_of_the_sample_are_counted_with() -> None:
    """One row in thirty is long, and the sample of three meets none. Placebo: the sample's own mean."""
    rows = [{"row": n, "text": "word " * (3000 if n == 1 else 10)} for n in range(60)]
    even = [{"row": n, "text": "word " * 10} for n in range(60)]
    long, short = (planned(UNEVEN, rows=one, k=1, samples=3).tokens_in for one in (rows, even))
    assert long > 2 * short


class Refuses(Model):
    """Says nothing that can be read."""

    dialect = "chat"

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, request: Any) -> Any:
        self.asked += len(request.draws)
        return [Reply("No.", Stop.REFUSED) for _ in request.draws]


@pytest.mark.parametrize("k", ["auto", 2])
def test_a_model_that_refuses_everything_is_told_after_a_few_calls(k: Any) -> None:
    model = Refuses()
    with pytest.raises(ConfigurationError, match="0 of 60 answers of the sample were readable") as told:
        planned(UNEVEN, model, k=k)
    assert "refused" in told.value.context["hint"]
    assert model.asked == 65


def test_what_cannot_be_forecast_is_refused_before_anything_is_asked() -> None:
    model = Refuses()
    with pytest.raises(ConfigurationError, match="no rows"):
        planned(UNEVEN, model, rows=[])
    with pytest.raises(ConfigurationError, match="no row of the table can be read"):
        planned(UNEVEN, model, rows=[1, 2])
    with pytest.raises(ConfigurationError, match="has a question"):
        planned(UNEVEN, model, rows=[{"row": 1}, {"text": "a"}])
    with pytest.raises(ConfigurationError, match="--rule looks"):
        planned(UNEVEN, model, rule="looks")
    assert model.asked == 0


def test_a_model_without_prices_has_no_money() -> None:
    """A model that does not say what a reply cost; without batches, which it has none of."""
    ahead = planned(UNEVEN, api_model(None), k=2)
    assert ahead.cost_usd is ahead.cost_low is ahead.cost_high is ahead.sample_cost_usd is None
    assert ahead.batch_hours is ahead.batch_cost_usd is ahead.batch_calls is None
    assert planned(UNEVEN, api_model(0.25), k=1).cost_usd == pytest.approx(30, rel=0.1)


def api_model(cost_usd: float | None) -> Model:
    class Priced(Model):
        """Always right, at a price for each answer."""

        dialect = "chat"

        async def ask(self, request: Any) -> Any:
            return [Reply('{"a": 1, "b": 1, "c": 1}', cost_usd=cost_usd) for _ in request.draws]

    return Priced()


def test_an_own_class_of_rows_is_forecast_as_well() -> None:
    setup = set_up_rows(Next(), SimulatedModel(answers, Profile(p_error=0.02)), {"target": 0.999})
    rows = ({"number": n} for n in range(100))
    ahead = asyncio.run(plan_table(setup, rows, 40, lambda text: None))
    assert (ahead.rows, ahead.sample_rows) == (100, 40)
    assert ahead.calls > 200


def test_a_tenth_of_a_table_is_asked() -> None:
    assert [usual_samples(rows) for rows in (3, 600, 1200, 10**6)] == [50, 60, 120, 200]


def test_pilots_that_would_end_the_run_are_not_in_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Placebo: with them the interval is wider than what the rehearsals with the sample's own pilot took."""

    async def no_lead(setting: Setting, *more: Any) -> Any:
        if setting.own_pilot:
            raise ConfigurationError("the pilot saw 40 of 60 ballots dissent")
        return await rehearse(setting, *more)

    usual = planned(UNEVEN)
    monkeypatch.setattr(table_plan, "rehearse", no_lead)
    alone = planned(UNEVEN)
    assert usual.calls_low < usual.calls_high
    assert alone.calls_low == alone.calls == alone.calls_high == usual.calls


def test_what_is_wrong_with_the_pilot_s_replies_is_said() -> None:
    """As a run says it: three in four replies that can be read at all disagree."""
    told: list[str] = []
    setup = set_up_rows(UNEVEN.task(), Disagrees(), {**UNEVEN.options(0), "target": 0.9})
    with pytest.raises(ConfigurationError, match="no lead can be chosen"):
        asyncio.run(plan_table(setup, UNEVEN.table(), 20, told.append))
    assert told[0] == "asking 20 of 120 rows, several times each"
    assert any(line.startswith("no agreement, row:") for line in told)


class Disagrees(Model):
    """Says another number each time."""

    dialect = "chat"

    async def ask(self, request: Any) -> Any:
        return [Reply(f'{{"a": {draw}, "b": {draw}, "c": {draw}}}') for draw in request.draws]

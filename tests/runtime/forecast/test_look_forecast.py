"""Forecasts of runs by looks: kept looks cost no call, and what is expected is what happens."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Dialect, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.balance import Balance
from surefoot.decompose.tasks.counting import Number
from surefoot.decompose.tasks.graph_navigation_micro import GraphNavigationMicro
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.runtime import api
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.distinct_questions import distinct_questions
from surefoot.runtime.forecast.estimates import LookSample, Sample, SeenLooks, judge_pilot, seen_looks
from surefoot.runtime.forecast.lead_choice import choose_again, choose_leads, explain_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.look_forecast import Need, forecast_looks, need_of, pilot_looks
from surefoot.runtime.forecast.run_plan import Sampled, plan
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.port import Look, Model, Reply, Request
from surefoot.runtime.records import Counts
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import Looks

RULE = Looks(1e-4, 0.02)
WIDE, THIN = (("4", 0.99), ("5", 0.01)), (("4", 0.8), ("5", 0.2))
CONFIG = RunConfig(task="balance", model="smollm2", rule="looks")


class Scored(Model):
    """Scores the right answer with a share that depends on the question, as a small model does."""

    name: str = "scored"
    dialect: Dialect = "micro"

    async def ask(self, request: Request) -> list[Reply]:
        raise AssertionError("nothing is drawn")

    async def look(self, request: Request) -> Look:
        known = micro_answers(request.prompt)
        share = 0.85 + 0.01 * (len(request.prompt.user) % 13)
        return Look(((known.right[0], share), (known.wrong[0], 1 - share)), 0.0, 2, 9, 5)

    def how(self, capability: Capability) -> str:
        return "scores" if capability is Capability.CHOICES else super().how(capability)


def pilot_of(*shares: Any, count: int = 1) -> SeenLooks:
    ballots = tuple(Ballot(at, one[0][0], None, one) for at, one in enumerate(shares))
    found = seen_looks([Sample(0, "next", ballots)] * count, Counts(calls=12, fresh_looks=6, tokens_in=60))
    assert found is not None
    return found


def test_a_question_needs_as_many_looks_as_the_rule_takes_of_what_was_seen() -> None:
    wide, thin = need_of([WIDE] * 3, RULE, 9), need_of([THIN] * 3, RULE, 9)
    assert (wide.looks, wide.decided, thin.decided) == (3, True, True)
    assert wide.looks < thin.looks <= 9
    assert 0 < wide.wrong <= RULE.budget
    assert need_of([(("4", 0.52), ("5", 0.48))], RULE, 9) == Need(9, 1.0, decided=False)
    assert need_of([()], RULE, 9) == Need(9, 1.0, decided=False)  # looks that cannot be read never decide


def test_the_same_question_sampled_twice_is_one_question() -> None:
    found = pilot_of(WIDE, WIDE, THIN, count=5)
    assert [(one.kind, one.times, len(one.shares)) for one in found.samples] == [("next", 5, 3)]
    assert (found.looks, found.fresh, found.calls, found.tokens_in) == (15, 6, 2.0, 10.0)
    drawn = [Sample(0, "next", (Ballot(0, "4"),))]
    assert seen_looks(drawn, Counts(calls=1)) is None
    assert judge_pilot(drawn, Counts(calls=1)).looks is None


class Many(Task, frozen=True):
    """Questions that are all different, or one of a hundred."""

    distinct: int = 10**9

    def sample_step(self, number: int) -> Step:
        return Step("next", Role.ACTOR, Number(number % self.distinct), 6)


def test_distinct_questions_are_counted_and_extrapolated_only_where_new_ones_still_come() -> None:
    few, many = distinct_questions(Many(100), 10**6), distinct_questions(Many(), 10**6)
    assert (len(few.questions), few.scale) == (100, 1.0)
    assert many.scale * len(many.questions) > 10**5
    assert distinct_questions(Many(), 50).scale * len(distinct_questions(Many(), 50).questions) == 50


def test_a_question_that_two_modules_ask_is_one_unless_modules_have_models_of_their_own() -> None:
    task = GraphNavigationMicro(graph="n7tree", start=4, goal=7)
    assert distinct_questions(task, 27, by_role=False).number < 0.7 * distinct_questions(task, 27).number
    known = judge_pilot([Sample(0, "door", tuple(Ballot(at, "4", None, WIDE) for at in range(3)))], Counts())
    alike, own = (
        choose_leads(RunConfig(task="graph", model="smollm2", rule="looks", modules=modules), task, known)
        for modules in ("", "Monitor: model=bundled")
    )
    budgets = [max(rule.budget for rule in dict(leads.sequential).values()) for leads in (alike, own)]  # type: ignore[union-attr]
    assert budgets[0] > 1.3 * budgets[1]


def test_calls_follow_distinct_texts_and_looks_follow_steps() -> None:
    task, leads = Balance(entries=100, draw=1), Leads(3, 3, 3, sequential=((3, RULE),))
    known = judge_pilot([Sample(0, "next", tuple(Ballot(at, "4", None, WIDE) for at in range(3)))], Counts())
    seen = SeenLooks((LookSample("next", 1, (WIDE,) * 3),), 60, 40, 2.0, 30.0, 5.0)
    known = known.__class__(known.ballots, 0, 0, 0.01, 0.02, looks=seen)
    found = forecast_looks(CONFIG, task, leads, known, pilot=False)
    longer = forecast_looks(CONFIG, Balance(entries=1000, draw=1), leads, known, pilot=False)
    assert found.looks == 3 * task.facts()
    assert found.calls == 2 * found.fresh_looks
    assert found.questions == 18
    assert found.fresh_looks <= 3 * 18
    assert longer.looks > 9 * found.looks
    assert longer.calls == found.calls  # the same questions again
    after = forecast_looks(CONFIG, task, leads, known)
    assert after.fresh_looks < found.fresh_looks  # the pilot has asked some of them
    assert 0.7 * found.fresh_looks < pilot_looks(CONFIG, task) <= found.fresh_looks  # 20 questions may miss some


def test_what_stays_unsure_makes_the_run_unlikely_to_come_through() -> None:
    """A plan is as sure as its distinct questions: one in ten without a verdict leaves little of eighteen."""
    task, leads = Balance(entries=50, draw=1), Leads(3, 3, 3, sequential=((3, RULE),))
    sure = [LookSample("next", 1, (WIDE,) * 3)] * 9
    unsure = LookSample("next", 1, ((("4", 0.5), ("5", 0.5)),))
    known = judge_pilot([Sample(0, "next", (Ballot(0, "4", None, WIDE),))], Counts())
    for samples, least, most in ((sure, 0.99, 1.0), ([*sure, unsure], 0.0, 0.2)):
        estimate = known.__class__(9, 0, 0, 0.01, 0.02, looks=SeenLooks(tuple(samples)))
        assert least <= forecast_looks(CONFIG, task, leads, estimate).p_success <= most


@pytest.mark.parametrize(("name", "options"), [("hanoi", {"disks": 8}), ("balance", {"entries": 40})])
def test_what_is_forecast_is_what_happens(name: str, options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    run = api.run(name, Scored(), run_dir=tmp_path / "run", rule="looks", address="none", **options)
    assert run.status == "solved"
    journal = open_journal(tmp_path / "run", write=False)
    ahead, counts, pilot = journal.meta("forecast"), journal.totals, journal.meta("pilot")
    pilot_calls, why = journal.meta("pilot_calls"), journal.meta("why")
    journal.close()
    calls = counts.calls - pilot_calls
    assert ahead["looks"] == pytest.approx(counts.looks - pilot["looks"]["looks"], rel=0.15)
    assert ahead["fresh_looks"] == pytest.approx(counts.fresh_looks - pilot["looks"]["fresh"], rel=0.15, abs=3)
    assert ahead["calls"] == pytest.approx(calls, rel=0.15, abs=6)
    assert counts.looks > 10 * counts.fresh_looks  # taken for calls, they would be off by a factor
    assert ahead["p_success"] > 0.95  # the target
    assert "distinct questions" in why


def test_a_plan_pays_for_the_distinct_looks_of_its_pilot_and_for_no_kept_one() -> None:
    task = HanoiMicro(disks=9)
    steps = [task.sample_step(number) for number in range(60)]
    samples = [
        Sample(at, step.kind, tuple(Ballot(n, step.kind, None, ((step.kind, 0.99),)) for n in range(3)))
        for at, step in enumerate(steps)
    ]
    sample = Sampled(samples, Counts(calls=60, fresh_looks=30, looks=180), Speed(0.5, None), 1.0)
    config = RunConfig(task="hanoi", model="smollm2", rule="looks")
    found = plan(config, task, sample)
    assert found.pilot_calls == 2 * pilot_looks(config, task)
    assert found.calls == pytest.approx(found.pilot_calls + 2 * found.fresh_looks)
    assert found.calls < 200 < 1000 < found.looks
    assert found.walls[0].wall_s < found.steps * 0.5
    assert plan(RunConfig(task="hanoi", model="smollm2", rule="looks", k=2), task, sample).pilot_calls == 0


def test_a_measurement_without_looks_is_forecast_by_its_rates() -> None:
    task = HanoiMicro(disks=7)
    known = judge_pilot(
        [Sample(at, "next", (Ballot(0, "4"), Ballot(1, "4"), Ballot(2, "4"))) for at in range(40)], Counts()
    )
    config = RunConfig(task="hanoi", model="smollm2", rule="looks")
    leads = choose_leads(config, task, known)
    found = forecast_run(config, task, leads, known)
    assert found.looks >= task.size(task.root().goal, ())
    assert found.calls < 200
    assert f"{found.questions:,.0f} distinct questions" in explain_leads(leads, known, found, 180)


def rule_for(disks: int, **votes: int) -> Looks:
    task, config = HanoiMicro(disks=disks), RunConfig(task="hanoi", model="smollm2", rule="looks")
    known = judge_pilot([Sample(at, "next", (Ballot(0, "4"), Ballot(1, "4"))) for at in range(8)], Counts())
    leads = choose_leads(config, task, known)
    if votes:
        leads = choose_again(config, task, leads, known, votes)
    found = dict(leads.sequential)[leads.unguarded]
    assert isinstance(found, Looks)
    return found


def test_the_error_budget_is_divided_by_distinct_questions_and_not_by_steps() -> None:
    """Twenty disks take four million facts and no more than two dozen different ones."""
    ten, twenty = rule_for(10), rule_for(20)
    assert 0.05 / 80 < twenty.budget < ten.budget < 0.05 / 14
    assert twenty.error == ten.error
    met = rule_for(20, **{"3-0": 1000})  # more than the task's samples told of
    assert met.budget < twenty.budget / 10

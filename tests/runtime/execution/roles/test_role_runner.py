"""Modules with settings of their own, and the cache of their answers."""

import pytest

from surefoot.decompose.answer_keys.digit_hanoi import answers
from surefoot.decompose.modular_planner import evaluator, monitor, predictor
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.runtime.errors import ConfigurationError, StepDeadlocked
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.policy import CurrentLeads, StepPolicy
from surefoot.runtime.execution.roles.answer_cache import AnswerCache
from surefoot.runtime.execution.roles.role_runner import RoleRunner
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.step_runner import MAX_DRAWS, StepRunner
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import Contested
from surefoot.runtime.role_options import parse_role_options

WORLD = DigitLists(3)
VALUE = evaluator.step(evaluator.EvaluatorFacts(WORLD, "01/2/-", "-/-/012"))
CHECK = monitor.step(monitor.MonitorFacts(WORLD, "01/2/-", "1AB"))


class Heard(SimulatedModel):
    """Keeps what it was asked."""

    requests: list[Request]

    async def ask(self, request: Request) -> list[Reply]:
        self.requests = [*getattr(self, "requests", []), request]
        return await super().ask(request)


def runner(model: SimulatedModel, **more: object) -> RoleRunner:
    settings_by_role: dict[Role, RoleSettings] = more.get("settings_by_role", {})  # type: ignore[assignment]
    policy, leads, meter = StepPolicy(max_ballots=20, max_reply_tokens=100, seed=1), CurrentLeads(), Meter()

    def one(settings: RoleSettings) -> StepRunner:
        return StepRunner(DigitHanoi(), settings, policy, leads, meter)

    own = {role: one(settings) for role, settings in settings_by_role.items()}
    return RoleRunner(one(RoleSettings(model, "", "compact", 1.0, 1.0)), own, more.get("cache"))  # type: ignore[arg-type]


def test_settings_are_read_and_refused() -> None:
    found = parse_role_options("Actor.temperature=0.7; Monitor.k=3; Monitor.model=simulated:p_error=0.1,p_format=0")
    assert found[Role.MONITOR].model == "simulated:p_error=0.1,p_format=0"
    assert (found[Role.MONITOR].k, found[Role.ACTOR].temperature, found[Role.ACTOR].k) == (3, 0.7, None)
    for wrong in ("Boss.k=1", "Actor.size=3", "Actor.k=0", "Actor.temperature=hot"):
        with pytest.raises(ConfigurationError, match="--modules"):
            parse_role_options(wrong)


async def test_a_role_has_its_own_model_lead_and_temperature() -> None:
    mine, other = Heard(answers, Profile()), Heard(answers, Profile())
    steps = runner(mine, settings_by_role={Role.MONITOR: RoleSettings(other, "other", "compact", 0.5, 0.5, 4)})
    await steps.decide(VALUE, 2, 0)
    candidate, entry = await steps.decide(CHECK, 2, MAX_DRAWS)
    assert (mine.asked, other.asked) == (2, 4)
    assert {request.temperature for request in other.requests} == {0.5}
    assert isinstance(entry, Contested)
    assert winner(entry, "first-to-ahead-by") == candidate == "no rule2"


async def test_the_step_itself_may_ask_for_less() -> None:
    model = Heard(answers, Profile())
    _, entry = await runner(model).decide(Step(VALUE.kind, VALUE.role, VALUE.reads, 8, 1), 3, 0)
    assert model.asked == 1
    assert isinstance(entry, Contested)
    assert entry.k == 1


async def test_what_was_answered_is_not_asked_again_and_costs_are_kept_apart() -> None:
    model, cache = Heard(answers, Profile()), AnswerCache()
    first, second = runner(model, cache=cache), runner(model, cache=cache)
    candidate, _ = await first.decide(VALUE, 3, 0)
    again, entry = await second.decide(VALUE, 3, MAX_DRAWS)
    await second.decide(VALUE, 3, 2 * MAX_DRAWS)
    assert model.asked == 3
    assert again == candidate
    assert isinstance(entry, Contested)
    assert entry.remembered
    assert winner(entry, "first-to-ahead-by") == candidate
    # The second problem alone would have paid three calls, once.
    alone, borrowed = first.meter.take(), second.meter.take()
    assert (borrowed.calls, borrowed.borrowed_calls, borrowed.remembered_steps) == (0, 3, 2)
    assert (alone.calls, alone.borrowed_calls) == (3, 0)


async def test_every_part_of_the_key_matters() -> None:
    model, cache = Heard(answers, Profile()), AnswerCache()
    await runner(model, cache=cache).decide(VALUE, 1, 0)
    others = [
        (VALUE, 2, {}),
        (evaluator.step(evaluator.EvaluatorFacts(WORLD, "0/12/-", "-/-/012")), 1, {}),
        (evaluator.step(evaluator.EvaluatorFacts(WORLD, "01/2/-", "0/12/-")), 1, {}),
        (VALUE, 1, {"settings_by_role": {Role.EVALUATOR: RoleSettings(model, "other", "compact", 1.0, 1.0)}}),
        (VALUE, 1, {"settings_by_role": {Role.EVALUATOR: RoleSettings(model, "", "compact", 0.5, 1.0)}}),
        (predictor.step(predictor.PredictorFacts(WORLD, "01/2/-", "2BC")), 1, {}),
    ]
    for step, k, more in others:
        before = model.asked
        await runner(model, cache=cache, **more).decide(step, k, MAX_DRAWS)
        assert model.asked > before


async def test_failures_and_the_actor_are_never_remembered() -> None:
    cache = AnswerCache()
    broken = Heard(answers, Profile(p_format=1.0))
    for number in range(2):
        before = broken.asked
        with pytest.raises(StepDeadlocked):
            await runner(broken, cache=cache).decide(VALUE, 1, number * MAX_DRAWS)
        assert broken.asked - before == 20
    model = Heard(answers, Profile())
    actor = DigitHanoi().sample_step(5)
    assert actor.role is Role.ACTOR
    for number in range(2):
        await runner(model, cache=cache).decide(actor, 1, number * MAX_DRAWS)
    assert model.asked == 2


async def test_without_a_cache_every_question_is_asked() -> None:
    """The placebo arm."""
    model = Heard(answers, Profile())
    for number in range(2):
        await runner(model).decide(VALUE, 3, number * MAX_DRAWS)
    assert model.asked == 6

"""Questions that nobody can read an answer to, or that are refused: given up soon, each beside its placebo."""

from typing import Any

import pytest

from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.meter import Meter
from surefoot.voting.alarms import Limits
from surefoot.voting.giving_up import MOST_DISCARDED, MOST_REFUSALS, NeverRead
from tests.runtime.execution.hanoi_step import FLAGGED, STEP, TASK, A


async def test_a_question_that_is_only_ever_refused_is_given_up_soon(scripted: Any, step_runner: Any) -> None:
    """A filter says the same however often it is asked: such a question had been asked to the cap on ballots."""
    refused = FLAGGED["refused"]
    model = scripted(*[refused] * (MOST_REFUSALS * 9))
    steps = step_runner(TASK, model)
    with pytest.raises(StepDeadlocked, match="refuses to answer; ") as error:
        await steps.decide(STEP, 3, 0)
    assert "refused" in error.value.message
    asked = sum(len(request.draws) for request in model.requests)
    assert asked <= (MOST_REFUSALS + 2) * len(steps.variants)
    assert steps.counts.red_flags == {"refused": asked}


async def test_a_model_that_refuses_now_and_then_is_asked_on(scripted: Any, step_runner: Any) -> None:
    """The placebo: one reply that can be counted or is discarded for another reason, and it is asked as before."""
    for other in (A, FLAGGED["misformatted"]):
        replies = [other, *[FLAGGED["refused"]] * (2 * MOST_REFUSALS), A, A]
        steps = step_runner(TASK, scripted(*replies))
        assert (await steps.decide(STEP, 2, 0))[0] == A


@pytest.mark.parametrize(("spoiled", "most"), [(0.05, MOST_DISCARDED), (1.0, 100)])
async def test_a_question_of_which_nothing_can_be_read_is_given_up_where_others_can(
    scripted: Any, step_runner: Any, spoiled: float, most: int
) -> None:
    """The placebo is a run that knows nothing of others yet: it asks up to the cap."""
    model = scripted(*[FLAGGED["misformatted"]] * 1000)
    limits = Limits(dissent=0.1, spoiled=spoiled, each=0.0)
    steps = step_runner(TASK, model, limits=limits, max_ballots=100)
    with pytest.raises(StepDeadlocked) as error:
        await steps.decide(STEP, 3, 0)
    asked = sum(len(request.draws) for request in model.requests)
    assert (most - 3) * len(steps.variants) <= asked <= (most + 3) * len(steps.variants)
    assert "misformatted" in error.value.message


@pytest.mark.parametrize(("others", "most"), [(0, MOST_DISCARDED), (1, 100)])
async def test_the_only_question_of_a_run_is_given_up_soon(
    scripted: Any, step_runner: Any, others: int, most: int
) -> None:
    """The placebo has a second question of its kind: one of them may be what no model can be asked, others can."""
    never, model = NeverRead(), scripted(*[FLAGGED["misformatted"]] * 1000)
    steps = step_runner(TASK, model, max_ballots=100)
    steps.meter = Meter(never_read=never)
    for number in range(others):
        never.heard(STEP.kind, 1000 + number, "misformatted")
    with pytest.raises(StepDeadlocked) as error:
        await steps.decide(STEP, 3, 0)
    asked = sum(len(request.draws) for request in model.requests)
    assert (most - 3) * len(steps.variants) <= asked <= (most + 3) * len(steps.variants)
    assert steps.meter.take().calls == asked
    assert "answers discarded: " in error.value.message

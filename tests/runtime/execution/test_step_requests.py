"""What a step asks for: how many ballots, how warm, under which lead, with which schema, out of which reserve."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.step import Role, Step
from surefoot.runtime.records import agreed
from surefoot.voting.ballot import Ballot
from surefoot.voting.sequential import TYPES, Sequential
from tests.data.own.row_tasks import Next
from tests.runtime.execution.hanoi_step import STEP, TASK, A, B


async def test_the_first_ballot_may_have_its_own_temperature(scripted: Any, step_runner: Any) -> None:
    model = scripted(A, B, A, A, A)
    steps = step_runner(TASK, model, first_temperature=0.0, temperature=0.1)
    assert (await steps.decide(STEP, 3, 0))[0] == A
    asked = [(request.draws, request.temperature) for request in model.requests]
    assert asked == [((0,), 0.0), ((1, 2), 0.1), ((3, 4), 0.1)]


async def test_under_the_sequential_rule_too_the_first_ballot_is_asked_for_alone(
    scripted: Any, step_runner: Any
) -> None:
    model, rule = scripted(*[A] * 20), Sequential(1e-6, (1 / len(TYPES),) * len(TYPES))
    steps = step_runner(TASK, model, sequential={3: rule}, first_temperature=0.0, temperature=0.1)
    assert (await steps.decide(STEP, 3, 0))[0] == A
    first, *others = [(request.draws, request.temperature) for request in model.requests]
    assert first == ((0,), 0.0)
    assert others[0][0][0] == 1
    assert {heat for _, heat in others} == {0.1}


async def test_calls_are_reserved_and_those_of_a_race_that_has_begun_come_first(
    scripted: Any, step_runner: Any
) -> None:
    class Calls:
        limited = True

        def __init__(self) -> None:
            self.reserved: list[tuple[int, bool]] = []
            self.settled: list[tuple[int, int]] = []

        async def reserve(self, amount: int, begun: bool) -> None:
            self.reserved.append((amount, begun))

        def settle(self, amount: int, spent: int) -> None:
            self.settled.append((amount, spent))

    steps = step_runner(TASK, scripted(A, B, A, A, A), first_temperature=0.0, temperature=0.1)
    steps.calls = Calls()
    await steps.decide(STEP, 3, 0)
    assert steps.calls.reserved == [(1, False), (2, True), (2, True)]
    assert steps.calls.settled == [(1, 1), (2, 2), (2, 2)]


async def test_ballots_without_a_race(scripted: Any, step_runner: Any) -> None:
    model = scripted(A, "?", B)
    steps = step_runner(TASK, model)
    assert await steps.draw(STEP, 3, 40) == (Ballot(0, A), Ballot(1, None, "misformatted"), Ballot(2, B))
    assert model.requests[0].draws == (40, 41, 42)
    counts = steps.meter.take()
    assert (counts.calls, counts.red_flags) == (3, {"misformatted": 1})


@pytest.mark.parametrize(("own", "steps", "lead"), [(None, None, 3), (None, 1, 1), (None, 5, 3), (2, 0, 2), (4, 1, 4)])
async def test_the_lead_is_the_roles_own_or_the_least_of_the_runs_and_the_steps(
    planted: Any, step_runner: Any, own: int | None, steps: int | None, lead: int
) -> None:
    model = planted(hanoi.answers)
    runner = step_runner(TASK, model)
    runner.settings = msgspec.structs.replace(runner.settings, k=own)
    step = msgspec.structs.replace(TASK.sample_step(3), lead=steps)
    assert runner.lead_of(step, 3) == lead
    candidate, entry = await runner.decide(step, 3, 0)
    assert model.asked == lead
    # The journal keeps one lead for a stretch of steps: a step with another has its ballots written out.
    assert entry == (candidate if lead == 3 else agreed(candidate, lead))


class Lines(Next, frozen=True, kw_only=True):
    """Its answer is a number on a line of its own."""

    def reply_schema(self, step: Step) -> dict[str, Any]:
        return {"number": {"type": "integer"}}


@pytest.mark.parametrize(
    ("dialect", "structured", "asked"),
    [("chat", True, True), ("chat", False, False), ("compact", True, False)],
)
def test_a_schema_goes_with_a_chat_question_that_is_to_be_structured(
    scripted: Any, step_runner: Any, dialect: Any, structured: bool, asked: bool
) -> None:
    model = scripted()
    model.dialect = dialect
    request = step_runner(Lines(), model, structured=structured).request(Step("row", Role.ACTOR, 1))
    assert (request.schema is not None) is asked
    if asked:
        assert request.schema["properties"]["number"] == {"type": "integer"}

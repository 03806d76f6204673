"""Host programs: a step sees the fields that it declares, prompts do not grow, errors add up as they are alone."""

import random

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.methods.asking import Goal
from surefoot.decompose.methods.program import HostProgram, StepSpec
from surefoot.decompose.problem import Problem
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems import programs
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.voting.error_rate import wilson
from tests.decompose.methods.walking import Walk


@pytest.mark.parametrize("family", programs.FAMILIES)
def test_a_program_leads_to_the_exact_answer(family: str) -> None:
    for number in range(1, 8):
        task = Generated(family=family, length=9, number=number, method="program")
        assert Walk(task).run() == answer_of(task.question())


def test_a_step_sees_the_fields_that_it_declares() -> None:
    """Non-interference (systems reference, section 6, A1): 1,000 random changes elsewhere, one prompt."""
    spec, rng = StepSpec(("total",), "total", "What is {total} + 1?"), random.Random(0)
    state = {"total": "5", "secret": "s", "turn": 3}
    for _ in range(1000):
        changed = {**state, rng.choice(["secret", "turn", "other"]): str(rng.random())}
        assert spec.rendered(changed) == "What is 5 + 1?"
    assert spec.rendered({**state, "total": "6"}) == "What is 6 + 1?"


@pytest.mark.parametrize("question", ["{secret}", "{total} {secret}", "{missing}"])
def test_what_is_not_declared_cannot_be_shown(question: str) -> None:
    with pytest.raises(ValueError, match="the fields that it declares and has are: total"):
        StepSpec(("total",), "total", question).rendered({"total": "5", "secret": "s"})


def test_what_stands_in_a_field_is_not_filled_in_again() -> None:
    assert StepSpec(("a", "b"), "c", "{a} {b}").rendered({"a": "{b}", "b": "x"}) == "{b} x"


def test_prompts_do_not_grow_with_the_steps_done() -> None:
    """A2: words of the largest prompt at 10 and at 1,000 turns."""
    sizes = []
    for length in (10, 1000):
        walk = Walk(Generated(family="dictionary", length=length, method="program"))
        walk.run()
        assert len(walk.prompts) == length
        sizes.append(max(len(prompt.user.split()) for prompt in walk.prompts))
    assert sizes[0] == sizes[1]


def test_a_step_in_a_hundred_thousand_is_asked_like_the_tenth() -> None:
    """A2: the prompts at turns 10, 1,000 and 100,000 of one program have the same words but for their numbers."""
    task = Generated(family="dictionary", length=100_000, method="program")
    state = task.first_state(task.question(), 0)
    sizes = set()
    for turn in (10, 1000, 99_999):
        spec = task.next_spec({**state, "turn": turn, "total": "123"})
        assert isinstance(spec, StepSpec)
        prompt = task.prompt(HostProgram().ask("part", Goal(""), spec.rendered({**state, "total": "123"})), "chat")
        sizes.add(len(prompt.user.split()))
    assert len(sizes) == 1


def test_errors_of_single_steps_tell_those_of_the_run() -> None:
    """A4: the error of a step asked alone lies in the interval of its error within runs, and the other way round."""
    model = SimulatedModel(answers, parse_profile("p_error=0.02"))

    def wrong(prompt: object, seed: int) -> bool:
        said = model.reply(Request(prompt, (0,), 1.0, 64, seed), 0).text  # type: ignore[arg-type]
        return said != answers(prompt).right[0]  # type: ignore[arg-type]

    walk = Walk(Generated(family="chains", length=1500, method="program"))
    walk.run()
    within = sum(wrong(prompt, seed) for prompt in walk.prompts for seed in (1, 2, 3))
    task = Generated(family="chains", length=1, count=1500, method="program")
    alone = 0
    for number, question in enumerate(task.questions()):
        one = Walk(task)
        one.run(task.posed(number, question))
        alone += sum(wrong(one.prompts[0], seed) for seed in (4, 5, 6))
    assert within > 50
    assert wilson(alone, 4500).low <= within / 4500 <= wilson(alone, 4500).high


def _swayed(window: int, steps: int, seed: int) -> list[bool]:
    """Which steps of a chain go wrong if prompts also show so many earlier steps; a model that errors mislead."""
    model = SimulatedModel(answers, parse_profile("p_error=0.01,p_swayed=0.6"), name=f"s{seed}")
    task, rng = Generated(family="dictionary", method="program"), random.Random(seed)
    told: list[tuple[str, str]] = []
    wrong = []
    for _ in range(steps):
        asked = f"What is {rng.randint(1, 99)} + {rng.randint(1, 99)}?"
        shown = tuple(pair for pair in told[len(told) - min(len(told), 2 * window) :])
        prompt = task.prompt(HostProgram().ask("part", Goal(""), asked, shown), "chat")
        said = model.reply(Request(prompt, (len(told),), 1.0, 64, seed), len(told)).text
        wrong.append(said not in answers(Prompt(prompt.user)).right)
        told += [("Asked", asked), ("Found", said.removeprefix("Answer: "))]
    return wrong


def test_hidden_errors_lead_to_no_others() -> None:
    """A3, chains of 300 steps at 1 %, 0.6 more by wrong steps shown: hidden it stays 1 % and flat; shown it doubles."""
    hidden = [_swayed(0, 300, seed) for seed in range(16)]
    shown = [_swayed(40, 300, seed) for seed in range(16)]
    first, last = (sum(map(sum, ([*run[part]] for run in hidden))) for part in (slice(0, 150), slice(150, 300)))
    interval = wilson(first + last, 4800)
    assert interval.low <= 0.01 <= interval.high
    assert max(first, last) <= 2 * min(first, last)
    assert sum(map(sum, shown)) >= 2 * (first + last)


def test_a_problem_without_a_program_says_so() -> None:
    class Bare(Problem, frozen=True, kw_only=True):
        def question(self) -> str:
            return "q"

    with pytest.raises(ValueError, match=r"Bare gives no program: it has no first_state\(\) and next_spec\(\)"):
        Bare(method="program")
    with pytest.raises(ValueError, match="there are programs for dictionary, graphs, chains, bridges only"):
        Generated(family="ledger", method="program")
    with pytest.raises(ValueError, match="there are programs for"):
        programs.first_state("What?")

"""The simulated model: a pure function of what it is asked, with rates that are what they say."""

import asyncio
import functools
import math
import random
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.port import Reply, Request, Stop
from surefoot.runtime.models.simulated import Profile, SimulatedModel, parse_profile
from tests.runtime.models.virtual_time import run_virtually

DRAWS = 4000
answers = functools.cache(hanoi.answers)  # thousands of draws of the same few prompts
EVERYTHING = Profile(p_error=0.2, p_format=0.1, p_shared=0.1, p_refuse=0.1, p_overlong=0.1, p_timeout=0.2)


@functools.cache
def prompt(number: int) -> Prompt:
    task = Hanoi(disks=8)
    return task.prompt(task.sample_step(number * 8), "compact")


def request(number: int, draw: int = 0, **options: Any) -> Request:
    usual = {"draws": (draw,), "temperature": 1.0, "max_tokens": 20, "seed": 0}
    return Request(prompt(number), **{**usual, **options})


def replies(profile: Profile, seed: int = 0) -> list[Reply]:
    """One reply to each of 40 prompts x 100 draws."""
    model = SimulatedModel(answers, profile)
    return [model.reply(request(number, draw, seed=seed), draw) for number in range(40) for draw in range(100)]


def kinds(said: list[Reply]) -> dict[str, float]:
    right = [answers(prompt(number)).right[0] for number in range(40) for _ in range(100)]
    return {
        "p_refuse": sum(reply.stop is Stop.REFUSED for reply in said) / DRAWS,
        "p_overlong": sum(reply.stop is Stop.LENGTH for reply in said) / DRAWS,
        "p_format": sum(reply.text == "???" for reply in said) / DRAWS,
        "p_timeout": sum(reply.failed_calls > 0 for reply in said) / DRAWS,
        "p_error": sum(
            reply.stop is Stop.END and reply.text not in ("???", one) for reply, one in zip(said, right, strict=True)
        )
        / DRAWS,
    }


def test_a_rate_may_begin_with_its_point() -> None:
    assert parse_profile("p_error=.05,latency_s=.5") == Profile(p_error=0.05, latency_s=0.5)


async def test_a_reply_is_a_pure_function_of_its_request() -> None:
    asked = [request(number, draw) for number in range(20) for draw in (0, 1, 4096, 2**60)]
    first = SimulatedModel(answers, EVERYTHING)
    said = {one: await first.ask(one) for one in asked}
    assert len({str(reply) for reply in said.values()}) > 20
    random.Random(3).shuffle(asked)
    second = SimulatedModel(answers, EVERYTHING)
    for one in asked:
        assert await second.ask(one) == said[one]
    together = await second.ask(Request(prompt(3), (0, 1, 4096, 2**60), 1.0, 20, 0))
    alone = [said[request(3, draw)][0] for draw in (0, 1, 4096, 2**60)]
    unpaid = [msgspec.structs.replace(reply, tokens_in=0) for reply in alone]
    assert together == [alone[0], *unpaid[1:]]  # the prompt of one request is paid once
    assert (first.asked, second.asked) == (80, 84)


@pytest.mark.parametrize("change", ["draw", "seed", "temperature", "name", "prompt"])
def test_everything_in_a_request_matters(change: str) -> None:
    model = SimulatedModel(answers, EVERYTHING)
    other = SimulatedModel(answers, EVERYTHING, name="other") if change == "name" else model
    options: dict[str, Any] = {"seed": {"seed": 1}, "temperature": {"temperature": 0.5}}.get(change, {})
    step = int(change == "prompt")
    pairs = [
        (model.reply(request(n), 0), other.reply(request(n + step, **options), int(change == "draw")))
        for n in range(60)
    ]
    assert any(one.stop is not two.stop or one.failed_calls != two.failed_calls for one, two in pairs)


@pytest.mark.parametrize("knob", ["p_error", "p_format", "p_refuse", "p_overlong", "p_timeout"])
@pytest.mark.parametrize("rate", [0.03, 0.4])
def test_each_knob_turns_one_rate(knob: str, rate: float) -> None:
    """Rates over 4,000 draws. False-alarm rate over seeds: 10 x 4e-8 at 5.5 standard deviations, below 1e-6."""
    found = kinds(replies(Profile(**{knob: rate}), seed=11))
    assert abs(found.pop(knob) - rate) < 5.5 * math.sqrt(rate * (1 - rate) / DRAWS)
    assert set(found.values()) == {0.0}


def test_knobs_do_not_push_each_other() -> None:
    """All at once: each rate is that among the draws which came so far. False-alarm rate: 4 x 4e-8 < 1e-6."""
    said = replies(Profile(p_error=0.3, p_format=0.3, p_refuse=0.3, p_timeout=0.3), seed=5)
    found = kinds(said)
    for knob, rate in {"p_timeout": 0.3, "p_refuse": 0.3, "p_format": 0.7 * 0.3, "p_error": 0.7 * 0.7 * 0.3}.items():
        assert abs(found[knob] - rate) < 5.5 * math.sqrt(rate * (1 - rate) / DRAWS), knob
    timed_out = [reply for reply in said if reply.failed_calls]
    refused = sum(reply.stop is Stop.REFUSED for reply in timed_out) / len(timed_out)
    assert abs(refused - 0.3) < 5.5 * math.sqrt(0.21 / len(timed_out))


def test_shared_errors_are_shared_by_all_draws_of_a_prompt() -> None:
    """1,000 prompts, a quarter of them bad. False-alarm rate over seeds at 5.5 sigma: below 1e-7."""
    model, bad = SimulatedModel(lambda p: Answers((f"right {p.user}",), ("x", "y", "z")), Profile(p_shared=0.25)), 0
    wrong = set()
    for number in range(1000):
        one = Request(Prompt(str(number)), (0,), 1.0, 20, 0)
        said = {model.reply(one, draw).text for draw in range(12)}
        assert len(said) == 1
        bad += said != {f"right {number}"}
        wrong |= said - {f"right {number}"}
    assert abs(bad - 250) < 5.5 * math.sqrt(1000 * 0.25 * 0.75)
    assert wrong == {"x", "y", "z"}
    # The placebo: as many independent errors are hardly ever alike in all of 12 draws.
    independent = SimulatedModel(lambda p: Answers(("right",), ("x", "y", "z")), Profile(p_error=0.25))
    alike = [
        {independent.reply(Request(Prompt(str(n)), (0,), 1.0, 20, 0), draw).text for draw in range(12)} - {"right"}
        for n in range(1000)
    ]
    assert sum(len(said) > 0 for said in alike) > 900


def test_greedy_draws_can_be_made_not_to_err() -> None:
    model = SimulatedModel(answers, Profile(p_error=0.5, scale_by_temperature=True))
    for temperature, most in ((0.0, 0), (0.1, 400), (1.0, 2000)):
        wrong = sum(
            model.reply(request(number, draw, temperature=temperature), draw).text != answers(prompt(number)).right[0]
            for number in range(40)
            for draw in range(20)
        )
        expected = 800 * 0.5 * temperature
        assert abs(wrong - expected) <= 5.5 * math.sqrt(expected) <= most


def test_overlong_replies_reach_the_limit_and_all_are_counted_in_tokens() -> None:
    model = SimulatedModel(answers, Profile(p_overlong=1.0))
    assert model.reply(request(0), 0).tokens_out == 20
    right = SimulatedModel(answers, Profile()).reply(request(0), 0)
    assert right.tokens_out == len(right.text.split()) + 1 < 20
    assert right.tokens_in == len(prompt(0).user.split())


def test_a_call_takes_its_seconds_and_those_of_its_longest_reply() -> None:
    """Answers that are asked for together are written together; the clock is virtual."""

    async def took(profile: Profile, *draws: int) -> float:
        began = asyncio.get_running_loop().time()
        replies = await SimulatedModel(answers, profile).ask(request(0, 0, draws=draws))
        assert len(replies) == len(draws)
        return asyncio.get_running_loop().time() - began

    right = SimulatedModel(answers, Profile()).reply(request(0), 0).tokens_out
    assert run_virtually(took(Profile(latency_s=1.5), 0, 1)) == pytest.approx(1.5)
    assert run_virtually(took(Profile(latency_s=1.5, token_s=0.25), 0, 1)) == pytest.approx(1.5 + 0.25 * right)
    assert run_virtually(took(Profile(token_s=0.25, p_overlong=1.0), 0)) == pytest.approx(0.25 * 20)


def test_profiles_are_read_from_text() -> None:
    assert parse_profile("") == Profile()
    assert parse_profile("p_error=0.01, latency_s=1.5,scale_by_temperature=true") == Profile(
        p_error=0.01, latency_s=1.5, scale_by_temperature=True
    )


@pytest.mark.parametrize(
    "text", ["p_error", "p_error=", "p_error=two", "p_error=1.1", "p_error=-0.1", "p_error=nan", "latency_s=-1", "p=1",
             "=1", "p_error:0.1"]
)  # fmt: skip
def test_other_profiles_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"simulated model: .*its keys are p_error, p_format"):
        parse_profile(text)


def test_wrong_answers_in_a_prompt_lead_it_on() -> None:
    """As many more errors as the share of wrong ones says; 0.95 at most; a prompt that shows none is as before."""

    def errors(wrong_shown: float, **rates: float) -> float:
        profile = Profile(p_error=0.1, **rates)
        model = SimulatedModel(lambda prompt: Answers(("a",), ("b",), 1.0, wrong_shown), profile)
        asked = (Request(Prompt(f"q{n}"), (0,), 1.0, 64, 0) for n in range(2000))
        return sum(model.reply(one, 0).text == "b" for one in asked) / 2000

    assert errors(0.0, p_swayed=0.6) == errors(0.5) == errors(0.0)
    assert errors(0.5, p_swayed=0.6) == pytest.approx(0.4, abs=0.04)
    assert errors(1.0, p_swayed=1.0) == pytest.approx(0.95, abs=0.02)


PLACES = 24
"""Steps of each reply below."""


def lines(profile: Profile, draws: int = 1500) -> list[list[str]]:
    """The steps of replies to one question for the first moves of a tower."""
    task = Hanoi(disks=6)
    root = task.root()
    step = task.next_step(root.goal, task.begin(root.goal, root.inputs))
    asked = task.prompt_several(step, PLACES, "compact")  # type: ignore[arg-type]
    assert asked is not None
    model = SimulatedModel(answers, profile)
    ask = Request(asked, (0,), temperature=1.0, max_tokens=500, seed=0)
    return [model.reply(ask, draw).text.split("\n") for draw in range(draws)]


@functools.cache
def first_errors(profile: Profile) -> list[int]:
    """Where each reply first differs from the right one; ``PLACES`` where it is right."""
    right, said = lines(Profile(), 1)[0], lines(profile)
    return [next((n for n, (a, b) in enumerate(zip(one, right, strict=True)) if a != b), PLACES) for one in said]


def rate(places: list[int], first: int, last: int) -> float:
    """Share of the steps from ``first`` to before ``last`` that are the first wrong one, of those that were reached."""
    return sum(first <= n < last for n in places) / sum(max(0, min(n + 1, last) - first) for n in places)


def test_errors_of_a_reply_of_several_steps_are_as_frequent_at_every_step() -> None:
    places = first_errors(Profile(p_error=0.05))
    assert rate(places, 0, 8) == pytest.approx(0.05, abs=0.008)
    assert rate(places, 16, 24) == pytest.approx(0.05, abs=0.012)


def test_the_error_rate_doubles_along_a_reply_if_it_is_told_to() -> None:
    places = first_errors(Profile(p_error=0.02, doubling_steps=8))
    assert rate(places, 0, 1) == pytest.approx(0.02, abs=0.01)
    assert rate(places, 16, 17) == pytest.approx(0.08, abs=0.03)
    growth = rate(places, 16, 24) / rate(places, 0, 8)
    assert growth == pytest.approx(4, rel=0.3)


def test_an_error_is_copied_to_later_steps_of_its_reply_if_it_is_told_to() -> None:
    """With every error copied, no move behind the first wrong one is what the strategy asks for."""
    task = Hanoi(disks=6)
    root = task.root()

    def right_after_error(profile: Profile) -> int:
        found = 0
        for said in lines(profile, 200):
            state, erred = task.begin(root.goal, root.inputs), False
            for one in said:
                known = answers(task.prompt(task.next_step(root.goal, state), "compact"))  # type: ignore[arg-type]
                found += erred and one in known.right
                erred = erred or one not in known.right
                state = task.advance(root.goal, state, one)
        return found

    assert right_after_error(Profile(p_error=0.1, p_copy=1.0)) == 0
    assert right_after_error(Profile(p_error=0.1)) > 500

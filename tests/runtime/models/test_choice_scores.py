"""Choices as the ends of prompts: read from the end, believed only where the tokens spell them."""

import asyncio
import math

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.choice_scores import Scored, can_be_compared, look_by_prompts, prompt_with, score_of
from surefoot.runtime.models.port import Position, Reply, Request
from surefoot.runtime.models.token_scores import MOST_PLACES, echoed_positions, prompt_positions

ASKED = Request(Prompt("Q: "), (0, 1), 0.7, 6, 3, raw=True, stop=(",", "\n"), choices=("yes", "no"), prefill="A: ")


def places(*tokens: tuple[str, float]) -> tuple[Position, ...]:
    return tuple(Position(token, ((token, score),)) for token, score in tokens)


def test_the_tokens_at_the_end_are_added_up_as_far_as_the_text_goes() -> None:
    said = places(("Q", -9.0), (": ", -8.0), ("ye", -1.0), ("s", -0.5), (",", -0.25))
    assert score_of(said, "yes,") == Scored(-1.75, 0, 3)
    assert score_of(said, ": yes,") == Scored(-9.75, 0, 4)
    assert score_of(places((": ye", -2.0), ("s,", -0.5)), "yes,") == Scored(-2.5, 2, 2)


@pytest.mark.parametrize(
    "said",
    [
        (), places(("es,", -1.0)), places(("no,", -1.0)), places(("y", -1.0), ("", 0.0), ("es,", -1.0)),
        (Position("yes,", ()),), (Position("yes,", (("yes,", -math.inf),)),), places(("yes", -1.0), (", ", -1.0)),
    ],
)  # fmt: skip
def test_what_does_not_spell_the_choice_says_nothing(said: tuple[Position, ...]) -> None:
    assert score_of(said, "yes,") is None


def test_few_choices_are_compared_of_which_none_begins_another_unless_something_ends_them() -> None:
    def compared(*choices: str, stop: tuple[str, ...] = ()) -> bool:
        return can_be_compared(msgspec.structs.replace(ASKED, choices=choices, stop=stop))

    assert compared("A", "B")
    assert compared("1", "10", stop=("\n",))
    for lacking in [("1", "10"), ("A",), (), ("A", "A"), ("A", ""), tuple("abcdefghi")]:
        assert not compared(*lacking)


def asked(said: dict[str, tuple[Position, ...]]) -> tuple[object, list[Request]]:
    seen: list[Request] = []

    async def ask(request: Request) -> Reply:
        seen.append(request)
        return Reply("", tokens_in=7, positions=said[request.prefill])

    return asyncio.run(look_by_prompts(ASKED, ask)), seen


def test_shares_follow_from_the_scores_of_prompts_that_end_with_each_choice() -> None:
    said = {"A: yes,": places(("yes", math.log(0.2)), (",", math.log(0.5)))}
    said |= {"A: no,": places(("no,", math.log(0.3)))}
    look, seen = asked(said)
    assert look is not None
    assert dict(look.answers) == {"no": pytest.approx(0.75), "yes": pytest.approx(0.25)}  # type: ignore[attr-defined]
    assert (look.answers[0][0], look.calls, look.tokens_in) == ("no", 2, 14)  # type: ignore[attr-defined]
    assert all(one.echoed and one.max_tokens == 1 and one.temperature == 0 and not one.stop for one in seen)
    assert prompt_with(ASKED, "no,") == seen[1]


def test_choices_that_begin_at_different_boundaries_between_tokens_are_not_compared() -> None:
    """The score of a token that holds a part of the prompt as well is not that of the choice alone."""
    assert asked({"A: yes,": places((" yes,", -1.0)), "A: no,": places((" ", -5.0), ("no,", -1.0))})[0] is None
    both = {"A: yes,": places((" yes,", -1.0)), "A: no,": places((" no,", -1.0))}
    assert asked(both)[0] is not None


def test_prompt_scores_of_vllm_are_read_from_the_end_and_hostile_ones_are_none() -> None:
    own = {"5": {"logprob": -0.5, "rank": 3, "decoded_token": "4"}, "9": {"logprob": -0.1, "decoded_token": "x"}}
    assert prompt_positions([None, own]) == places(("4", -0.5))
    assert len(prompt_positions([own] * 500)) == MOST_PLACES
    assert prompt_positions([own, {"5": {"decoded_token": "4", "logprob": "x"}}, own]) == places(("4", -0.5))
    for hostile in (None, 5, {}, "abc", [5], [{}], [[]], [{"5": 5}], [{"5": {"logprob": float("nan")}}]):
        assert prompt_positions(hostile) == ()


def test_echoed_scores_end_where_the_answer_begins() -> None:
    scores = {"tokens": ["Q", "4", ",", " 5"], "token_logprobs": [None, -1, -0.5, -9.0]}
    assert echoed_positions(scores, 1) == places(("4", -1.0), (",", -0.5))
    assert echoed_positions(scores, 9) == ()
    assert echoed_positions({**scores, "tokens": ["Q"]}, 0) == ()
    for hostile in (None, {}, {"tokens": 5, "token_logprobs": 5}, {"tokens": [5], "token_logprobs": [True]}):
        assert echoed_positions(hostile, 0) == ()

"""Weights on this machine: what llama.cpp is asked, how what it says is read, and a tiny model of random weights."""

import asyncio
import pathlib
import subprocess
import sys
import types
from typing import Any

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime import api
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.models.capabilities import WAYS, Capability
from surefoot.runtime.models.choices import grammar_of
from surefoot.runtime.models.gguf import SCORED, SLOTS, GgufModel, body_of, scoring_body_of
from surefoot.runtime.models.port import Example, Likelihood, Look, Request, Stop

MAKE = pathlib.Path(__file__).parents[2] / "servers" / "make_gguf.py"
RAW = Request(Prompt("1, 2, "), (0, 1, 2), 1.0, 6, 0, raw=True, stop=(",",))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A GGUF file of random weights."""
    pytest.importorskip("xllamacpp")
    pytest.importorskip("gguf")
    path = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    subprocess.run([sys.executable, str(MAKE), str(path)], check=True)
    return path


def answers(model: GgufModel, request: Request) -> list[Any]:
    async def ask() -> list[Any]:
        try:
            return list(await model.ask(request))
        finally:
            await model.close()

    return asyncio.run(ask())


class Server:
    """Stands in for llama.cpp: says what the test wants, and keeps what it was asked."""

    says: Any = None
    asked: tuple[str, Any] = ("", None)

    def __init__(self, chosen: Any) -> None:
        self.chosen = chosen

    def handle_completions(self, body: Any) -> Any:
        Server.asked = ("raw", body)
        return Server.says

    def handle_chat_completions(self, body: Any) -> Any:
        Server.asked = ("chat", body)
        return Server.says


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> GgufModel:
    """A model behind the stand-in."""
    params = lambda: types.SimpleNamespace(  # noqa: E731
        model=types.SimpleNamespace(), cpuparams=types.SimpleNamespace(), cpuparams_batch=types.SimpleNamespace()
    )
    monkeypatch.setitem(sys.modules, "xllamacpp", types.SimpleNamespace(CommonParams=params, Server=Server))  # type: ignore[arg-type]
    return GgufModel(pathlib.Path("none.gguf"), "gguf:none.gguf", "micro")


def said(*texts: str, ended: str = "stop", tokens: int = 6) -> dict[str, Any]:
    choices = [{"text": text, "index": i, "finish_reason": ended} for i, text in enumerate(texts)]
    return {"choices": choices, "usage": {"completion_tokens": tokens, "prompt_tokens": 9}, "more": None}


def test_raw_text_is_sent_as_it_is_with_no_sampler_but_those_asked_for(recorded: GgufModel) -> None:
    Server.says = said("3", "4,5", "6")
    replies = answers(recorded, RAW)
    assert [reply.text for reply in replies] == ["3", "4", "6"]
    assert [reply.tokens_in for reply in replies] == [9, 0, 0]
    assert all(reply.stop is Stop.END and reply.tokens_out == 2 for reply in replies)
    form, body = Server.asked
    assert form == "raw"
    assert (body["prompt"], body["n"], body["stop"], body["temperature"]) == ("1, 2, ", 3, [","], 1.0)
    assert (body["top_k"], body["min_p"], body["top_p"]) == (0, 0.0, 1.0)


@pytest.mark.parametrize(("cached", "believed"), [(0, 0), (8, 8), (9, 9), (10, 0), (-1, 0), (10**30, 0)])
def test_what_was_kept_of_a_prompt_is_counted_once_and_never_more_than_was_sent(
    recorded: GgufModel, cached: int, believed: int
) -> None:
    answer = said("3", "4,5", "6")
    answer["usage"]["prompt_tokens_details"] = {"cached_tokens": cached}
    Server.says = answer
    assert [reply.tokens_cached for reply in answers(recorded, RAW)] == [believed, 0, 0]


def test_a_prompt_that_begins_like_the_one_before_is_not_paid_again(tiny: pathlib.Path) -> None:
    model, begin = GgufModel(tiny, "gguf:tiny", "micro"), "1, 2, 3, " * 20

    async def ask() -> list[Any]:
        try:
            asked = (Request(Prompt(begin + end, raw=True), (0,), 1.0, 2, 0, raw=True) for end in ("4", "5", "5"))
            return [reply for one in asked for reply in await model.ask(one)]
        finally:
            await model.close()

    first, *others = asyncio.run(ask())
    assert first.tokens_cached == 0
    assert all(0.8 * one.tokens_in < one.tokens_cached < one.tokens_in for one in others)


def test_a_question_is_sent_in_turns() -> None:
    request = Request(
        Prompt("Q", "S"), (0,), 0.0, 6, 0, examples=(Example("a", "b"),), prefill="P", choices=('"', "y"), top_p=0.5
    )
    body = body_of(request)
    roles = [(turn["role"], turn["content"]) for turn in body["messages"]]
    assert roles == [("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "Q"), ("assistant", "P")]
    assert body["grammar"] == 'root ::= "\\"" | "y"' == grammar_of(('"', "y"))
    schema = body_of(msgspec.structs.replace(request, choices=(), schema={"type": "object"}))
    assert schema["response_format"]["json_schema"] == {"schema": {"type": "object"}}
    assert "grammar" not in schema


def test_other_draws_have_other_seeds() -> None:
    seeds = {
        body_of(msgspec.structs.replace(RAW, draws=(draw,), seed=seed))["seed"] for draw in range(9) for seed in (0, 1)
    }
    assert len(seeds) == 18


def test_a_reply_that_the_limit_cut_off_is_overlong(recorded: GgufModel) -> None:
    Server.says = said("3", "4", "6", ended="length", tokens=18)
    assert all(reply.stop is Stop.LENGTH and reply.tokens_out == 6 for reply in answers(recorded, RAW))


@pytest.mark.parametrize(
    "answer",
    [None, [], "x", {}, said("1"), said("1", "2", "3", "4"), {"choices": [{"text": 5}] * 3}, {"choices": None},
     {"choices": [{"text": "a", "finish_reason": "magic"}] * 3}, {"error": {"code": 500, "message": "\x1b[2J"}}],
)  # fmt: skip
def test_what_it_says_is_not_believed(recorded: GgufModel, answer: Any) -> None:
    Server.says = answer
    with pytest.raises(ModelUnavailable, match=r"^gguf:none\.gguf: llama\.cpp") as found:
        answers(recorded, RAW)
    assert "\x1b" not in str(found.value)


def test_a_prompt_that_does_not_fit_is_that_questions_failure(recorded: GgufModel) -> None:
    Server.says = {"error": {"code": 400, "message": "the request exceeds the available context size"}}
    with pytest.raises(QuestionRefused, match="context size"):
        answers(recorded, RAW)


def test_every_capability_is_served_in_a_named_way(recorded: GgufModel) -> None:
    assert all(recorded.how(one) in WAYS[one] for one in Capability)


def test_random_weights_answer_in_the_form_asked_for(tiny: pathlib.Path) -> None:
    model = GgufModel(tiny, "gguf:tiny", "micro")
    draws = tuple(range(SLOTS + 3))
    replies = answers(model, msgspec.structs.replace(RAW, draws=draws))
    assert len(replies) == len(draws)
    assert len({reply.text for reply in replies}) > 1
    assert all("," not in reply.text for reply in replies)
    held = answers(GgufModel(tiny, "t", "micro"), msgspec.structs.replace(RAW, choices=("A", "B"), max_tokens=8))
    assert {reply.text for reply in held} <= {"A", "B"}
    same = [answers(GgufModel(tiny, "t", "micro"), RAW) for _ in range(2)]
    assert [reply.text for reply in same[0]] == [reply.text for reply in same[1]]


@pytest.mark.parametrize("options", [{"k": 1}, {"k": 3}, {"k": 1, "red_flags": "none"}])
def test_random_weights_move_no_tower(tiny: pathlib.Path, tmp_path: pathlib.Path, options: dict[str, Any]) -> None:
    """The proof that the model matters: the code finishes nothing on its own."""
    ended = api.run(
        "hanoi", f"gguf:{tiny}", disks=2, run_dir=tmp_path / "run", temperature=1.0, max_ballots=8, address="none",
        **options,
    )  # fmt: skip
    assert ended.status == "failed"


def scored(*places: dict[str, float]) -> dict[str, Any]:
    """What llama.cpp says with scores; the first token of each place is the one that stands there."""
    content = [
        {"token": next(iter(place)), "top_logprobs": [{"token": t, "logprob": p} for t, p in place.items()]}
        for place in places
    ]
    return {"choices": [{"text": "", "finish_reason": "stop", "logprobs": {"content": content}}], "usage": {}}


def looked(model: GgufModel, request: Request) -> Look:
    async def look() -> Look:
        try:
            return await model.look(request)
        finally:
            await model.close()

    return asyncio.run(look())


def test_a_look_is_one_greedy_call_with_scores_and_no_stop(recorded: GgufModel) -> None:
    Server.says = scored({"2": -0.01, "3": -5.0}, {"3": -0.02, "4": -4.5}, {", ": -0.01, ",": -5.0})
    look = looked(recorded, msgspec.structs.replace(RAW, stop=(",",)))
    assert look.answers[0] == ("23", pytest.approx(0.967, abs=0.01))
    form, body = Server.asked
    assert form == "raw"
    assert (body["temperature"], body["stop"], body["n"], body["logprobs"]) == (0.0, [], 1, SCORED)
    asked = scoring_body_of(Request(Prompt("Q"), (0, 1), 0.7, 2, 0, choices=("a", "b")))
    assert (asked["logprobs"], asked["top_logprobs"], asked["max_tokens"]) == (True, SCORED, 2)
    assert "grammar" not in asked


@pytest.mark.parametrize(
    "answer", [None, {"choices": []}, {"choices": [{"logprobs": {"content": [{"token": 5}]}}]}, {"choices": 5}]
)
def test_scores_that_are_none_are_a_failure(recorded: GgufModel, answer: Any) -> None:
    Server.says = answer
    with pytest.raises(ModelUnavailable, match=r"^gguf:none\.gguf: llama\.cpp"):
        looked(recorded, RAW)


@pytest.mark.parametrize("none", [scored(), said("1")])
def test_a_character_that_is_half_said_leaves_the_look_open(recorded: GgufModel, none: Any) -> None:
    Server.says = none
    assert looked(recorded, RAW).answers == ()


def test_random_weights_have_a_distribution_and_know_nothing(tiny: pathlib.Path) -> None:
    look = looked(GgufModel(tiny, "t", "micro"), msgspec.structs.replace(RAW, choices=("A", "B")))
    assert sum(share for _, share in look.answers) + look.unread == pytest.approx(1, abs=0.01)
    assert all(share < 0.2 for _, share in look.answers)


def test_a_given_text_is_all_that_may_be_generated_in_its_own_tokens(recorded: GgufModel) -> None:
    """The scores are those of the text's tokens, each given what stands before; a character may be two of them."""
    token = {"token": "?", "logprob": -0.5, "top_logprobs": [{"token": "x", "logprob": -0.1}]}
    content = [{**token, "bytes": [*part]} for part in (b" caf", b"\xc3", b"\xa9")] + [{"token": "", "logprob": -9}]
    Server.says = {
        "choices": [{"text": " caf\u00e9", "finish_reason": "stop", "logprobs": {"content": content}}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 7}},
    }
    found = score_of(recorded, RAW, " caf\u00e9")
    assert found == Likelihood(-1.5, 3, 1, 30, 4, 0.0, 7)
    form, body = Server.asked
    assert (form, body["grammar"], body["logit_bias"]) == ("raw", 'root ::= " caf\u00e9"', [[" caf\u00e9", 1000.0]])
    assert (body["temperature"], body["n"], body["stop"]) == (0.0, 1, [])


@pytest.mark.parametrize("text", ["", " cafe", " caf\u00e9 more"])
def test_a_text_that_was_not_spelled_has_no_score(recorded: GgufModel, text: str) -> None:
    content = [{"token": " caf", "logprob": -0.5, "bytes": [*" caf\u00e9".encode()]}]
    for scores in ({"content": content}, {"content": None}, None):
        Server.says = {"choices": [{"text": "", "finish_reason": "length", "logprobs": scores}]}
        with pytest.raises(ModelRejected, match="does not say how likely"):
            score_of(recorded, RAW, text)
    Server.says = {"choices": [{"logprobs": {"content": [{"token": "x", "bytes": [300]}]}}]}
    with pytest.raises(ModelUnavailable):
        score_of(recorded, RAW, text)


def test_a_score_is_what_the_model_itself_says_of_a_letter_it_likes(tiny: pathlib.Path) -> None:
    """What grammar and bias force is scored as it was before them: as the look at that place says."""
    model = GgufModel(tiny, "gguf:tiny", "micro")

    async def both() -> tuple[float, float]:
        try:
            asked = msgspec.structs.replace(RAW, draws=(0,), stop=())
            [position, *_] = (await asyncio.to_thread(model._continued, asked)).positions
            # The likeliest token of random weights may be half a character, which no text spells.
            letter, known = next(pair for pair in position.likeliest if pair[0].isascii() and pair[0].isprintable())
            return known, (await model.score(asked, letter)).logarithm
        finally:
            await model.close()

    known, logarithm = asyncio.run(both())
    assert logarithm == pytest.approx(known, abs=1e-3)


def score_of(model: GgufModel, request: Request, text: str) -> Likelihood:
    async def score() -> Likelihood:
        return await model.score(request, text)

    return asyncio.run(score())


def test_random_weights_move_no_tower_by_looks(tiny: pathlib.Path, tmp_path: pathlib.Path) -> None:
    ended = api.run(
        "hanoi", f"gguf:{tiny}", disks=2, run_dir=tmp_path / "run", rule="looks", k=1, address="none", red_flags="none"
    )
    assert ended.status == "failed", ended.standing.message


@pytest.mark.parametrize("rule", ["looks", "first-to-ahead-by"])
@pytest.mark.parametrize(
    ("task", "options"), [("digit-hanoi", {}), ("graph", {"graph": "n7tree", "start": 4, "goal": 7})]
)
def test_random_weights_carry_no_module_that_is_cut_into_facts(
    tiny: pathlib.Path, tmp_path: pathlib.Path, task: str, options: dict[str, Any], rule: str
) -> None:
    ended = api.run(
        task, f"gguf:{tiny}", run_dir=tmp_path / "run", rule=rule, k=1, max_ballots=8, temperature=1.0, address="none",
        **options,
    )  # fmt: skip
    assert ended.status == "failed", ended.standing.message


def test_a_pilot_of_random_weights_says_so(tiny: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="0 of 60 answers of the pilot were readable"):
        api.run("hanoi", f"gguf:{tiny}", disks=2, run_dir=tmp_path / "run", temperature=1.0, address="none")


def test_the_same_run_with_answers_that_are_right(tmp_path: pathlib.Path) -> None:
    ended = api.run("hanoi", "simulated", dialect="micro", disks=4, run_dir=tmp_path / "run", k=1, address="none")
    assert ended.status == "solved"
    assert [list(move) for move in ended.output][:2] == [[1, 0, 1], [2, 0, 2]]


def test_a_file_that_is_broken(tiny: pathlib.Path, tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny.read_bytes()[:5000])
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        answers(GgufModel(broken, "gguf:broken", "micro"), RAW)

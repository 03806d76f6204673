"""What servers cannot do is found out by the first request, done in the next best way, and named."""

from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.bundled import BundledModel
from surefoot.runtime.models.capabilities import WAYS, WORST, Capability, Negotiation, lowered, refuses_temperature
from surefoot.runtime.models.choices import strayed
from surefoot.runtime.models.port import Example, Reply, Request, Stop
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client, answer_to

RICH: dict[str, Any] = {
    "examples": (Example("1, 2,", " 3"), Example("4, 5,", " 6")),
    "prefill": "The next is",
    "stop": ("\n", ";"),
    "top_p": 0.5,
}


def rich(**changes: Any) -> Request:
    return msgspec.structs.replace(request_of(system="Count."), **{**RICH, **changes})


async def test_everything_that_a_request_can_say_is_sent(make: Make, server: Client) -> None:
    model = make()
    await model.ask(rich())
    (body,) = server.stats()["seen"]
    assert body["messages"] == [
        {"role": "system", "content": "Count."},
        {"role": "user", "content": "1, 2,"},
        {"role": "assistant", "content": " 3"},
        {"role": "user", "content": "4, 5,"},
        {"role": "assistant", "content": " 6"},
        {"role": "user", "content": "Where to?"},
        {"role": "assistant", "content": "The next is"},
    ]
    assert body["stop"] == ["\n", ";"]
    assert body["top_p"] == 0.5
    assert {model.how(one) for one in (Capability.SEED, Capability.STOP, Capability.TOP_P)} == {"server"}


@pytest.mark.parametrize(
    ("capability", "parameter", "line"),
    [
        (Capability.SEED, "seed", "no seed"),
        (Capability.TOP_P, "top_p", "no top_p"),
        (Capability.STOP, "stop", "no stop"),
    ],
)
async def test_a_parameter_that_a_server_does_not_know_is_left_out_from_then_on(
    make: Make, server: Client, capability: Capability, parameter: str, line: str
) -> None:
    said: list[str] = []
    model = make(on_wait=said.append)
    server.script("always_without:" + parameter)
    assert (await model.ask(rich()))[0].failed_calls == 1
    assert (await model.ask(rich()))[0].failed_calls == 0
    assert [parameter in body for body in server.stats()["seen"]] == [True, False, False]
    assert model.how(capability) == WORST[capability]
    assert [line in one for one in said] == [True]
    others = {Capability.SEED, Capability.TOP_P, Capability.STOP} - {capability}
    assert {model.how(one) for one in others} == {"server"}


async def test_turns_of_an_assistant_are_written_into_the_question_where_they_are_refused(
    make: Make, server: Client
) -> None:
    model = make()
    server.script("always_without:assistant")
    await model.ask(rich())  # which of the two was refused is sure only when one of them was tried alone
    await model.ask(rich())
    server.script("always_without:assistant")
    assert (await model.ask(rich()))[0].failed_calls == 0
    user = server.stats()["seen"][-1]["messages"][-1]
    assert user["role"] == "user"
    assert user["content"].startswith("1, 2,\n 3\n\n4, 5,")
    assert user["content"].endswith("Begin your answer with: The next is")
    assert model.how(Capability.EXAMPLES) == "in the question"
    assert model.how(Capability.PREFILL) == "asked for in words"


async def test_a_prefill_that_is_repeated_and_what_follows_a_stop_are_no_part_of_the_text(
    make: Make, server: Client
) -> None:
    server.script("text:The next is 7; I think")
    assert (await make().ask(rich()))[0].text == " 7"
    server.script("text: 7; I think")
    assert (await make().ask(rich()))[0].text == " 7"


async def test_raw_text_is_sent_as_a_question_and_that_is_named(make: Make, server: Client) -> None:
    model = make()
    (reply,) = await model.ask(msgspec.structs.replace(request_of(), raw=True))
    assert (reply.text, model.how(Capability.RAW)) == (answer_to("Where to?"), "sent as a question")


CHOICES: dict[str, Any] = {"choices": ("Yes", "No")}


async def test_a_server_that_holds_answers_to_choices_is_told_of_them_in_every_way_there_is(
    make: Make, server: Client
) -> None:
    """vLLM's two names and llama.cpp's; each such server leaves the other names alone."""
    model = make()
    server.script("text:Yes")
    assert (await model.ask(msgspec.structs.replace(request_of(), **CHOICES)))[0].text == "Yes"
    (body,) = server.stats()["seen"]
    assert body["structured_outputs"] == {"choice": ["Yes", "No"]}
    assert body["guided_choice"] == ["Yes", "No"]
    assert body["grammar"] == 'root ::= "Yes" | "No"'
    assert model.how(Capability.CHOICES) == "grammar"


async def test_a_server_that_refuses_choices_is_read_as_free_text(make: Make, server: Client) -> None:
    said: list[str] = []
    model = make(on_wait=said.append)
    server.script("always_without:guided_choice")
    replies = [(await model.ask(msgspec.structs.replace(request_of(), **CHOICES)))[0] for _ in range(2)]
    assert [reply.failed_calls for reply in replies] == [1, 0]
    assert ["grammar" in body for body in server.stats()["seen"]] == [True, False, False]
    assert model.how(Capability.CHOICES) == "parsing"
    assert ["no choices" in line for line in said] == [True]


async def test_a_server_that_ignores_choices_is_found_out_by_what_it_says(make: Make, server: Client) -> None:
    said: list[str] = []
    model = make(on_wait=said.append)
    for _ in range(2):
        await model.ask(msgspec.structs.replace(request_of(), **CHOICES))
    assert ["grammar" in body for body in server.stats()["seen"]] == [True, False]
    assert model.how(Capability.CHOICES) == "parsing"
    assert said == [f"{model.name}: its server does not hold answers to choices; replies are read as free text"]


def test_a_cut_reply_says_nothing_of_choices() -> None:
    assert not strayed([Reply("Ye", Stop.LENGTH), Reply("Yes")], ("Yes", "No"))
    assert strayed([Reply("yes")], ("Yes", "No"))


async def test_a_request_that_is_wrong_in_itself_changes_nothing(make: Make, server: Client) -> None:
    model = make()
    server.script("always_without:nothing")
    with pytest.raises(ModelRejected, match="top_q"):
        await model.ask(rich())
    server.script()
    await model.ask(rich())
    assert {"seed", "top_p", "stop"} <= set(server.stats()["seen"][0])


async def test_a_model_that_knows_only_prompts_says_so() -> None:
    model = BundledModel()
    assert {one: model.how(one) for one in Capability} == dict(WORST)
    with pytest.raises(ModelRejected, match="takes no example turns"):
        await model.ask(rich())
    await model.close()


def test_every_capability_ends_in_a_way_that_needs_nothing_from_the_server() -> None:
    assert set(WAYS) == set(Capability)
    negotiation = Negotiation()
    for one in Capability:
        forms: dict[Capability, int] = dict(negotiation.forms)
        for _ in range(len(WAYS[one]) - 1):
            assert negotiation.unsure([one], forms) == [one]
            forms = lowered(forms, one)
        assert negotiation.unsure([one], forms) == []


SAYS_OPENAI = (
    "Unsupported value: 'temperature' does not support 0.25 with this model. Only the default (1) is supported."
)


@pytest.mark.parametrize(
    "message",
    [
        SAYS_OPENAI,
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "`temperature` is deprecated for this model.",
        "`temperature` may only be set to 1 when thinking is enabled.",
        "invalid temperature: only 1 is allowed for this model",
    ],
)
def test_a_refused_temperature_is_known_by_its_words_and_no_form_is_blamed(message: str) -> None:
    assert refuses_temperature(message)
    every = [one for one in Capability if one is not Capability.TEMPERATURE]
    assert Negotiation().blamed(every, dict.fromkeys(WAYS, 0), message) is None
    assert Negotiation().blamed([Capability.TEMPERATURE], dict.fromkeys(WAYS, 0), message) is Capability.TEMPERATURE


@pytest.mark.parametrize(
    "message", ["Unrecognized parameter: seed. There are temperature and stop", "seed: unknown", ""]
)
def test_another_parameter_is_blamed_though_temperature_is_spoken_of(message: str) -> None:
    blamed = Negotiation().blamed([Capability.SEED], dict.fromkeys(WAYS, 0), message)
    assert blamed is (Capability.SEED if message else None)


async def test_a_refused_temperature_is_found_out_with_one_request_and_the_way_round_is_said(
    make: Make, server: Client
) -> None:
    server.script("always_without:temperature")
    with pytest.raises(ModelRejected, match=r"; it was asked at 0\.25: --temperature 1 is what such models take$"):
        await make().ask(msgspec.structs.replace(request_of(draws=3), schema={"type": "object"}))
    assert server.calls() == 1


async def test_at_temperature_1_it_is_left_out_where_it_is_refused(make: Make, server: Client) -> None:
    server.script("always_without:temperature")
    said: list[str] = []
    model, heated = make(on_fact=said.append), msgspec.structs.replace(request_of(), temperature=1.0)
    assert [(await model.ask(heated))[0].failed_calls for _ in range(2)] == [1, 0]
    assert ["temperature" in body for body in server.stats()["seen"]] == [True, False, False]
    assert said == ["openai/small: its server takes no temperature; it draws at its own, which is 1 with OpenAI's"]

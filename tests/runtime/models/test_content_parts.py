"""A reply whose content is a list of parts is read as the text that it is; other forms are one line, and no outage."""

import json
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models import litellm_transport
from surefoot.runtime.models.content_parts import UnreadableContent, flatten
from surefoot.runtime.models.odd_bodies import tidied
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client


def text(said: Any) -> dict[str, Any]:
    return {"type": "text", "text": said}


PICTURE = {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "text": "no text"}}
THOUGHTS = {"type": "thinking", "thinking": [text("hm"), PICTURE, "odd", text(" so")]}


def body(content: Any, **message: Any) -> bytes:
    return json.dumps({"id": "1", "choices": [{"message": {"content": content, **message}}]}).encode()


def message_of(content: Any, **message: Any) -> Any:
    return json.loads(tidied(body(content, **message)))["choices"][0]["message"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([text("7")], {"content": "7"}),
        ([text("one "), text("two")], {"content": "one two"}),
        ([text("7"), PICTURE], {"content": "7"}),
        ([PICTURE], {"content": ""}),
        ([], {"content": ""}),
        ([{"type": "thinking", "thinking": "hm"}, text("7")], {"content": "7", "reasoning_content": "hm"}),
        ([THOUGHTS, text("7")], {"content": "7", "reasoning_content": "hm so"}),
        ([{"type": "refusal", "refusal": "I cannot"}], {"content": "", "refusal": "I cannot"}),
    ],
)
def test_parts_become_the_fields_that_they_are(parts: Any, said: dict[str, str]) -> None:
    assert message_of(parts) == said


def test_a_field_that_the_server_gives_itself_stands() -> None:
    assert message_of([THOUGHTS], reasoning_content="its own")["reasoning_content"] == "its own"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (5, "its content is a number"),
        (text("7"), "its content is an object"),
        (True, "its content is true or false"),
        (["7"], "one part of its content has no type"),
        ([{"text": "7"}], "one part of its content has no type"),
        ([{"type": ["text"], "text": "7"}], "one part of its content has no type"),
        ([text(7)], "the text of one part of its content is no text"),
        ([text(None)], "the text of one part of its content is no text"),
        ([{"type": "thinking", "thinking": 1}], "the thinking of one part of its content is no text"),
    ],
)
def test_other_forms_are_refused_in_one_line(content: Any, line: str) -> None:
    with pytest.raises(UnreadableContent, match=f"its reply cannot be read: {line}, where a text or a list of parts"):
        tidied(body(content))


@pytest.mark.parametrize(
    "untouched",
    [
        body("7"),
        body(None),
        body('a text that holds "content": [1]'),
        b'{"content": [{"type": "text", "text": "of another protocol"}]}',
        b'{"choices": {"message": {"content": []}}}',
        b'{"choices": [7, {"message": 5}], "content": []}',
        b'"content": [no JSON',
    ],
)
def test_other_bodies_are_left_to_the_byte(untouched: bytes) -> None:
    assert tidied(untouched) is untouched


def test_of_several_choices_each_is_read() -> None:
    completion = {"choices": [{"message": {"content": [text("a")]}}, {"message": {"content": "b"}}]}
    assert flatten(completion)
    assert [choice["message"]["content"] for choice in completion["choices"]] == ["a", "b"]
    assert not flatten(completion)


@pytest.mark.parametrize("name", ["openai/small", "hosted_vllm/small"])
async def test_a_server_that_answers_in_parts_is_no_outage(make: Make, server: Client, name: str) -> None:
    server.script("content:" + json.dumps([THOUGHTS, text("answer "), text("7")]))
    (reply,) = await make(name, patience_s=0).ask(request_of())
    assert (reply.text, reply.failed_calls, reply.tokens_out) == ("answer 7", 0, 7)
    assert 0 < reply.tokens_reasoning < 7, "what was thought is not measured against the limit"


async def test_placebo_without_it_such_a_server_looks_as_if_it_were_down(
    make: Make, server: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm_transport, "tidied", lambda content: content)
    server.script("content:" + json.dumps([text("answer 7")]))
    with pytest.raises(ModelUnavailable):
        await make(patience_s=0).ask(request_of())


async def test_a_content_of_no_form_is_a_failed_call_that_says_so(make: Make, server: Client) -> None:
    server.script("content:5")
    lines: list[str] = []
    (reply,) = await make(on_wait=lines.append).ask(request_of())
    assert reply.failed_calls == 1
    assert "its reply cannot be read: its content is a number" in lines[0]


def test_what_stands_beside_the_parts_is_kept() -> None:
    whole = msgspec.json.decode(body([text("7")], role="assistant"))
    whole["usage"] = {"prompt_tokens": 2**70, "completion_tokens": 1}
    read = msgspec.json.decode(tidied(msgspec.json.encode(whole)))
    assert (read["usage"], read["choices"][0]["message"]["role"]) == (whole["usage"], "assistant")

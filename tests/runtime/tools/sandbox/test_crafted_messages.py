"""What a cell writes to the channel of its sandbox past our own code inside: read as data, or not at all."""

import json
import pickle

import pytest

from surefoot.runtime.tools.sandbox import cells


def _ended(**more: object) -> bytes:
    return json.dumps({"ended": {"value": 1, "is_value": True, "shown": "", "printed_from": 0}, **more}).encode()


CRAFTED = {
    "nothing": b"",
    "a pickle": pickle.dumps({"ended": 1}),
    "a pickle that would run code": b"cos\nsystem\n(S'id'\ntR.",
    "two messages in one": _ended(asks=[1]),
    "an end that is an error as well": _ended(error={"place": "", "line": 1, "type": "E", "text": ""}),
    "half of a letter": b'{"ended":{"value":"\\ud800","is_value":true,"shown":"","printed_from":0}}',
    "bytes that are no text": b'{"ended":{"value":"\xff","is_value":true,"shown":"","printed_from":0}}',
    "another type": b'{"ended":{"value":1,"is_value":"yes","shown":"","printed_from":0}}',
    "a number without end": b'{"asks":[' + b"9" * 5000 + b"]}",
    "a number that is none": b'{"asks":[NaN]}',
    "lists without end": b'{"asks":' + b"[" * 100_000,
    "not an object": b"[1]",
    "two objects": _ended() + _ended(),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_line_on_the_channel_is_no_message(name: str) -> None:
    """Nothing in it is executed, and nothing of it is believed."""
    assert cells._read(CRAFTED[name]) is None
    assert cells._read(_ended()) is not None

"""Replies as JSON objects, for servers that can hold a model to a schema.

A task says what a reply to a step names (``Task.reply_schema``); its parser reads lines ``name = value``. An object
that names the same things is turned into such lines, a list of texts into one for each, so that both forms are read,
and judged, by one parser.
"""

import json
from typing import Any

import msgspec

from surefoot.decompose.step import Prompt

ASK = """\
Where lines of the form "name = value" are asked for, answer with one JSON object instead; its keys are these names. \
What you have to explain goes first, under the key "explanation"; null if there is nothing."""


def schema_of(names: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON schema for an explanation followed by named values, each with a schema of its own.

    The explanation may be null. A small model that had to write one filled it with words until the limit. The key
    itself is required, since strict servers take no optional ones.
    """
    properties = {"explanation": {"type": ["string", "null"]}, **names}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def response_formats(schema: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the ways in which servers take a schema: OpenAI's, then that of llama.cpp's Python server."""
    named = {"name": "answer", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": named}, {"type": "json_object", "schema": schema}


def asking_for_json(prompt: Prompt) -> Prompt:
    """Add to a prompt that a JSON object is wanted; the system message stays the same from step to step."""
    return msgspec.structs.replace(prompt, system=f"{prompt.system}\n\n{ASK}")


def as_lines(text: str) -> str:
    """Turn a JSON object into lines ``name = value``; leave any other text as it is."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(said, dict):
        return text
    lines = [(name, text) for name, value in said.items() if name != "explanation" for text in _plain(value)]
    return "\n".join(f"{name} = {text}" for name, text in lines)


def _plain(value: Any) -> list[str]:
    """A value as the texts of its lines."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return value
    return [value if isinstance(value, str) else json.dumps(value)]

"""Makes plain text of a reply's content that is a list of parts, as some OpenAI-compatible servers send it.

``"content": [{"type": "text", "text": "..."}]`` stands in the protocol for what is asked, and servers answer in the
same form. LiteLLM refuses such a reply, so that a server which answers looks as if it did not. It is rewritten before
LiteLLM sees it: the texts are joined, thoughts and refusals go where this protocol has fields for them, and parts of
other kinds (pictures, sound) say nothing that can be read, so that a reply of those alone is an empty one.
"""

from typing import Any, Final

_FIELDS: Final = {"text": "content", "thinking": "reasoning_content", "refusal": "refusal"}
"""Kinds of parts that are read, each from its key of the same name, and the field of a message where they go."""

_NAMES: Final = {dict: "an object", bool: "true or false"}


class UnreadableContent(ValueError):
    """A server answered with a content that is neither a text nor a list of parts."""

    def __init__(self, what: str) -> None:
        super().__init__(f"its reply cannot be read: {what}, where a text or a list of parts belongs")


def flatten(completion: Any) -> bool:
    """Make plain text of the contents of a completion's messages, in place; return whether there was anything to do.

    Raises:
        UnreadableContent: A content is neither a text nor a list of parts.
    """
    choices = completion.get("choices") if isinstance(completion, dict) else None
    messages = [one.get("message") for one in choices if isinstance(one, dict)] if isinstance(choices, list) else []
    changed = False
    for message in messages:
        if isinstance(message, dict) and not isinstance(message.get("content"), str | None):
            _flatten_one(message)
            changed = True
    return changed


def _flatten_one(message: dict[str, Any]) -> None:
    content = message["content"]
    if not isinstance(content, list):
        raise UnreadableContent(f"its content is {_NAMES.get(type(content), 'a number')}")
    said: dict[str, list[str]] = {field: [] for field in _FIELDS.values()}
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise UnreadableContent("one part of its content has no type")
        kind = part["type"]
        if kind in _FIELDS:
            said[_FIELDS[kind]].append(_text_of(part.get(kind), kind))
    message["content"] = "".join(said.pop("content"))
    for field, texts in said.items():
        if texts and not message.get(field):
            message[field] = "".join(texts)


def _text_of(value: Any, kind: str) -> str:
    """The text of a part; of a thought, which may be a list of parts itself, that of its parts."""
    if isinstance(value, str):
        return value
    if kind == "thinking" and isinstance(value, list):
        return "".join(one["text"] for one in value if isinstance(one, dict) and isinstance(one.get("text"), str))
    raise UnreadableContent(f"the {kind} of one part of its content is no text")

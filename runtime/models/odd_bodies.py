"""Puts a server's completion into the form that LiteLLM reads, where what is odd about it does not matter.

LiteLLM refuses a whole reply for a role it does not know, or for a number of tokens that is none. The reply was paid,
and what it says can be read. So what matters to nobody is put right, and an account that cannot be true is left out: it
counts as not given then, and what was reserved for the call is not given back.
"""

from typing import Any, Final

import msgspec

from surefoot.runtime.models.content_parts import flatten
from surefoot.runtime.unreadable import UNREADABLE

_ROLES: Final = frozenset({"assistant", "user", "system", "tool", "function"})
"""Roles that LiteLLM knows."""
_NEEDED: Final = ("prompt_tokens", "completion_tokens")
"""Numbers without which nobody can say what a call has cost."""


def tidied(body: bytes) -> bytes:
    """Return the JSON of a completion with plain texts, known roles and whole numbers; other bodies as they are.

    Raises:
        UnreadableContent: A content is neither a text nor a list of parts.
    """
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:  # whoever reads it says so
        return body
    if not isinstance(found, dict) or not isinstance(found.get("choices"), list):
        return body
    choices = [one for one in found["choices"] if isinstance(one, dict)]
    changed = [flatten(found), _account(found), *map(_words, choices)]
    return msgspec.json.encode(found) if any(changed) else body


def _words(choice: dict[str, Any]) -> bool:
    """Put right who speaks and why the reply ended; whether there was anything to do."""
    message, changed = choice.get("message"), False
    if isinstance(message, dict) and message.get("role") not in (None, *_ROLES):
        message["role"], changed = "assistant", True
    if not isinstance(choice.get("finish_reason"), str | None):
        choice["finish_reason"], changed = None, True
    return changed


def _account(completion: dict[str, Any]) -> bool:
    """Leave out numbers of tokens that are none; whether there was anything to do."""
    usage = completion.get("usage")
    if usage is None:
        return False
    if not isinstance(usage, dict) or any(_whole(usage.get(name)) is None for name in _NEEDED):
        completion["usage"] = None
        return True
    changed = [_numbers(part) for part in (usage, *_details(usage))]  # each of them, and not up to the first
    return any(changed)


def _details(usage: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for name, part in usage.items() if name.endswith("_tokens_details") and isinstance(part, dict)]


def _numbers(part: dict[str, Any]) -> bool:
    """Make whole numbers of tokens whole, and leave out those that are none."""
    changed = False
    for name in [name for name in part if name.endswith("_tokens")]:
        value = _whole(part[name])
        if value is None or value != part[name] or type(value) is not type(part[name]):
            changed = True
            if value is None:
                del part[name]
            else:
                part[name] = value
    return changed


def _whole(value: Any) -> int | None:
    """A whole number as such, also one that is written as 7.0 or "7"; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else None

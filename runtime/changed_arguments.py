"""What a method was given, before and after it was called: a method that changes it breaks what is built on it.

A state that is changed in place makes a second call with the same state say something else, and every state that was
kept before is changed with it. Values are compared as the journal would keep them; what cannot be kept is copied.
"""

import copy
import functools
import inspect
from typing import Any, NamedTuple

import msgspec


def _attributes(value: Any) -> dict[str, Any]:
    """What an object of a plain class holds that counts: neither private attributes nor what is worked out once.

    Raises:
        NotImplementedError: The class says itself when two of its objects are equal, or hides what they hold.
    """
    cls = type(value)
    if inspect.getattr_static(cls, "__eq__") is not object.__eq__ or not hasattr(value, "__dict__"):
        raise NotImplementedError
    kept = {name for name, held in vars(value).items() if not name.startswith("_") and not callable(held)}
    return {
        name: vars(value)[name]
        for name in kept
        if not isinstance(inspect.getattr_static(cls, name, None), functools.cached_property)
    }


_encode = functools.partial(msgspec.msgpack.encode, order="deterministic", enc_hook=_attributes)
"""Sets and dicts in a fixed order: what is taken out and put back may change the order only."""
_FIXED = frozenset((str, int, float, bool, bytes, type(None)))
"""Types of values that nobody can change."""


class Remembered(NamedTuple):
    """A value as it was: encoded where it can be, else a copy, else ``known`` is false."""

    known: bool
    encoded: bytes | None = None
    copied: Any = None


def remember(value: Any) -> Remembered:
    """Keep what a value is like now, whatever is done to it later."""
    if type(value) in _FIXED:
        return Remembered(False)
    try:
        return Remembered(True, encoded=_encode(value))
    except Exception:  # noqa: BLE001  the value is the user's; a copy may still do
        pass
    try:
        return Remembered(True, copied=copy.deepcopy(value))
    except Exception:  # noqa: BLE001  such as a lock or an open file
        return Remembered(False)


def is_changed(before: Remembered, value: Any) -> bool:
    """Whether a value is no longer what was remembered of it; false where nothing proves it."""
    if not before.known:
        return False
    try:
        if before.encoded is not None:
            return _encode(value) != before.encoded
    except Exception:  # noqa: BLE001  what could be encoded, and no longer can, has been changed
        return True
    try:
        # A copy of an object without an __eq__ is never equal to it; encoded or not, that proves nothing.
        return not bool(copy.deepcopy(before.copied) != before.copied) and bool(before.copied != value)
    except Exception:  # noqa: BLE001  comparing is the user's code as well
        return False

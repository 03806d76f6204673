"""Remembers what modules answered, so that the same question is not paid for twice.

A key is everything that an answer depends on: the module, its model, the sampling settings, the lead, and the step's
facts in canonical form. Only decided steps are kept: a deadlock, a failed call or an exhausted budget never is. The
Actor is never remembered, as published: it is the one module that is meant to say something else the next time.

Two costs follow, and both are counted: what a suite paid (amortised), and what each problem would have paid alone,
which adds the calls of every answer that an earlier problem had paid for.
"""

import hashlib

import msgspec

from surefoot.decompose.step import Role, Step
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.records import Contested, Entry, agreed


class Remembered(msgspec.Struct, frozen=True):
    """A decided step as the answer cache remembers it.

    Attributes:
        candidate: What won.
        entry: The race, marked as remembered.
        calls: Answers that it had cost.
    """

    candidate: str
    entry: Contested
    calls: int


class AnswerCache:
    """Answers of one worker's modules, over all its problems."""

    def __init__(self) -> None:
        self._known: dict[bytes, Remembered] = {}

    def get(self, key: bytes | None) -> Remembered | None:
        """Return the decided step that is remembered under a key, or ``None``."""
        return None if key is None else self._known.get(key)

    def put(self, key: bytes | None, candidate: str, entry: Entry, k: int) -> None:
        """Remember a decided step under its key."""
        if key is None:
            return
        if isinstance(entry, str):
            entry = agreed(candidate, k)
        marked = msgspec.structs.replace(entry, remembered=True)
        self._known[key] = Remembered(candidate, marked, len(entry.ballots))


def cache_key(step: Step, role_settings: RoleSettings, settings: tuple[object, ...]) -> bytes | None:
    """The key under which a step is remembered, or ``None`` for a step that is never remembered.

    Args:
        step: The question; its facts' ``repr`` names every type and value in it.
        voice: Model and temperatures.
        settings: What else an answer depends on: lead, rule, red flags, limits.
    """
    if step.role is Role.ACTOR:
        return None
    heat = (role_settings.temperature, role_settings.first_temperature)
    text = repr((step.kind, step.role.value, role_settings.name, role_settings.dialect, heat, settings, step.reads))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=20).digest()

"""Reads a journal's named values as the types that they are meant to have; a received journal may hold anything."""

from typing import TypeVar

import msgspec

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.port import JournalReader

T = TypeVar("T")


def read_meta(journal: JournalReader, key: str, kind: type[T]) -> T | None:
    """A named value of a journal as a type; ``None`` if it was never set, or set to nothing.

    Raises:
        JournalError: The journal holds something else under that name.
    """
    value = journal.meta(key)
    if value is None:
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise JournalError(f"{journal.run}: what its journal says of {key} cannot be read: {error}") from error

"""One reader that is fed with damaged input.

A target takes bytes that a stranger wrote. It may return whatever it likes, and raise what it documents; anything else,
and more than a few seconds, is a fault.
"""

import pathlib
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.runtime.errors import SurefootError


class Target(msgspec.Struct, frozen=True):
    """A reader, or several that are given the same input.

    Attributes:
        call: Reads bytes; the folder is its own.
        seeds: Inputs that are whole.
        raises: What it documents.
    """

    call: Callable[[bytes, pathlib.Path], Any]
    seeds: tuple[bytes, ...]
    raises: tuple[type[BaseException], ...] = (SurefootError,)


def at(name: str, call: Callable[[pathlib.Path], Any]) -> Callable[[bytes, pathlib.Path], Any]:
    """A reader of a file: the bytes are put at its name first."""

    def read(data: bytes, folder: pathlib.Path) -> Any:
        (folder / name).write_bytes(data)
        return call(folder / name)

    return read


def text(call: Callable[[str], Any]) -> Callable[[bytes, pathlib.Path], Any]:
    """A reader of text: bytes become characters, also such as no encoding has."""
    return lambda data, folder: call(data.decode(errors="surrogateescape"))

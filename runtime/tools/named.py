"""Tools that a task, or ``surefoot ask``, may name by text: ``calc``, ``python``, ``search:FOLDER``, ``sql:FILE``.

``ranked:FOLDER`` searches as ``search:FOLDER`` does, and has the run's model put what was found in order.
"""

import functools
import pathlib
from collections.abc import Callable
from typing import Final

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.calculator import calculator
from surefoot.runtime.tools.contract import Tool
from surefoot.runtime.tools.search_folder import search_folder
from surefoot.runtime.tools.sqlite_query import sqlite_query


def _cell(unsafe_local: bool) -> Tool:
    from surefoot.runtime.tools.python_cell import python_cell  # here: with it comes the sandbox, which few runs need

    return python_cell(unsafe_local=unsafe_local)


def _program(unsafe_local: bool) -> Tool:
    from surefoot.runtime.tools.python_cell import python_program

    return python_program(unsafe_local=unsafe_local)


SANDBOXED: Final = frozenset({"python", "cells"})
"""Tools that run Python which a model wrote."""
WITHOUT_PLACE: Final[dict[str, Callable[[bool], Tool]]] = {
    "calc": lambda unsafe_local: calculator(),
    "python": _cell,
    "cells": _program,
}
"""Tools that need no file: a calculator, one cell of Python, and programs of cells that may ask."""
WITH_PLACE: Final[dict[str, Callable[[str], Tool]]] = {
    "search": search_folder,
    "ranked": functools.partial(search_folder, ranked=True),
    "sql": sqlite_query,
}
"""Tools that read what stands behind the colon."""


def tool_named(text: str, name: str | None = None, unsafe_local: bool = False) -> Tool:
    """Return the tool that a text names.

    Args:
        text: Such as ``calc`` or ``search:FOLDER``.
        name: What the tool is called by whoever calls it; by default the text before the colon.
        unsafe_local: Whether cells of Python are run without isolation where this machine offers none.

    Raises:
        ConfigurationError: There is no such tool, or its file or folder is not there.
    """
    kind, colon, place = text.partition(":")
    if kind in WITHOUT_PLACE and not colon:
        made = WITHOUT_PLACE[kind](unsafe_local)
    elif kind in WITH_PLACE and place:
        made = WITH_PLACE[kind](place)
    else:
        known = ", ".join([*WITHOUT_PLACE, "search:FOLDER", "ranked:FOLDER", "sql:FILE"])
        first, _, rest = text.partition(",")  # of a list only what nothing is known of
        unknown = rest.strip() if first in WITHOUT_PLACE else text
        raise ConfigurationError(f"there is no tool {unknown!r}; there are {known}")
    return msgspec.structs.replace(made, name=name or kind)


def absolute(text: str) -> str:
    """Return the text of a tool whose place holds wherever the run goes on."""
    kind, colon, place = text.partition(":")
    return f"{kind}:{pathlib.Path(place).absolute()}" if colon and place else text

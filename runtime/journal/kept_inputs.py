"""Large values of a task's options, and the texts of files: each is kept once, in a file beside ``run.toml``.

The file is named by the hash of its content.

``run.toml`` and the journal then hold a reference, and so does what programs read of a run (``--json``). The files lie
in the run directory itself, so that whatever copies a run, such as a mirror or ``surefoot launch --fetch``, takes them
along. A run directory may come from a stranger: only a plain file of the expected name is read, and only if its content
has the hash that it is named by.
"""

import hashlib
import pathlib
import re
from typing import Any

import msgspec

from surefoot.runtime.errors import ConfigurationError, RunDirectoryError
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.whole_files import write_whole

LARGE = 512
"""Bytes of an option's value, as JSON, above which it is kept in a file of its own; so is the text of a file."""
LARGEST = 256 << 20
"""Bytes of the largest value that is kept."""
FILE = re.compile(r"input-([0-9a-f]{64})\.json")
"""Names of the files; the number is the SHA-256 of the content."""


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in place of a large value.

    Attributes:
        kept_input: Name of the file in the run directory.
        bytes: Its length.
    """

    kept_input: str
    bytes: int


def with_references(options: dict[str, Any]) -> dict[str, Any]:
    """Return a task's options with a reference in place of each large value; those that are there stay."""
    return {name: _short(value)[0] for name, value in options.items()}


def keep_inputs(directory: pathlib.Path, options: dict[str, Any]) -> dict[str, Any]:
    """Write the large values among a task's options into a run directory; return the options with references.

    Raises:
        ConfigurationError: A value is larger than ``LARGEST``.
        RunDirectoryError: The disk does not take it.
    """
    kept = {}
    for name, value in options.items():
        kept[name], content = _short(value)
        if content is None:
            continue
        if len(content) > LARGEST:
            raise ConfigurationError(f"{name} has {len(content):,} bytes; at most {LARGEST:,} can be kept")
        path = directory / kept[name]["kept_input"]
        try:
            if not path.is_file() or path.stat().st_size != len(content):
                write_whole(path, content)
        except OSError as error:
            raise RunDirectoryError(f"cannot write {path}: {error.strerror}") from error
    return kept


def read_inputs(directory: pathlib.Path, options: dict[str, Any]) -> dict[str, Any]:
    """Return a task's options with the values that their references stand for.

    Raises:
        ConfigurationError: A file is missing, or is not what it was.
    """
    return {name: _value(directory, value) for name, value in options.items()}


def _short(value: Any) -> tuple[Any, bytes | None]:
    """A value, or a reference to it and its content if it is large."""
    if isinstance(value, int | float | bool) or value is None or _reference(value) is not None:
        return value, None
    of_file = isinstance(value, str) and _is_text_of_file(value)
    if (
        isinstance(value, str) and not of_file and len(value) <= LARGE // 6
    ):  # however many characters JSON has to escape
        return value, None
    content = msgspec.json.encode(value)
    if len(content) <= LARGE and not of_file:
        return value, None
    name = f"input-{hashlib.sha256(content).hexdigest()}.json"
    return msgspec.to_builtins(Reference(name, len(content))), content


def _is_text_of_file(text: str) -> bool:
    """Whether a text has several lines or is JSON, as the files that options name are, however short."""
    bare = text.strip()
    return "\n" in bare or bare[:1] in ("[", "{")


def _reference(value: Any) -> Reference | None:
    """A reference, if a value is one."""
    if not isinstance(value, dict) or set(value) != {"kept_input", "bytes"}:
        return None
    try:
        found = msgspec.convert(value, Reference)
    except msgspec.ValidationError:
        return None
    return found if FILE.fullmatch(found.kept_input) else None


def _value(directory: pathlib.Path, value: Any) -> Any:
    found = _reference(value)
    if found is None:
        return value
    path = directory / found.kept_input
    content = _content(path)
    if f"input-{hashlib.sha256(content).hexdigest()}.json" != found.kept_input:
        raise ConfigurationError(f"{path} is not what it was when the run was started")
    try:
        return msgspec.json.decode(content)
    except UNREADABLE as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _content(path: pathlib.Path) -> bytes:
    """The content of a plain file, which is no link."""
    try:
        with open_plain(path, links=False) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"{path} has more than {LARGEST:,} bytes")
    return content

"""The last JSON value in a reply, found in linear time whatever the reply is.

Text is passed over until a bracket opens; from there a value is read. What is tolerated is syntax that stands for the
same value, and nothing else: prose and fences around the value, a comma before a closing bracket, single quotes,
Python's ``True``, ``False``, ``None``, and control characters in strings. Not tolerated: comments, names without
quotes, typographic quotes, a name given twice, ``NaN`` and infinities, half of a surrogate pair, numbers out of bounds
(``numerals.bounded``), more than `DEEPEST` levels.

*A bracket that opens no value is text.* If it was read as far as a first name and its colon, or, where the answer may
be a list, as far as a first item and its comma, it was meant as a value and broke off. Its parts are not answers, so
reading goes on behind the next empty line or fence; if no value follows there, the reply is unreadable. An earlier
draft is never taken for the answer that broke off.

*Why the time is linear.* Reading goes back only once for each string that is followed by nothing that may follow it:
to its first character (``{"`` in prose may have swallowed the bracket that matters). A character lies in at most one
string of each kind of quote that is read so: such a string holds no quote of its kind but after a backslash, and no
string starts behind a backslash. So each character is read three times at most. Nesting is a list, not recursion.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.typed.numerals import bounded

DEEPEST = 64
"""Levels of brackets, at most."""

OPEN = re.compile(r"[{\[]")
SPACE = re.compile(r"[ \t\r\n\u00a0]*+")
STRINGS = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL),
}
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
SURROGATE = re.compile(r"[\ud800-\udfff]")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![\w.])", re.ASCII)
WORD = re.compile(r"[A-Za-z]++")
WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
ESCAPES = {"\\": "\\", "/": "/", '"': '"', "'": "'", "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
PARAGRAPH = re.compile(r"\n[ \t\r]*+\n|```")


class Found(msgspec.Struct, frozen=True):
    """A JSON value that was found in a reply.

    Attributes:
        value: Builtin values; every number is a ``Decimal``.
        start: Where its first character is.
    """

    value: Any
    start: int


class Broken(msgspec.Struct, frozen=True):
    """A part of a reply that was meant as a JSON value and is none.

    Attributes:
        reason: Why, for people. May quote the reply: untrusted text.
        start: Where it begins.
    """

    reason: str
    start: int


def last_value(text: str, wanted: Callable[[Any], bool], lists: bool = True) -> Found | Broken | None:
    """Find the last JSON object or array of a reply.

    Args:
        text: The reply.
        wanted: Which values count, such as objects only. The others are passed over.
        lists: Whether a list that breaks off may have been meant. Where only objects are wanted, ``[0, 1)`` is prose.

    Returns:
        The last value that is wanted; what broke off, if that comes later; ``None`` if there is neither.
    """
    found: Found | Broken | None = None
    position = 0
    while (opening := OPEN.search(text, position)) is not None:
        start = opening.start()
        attempt = _Attempt(text, start)
        try:
            value = attempt.read()
        except _BrokeOff as error:
            position = error.resume
            if attempt.named or (lists and attempt.listed):
                found = Broken(str(error), start)
                paragraph = PARAGRAPH.search(text, attempt.token_end)
                position = paragraph.end() if paragraph else len(text)
        else:
            position = attempt.position
            if wanted(value):
                found = Found(value, start)
    return found


class _BrokeOff(Exception):
    """No value can be read here; ``resume`` is where reading goes on."""

    def __init__(self, reason: str, resume: int) -> None:
        super().__init__(reason)
        self.resume = resume


class _Attempt:
    """Reads one object or array from its opening bracket on.

    ``frames`` are the open containers, ``names`` the name under which each open object takes its next value.
    """

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.position = start
        self.token_end = start  # behind the last token, before the white space that follows it
        self.named = False
        self.listed = False
        self.frames: list[dict[str, Any] | list[Any]] = []
        self.names: list[str] = []
        self.string: int | None = None  # where the last token started, if it was a string

    def read(self) -> Any:
        """Read a JSON value; ``position`` is behind the value afterwards."""
        self._open()
        while True:
            top = self.frames[-1]
            if self._at("}" if isinstance(top, dict) else "]"):
                self.position += 1
                self.frames.pop()
                if isinstance(top, dict):
                    self.names.pop()
                if not self.frames:
                    return top
                self._give(top)
                continue
            if isinstance(top, dict):
                self._name(top)
            if self._at("{") or self._at("["):
                self._open()
            else:
                self._give(self._scalar())

    def _at(self, token: str) -> bool:
        return self.text.startswith(token, self.position)

    def _skip(self) -> None:
        self.token_end = self.position
        match = SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _break(self, reason: str) -> _BrokeOff:
        """What to raise where something else was due. Behind a string, the string may be what is wrong."""
        resume = self.position if self.string is None else self.string + 1
        return _BrokeOff(f"{reason} at character {self.position:,} of the reply", resume)

    def _open(self) -> None:
        if len(self.frames) == DEEPEST:
            self.named = self.listed = True  # nobody writes so many brackets in prose
            raise self._break(f"more than {DEEPEST} levels of brackets")
        is_object = self._at("{")
        self.frames.append({} if is_object else [])
        if is_object:
            self.names.append("")
        self.string = None
        self.position += 1
        self._skip()

    def _give(self, value: Any) -> None:
        """Put a value where it belongs; a comma or the closing bracket has to follow."""
        top = self.frames[-1]
        if isinstance(top, dict):
            top[self.names[-1]] = value
        else:
            top.append(value)
        self._skip()
        closing = "}" if isinstance(top, dict) else "]"
        if self._at(","):
            self.position += 1
            self.string = None
            self._skip()
        elif not self._at(closing):
            raise self._break(f"neither a comma nor {closing}")
        self.string = None
        self.listed = True

    def _name(self, top: dict[str, Any]) -> None:
        name = self._string()
        self._skip()
        if not self._at(":"):
            raise self._break("no colon behind a name")
        self.named, self.string = True, None
        self.position += 1
        self._skip()
        if name in top:
            raise self._break(f"the name {name[:40]!r} twice")
        self.names[-1] = name

    def _scalar(self) -> Any:
        self.string = None
        if self._at('"') or self._at("'"):
            return self._string()
        if match := NUMBER.match(self.text, self.position):
            number = bounded(match[0])
            if number is None:
                raise self._break("a number out of bounds")
            self.position = match.end()
            return number
        match = WORD.match(self.text, self.position)
        if match is None or match[0] not in WORDS:
            raise self._break("no value")
        self.position = match.end()
        return WORDS[match[0]]

    def _string(self) -> str:
        """A string; where there is none, the attempt is over."""
        start = self.position
        quote = self.text[start : start + 1]
        match = STRINGS[quote].match(self.text, start) if quote in STRINGS else None
        if match is None:
            self.string = start if quote in STRINGS else None
            raise self._break("a string without end" if quote in STRINGS else "no string")
        self.position, self.string = match.end(), start
        try:
            return _unescaped(match[1])
        except ValueError as error:
            raise self._break(str(error)) from error


def _unescaped(said: str) -> str:
    """A string's content. Raises ValueError for an escape that JSON does not have, and for half a surrogate pair."""
    if "\\" in said:
        said = ESCAPE.sub(_character, said)
    if SURROGATE.search(said):
        try:
            said = said.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError("half of a character") from error
    return said


def _character(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in ESCAPES:
        raise ValueError(f"an unknown escape {code[:1]!r}")
    return ESCAPES[code]

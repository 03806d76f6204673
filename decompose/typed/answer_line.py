"""The last answer line of a reply, for answers that fit on a line.

``Answer: 42``, also ``**Answer:** 42``, ``Final answer = 42``, ``> answer: "42"``, or the answer on the next line. The
marks around a value that say nothing are taken off: bold, quotes, code marks, ``\\boxed{}``, formula signs, a full stop
behind. A reply of one single line is its answer, and so is a last line that is nothing but a value of the type.
"""

import re

import msgspec

MARK = re.compile(
    r"^[ \t>*_#`-]*+(?:(?:the|my|final|so)[ \t]++){0,3}answer[ \t*_`]*+(?:[:=]|is\b[ \t*_`]*+:?)(.*)$", re.I | re.M
)
FENCE = re.compile(r"^[ \t]*+```[^\n`]*+$", re.M)
WRAPPERS = (
    ("**", "**"), ("__", "__"), ("```", "```"), ("`", "`"), ('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"),
    ("\\boxed{", "}"), ("\\(", "\\)"), ("$", "$"), ("*", "*"),
)  # fmt: skip
LAYERS = 8
"""Marks around a value are taken off so often at most."""


class Line(msgspec.Struct, frozen=True):
    """An answer as a reply's answer line states it.

    Attributes:
        text: Without the mark ``Answer:``.
        start: Where it begins in the reply.
        marked: Whether the mark stood before it, or it is all that the reply says. Any other line is an answer only if
            it cannot be read as anything else.
    """

    text: str
    start: int
    marked: bool


def last_line(text: str) -> Line | None:
    """Return the last answer line of a reply, else the last line that says anything; ``None`` for an empty reply."""
    marked: re.Match[str] | None = None
    for match in MARK.finditer(text):
        marked = match
    if marked is not None:
        said = marked[1].strip(" \t\r*_")
        return Line(marked[1] if said else _first_line(text[marked.end() :]), marked.start(), True)
    said = FENCE.sub("", text).rstrip()
    lone = said.strip()
    if not lone:
        return None
    last = said[said.rfind("\n") + 1 :]
    return Line(last, text.rfind(last), marked="\n" not in lone)


def unwrapped(text: str) -> str:
    """Return a value without the marks around it."""
    text = text.strip()
    if text.count("**") == 1:  # the other half was before the mark
        text = text.removeprefix("**").removesuffix("**").strip()
    for _ in range(LAYERS):
        before = text
        for opening, closing in WRAPPERS:
            inner = text[len(opening) : -len(closing)]
            whole = inner and text.startswith(opening) and text.endswith(closing)
            if whole and closing not in inner:  # "Rome" and "Paris" are not one quotation
                text = inner.strip()
                break
        if text == before:
            return text
    return text


def _first_line(text: str) -> str:
    """The first line that says anything, fences apart."""
    return FENCE.sub("", text).strip().partition("\n")[0]

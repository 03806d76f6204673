"""Text that a model, a server or a received file wrote, made fit to be kept and shown: nothing obeys it.

This is the one place that does so. ``tame`` is for any place, the terminal among them; ``one_line`` for messages;
``as_markup`` for strings that rich reads as markup; ``as_html`` for pages that no template escapes.
"""

import html

LONGEST_LINE = 2000
"""Characters of a message that are shown."""


def tame(text: object, limit: int = 200) -> str:
    """The first ``limit`` characters of a text, with unprintable ones written as ``\\x1b`` or ``\\ud800``.

    Control characters, escapes, line breaks, and marks that change the direction of writing are not printable.
    """
    return "".join(c if c.isprintable() else _written(ord(c)) for c in str(text)[:limit])


def tame_lines(text: object) -> str:
    """A text of several lines with unprintable characters escaped in each; tabs stay."""
    return "\n".join("\t".join(tame(part, len(part)) for part in line.split("\t")) for line in str(text).split("\n"))


def one_line(text: object, limit: int = LONGEST_LINE) -> str:
    """A message as one line without unprintable characters: runs of blanks and line breaks become one blank each."""
    return tame(" ".join(str(text)[: 4 * limit].split()), limit)


def as_markup(text: object, limit: int = LONGEST_LINE) -> str:
    """A text as one line for a string that rich reads as markup, its brackets shown and not obeyed."""
    from rich.markup import escape  # imported here: most of what imports this file prints nothing

    return escape(one_line(text, limit))


def as_html(text: object, limit: int = LONGEST_LINE) -> str:
    """A text as one line for a page or an attribute, escaped for HTML."""
    return html.escape(one_line(text, limit), quote=True)


def can_be_kept(text: str) -> bool:
    """Whether a text can be written in UTF-8: lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"

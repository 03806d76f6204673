"""Answers to questions of files in the form in which they are compared: words, numbers, lists, yes and no.

Whatever is ambiguous is no answer, rather than another one: ``1,5`` is neither 15 nor one and a half, and ``3 apples``
may be a count as well as a text, so that units are not read.
"""

import re
from fractions import Fraction
from typing import Final, Literal

from surefoot.decompose.problem import LONGEST_ANSWER
from surefoot.decompose.tasks.question_formats import yes_or_no

Form = Literal["text", "number", "yes-no", "list"]
"""How answers are compared: as words, as numbers, as yes and no, or as lists in their order."""
FORMS: Final[dict[str, str]] = {
    "text": "a short text",
    "number": "a number",
    "yes-no": "yes or no",
    "list": "a list such as [2, 1, 3]",
}

_BLANKS: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-"})
"""Typographic blanks and the minus sign, as they stand in typeset numbers."""
_NUMBER: Final = re.compile(
    r"(?P<sign>[-+]?) ?[$€£¥₹]? ?(?P<sign2>[-+]?)"
    r"(?P<whole>[0-9]{1,3}(?P<group>[, ])[0-9]{3}(?:(?P=group)[0-9]{3})*|[0-9]*)"
    r"(?:\.(?P<fraction>[0-9]*))? ?[%$€£¥₹]?\.?"
)
_RATIO: Final = re.compile(r"([-+]?[0-9]{1,40}) ?/ ?([0-9]{1,40})\.?")
_LONGEST_NUMBER: Final = 100
_PLACES: Final = 40
"""Figures before and behind the point, at most."""


def compared(text: str, form: str) -> str | None:
    """Return an answer in the form in which it is compared, or ``None`` where it is none."""
    if form == "yes-no":
        return yes_or_no(text)
    if form == "number":
        return number_of(text)
    return list_of(text) if form == "list" else words_of(text)


def number_of(text: str) -> str | None:
    """Return the one spelling of a number: ``-1,234.50``, ``-$1 234.5`` and ``−1234.5`` are ``-1234.5``.

    Fractions are reduced, and written with a point where their places end. A percent sign is left out.
    """
    bare = text.strip().translate(_BLANKS)
    if len(bare) > _LONGEST_NUMBER:
        return None
    ratio = _RATIO.fullmatch(bare)
    if ratio is not None:
        return _spelled(Fraction(int(ratio[1]), int(ratio[2]))) if int(ratio[2]) else None
    found = _NUMBER.fullmatch(bare)
    if found is None or (found["sign"] and found["sign2"]):
        return None
    whole, fraction = re.sub("[, ]", "", found["whole"]), found["fraction"] or ""
    if (not whole and not fraction) or max(len(whole), len(fraction)) > _PLACES:
        return None
    return _spelled(Fraction(f"{found['sign'] or found['sign2']}{whole or 0}.{fraction or 0}"))


def _spelled(number: Fraction) -> str:
    places = next((n for n in range(4 * _PLACES) if 10**n % number.denominator == 0), None)
    if places is None:
        return f"{number.numerator}/{number.denominator}"
    figures = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    point = len(figures) - places
    return f"{'-' if number < 0 else ''}{figures[:point]}{'.' if places else ''}{figures[point:]}"


def list_of(text: str) -> str | None:
    """Return the one spelling of a list: its items in their order, numbers as numbers, in brackets or without."""
    bare = text.strip().translate(_BLANKS).rstrip(".")
    opened, closed = bare.startswith("["), bare.endswith("]")
    if opened != closed or len(bare) > LONGEST_ANSWER or not bare:
        return None
    inside = bare[1:-1] if opened else bare
    items = [number_of(item) or item.strip(" '\"").lower() for item in inside.split(",")] if inside.strip() else []
    unclear = any(not item or "[" in item or "]" in item for item in items)  # a list within a list
    return None if unclear else f"[{', '.join(items)}]"


def words_of(text: str) -> str | None:
    """Return the words of an answer, lower case, without articles and punctuation, as HotpotQA and SQuAD score them.

    Other than there, a point between figures stays, so does the minus sign of a number, and figures stay apart that
    something stood between: ``[-12, 3]`` is neither ``[12, 3]`` nor ``[1, 23]``.
    """
    if not 0 < len(text.strip()) <= LONGEST_ANSWER:
        return None
    lower = re.sub(r"(?<![\w.])-(?=\.?[0-9])", "\0", text.translate(_BLANKS).lower().replace("\0", " "))
    lower = re.sub(r"(?<![^\W0-9_])\.(?=[0-9])", "\1", lower.replace("\1", " "))
    apart = re.sub(r"(?<=[0-9])[^\w\s\0\1]+(?=[0-9\0])", " ", lower)
    bare = re.sub(r"[^\w\s\0\1]|_", "", re.sub(r"[^\w\s\0\1](?=\0)", " ", apart))
    words = bare.replace("\0", "-").replace("\1", ".").split()
    return " ".join(word for word in words if word not in ("a", "an", "the")) or None

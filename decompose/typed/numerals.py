"""Numbers written as text, read exactly and within bounds, and their one canonical spelling."""

import functools
import re
from decimal import Decimal

from surefoot.decompose.typed.annotations import Money, Number

MOST_PLACES = 1000
"""Figures of a number, and the largest power of ten, at most: ``1e999999999`` is short to write and long to add."""

GROUP = 3
"""Figures of a group."""
BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-"})
"""Typographic blanks and the minus sign, as they stand in typeset numbers."""
CODE = r"(?:[$€£¥₹]|[A-Z]{3})"


def read_number(text: str, rule: Number | Money) -> Decimal | None:
    """Read a number as a type says that it is written.

    Groups must be of three figures, so that ``1,5`` is no number rather than 15. Only ASCII figures are figures.

    Returns:
        The number, exact; ``None`` when the text is none, or out of bounds.
    """
    text = text.strip()
    if len(text) > 2 * MOST_PLACES:
        return None
    match = _pattern(rule).fullmatch(text.translate(BLANKS))
    if match is None:
        return None
    found = match.groupdict()
    sign, whole = found["sign"] or found.get("sign2") or "", found["whole"]
    whole = whole.replace(rule.group, "") if rule.group else whole
    return bounded(f"{sign}{whole}.{found['fraction'] or '0'}{found.get('power') or ''}")


def may_be_grouped(text: str, rule: Number | Money) -> bool:
    """Return whether a point may be meant to stand between groups, as in ``1.200``, which may be 1.2 or 1200.

    So it is where one to three figures, of which the first is no zero, stand before the only point and three behind.
    """
    match = _pattern(rule).fullmatch(text.strip().translate(BLANKS)) if len(text) <= 2 * MOST_PLACES else None
    if match is None or match.groupdict().get("power"):
        return False
    return bool(re.fullmatch(r"[1-9][0-9]{0,2}", match["whole"])) and len(match["fraction"] or "") == GROUP


def bounded(text: str) -> Decimal | None:
    """Read a number in Python's notation; ``None`` when the number has too many figures."""
    power = re.search(r"[eE][+-]?0*+([0-9]++)$", text)
    if len(text) > 2 * MOST_PLACES or (power and len(power[1]) > 6):
        return None
    number = Decimal(text)
    _, figures, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # the texts that get here are finite
    if len(figures) > MOST_PLACES or abs(exponent) > MOST_PLACES or abs(number.adjusted()) > MOST_PLACES:
        return None
    return number


def plain(number: Decimal, places: int | None = None) -> str | None:
    """Return a number's canonical spelling: no exponent, no zeros at the end, no ``-0``.

    Args:
        number: Within the bounds.
        places: Exactly so many places instead.

    Returns:
        The text; ``None`` when the number has more places.
    """
    text = format(number, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if places is not None:
        if len(fraction) > places:
            return None
        fraction = fraction.ljust(places, "0")
    spelled = f"{whole}.{fraction}" if fraction else whole
    return spelled.lstrip("-") if not number else spelled


def as_int(number: Decimal) -> int | None:
    """Return a number as ``int``; ``None`` when the number has a fraction."""
    top, bottom = number.as_integer_ratio()
    return top if bottom == 1 else None


def as_float(number: Decimal) -> float | int | None:
    """Return the nearest double, as ``int`` where that is exact and short; ``None`` when too large for a double."""
    value = float(number)
    if value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e16 else value


@functools.lru_cache(maxsize=256)
def _pattern(rule: Number | Money) -> re.Pattern[str]:
    """What a number looks like. Each part is followed by something that it cannot contain: linear time."""
    group, point = re.escape(rule.group), re.escape(rule.point)
    figures = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})++|[0-9]++" if rule.group else r"[0-9]++"
    core = rf"(?P<whole>{figures})(?:{point}(?P<fraction>[0-9]++))?"
    if isinstance(rule, Money):
        mark = "|".join(re.escape(sign) for sign in rule.currency) if rule.currency else CODE
        before = rf"(?:(?P<sign>[+-])?(?:(?:{mark}) ?)?|(?:{mark}) ?(?P<sign2>[+-]))"
        return re.compile(rf"{before}{core}(?: ?(?:{mark}))?")
    unit = "|".join(re.escape(unit) for unit in sorted(rule.units, key=len, reverse=True))
    after = rf"(?: ?(?i:{unit}))?" if unit else ""
    return re.compile(rf"(?P<sign>[+-])?{core}(?P<power>[eE][+-]?[0-9]++)?{after}")

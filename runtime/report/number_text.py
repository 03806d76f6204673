"""Numbers as people read them on a page: grouped, without exponents for large ones, and never a minus before a zero."""

import math

SMALLEST = 1e-4
"""Probabilities below this are written with a power of ten."""


def short(value: float) -> str:
    """Return a number that fits beside an axis: ``1,200``, ``1.05 M`` or ``3.2e-05``."""
    size = abs(value)
    if not math.isfinite(value):
        return "unknown"
    if size < 1e-300:
        return "0"
    if size >= 999_500:
        return f"{value / 1e6:,.4g} M" if size < 9_999_500_000 else f"{value / 1e6:,.0f} M"
    if size >= 9_999.5:
        return f"{value / 1e3:.3g} K" if size < 999_500 else f"{value / 1e3:,.0f} K"
    if size >= 99.95 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float, *, at_most: bool = False) -> str:
    """Return a share, 0 to 1, as a percentage of three digits; of a bound, rounded up rather than down.

    Args:
        share: The share.
        at_most: Whether it is an upper bound: no bound above 0 is written as 0, and none below 1 as more than it is.
    """
    hundred = 100 * share
    if at_most and hundred > 0:
        digits = 2 - math.floor(math.log10(hundred))
        step = 10.0**-digits
        hundred = min(100.0, math.ceil(round(hundred / step, 6)) * step)
    if 99.95 <= hundred < 100 and not at_most:
        return "over 99.9 %"
    if 0 < abs(hundred) < 100 * SMALLEST:
        return f"{hundred:.3g} %"
    text = f"{hundred:.{max(0, 2 - math.floor(math.log10(abs(hundred))))}f}" if abs(hundred) >= 1e-9 else "0"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def duration(seconds: float) -> str:
    """Return a length of time in the unit that suits it: ``40 ms``, ``12.5 s``, ``3.4 min`` or ``5.1 h``."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{short(round(seconds / size, 2))} {unit}"
    if 0 < seconds < 0.1:
        return f"{short(round(seconds * 1000, 1))} ms"
    return f"{short(round(seconds, 2))} s"


def dollars(usd: float | None) -> str:
    """Return an amount of money; never 0 for what is not known."""
    return "unknown" if usd is None else f"${usd:,.4f}" if usd else "$0"

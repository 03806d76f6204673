"""Numbers on a page: grouped, no exponents for large ones, no minus before a zero, and no bound below itself."""

import math

import pytest

from surefoot.runtime.report.number_text import dollars, duration, percent, short

VALUES = [0.0, -0.0, 1e-320, *(m * 10.0**e for e in range(-9, 12) for m in (1, 1.2345, 9.9949, 9.996, 9.9999))]


@pytest.mark.parametrize("value", VALUES)
def test_no_large_exponents_and_no_negative_zero(value: float) -> None:
    for text in (short(value), percent(min(1.0, value)), duration(value), dollars(value)):
        assert "e+" not in text
        assert "-0" not in text.replace("e-0", "")


def test_the_plain_form_has_both() -> None:
    """The placebo: what ``%.3g`` writes."""
    assert f"{99.96e1:.2g}" == "1e+03"
    assert f"{-0.0:,.0f}" == "-0"


@pytest.mark.parametrize("value", [value for value in VALUES if 0 < value <= 1])
def test_a_bound_is_never_shown_smaller_than_it_is(value: float) -> None:
    shown = float(percent(value, at_most=True).removesuffix(" %"))
    assert shown >= 100 * value * (1 - 1e-6)
    assert math.isclose(shown, 100 * value, rel_tol=0.02)


def test_shares_are_not_rounded_to_certainty() -> None:
    assert percent(0.99996) == "over 99.9 %"
    assert percent(1.0) == "100 %"
    assert percent(0.0) == "0 %"
    assert percent(0.05) == "5 %"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (0.0123, "12.3 ms"), (12.5, "12.5 s"), (150, "2.5 min"), (7200, "2 h")]
)
def test_time_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text

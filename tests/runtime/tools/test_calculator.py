"""The calculator: exact where that is possible, bounded before anything is computed, and not a way to run code."""

import math
import warnings
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.tools.calculator import MAX_BITS, calculate, calculator
from surefoot.runtime.tools.contract import FailureKind, ToolError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("0.1 + 0.2", "0.3"),
        ("10 / 4", "2.5"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("-(0.5)", "-0.5"),
        ("-0.05", "-0.05"),
        ("2 ** 100", "1267650600228229401496703205376"),
        ("2 ** -2", "0.25"),
        ("sqrt(2.25)", "1.5"),
        ("round(2.675, 2)", "2.68"),  # exactly halfway as written; a float would lie just below
        ("max(1, 2.5, -3)", "2.5"),
        ("factorial(20)", "2432902008176640000"),
        ("gcd(12, 18)", "6"),
        ("floor(-1.5) + ceil(1.2)", "0"),
        ("1e3", "1000"),
        ("12.50 * 4", "50"),
        ("1.0000000000000000000000001 - 1", "0.0000000000000000000000001"),  # more places than a float has
        ("0.1234567890123456789 * 10**19", "1234567890123456789"),
        ("1e-400 * 1e402", "100"),
        ("1_0.5e1 + .5", "105.5"),
    ],
)
def test_exact_results(expression: str, value: str) -> None:
    assert calculate(expression) == {"value": value, "exact": True}


def test_what_is_not_exact_says_so() -> None:
    assert calculate("sqrt(2)") == {"value": repr(math.sqrt(2)), "exact": False}
    assert calculate("1 / 3") == {"value": repr(1 / 3), "exact": True}  # the number is, its decimals end somewhere
    assert calculate("sin(0)") == {"value": "0", "exact": False}
    assert calculate("2 ** 0.5")["exact"] is False


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "9**9**9**9",
        "-(10**10000)",
        "(10**2000)**2000",
        "factorial(10**6)",
        "factorial(801)",
        "10**2000 * 10**2000 * 10**2000",
        "1e308 * 10.5 ** 400000",
        "1e9999999999",
        "1e-9999999999",
        "1e" + "9" * 900,
        "exp(1e9)",
        "round(1, 10**9)",
        "0.1 ** 100000",
        "1e9000",
        "+".join(["(10**2400)"] * 3) + "**2",
    ],
)
def test_what_would_be_huge_is_refused_before_it_is_computed(expression: str) -> None:
    with pytest.raises(ToolError) as error:
        calculate(expression)
    assert error.value.kind is FailureKind.REFUSED


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "().__class__",
        "[1 for _ in (1,)]",
        "lambda: 1",
        "'a' * 3",
        "open",
        "x",
        "1 if 1 else 2",
        "True",
        "1_0j",
        "1,000",
        "f'{1}'",
        "print(1)",
        "max([1])",
        "1 < 2",
        "~1",
        "1 << 2",
    ],
)
def test_only_arithmetic_is_computed(expression: str) -> None:
    with pytest.raises(ToolError):
        calculate(expression)


@pytest.mark.parametrize(
    ("expression", "kind", "words"),
    [
        ("1 / 0", "refused", "division by zero"),
        ("0 ** -1", "refused", "division by zero"),
        ("sqrt(-1)", "refused", "not defined"),
        ("(-8) ** (1/3)", "refused", "not a real number"),
        ("log(0)", "refused", "not defined"),
        ("2 ^ 3", "refused", "powers are written"),
        ("1 +", "bad-arguments", "not an expression"),
        ("sqrt(1, 2)", "bad-arguments", "takes 1 positional argument"),
        ("(" * 300 + ")" * 300, "bad-arguments", "not an expression"),
        ("-" * 900 + "1", "bad-arguments", "nested more than"),
        ("1" * 2000, "bad-arguments", "longer than"),
        ("factorial(0.5)", "refused", "whole numbers"),
        ("gcd(1/2)", "refused", "whole numbers"),
        ("\0", "bad-arguments", "not an expression"),
    ],
)
def test_faults_are_named(expression: str, kind: str, words: str) -> None:
    with pytest.raises(ToolError, match=words) as error:
        calculate(expression)
    assert error.value.kind == kind


numbers = st.integers(-(10**12), 10**12)


@given(numbers, numbers, st.sampled_from(["+", "-", "*"]), st.integers(0, 6))
def test_agrees_with_fractions(a: int, b: int, operator: str, places: int) -> None:
    left, right = Fraction(a, 10**places), Fraction(b, 10**places)
    expected = {"+": left + right, "-": left - right, "*": left * right}[operator]
    written = [calculate(f"{n}/1{'0' * places}")["value"] for n in (a, b)]
    assert Fraction(str(calculate(f"({written[0]}) {operator} ({written[1]})")["value"])) == expected


@given(st.recursive(numbers.map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*/%"), inner).map(" ".join)))
def test_never_anything_but_a_number_or_a_named_failure(expression: str) -> None:
    try:
        value = calculate(expression)["value"]
    except ToolError:
        return
    assert Fraction(str(value)).numerator.bit_length() <= MAX_BITS + 64


async def test_as_a_tool(value: Any, failure: Any) -> None:
    assert await value(calculator(), expression="6 * 7") == {"value": "42", "exact": True}
    assert (await failure(calculator(), expression="9**9**9")).kind is FailureKind.REFUSED


@pytest.mark.parametrize("expression", ["1if 2else 3", "0x1for x in y", "1_0or 2"])
def test_what_python_warns_of_is_written_nowhere(expression: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(ToolError):
            calculate(expression)
    assert told == []

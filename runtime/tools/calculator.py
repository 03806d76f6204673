"""Arithmetic on exact numbers, without ``eval``: own reading of Python's syntax tree, every size bounded beforehand."""

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from surefoot.runtime.tools.contract import FailureKind, Tool, ToolError

MAX_LENGTH: Final = 1000
"""Characters of an expression."""
MAX_DEPTH: Final = 100
"""Nesting of an expression."""
MAX_BITS: Final = 8192
"""Bits of the largest whole number, numerator or denominator: about 2,466 decimal places."""
_MAX_PLACES: Final = 40
"""Decimal places up to which a fraction that ends is written in full."""
_MAX_FACTORIAL: Final = 800

Number = Fraction | float
"""Exact as long as +, -, *, /, // , %, whole powers and exact roots are enough; else a float."""


def calculator() -> Tool:
    """A tool that computes: argument ``expression``; returns ``{"value": "3.5", "exact": true}``.

    It knows ``+ - * / // % **``, parentheses, ``abs round floor ceil min max sqrt exp log log10 sin cos tan factorial
    gcd``, ``pi`` and ``e``. The value is text, since results can be longer than 64 bits.
    """
    return Tool(name="calculator", function=calculate, timeout_s=10.0)


def calculate(expression: str) -> dict[str, str | bool]:
    """Compute an arithmetic expression exactly, within bounded time and size.

    Raises:
        ToolError: It is not arithmetic, is undefined, or too large.
    """
    if len(expression) > MAX_LENGTH:
        raise ToolError(f"the expression is longer than {MAX_LENGTH:,} characters", FailureKind.BAD_ARGUMENTS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # it would be written to the user's terminal
            tree = ast.parse(expression.strip(), mode="eval")
            _read_as_written(tree, expression.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise ToolError(f"not an expression: {what}", FailureKind.BAD_ARGUMENTS) from error
    value = _value(tree.body, 0)
    return {"value": _written(value), "exact": isinstance(value, Fraction)}


def _value(node: ast.expr, depth: int) -> Number:
    if depth > MAX_DEPTH:
        raise ToolError(f"nested more than {MAX_DEPTH} deep", FailureKind.BAD_ARGUMENTS)
    if isinstance(node, ast.Constant):
        return _literal(node.value)
    if isinstance(node, ast.Name) and node.id in _CONSTANTS:
        return _CONSTANTS[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        operand = _value(node.operand, depth + 1)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left, depth + 1), _value(node.right, depth + 1)
        return _defined(_OPERATORS[type(node.op)], left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ToolError(f"{node.func.id} takes plain numbers", FailureKind.BAD_ARGUMENTS)
        return _defined(_FUNCTIONS[node.func.id], *[_value(argument, depth + 1) for argument in node.args])
    hint = "; powers are written **" if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor) else ""
    raise ToolError(f"{ast.unparse(node)[:60]!r} is not arithmetic{hint}", FailureKind.REFUSED)


def _read_as_written(tree: ast.Expression, source: str) -> None:
    """Put exact numbers in place of Python's floats, which keep some 17 of a number's decimal places."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            written = (ast.get_source_segment(source, node) or "").lower().replace("_", "")
            if abs(int(written.partition("e")[2] or 0)) > MAX_BITS:
                raise ToolError("a number is too large, or too small", FailureKind.REFUSED)
            node.value = Fraction(written)  # type: ignore[assignment]  # of no kind that Python's own trees hold


def _literal(value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise ToolError(f"{value!r:.60} is not a number", FailureKind.REFUSED)
    return _in_bounds(Fraction(value))


def _defined(operation: Callable[..., Number | int], *operands: Number) -> Number:
    """The result of an operation; undefined ones and results that are too large become failures."""
    try:
        result = operation(*operands)
    except ZeroDivisionError as error:
        raise ToolError("division by zero", FailureKind.REFUSED) from error
    except (OverflowError, ValueError) as error:
        raise ToolError(f"not defined, or too large: {error}", FailureKind.REFUSED) from error
    except TypeError as error:
        raise ToolError(str(error).replace("_", ""), FailureKind.BAD_ARGUMENTS) from error
    if isinstance(result, complex) or (isinstance(result, float) and not math.isfinite(result)):
        raise ToolError("the result is not a finite real number", FailureKind.REFUSED)
    return _in_bounds(Fraction(result) if isinstance(result, int) else result)


def _in_bounds(value: Number) -> Number:
    if isinstance(value, Fraction) and _bits(value) > MAX_BITS:
        raise ToolError(f"a number would have more than {MAX_BITS:,} bits", FailureKind.REFUSED)
    return value


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _power(base: Number, exponent: Number) -> Number:
    """A power; its size is estimated before it is computed."""
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        if abs(exponent) * max(_bits(base) - 1, 0) > MAX_BITS:
            raise ToolError(f"a number would have more than {MAX_BITS:,} bits", FailureKind.REFUSED)
        return base ** int(exponent)  # of 0, 1 and -1 with any exponent as well: the square loop is short
    if exponent == Fraction(1, 2):
        return _root(base)
    result = float(base) ** float(exponent)
    if isinstance(result, complex):
        raise ToolError("the result is not a real number", FailureKind.REFUSED)
    return float(result)


def _root(value: Number) -> Number:
    if isinstance(value, Fraction) and value >= 0:
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)
    return math.sqrt(value)


def _whole(value: Number) -> int:
    if value != int(value):
        raise ValueError("it takes whole numbers")
    return int(value)


def _factorial(value: Number) -> int:
    if _whole(value) > _MAX_FACTORIAL:
        raise ToolError(f"factorials above {_MAX_FACTORIAL} are too large", FailureKind.REFUSED)
    return math.factorial(_whole(value))


def _rounded(value: Any, places: Number = Fraction(0)) -> Number:
    count = _whole(places)
    if abs(count) > MAX_LENGTH:
        raise ToolError(f"rounds to at most {MAX_LENGTH:,} places", FailureKind.REFUSED)
    rounded: Number = round(value, count)
    return rounded


def _logarithm(value: Number, base: Number | None = None) -> float:
    return math.log(value) if base is None else math.log(value, base)


def _written(value: Number) -> str:
    """A number as people write it: exact where that is short, else as a float."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if value.denominator == 1:
        return _whole_text(value.numerator)
    twos, fives = _power_in(value.denominator, 2), _power_in(value.denominator, 5)
    places = max(twos, fives)
    if places > _MAX_PLACES or 2**twos * 5**fives != value.denominator:
        return _rounded_text(value)
    text = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{text[:-places]}.{text[-places:]}"


def _rounded_text(value: Fraction) -> str:
    try:
        return repr(float(value))
    except OverflowError:
        return _whole_text(round(value))


def _whole_text(value: int) -> str:
    return str(value)  # within Python's own limit on the length of whole numbers in text, by MAX_BITS


def _power_in(number: int, prime: int) -> int:
    count = 0
    while number % prime == 0:
        number, count = number // prime, count + 1
    return count


_CONSTANTS: Final[Mapping[str, Number]] = {"pi": math.pi, "e": math.e}
_OPERATORS: Final[Mapping[type[ast.operator], Callable[..., Number | int]]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
    ast.Pow: _power,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Number | int]]] = {
    "abs": abs,
    "round": _rounded,
    "floor": math.floor,
    "ceil": math.ceil,
    "min": min,
    "max": max,
    "sqrt": _root,
    "exp": math.exp,
    "log": _logarithm,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "factorial": _factorial,
    "gcd": lambda *values: math.gcd(*map(_whole, values)),
}

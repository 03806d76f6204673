"""Nested expressions over two algebras: whole numbers modulo 97 with + and *, and truth values with and, or, xor.

An expression is fully in brackets; operands are numbers, truth values or ``#3``, which stands for the answer to the
third sub-question. Without ``mod 97`` numbers are plain whole numbers; sums of several terms are read from the left.
"""

import random
import re
from collections.abc import Iterator

import msgspec

MODULUS = 97
DEEPEST = 400
"""Levels of brackets that are read, at most."""
_TOKEN = re.compile(r"\s*(-?\d{1,40}|#\d{1,6}|true|false|and|or|xor|[+*()])")
OPERATORS = ("+", "*", "and", "or", "xor")


class Operation(msgspec.Struct, frozen=True):
    """An operator between two operands; an operand is a token or another operation."""

    left: "Operation | str"
    operator: str
    right: "Operation | str"

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


Operand = Operation | str


def pose(rng: random.Random, size: int) -> str:
    """Return a question with so many operators, over an algebra that is drawn."""
    boolean = rng.random() < 0.5
    drawn = _drawn(rng, size, boolean)
    return worded(drawn, modular=not boolean)


def worded(expression: Operand, modular: bool) -> str:
    """Return the question what an expression is."""
    text = str(expression)
    inner = text[1:-1] if isinstance(expression, Operation) else text
    return f"What is ({inner}) mod {MODULUS}?" if modular else f"What is {inner}?"


def _drawn(rng: random.Random, size: int, boolean: bool) -> Operand:
    if not size:
        return rng.choice(("true", "false")) if boolean else str(rng.randrange(MODULUS))
    left = rng.randrange(size)
    operator = rng.choice(("and", "or", "xor") if boolean else ("+", "*"))
    return Operation(_drawn(rng, left, boolean), operator, _drawn(rng, size - 1 - left, boolean))


def read(question: str) -> tuple[Operand, bool] | None:
    """Return the expression of a question and whether it is modular; ``None`` where it asks something else."""
    found = re.fullmatch(r"What is (.+?)( mod 97)?\?", question)
    if found is None:
        return None
    tokens = tokens_of(found[1])
    try:
        expression = _sum(iter([*tokens, ""]), 0) if tokens is not None else None
    except (ValueError, StopIteration):
        return None
    return None if expression is None else (expression, found[2] is not None)


def tokens_of(text: str) -> list[str] | None:
    """Return the tokens of an expression, or ``None`` where there is anything else in it."""
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
    return tokens


def _sum(tokens: Iterator[str], depth: int) -> Operand:
    """Operands and operators from the left, to the closing bracket or the end.

    Raises:
        ValueError: It is no expression.
    """
    whole = _operand(tokens, next(tokens), depth)
    while (token := next(tokens)) in OPERATORS:
        whole = Operation(whole, token, _operand(tokens, next(tokens), depth))
    if token != (")" if depth else ""):
        raise ValueError(token)
    return whole


def _operand(tokens: Iterator[str], token: str, depth: int) -> Operand:
    if token == "(":
        if depth == DEEPEST:
            raise ValueError("too deep")
        return _sum(tokens, depth + 1)
    if token in OPERATORS or token in ("", ")"):
        raise ValueError(token)
    return token

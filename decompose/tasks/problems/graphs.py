"""Arithmetic graphs modulo 97: names defined by other names, and a question for one of them."""

import itertools
import random
import re

import msgspec

from surefoot.decompose.tasks.problems.expressions import MODULUS

INPUTS = 4
"""Names that are given as numbers in a graph of any size."""


class Definition(msgspec.Struct, frozen=True):
    """A name and what it is: one operand alone, or two with an operator."""

    name: str
    operands: tuple[str, ...]
    operator: str = ""

    def __str__(self) -> str:
        return f"{self.name} = {f' {self.operator} '.join(self.operands)}"


def pose(rng: random.Random, size: int) -> str:
    """Return a question over so many computed names, some of which the answer may not need; in any order."""
    names = _names(rng, INPUTS + size)
    defined = [Definition(name, (str(rng.randrange(MODULUS)),)) for name in names[:INPUTS]]
    for number, name in enumerate(names[INPUTS:], start=INPUTS):
        # One operand from near by: else most of the graph would not be needed, and it would be shallow.
        near, far = rng.choice(names[max(0, number - 3) : number]), rng.choice(names[:number])
        defined.append(Definition(name, (near, far), rng.choice("+*")))
    rng.shuffle(defined)
    return worded(tuple(defined), names[-1])


def pose_chain(rng: random.Random, size: int) -> str:
    """Return a question of so many steps each of which needs the one before; in order."""
    names = _names(rng, size + 1)
    defined = [Definition(names[0], (str(rng.randrange(MODULUS)),))]
    for before, name in itertools.pairwise(names):
        defined.append(Definition(name, (before, str(rng.randrange(2, MODULUS))), rng.choice("+*")))
    return worded(tuple(defined), names[-1])


def _names(rng: random.Random, count: int) -> list[str]:
    """Names that are unlike each other: no name is the beginning of another, so that texts can be searched for them."""
    numbers = rng.sample(range(1000, 10000), count)
    return [f"{rng.choice('abcdefgh')}{number}" for number in numbers]


def worded(defined: tuple[Definition, ...], wanted: str) -> str:
    """Return the question what a name is."""
    return f"With {', '.join(map(str, defined))}, all mod {MODULUS}: what is {wanted}?"


def read(question: str) -> tuple[dict[str, Definition], str] | None:
    """Return the definitions by name and the name that is asked for; ``None`` where it asks something else."""
    found = re.fullmatch(r"With (.+), all mod 97: what is (\w+)\?", question)
    if found is None:
        return None
    defined = {}
    for text in found[1].split(", "):
        one = re.fullmatch(r"(\w+) = (#?\w+)(?: ([+*]) (#?\w+))?", text)
        if one is None:
            return None
        operands = (one[2], one[4]) if one[3] else (one[2],)
        defined[one[1]] = Definition(one[1], operands, one[3] or "")
    return defined, found[2]


def needed(defined: dict[str, Definition], wanted: str) -> list[Definition]:
    """Return the definitions that an answer needs, each after those that it reads.

    Raises:
        ValueError: A name is not defined, or defined by itself.
    """
    order: list[Definition] = []
    done: set[str] = set()
    open_names: set[str] = set()
    stack = [(wanted, False)]
    while stack:
        name, ready = stack.pop()
        if ready:
            open_names.discard(name)
            done.add(name)
            order.append(defined[name])
        elif name not in done:
            if name not in defined or name in open_names:
                raise ValueError(f"{name} has no definition, or is defined by itself")
            open_names.add(name)
            stack.append((name, True))
            stack += [(one, False) for one in reversed(defined[name].operands) if not one.lstrip("#").isdigit()]
    return order

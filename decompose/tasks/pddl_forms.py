"""S-expressions: the brackets of PDDL text, each with its line.

Written here rather than taken from a library: of the readers tried, none keeps the line of what it read, and all take
words such as ``assign`` or ``domain`` for keywords wherever they stand.
"""

import re

import msgspec

DEEPEST = 100
"""Most brackets inside each other; real files have fewer than 20."""

_TOKEN = re.compile(r";.*|[()]|[^\s();]+")


class Form(msgspec.Struct, frozen=True):
    """A pair of brackets in PDDL text, with what stands between them.

    Attributes:
        parts: Words in lower case, and forms.
        line: Line of the opening bracket, from 1.
    """

    parts: tuple["str | Form", ...]
    line: int

    @property
    def head(self) -> str:
        """Return the first word of a bracket; empty if the bracket has none."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""


Part = str | Form


class Refused(ValueError):
    """PDDL text that cannot be read, and where the fault is.

    Args:
        line: Line of the text, from 1; 0 if it concerns no line.
        message: What is wrong, without a full stop.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}" if line else message)


def forms(text: str) -> list[Part]:
    """Return the outermost brackets of a PDDL text in lower case, as PDDL does not tell upper from lower.

    Raises:
        Refused: Brackets do not match, or there are too many inside each other.
    """
    lines = text.removeprefix("\ufeff").lower().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    top: list[Part] = []
    inside: list[tuple[list[Part], int]] = []
    here = top
    closed_twice = 0  # the line of a bracket that closes nothing; published files end with one, so that is let pass
    for number, line in enumerate(lines, 1):
        for token in _TOKEN.findall(line):
            if token[0] == ";":
                continue
            if closed_twice and token != ")":
                raise Refused(closed_twice, "a closing bracket ')' too many")
            if token == "(":
                if len(inside) == DEEPEST:
                    raise Refused(number, f"more than {DEEPEST} brackets inside each other")
                inside.append((here, number))
                here = []
            elif token == ")":
                if not inside:
                    closed_twice = closed_twice or number
                    continue
                outer, begun = inside.pop()
                outer.append(Form(tuple(here), begun))
                here = outer
            else:
                here.append(token)
    if inside:
        raise Refused(inside[-1][1], "a closing bracket ')' is missing for the one opened here")
    return top

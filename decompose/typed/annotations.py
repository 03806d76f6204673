"""How the values of an output type are read and compared, said by annotations of the type itself.

``Annotated[str, Text(case=False, spaces="collapse")]``, ``Annotated[float, Near(relative=1e-6)]``,
``Annotated[Decimal, Money(places=2)]``, ``Annotated[int, Number(units=("kg",))]``. msgspec and Pydantic pass over
annotations that they do not know, so a type that carries these stays a type of theirs.
"""

import math
from typing import Literal

import msgspec

Spaces = Literal["keep", "strip", "collapse"]
"""What white space counts for: ``keep`` all of it, ``strip`` that at both ends, ``collapse`` each run to one blank."""


class Text(msgspec.Struct, frozen=True):
    """How texts are made alike before equal answers are counted.

    Attributes:
        case: Whether upper and lower case differ. Without it the canonical form is the case-folded text, and that is
            what the answer says: ``ACME`` and ``Acme`` both become ``acme``.
        spaces: What white space counts for.
        ends: Characters that are taken off both ends, such as ``".,;"``; with them goes the white space there.
        prose: Whether this is free text, such as a summary, which is hardly ever said twice alike: any two such texts
            count as the same answer, and the text of a record is that of the first reply that the winner counts.
            **Nothing is voted on where all of an answer is prose.**
    """

    case: bool = True
    spaces: Spaces = "strip"
    ends: str = ""
    prose: bool = False


LOOSE = Text(case=False, spaces="collapse")
"""How choices are matched where nothing else is said: the answer is the choice as declared, so no spelling is lost."""


class Number(msgspec.Struct, frozen=True):
    """How a number is written as text: in an answer line, or in quotes.

    Attributes:
        group: What may stand between groups of three figures; empty for nothing.
        point: What stands before the fraction.
        units: Texts that may follow the number, such as ``kg`` or ``%``, and are left out; case does not matter. They
            do not change the number.

    Raises:
        ValueError: ``group`` and ``point`` are the same, or ``point`` is not one character.
    """

    group: str = ","
    point: str = "."
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.group == self.point or len(self.point) != 1 or len(self.group) > 1:
            raise ValueError(f"numbers cannot be grouped by {self.group!r} with {self.point!r} before the fraction")


class Near(msgspec.Struct, frozen=True):
    """How far two numbers may lie apart and count as the same answer; see ``near.same``.

    Attributes:
        relative: Largest difference as a share of the larger of the two, 0 or more and below 1.
        absolute: Largest difference, 0 or more. The wider of the two limits holds.

    Raises:
        ValueError: A limit is out of range, or both are 0.
    """

    relative: float = 0.0
    absolute: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.relative < 1 and 0 <= self.absolute < math.inf and self.relative + self.absolute > 0):
            raise ValueError(f"near is a share below 1 or a distance above 0, not {self.relative} or {self.absolute}")


class Money(msgspec.Struct, frozen=True):
    """How an amount of money is written: as a ``Decimal`` that always has the same number of places.

    Attributes:
        places: Places after the point. An amount with more, unless they are zeros, is unreadable: rounding it would
            be a guess at what was meant.
        currency: Signs or codes that may stand before or after it and are left out. Empty: any one of the usual
            signs, or a code of three capital letters. **Amounts in different currencies then count as equal**.
        group: What may stand between groups of three figures.
        point: What stands before the fraction.

    Raises:
        ValueError: ``places`` is out of range.
    """

    places: int = 2
    currency: tuple[str, ...] = ()
    group: str = ","
    point: str = "."

    def __post_init__(self) -> None:
        if not 0 <= self.places <= 18:
            raise ValueError(f"an amount has 0 to 18 places, not {self.places}")
        Number(self.group, self.point)

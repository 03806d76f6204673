"""Output types as users write them, of every library that is covered."""

import dataclasses
import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, TypedDict

import msgspec
import pydantic

from surefoot.decompose.typed.annotations import Money, Near, Text


class Colour(enum.Enum):
    RED = "Red"
    DARK_GREEN = "Dark green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Invoice:
    vendor: Annotated[str, Text(case=False, spaces="collapse")]
    day: datetime.date
    total: Annotated[Decimal, Money(places=2)]
    paid: bool = False


class Address(TypedDict):
    street: str
    floor: NotRequired[int]


class Person(msgspec.Struct, kw_only=True, rename="camel"):
    full_name: str
    born: datetime.date | None = None
    tags: frozenset[str] = frozenset()
    address: Address | None = None
    nick: str | msgspec.UnsetType = msgspec.UNSET


class Leaf(msgspec.Struct, tag=True):
    value: Annotated[int, msgspec.Meta(ge=0)]


class Branch(msgspec.Struct, tag=True):
    left: "Leaf | Branch"
    right: "Leaf | Branch"


class Terse(msgspec.Struct, omit_defaults=True):
    a: int
    b: int = 5


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(populate_by_name=True)

    number: Annotated[int, pydantic.Field(ge=1)]
    customer: Annotated[str, Text(spaces="collapse")] = pydantic.Field(alias="Customer", default="Nobody")
    amount: Annotated[Decimal, Money(places=2)]
    colour: Colour = Colour.RED
    before: Optional["Order"] = None

    @pydantic.field_validator("customer")
    @classmethod
    def _no_digits(cls, value: str) -> str:
        if any(character.isdigit() for character in value):
            raise ValueError("a customer has no figures")
        return value.title()


class Measured(msgspec.Struct):
    name: Annotated[str, Text(case=False)]
    weight: Annotated[float, Near(absolute=0.01)]
    unit: Literal["kg", "lb"]


class Ids(pydantic.RootModel[list[int]]):
    pass


VALUES: list[tuple[Any, list[Any]]] = [
    (str, ["", "a b", "Ä", "x\ny", '"quoted"']),
    (int, [0, -5, 10**300]),
    (float, [0.0, 0.1, 1e300, -2.5]),
    (bool, [True, False]),
    (Decimal, [Decimal("1.5"), Decimal("-1000"), Decimal("1E+3")]),
    (datetime.date, [datetime.date(2024, 2, 29)]),
    (
        datetime.datetime,
        [datetime.datetime(2024, 1, 1, 12, 0, 0, 5), datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)],
    ),
    (datetime.time, [datetime.time(12, 30)]),
    (uuid.UUID, [uuid.UUID(int=7)]),
    (int | None, [None, 3]),
    (str | int | None, ["5", 5, None, "null"]),
    (Literal["a", "b"], ["a"]),
    (Colour, [Colour.DARK_GREEN]),
    (Level, [Level.HIGH]),
    (list[int], [[], [3, 1]]),
    (tuple[int, str], [(1, "a")]),
    (tuple[float, ...], [(1.5, 2.0)]),
    (set[str], [{"b", "a"}]),
    (dict[str, int], [{"b": 1, "a": 2}]),
    (dict[int, list[bool]], [{1: [True]}]),
    (Any, [{"a": [1, 2.5, None, "x"]}, [[]]]),
    (Point, [Point(1, 2.5)]),
    (Invoice, [Invoice("acme", datetime.date(2024, 1, 1), Decimal("1.50"), True)]),
    (Address, [{"street": "Hill"}, {"street": "Hill", "floor": 2}]),
    (Person, [Person(full_name="A", tags=frozenset("ab"), address={"street": "x"}), Person(full_name="B", nick="b")]),
    (Leaf | Branch, [Leaf(1), Branch(Leaf(1), Branch(Leaf(2), Leaf(3)))]),
    (Terse, [Terse(1), Terse(1, 6)]),
    (list[Invoice], [[Invoice("a", datetime.date(2024, 1, 1), Decimal("1.50"))]]),
    (Order, [Order(number=1, amount=Decimal("2.00"), before=Order(number=2, Customer="Bo", amount=Decimal("3.10")))]),
    (list[Order] | None, [None, [Order(number=1, amount=Decimal("2.00"))]]),
    (Ids, [Ids([1, 2])]),
    (Measured, [Measured("a", 1.25, "kg")]),
]

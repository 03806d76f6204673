"""What ``surefoot test`` is made of: other values of a task's fields, and results of its tools."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from surefoot.decompose.step import Call
from surefoot.decompose.task import Task
from surefoot.runtime.tools.contract import Tool
from surefoot.scripts.commands.task_variations import variations
from surefoot.scripts.commands.tool_results import ToolResults, ToolsNotCalled


class Fields(Task, frozen=True, kw_only=True):
    """Has a field of every kind that is varied, and some that are not."""

    count: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4
    share: float = 0.5
    sure: bool = False
    word: str = "a"
    pick: Literal["left", "right"] = "left"
    many: tuple[int, ...] = (1,)


def test_one_field_at_a_time_is_given_another_valid_value() -> None:
    task = Fields()
    changed = dict(variations(task))
    assert set(changed) == {"count", "share", "sure", "word", "pick"}
    for name, other in changed.items():
        differs = [field for field in Fields.__struct_fields__ if getattr(task, field) != getattr(other, field)]
        assert differs == [name]


def test_a_value_at_its_upper_bound_is_varied_downwards() -> None:
    changed: Any = dict(variations(Fields()))
    assert changed["count"].count == 3
    assert dict(variations(Fields(count=1)))["count"].count == 2  # type: ignore[attr-defined]
    assert changed["pick"].pick == "right"
    assert changed["sure"].sure is True


class Strict(Task, frozen=True, kw_only=True):
    """Refuses every value but one."""

    word: str = "a"

    def __post_init__(self) -> None:
        if self.word != "a":
            raise ValueError("only a")


def test_a_field_of_which_no_other_value_is_taken_is_left_out() -> None:
    assert list(variations(Strict())) == []


class Shop(Task, frozen=True, kw_only=True):
    """Has a plain function, a tool that fails, and one that may be called once only."""

    def tools(self) -> dict[str, Any]:
        """Name three tools."""
        return {
            "price": price,
            "fail": fail,
            "buy": Tool(name="buy", function=price, timeout_s=1.0, repeatable=False),
        }


asked: list[str] = []


def price(name: str) -> int:
    asked.append(name)
    return len(name)


def fail() -> int:
    raise LookupError("sold out")


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


def test_a_tool_is_called_once_for_the_same_arguments() -> None:
    results = ToolResults(Shop(), allowed=True)
    call = Call("price", {"name": "nut"})
    assert results.of(call) == results.of(call) == 3
    assert results.of(Call("price", {"name": "bolt"})) == 4
    assert asked == ["nut", "bolt"]


@pytest.mark.parametrize(
    ("call", "allowed", "said"),
    [
        (Call("price", {"name": "nut"}), False, "--call-tools calls it"),
        (Call("buy", {"name": "nut"}), True, "only once"),
        (Call("sell", {}), True, "no tool of that name"),
        (Call("fail", {}), True, "sold out"),
    ],
)
def test_a_call_that_a_test_does_not_make_says_why(call: Call, allowed: bool, said: str) -> None:
    with pytest.raises(ToolsNotCalled, match=said):
        ToolResults(Shop(), allowed).of(call)
    assert asked == []


def test_a_failure_that_may_be_is_a_result() -> None:
    found = ToolResults(Shop(), allowed=True).of(Call("fail", {}, may_fail=True))
    assert "sold out" in str(found)

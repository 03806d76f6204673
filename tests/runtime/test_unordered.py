"""Sets in another order: equal, and gone through the other way round; a prompt that shows it is named."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.step import Prompt, Role, Step
from surefoot.runtime.checked_task import checked_class
from surefoot.runtime.errors import UserCodeError
from surefoot.runtime.unordered import reordered
from tests.data.own.faults import Sound

WORDS = {"pear", "fig", "kiwi"}


class Held(msgspec.Struct, frozen=True):
    """A state with a set in it."""

    left: frozenset[str]
    name: str = "x"


@pytest.mark.parametrize(
    "value",
    [WORDS, frozenset(WORDS), {(1, "a"), (2, "b")}, [1, WORDS], ("a", {"b": WORDS}), Held(frozenset(WORDS))],
)
def test_a_set_comes_in_another_order_and_is_equal(value: Any) -> None:
    found = reordered(value)
    assert found == value
    assert found is not value


@pytest.mark.parametrize(
    "value",
    ["text", 3, [1, "a"], {"a": (1, 2)}, {"one"}, {1, 2, 3}, {(1, 2), (3, 4)}, Held(frozenset()), None],
)
def test_what_has_no_order_to_lose_is_left_as_it_is(value: Any) -> None:
    assert reordered(value) is value


def test_the_order_is_another() -> None:
    assert list(reordered(WORDS)) == list(reversed(list(WORDS)))
    assert ", ".join(reordered(WORDS)) != ", ".join(WORDS)
    assert sorted(reordered(WORDS)) == sorted(WORDS)
    assert "fig" in reordered(WORDS)
    assert isinstance(reordered(WORDS), set)
    assert isinstance(reordered(frozenset(WORDS)), frozenset)


class Joined(Sound, frozen=True, kw_only=True):
    def prompt(self, step: Any, dialect: Any) -> Prompt:
        return Prompt(f"Which of {', '.join(step.reads)}?")


class Sorted(Sound, frozen=True, kw_only=True):
    def prompt(self, step: Any, dialect: Any) -> Prompt:
        return Prompt(f"Which of {', '.join(sorted(step.reads))}?")


def test_a_prompt_that_shows_the_order_of_a_set_is_named() -> None:
    step = Step("which", Role.ACTOR, reads=WORDS)
    with pytest.raises(UserCodeError, match=r"Joined.prompt .* depends on the order of a set"):
        checked_class(Joined)().prompt(step, "chat")
    assert checked_class(Sorted)().prompt(step, "chat").user == "Which of fig, kiwi, pear?"  # placebo
    assert checked_class(Joined)().prompt(Step("which", Role.ACTOR, reads=("a", "b")), "chat").user == "Which of a, b?"

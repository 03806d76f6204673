"""Graphs of definitions: read as they were posed, what an answer needs in an order that can be worked through."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.tasks.problems.graphs import INPUTS, Definition, needed, pose, pose_chain, read, worded

seeds = st.integers(0, 10**6).map(random.Random)


def reached(defined: dict[str, Definition], wanted: str) -> set[str]:
    """Names that an answer needs, by going from name to name."""
    found, todo = set[str](), [wanted]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [one for one in defined[name].operands if one in defined]
    return found


@given(seeds, st.integers(1, 40))
def test_what_an_answer_needs_comes_once_and_after_what_it_reads(rng: random.Random, size: int) -> None:
    parts = read(pose(rng, size))
    assert parts is not None
    defined, wanted = parts
    assert len(defined) == INPUTS + size
    order = needed(defined, wanted)
    names = [one.name for one in order]
    assert names[-1] == wanted
    assert len(set(names)) == len(names)
    assert set(names) == reached(defined, wanted)
    for at, one in enumerate(order):
        assert all(operand.isdigit() or operand in names[:at] for operand in one.operands)


@given(seeds, st.integers(1, 60))
def test_a_chain_needs_every_definition_in_order(rng: random.Random, size: int) -> None:
    parts = read(pose_chain(rng, size))
    assert parts is not None
    defined, wanted = parts
    assert [one.name for one in needed(defined, wanted)] == list(defined)
    assert len(defined) == size + 1


@given(seeds, st.integers(1, 10))
def test_a_question_says_the_same_after_it_was_read(rng: random.Random, size: int) -> None:
    question = pose(rng, size)
    parts = read(question)
    assert parts is not None
    assert worded(tuple(parts[0].values()), parts[1]) == question


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a1 = b1", "a1"),  # not defined
        ("a1 = 5", "b1"),
        ("a1 = b1 + 1, b1 = a1 * 2", "a1"),
        ("a1 = a1 + 1", "a1"),
        ("a1 = 1, b1 = a1 + c1, c1 = d1, d1 = c1", "b1"),
    ],
)
def test_names_that_lead_nowhere_or_in_circles_are_refused(text: str, wanted: str) -> None:
    parts = read(f"With {text}, all mod 97: what is {wanted}?")
    assert parts is not None
    with pytest.raises(ValueError, match="has no definition, or is defined by itself"):
        needed(*parts)


def test_a_circle_that_no_answer_needs_is_left_alone_and_two_may_read_one() -> None:
    parts = read("With a1 = 1, b1 = a1 + a1, c1 = b1 * a1, d1 = d1, all mod 97: what is c1?")
    assert parts is not None
    assert [one.name for one in needed(*parts)] == ["a1", "b1", "c1"]


def test_a_long_chain_needs_no_recursion() -> None:
    defined = {"n0": Definition("n0", ("1",))}
    defined |= {f"n{i}": Definition(f"n{i}", (f"n{i - 1}", "2"), "+") for i in range(1, 20_000)}
    assert [one.name for one in needed(defined, "n19999")] == list(defined)


@pytest.mark.parametrize(
    "question",
    [
        "With a1 = 1, all mod 96: what is a1?",
        "With a1 = , all mod 97: what is a1?",
        "With a1 = 1 - 2, all mod 97: what is a1?",
        "With a1 = 1; b1 = 2, all mod 97: what is a1?",
        "With a1 = 1 + 2 + 3, all mod 97: what is a1?",
        "a1 = 1",
    ],
)
def test_something_else(question: str) -> None:
    assert read(question) is None

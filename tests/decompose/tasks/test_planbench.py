"""Problems of PlanBench's JSON: each entry is a problem or says why not, whatever stands in the file."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.tasks.pddl_generators import BLOCKSWORLD, blocks, generated, logistics
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.planbench import Entry, entries

START, GOAL = "the red block is clear, the hand is empty and the red block is on the table", "the red block is clear"


def said(start: str = START, goal: str = GOAL) -> str:
    return f"[STATEMENT]\nAs initial conditions I have that, {start}.\nMy goal is to have that {goal}."


def one(query: Any, **more: Any) -> Entry:
    (found,) = entries({"instances": [{"query": query, **more}]})
    return found


@pytest.mark.parametrize("found", [None, [], {}, {"instances": []}, {"instances": {}}, {"instances": "x"}, "text", 3])
def test_a_file_without_instances_is_none_of_planbenchs(found: Any) -> None:
    with pytest.raises(ValueError, match="no list of instances"):
        entries(found)


@pytest.mark.parametrize(("more", "name"), [({"instance_id": 7}, "instance-7"), ({"instance_id": "a"}, "instance-a"),
                                            ({}, "instance-1"), ({"instance_id": [1]}, "instance-1")])  # fmt: skip
def test_an_entry_has_the_name_of_the_file_or_its_number(more: dict[str, Any], name: str) -> None:
    assert one(said(), **more).name == name


@pytest.mark.parametrize(
    ("query", "why"),
    [(None, "no query"), (3, "no query"), ("", "states no start"), ("hello", "states no start"),
     (said("the dog is asleep"), "no known domain"), (said(goal="the dog is asleep"), "no known domain")],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_says_why(query: Any, why: str) -> None:
    found = one(query)
    assert why in found.refused
    assert (found.domain, found.problem) == ("", "")


def test_an_instance_that_is_no_object_is_a_row_of_its_own() -> None:
    bad, good = entries({"instances": ["x", {"query": said()}]})
    assert bad.refused
    assert not good.refused
    assert (bad.name, good.name) == ("instance-1", "instance-2")


def test_the_last_statement_is_the_problem() -> None:
    found = one(said(goal="the hand is empty") + "\n[PLAN]\n...\n" + said())
    assert "(:goal (and (clear red)))" in found.problem


names = st.sampled_from(["red", "blue", "orange", "yellow"])
facts = st.one_of(
    st.builds("the {} block is clear".format, names), st.builds("the {} block is on the table".format, names),
    st.builds("the {} block is on top of the {} block".format, names, names), st.just("the hand is empty"),
    st.builds("the hand is holding the {} block".format, names),
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(facts, min_size=1, max_size=5, unique=True), st.lists(facts, min_size=1, max_size=3, unique=True))
def test_sentences_become_as_many_facts(start: list[str], goal: list[str]) -> None:
    def listed(texts: list[str]) -> str:
        return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"

    found = one(said(listed(start), listed(goal)))
    assert not found.refused
    init, _, wanted = found.problem.partition("(:goal ")
    assert init.partition("(:init ")[2].count("(") == len(start)
    assert wanted.count("(") - 1 == len(goal)
    read(found.domain, found.problem)


def test_pddl_that_is_quoted_is_taken_up_to_its_last_bracket() -> None:
    found = one(f"Here you are:\n{BLOCKSWORLD}\nand\n{blocks(1)} thank you (very much)")
    assert found.domain == BLOCKSWORLD
    assert found.problem == blocks(1)
    assert read(found.domain, found.problem).world.domain == "blocksworld"
    open_end = one(f"{BLOCKSWORLD} (define (problem p) (:domain blocksworld)")
    assert open_end.problem.startswith("(define (problem p)"), "the reader says what is wrong with it"


@pytest.mark.parametrize("kind", ["blocksworld", "mystery", "logistics"])
def test_generated_problems_are_the_same_for_the_same_number_and_can_be_read(kind: Any) -> None:
    for number in range(1, 9):
        assert generated(kind, number) == generated(kind, number)
        found = read(*generated(kind, number))
        assert found.start != found.goal
        assert found.goal
    assert len({generated(kind, number)[1] for number in range(1, 9)}) == 8


def test_generated_problems_have_the_shape_of_the_published_ones() -> None:
    sizes = [len(read(*generated("blocksworld", number)).world.objects) for number in range(1, 101)]
    assert set(sizes) == {4, 5}
    assert 80 <= sizes.count(4) <= 97
    cities = [logistics(number).count("- truck") for number in range(1, 30)]
    assert set(cities) == {1}
    goals = [blocks(number).partition("(:goal")[2].count("(on ") for number in range(1, 101)]
    assert set(goals) <= {1, 2, 3, 4}


def test_mystery_hides_every_word_of_blocksworld() -> None:
    domain, problem = generated("mystery", 3)
    for word in ("blocksworld", "ontable", "clear", "handempty", "holding", "pick-up", "stack", "(on "):
        assert word not in domain + problem
    plain = read(*generated("blocksworld", 3))
    hidden = read(domain, problem)
    assert len(plain.world.schemas) == len(hidden.world.schemas)
    assert len(plain.start.split(")")) == len(hidden.start.split(")"))

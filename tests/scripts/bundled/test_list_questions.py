"""The planner's work on digit lists, held against the rules by hand and by the answer keys."""

import random

import pytest

from surefoot.decompose.answer_keys import digit_hanoi
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.scripts.bundled import list_questions as lists
from surefoot.scripts.bundled.list_questions import mistakes, situation, tops, towards, work


@pytest.mark.parametrize(
    ("pegs", "target", "places", "moves"),
    [
        (["a"], "a", ["a"], [0]),
        (["a"], "b", ["b"], [1]),
        (["a", "a"], "b", ["b", "c"], [2, 1]),  # the small one goes aside first
        (["b", "a"], "b", ["b", "b"], [0, 1]),
        (["a", "a", "a"], "c", ["c", "b", "c"], [4, 2, 1]),
        (["c", "c", "c"], "c", ["c", "c", "c"], [0, 0, 0]),
    ],
)
def test_disks_gather_on_one_peg(pegs: list[str], target: str, places: list[str], moves: list[int]) -> None:
    assert towards(pegs, target) == (places, moves)


def test_the_moves_of_a_whole_tower_are_the_fewest() -> None:
    for count in range(1, 6):
        assert sum(towards(["a"] * count, "b")[1]) == 2**count - 1


def test_tops_are_the_smallest_disks_of_both_pegs() -> None:
    assert tops("check 1ab in 3a 2b 1a") == "1a 2b"
    assert tops("check 3ac in 3a 2b 1b") == "3a -"
    assert tops("check 1cb in 3a 2a 1a") == "- -"


@pytest.mark.parametrize(
    ("state", "propose", "value", "subgoal"),
    [
        ("-/-/012", "3c 2c 1c", "3c 0 2c 0 1c 0", "3c 2c 1c"),  # the goal itself
        ("012/-/-", "3c 2b 1c", "3c 4 2b 6 1c 7", "3a 2b 1b"),  # seven moves, as a whole tower takes
        ("0/1/2", "3c 2b 1b", "3c 4 2b 4 1b 5", "3a 2b 1b"),
        ("-/01/2", "3c 2a 1c", "3c 4 2a 6 1c 6", "3b 2a 1a"),
    ],
)
def test_the_work_by_hand(state: str, propose: str, value: str, subgoal: str) -> None:
    world = DigitLists(3)
    assert work("propose", world, state, "-/-/012") == propose
    assert work("value", world, state, "-/-/012") == value
    assert work("subgoal", world, state, "-/-/012") == subgoal
    assert work("reached", world, state, "-/-/012") == work("predict", world, state, "-/-/012") == ""


@pytest.mark.parametrize("numbers", lists.SIZES)
def test_a_situation_has_a_legal_state_and_goal(numbers: int) -> None:
    rules, rng = digit_hanoi.DigitRules(numbers), random.Random(numbers)
    seen = set()
    for _ in range(200):
        state, goal = situation(rng, rules)
        for one in (state, goal):
            assert sorted(one.replace("/", "").replace("-", "")) == [str(n) for n in range(numbers)]
        seen.add(state == goal)
    assert seen == {True, False}


def test_mistakes_break_a_rule_and_are_mostly_of_a_number_from_where_it_is() -> None:
    rules, rng = digit_hanoi.DigitRules(3), random.Random(1)
    state, there = "01/2/-", 0
    for _ in range(100):
        found = mistakes(rng, rules, state)
        assert found
        assert all(rules.broken(state, move) for move in found)
        lists_ = dict(zip("ABC", state.split("/"), strict=True))
        there += all(move[0] in lists_[move[1]] for move in found)
    assert there > 60


@pytest.mark.parametrize("module", lists.MODULES)
def test_the_work_stands_before_the_answer(module: str) -> None:
    rng = random.Random(module)
    for _ in range(40):
        prompt, reply = lists.question(rng, module)
        assert prompt.split(" ")[0] == module
        shown, equals, said = reply.rpartition(" = ")
        assert said
        assert bool(equals) == bool(shown)
        assert bool(shown) == (module in ("propose", "check", "value", "subgoal"))


def test_an_evaluators_question_keeps_its_names() -> None:
    rng = random.Random(2)
    pair = lists.question(rng, "value", 3)
    assert lists.renamed(rng, pair) == pair
    five = lists.question(rng, "propose", 5)
    assert lists.renamed(rng, five) == five
    three = lists.question(rng, "propose", 3)
    others = {lists.renamed(random.Random(seed), three) for seed in range(20)}
    assert len(others) > 3

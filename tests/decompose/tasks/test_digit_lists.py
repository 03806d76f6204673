"""States and moves of the digit lists, in both dialects."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.digit_hanoi import DigitRules
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states

MOVES = ["".join(pair) for pair in itertools.permutations("ABC", 2)]


@pytest.mark.parametrize("numbers", [1, 2, 3, 4, 5])
def test_every_state_is_listed_once_and_each_number_is_in_one_list(numbers: int) -> None:
    states = all_states(numbers)
    assert len(set(states)) == len(states) == 3**numbers
    assert all(sorted(s.replace("-", "").replace("/", "")) == [str(n) for n in range(numbers)] for s in states)
    assert states[0] == f"{''.join(map(str, range(numbers)))}/-/-"


@pytest.mark.parametrize("numbers", [3, 4, 5])
def test_no_two_states_and_no_two_moves_are_said_alike(numbers: int) -> None:
    world = DigitLists(numbers)
    for dialect in ("chat", "compact"):
        said = [world.say_state(state, dialect) for state in all_states(numbers)]  # type: ignore[arg-type]
        assert len(set(said)) == 3**numbers
        assert [world.read_state(text, dialect) for text in said] == list(all_states(numbers))  # type: ignore[arg-type]
        moves = [f"{number}{pair}" for number in range(numbers) for pair in MOVES]
        spoken = [world.say_action(move, dialect) for move in moves]  # type: ignore[arg-type]
        assert len(set(spoken)) == len(moves)
        assert [world.read_action(text, dialect) for text in spoken] == moves  # type: ignore[arg-type]


def test_disk_one_of_the_classic_puzzle_is_the_largest_number() -> None:
    world = DigitLists(3)
    assert world.say_state("01/2/-", "compact") == "3a 2a 1b"
    assert world.say_action("2BC", "compact") == "1bc"
    assert world.say_state("01/2/-", "chat") == "A=[0, 1] B=[2] C=[]"
    assert world.say_action("2BC", "chat") == "Move 2 from B to C"


@pytest.mark.parametrize(
    "text",
    [
        "A=[0, 1] B=[] C=[]", "A=[0, 1, 2] B=[2] C=[]", "A=[1, 0] B=[2] C=[]", "A=[0, 1] B=[3] C=[]", "[0, 1] [2] []",
        "A=[0, 1] C=[] B=[2]", "A=[0, 1] B=[2]", "A=[0 1 2]] B=[] C=[]", "so A=[0, 1] B=[2] C=[]",
        "A=[-0, 1] B=[2] C=[]",
    ],
)  # fmt: skip
def test_lists_that_are_no_state_are_not_read(text: str) -> None:
    assert DigitLists(3).read_state(text, "chat") is None


@pytest.mark.parametrize("text", ["3a 2a", "3a 2a 1d", "1a 2a 3a", "3a 2a 1b ", "3a  2a 1b", "4a 3a 2a 1b", "3A 2a 1b"])
def test_words_that_are_no_state_are_not_read(text: str) -> None:
    assert DigitLists(3).read_state(text, "compact") is None


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("Move 2 from A to B", "2AB"), ("move 2 from list a to list b.", "2AB"), ("1. Move 2 from A to B", "2AB"),
        ("Move 2 from A to A", None), ("Move 3 from A to B", None), ("Move 2 from A to D", None),
        ("2 from A to B", None),
        ("Move two from A to B", None), ("Move 2 from A to B and back", None), ("Move 22 from A to B", None),
    ],
)  # fmt: skip
def test_how_freely_a_move_may_be_written(text: str, move: str | None) -> None:
    assert DigitLists(3).read_action(text, "chat") == move


@pytest.mark.parametrize("text", ["0ab", "4ab", "1aa", "1abc", "ab1", "11ab", "1AB", ""])
def test_a_move_of_a_disk_that_is_not_there_is_not_read(text: str) -> None:
    assert DigitLists(3).read_action(text, "compact") is None


@given(state=st.sampled_from(all_states(4)), data=st.data())
def test_the_rules_are_those_of_the_classic_puzzle(state: str, data: st.DataObject) -> None:
    """A valid move changes one disk, and is undone by its opposite, which is valid too."""
    rules = DigitRules(4)
    move = data.draw(st.sampled_from(rules.actions(state)))
    after = rules.after(state, move)
    assert after != state
    assert after in all_states(4)
    back = move[0] + move[2] + move[1]
    assert back in rules.actions(after)
    assert rules.after(after, back) == state


@given(state=st.sampled_from(all_states(4)), goal=st.sampled_from(all_states(4)))
def test_the_distance_falls_by_one_with_the_best_move_and_by_no_more_with_any(state: str, goal: str) -> None:
    rules = DigitRules(4)
    here = rules.distance(state, goal)
    if state == goal:
        assert here == 0
        return
    ranked = rules.ranked(state, goal)
    left = [rules.distance(rules.after(state, move), goal) for move in ranked]
    assert left == sorted(left)
    assert left[0] == here - 1
    assert left[-1] <= here + 1


@given(state=st.sampled_from(all_states(3)), goal=st.sampled_from(all_states(3)))
def test_a_subgoal_of_the_key_lies_on_a_way_and_is_neither_end(state: str, goal: str) -> None:
    rules = DigitRules(3)
    for found in rules.subgoals(state, goal):
        assert found in all_states(3)
        assert found not in (state, goal)


@given(state=st.sampled_from(all_states(3)))
def test_moves_are_valid_or_break_a_rule_that_is_named(state: str) -> None:
    rules, world = DigitRules(3), DigitLists(3)
    others = rules.other_actions(state)
    assert set(others).isdisjoint(rules.actions(state))
    assert len(others) + len(rules.actions(state)) == 3 * len(MOVES)
    assert {rules.broken(state, move) for move in others} <= set(world.rules)
    for move in rules.actions(state):
        assert rules.broken(state, move) == ""

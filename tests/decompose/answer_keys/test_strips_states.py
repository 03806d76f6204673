"""States of a written-out world are numbers: held, state by state, against the referee, which writes nothing out."""

import pytest

from surefoot.decompose.answer_keys.strips_ground import Action, Change, Ground, holds
from surefoot.decompose.answer_keys.strips_states import States, bits
from surefoot.decompose.referees import strips
from tests.decompose.answer_keys.small_worlds import NAMES, everywhere, small


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_read_and_said_back(name: str) -> None:
    one = small(name)
    numbers = {state: one.states.read(state) for state in everywhere(one)}
    assert None not in numbers.values()
    assert len(set(numbers.values())) == len(numbers) > 10
    assert all(one.states.say(number) == state for state, number in numbers.items() if number is not None)


@pytest.mark.parametrize("name", NAMES)
def test_actions_and_followers_of_every_state_are_the_referees(name: str) -> None:
    one = small(name)
    for state in everywhere(one):
        facts, number = strips.facts(state), one.states.read(state)
        assert number is not None
        found = {action.said: action for action in one.states.actions(number)}
        assert sorted(found) == strips.applicable(one.world, facts)
        for said, action in found.items():
            after = one.states.after(number, action)
            assert one.states.say(after) == strips.text(strips.after(one.world, facts, said))
            # What is derived and what is negated goes with it: the number is the one that the state is read as.
            assert after == one.states.read(one.states.say(after))


@pytest.mark.parametrize("name", NAMES)
def test_the_goal_is_met_where_the_referee_says_so(name: str) -> None:
    one = small(name)
    met = {state for state in everywhere(one) if one.wanted.met(one.states.read(state) or 0)}
    assert met == {state for state in everywhere(one) if strips.holds(one.world, strips.facts(state), one.goal)}
    assert met


def test_no_action_is_yielded_twice_and_each_has_its_name() -> None:
    one = small("blocks")
    for state in everywhere(one, most=60):
        found = [action.said for action in one.states.actions(one.states.read(state) or 0)]
        assert len(set(found)) == len(found)
        assert all(one.states.by_name[said].said == said for said in found)


def test_a_state_with_an_atom_that_is_not_written_out_is_not_read() -> None:
    one = small("ferry")
    assert one.states.read(one.start) is not None
    assert one.states.read(f"{one.start} (at x nowhere)") is None
    assert one.states.read(f"{one.start} (on x y)") is None


def test_an_atom_has_an_opposite_only_where_something_asks_for_it() -> None:
    plain, asked = small("ferry", "(at x q)"), small("ferry", "(at x q) (not (empty))")
    assert plain.states.ground.opposites == {}
    (bit,) = asked.states.ground.opposites
    assert bit == asked.states.ground.bits["(empty)"]
    opposite = asked.states.ground.opposites[bit]
    begins = asked.first
    assert not begins & opposite
    board = asked.states.by_name["(board x p)"]
    aboard = asked.states.after(begins, board)
    assert aboard & opposite
    assert not aboard & bit
    assert asked.states.after(aboard, asked.states.by_name["(land x p)"]) == begins


def test_what_is_deleted_and_added_by_one_action_is_true() -> None:
    """PDDL's own rule; with it the opposite of what is added is false."""
    stay = Change((0, ()), adds=0b01, deletes=0b01, spoils=0b10, frees=0b10)
    action = Action("(stay)", (0, ()), stay, ())
    states = States(Ground({"(p)": 0b01}, {}, frozenset(), (), {0b01: 0b10}, (action,)))
    assert states.after(0b10, action) == 0b01
    assert states.after(0b01, action) == 0b01


@pytest.mark.parametrize(
    ("state", "true"), [(0b000, False), (0b001, False), (0b011, True), (0b101, True), (0b111, True), (0b110, False)]
)
def test_a_condition_asks_for_all_its_bits_and_one_part_of_each_disjunction(state: int, true: bool) -> None:
    assert holds((0b001, (((0b010, ()), (0b100, ())),)), state) == true


def test_a_disjunction_of_nothing_is_false_and_of_what_is_free_true() -> None:
    assert not holds((0, ((),)), 0b1)
    assert holds((0, (((0, ()),),)), 0)


def test_goals_that_cannot_come_true_are_none() -> None:
    world = small("ferry").states.ground
    assert world.goal("(port p)") == (0, ())
    assert world.goal("(not (port p))") is None
    assert world.goal("(port x)") is None
    assert world.goal("(not (port x))") == (0, ())
    assert world.goal("(here p) (at x q)") == (world.bits["(here p)"] | world.bits["(at x q)"], ())


def test_bits_come_from_the_lowest_up() -> None:
    assert list(bits(0b101100)) == [0b100, 0b1000, 0b100000]
    assert list(bits(0)) == []

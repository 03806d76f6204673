"""Castles: what is written of them is read, what is said of them can be read back, and nothing is left out."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.castles import CASTLES, N7TREE, N15STAR, TREE_CHESTS, chests_of, doors_of, edges_of
from surefoot.decompose.tasks.rooms import BEST, Rooms

DIALECTS: tuple[Dialect, ...] = ("chat", "compact")
rooms = st.integers(0, 9999)
pairs = st.tuples(rooms, rooms).filter(lambda pair: pair[0] != pair[1])


@given(
    both=st.lists(pairs, max_size=8), one=st.lists(pairs, max_size=8), between=st.sampled_from([" ", ",", ", ", "\n"])
)
def test_doors_are_read_as_they_are_written(
    both: list[tuple[int, int]], one: list[tuple[int, int]], between: str
) -> None:
    written = [f"{a}-{b}" for a, b in both] + [f"{a}>{b}" for a, b in one]
    if not written:
        return
    found = doors_of(between.join(written))
    assert (found.both_ways, found.one_way) == (tuple(dict.fromkeys(both)), tuple(dict.fromkeys(one)))
    assert found.chances == ()


@given(st.dictionaries(rooms, st.integers(-(10**9) + 1, 10**9 - 1), max_size=8))
def test_chests_are_read_as_they_are_written(worths: dict[int, int]) -> None:
    text = " ".join(f"{room}:{worth}" for room, worth in worths.items())
    assert dict(chests_of(text)) == worths
    assert len(chests_of(text)) == len(worths)


@pytest.mark.parametrize(
    "part", ["1", "1-", "-1", "1-1", "1--2", "1-2-3", "a-b", "1<2", "12345-1", "1-²", "1—2", "1->2"]
)
def test_a_door_that_is_none_is_named_in_the_error(part: str) -> None:
    with pytest.raises(ValueError, match="not a pair of different rooms") as error:
        doors_of(f"1-2 {part}")
    assert repr(part) in str(error.value)


@pytest.mark.parametrize("text", ["", " ", ",", " , \n"])
def test_a_castle_needs_a_door(text: str) -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        edges_of(text)
    assert chests_of(text) == ()


@pytest.mark.parametrize("part", ["8", "8:", ":8", "8:x", "8:1.5", "8:--1", "8:1:2", "88888:1", "8:1234567890", "8:²"])
def test_a_chest_that_is_none_is_named_in_the_error(part: str) -> None:
    with pytest.raises(ValueError, match="not a room and its worth") as error:
        chests_of(f"1:2 {part}")
    assert repr(part) in str(error.value)
    with pytest.raises(ValueError, match="room 8 is named twice"):
        chests_of("8:1 9:2 8:1")


def test_the_castles_that_are_known_by_name_have_the_rooms_of_their_names() -> None:
    graphs = {"n15star": N15STAR, "n7tree": N7TREE, **CASTLES}
    for name, edges in graphs.items():
        world = Rooms(edges_of(edges))
        count = int(re.findall(r"\d+", name)[0])
        assert world.rooms() == list(range(1, count + 1)), name
        assert len({frozenset(edge) for edge in world.edges}) == len(world.edges), name
    assert dict(TREE_CHESTS)[4] == max(worth for _, worth in TREE_CHESTS)


CASTLE = Rooms(
    edges=((1, 2), (2, 3)),
    chests=((3, 50), (4, -5)),
    changed=((3, 7),),
    locked=((1, 2),),
    opened=((3, 4),),
    one_way=((2, 5),),
)


@pytest.mark.parametrize(
    ("part", "chat", "compact"),
    [
        ("edges", "Room 1 is connected to room 2.", "1-2"),
        ("chests", "A chest in room 4 is worth -5.", "chest 4 $-5"),
        ("changed", "the chest in room 3 was found to be worth 7.", "worth 3 $7"),
        ("locked", "the door between rooms 1 and 2 was locked.", "shut 1x2"),
        ("opened", "a door between rooms 3 and 4 was opened.", "open 3-4"),
        ("one_way", "from room 2 to room 5, but not back.", "only 2>5"),
    ],
)
def test_every_fact_of_a_castle_is_in_its_description_and_preamble(part: str, chat: str, compact: str) -> None:
    without = Rooms(**{name: getattr(CASTLE, name) for name in CASTLE.__struct_fields__} | {part: ()})
    assert chat in CASTLE.description()
    assert chat not in without.description()
    assert compact in CASTLE.preamble()
    assert compact not in without.preamble()


def test_a_loss_is_explained_and_only_where_there_is_one() -> None:
    assert "to be avoided" in CASTLE.description()
    assert "to be avoided" not in Rooms(((1, 2),), ((2, 5),)).description()
    assert "Only one chest" in Rooms(((1, 2),), ((2, 5),)).description()
    assert "chest" not in Rooms(((1, 2),)).description()


def test_worths_are_those_that_were_changed_and_rooms_those_with_doors() -> None:
    assert CASTLE.worths == {3: 7, 4: -5}
    assert CASTLE.rooms() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_room_that_does_not_exist_is_not_read(dialect: Dialect) -> None:
    for room in range(8):
        said = CASTLE.say_state(str(room), dialect)
        assert CASTLE.read_state(said, dialect) == (str(room) if room in CASTLE.rooms() else None)
    assert CASTLE.read_state(CASTLE.say_state(BEST, dialect), dialect) == BEST


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_step_leads_between_two_different_rooms_that_exist(dialect: Dialect) -> None:
    for a, b in itertools.product(range(8), range(8)):
        action = f"{a}-{b}"
        there = a != b and {a, b} <= set(CASTLE.rooms())
        assert CASTLE.read_action(CASTLE.say_action(action, dialect), dialect) == (action if there else None)
        assert CASTLE.stated_after(action) == str(b)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("room 3", "3"),
        ("Room 3.", "3"),
        ("3", "3"),
        ("rooms 3", None),
        ("room 3 and 4", None),
        ("room -3", None),
        ("", None),
    ],
)
def test_how_freely_a_room_may_be_written(text: str, state: str | None) -> None:
    assert CASTLE.read_state(text, "chat") == state


@pytest.mark.parametrize("wording", range(4))
def test_examples_of_other_castles_in_every_other_wording(wording: int) -> None:
    own, foreign = Rooms(((1, 2),)), Rooms(((1, 2),), examples="elsewhere")
    assert own.example("Actor")
    assert (own.example("Actor", wording) == foreign.example("Actor", wording)) == (wording % 2 == 1)
    assert foreign.example("Actor", wording) == foreign.example("Actor")
    assert own.example("no such module", wording) == ""


SENTENCES = (
    "Imagine a house with 5 rooms. Room 1 is connected to rooms 2, 3, and 4. Room 2 is connected to room 3. "
    "Room 4 is connected to room 3, and room 5. There is a chest with a reward of 50 for visiting room 3 and there is "
    "a chest with a reward of -10 for visiting room 5."
)


def test_cogeval_s_sentences_are_read_as_doors_and_chests() -> None:
    assert doors_of(SENTENCES).both_ways == ((1, 2), (1, 3), (1, 4), (2, 3), (4, 3), (4, 5))
    assert chests_of(SENTENCES) == ((3, 50), (5, -10))


def test_the_star_of_21_rooms_is_the_published_one() -> None:
    edges = edges_of(CASTLES["n21star"])
    assert len(edges) == len({frozenset(edge) for edge in edges}) == 63
    assert {room for edge in edges for room in edge} == set(range(1, 22))


def test_a_door_s_chance_is_said_read_and_counted() -> None:
    doors = doors_of("1-2@50 2>3@25 1-3")
    assert doors.chances == ((1, 2, 50), (2, 1, 50), (2, 3, 25))
    world = Rooms(doors.both_ways, one_way=doors.one_way, chances=doors.chances)
    assert (world.attempts(1, 2), world.attempts(2, 3), world.attempts(1, 3), world.attempts(3, 1)) == (2, 4, 1, 1)
    assert "from room 2 to room 3 opens in 25 of 100 attempts" in world.description()
    assert "| often 2>3 $25 |" in world.preamble()


@pytest.mark.parametrize("part", ["1-2@", "1-2@0", "1-2@101", "1-2@4", "1-2@-5", "1-2@half"])
def test_a_chance_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="edges"):
        doors_of(f"2-3 {part}")

"""The planner's work in castles, step by step in small ones."""

import random
from collections import Counter
from itertools import islice

import pytest

from surefoot.decompose.answer_keys.graph import FAR, RoomRules
from surefoot.decompose.modular_planner.monitor import MonitorFacts
from surefoot.decompose.tasks.rooms import BEST, Rooms
from surefoot.scripts.bundled import room_questions as rooms

SQUARE = Rooms(((1, 2), (2, 3), (3, 4), (4, 1)))
ROW = Rooms(((1, 2), (2, 3), (3, 4)))


@pytest.mark.parametrize(
    ("worths", "clear"), [([1, 7, 13], True), ([1, 6], False), ([5], True), ([1, 50, 55], False), ([], True)]
)
def test_worths_are_clear_where_more_than_five_apart(worths: list[int], clear: bool) -> None:
    assert rooms.clear(worths) is clear


def test_drawn_worths_are_clear_and_within_a_hundred() -> None:
    rng = random.Random(1)
    for count in (1, 2, 4):
        found = rooms.worths(rng, count)
        assert len(found) == count
        assert rooms.clear(sorted(found))
        assert all(1 <= worth < 100 for worth in found)


def test_changed_worths_stay_apart_from_the_others() -> None:
    rng, chests, sizes = random.Random(2), ((1, 20), (2, 60)), Counter[int]()
    for _ in range(100):
        new = rooms.new_worths(rng, chests)
        assert rooms.clear(sorted({**dict(chests), **dict(new)}.values()))
        sizes[len(new)] += 1
    assert set(sizes) == {1, 2}


def test_the_target_of_the_best_is_the_chest_worth_most_now() -> None:
    world = Rooms(SQUARE.edges, chests=((1, 10), (3, 50)))
    assert rooms.target(world, BEST) == "3"
    assert rooms.target(Rooms(SQUARE.edges, chests=((1, 10), (3, 50)), changed=((1, 90),)), BEST) == "1"
    assert rooms.target(world, "2") == "2"


def test_a_search_goes_backwards_from_the_target_until_it_meets_the_room() -> None:
    rng = random.Random(1)
    assert rooms.steps(rng, ROW, "1", "4", set()) == [
        ("", "4"),
        ("3", "4"),
        ("", "3"),
        ("2", "3"),
        ("", "2"),
        ("1", "2"),
    ]
    assert rooms.steps(rng, ROW, "4", "4", set()) == []
    rejected = rooms.steps(rng, SQUARE, "1", "2", {"1-2"})
    assert ("1", "2") not in rejected
    assert rejected[-1] == ("1", "4")


def test_a_search_for_the_best_goes_through_no_other_chest() -> None:
    world = Rooms(SQUARE.edges, chests=((2, 10), (3, 50)))
    found = rooms.steps(random.Random(1), world, "1", BEST, set())
    assert found[-1] == ("1", "4")
    assert all("2" not in step for step in found)


def test_the_path_is_followed_and_counted() -> None:
    way = {"1": "2", "2": "3", "3": "4"}
    assert list(rooms.followed(way, "1", "4")) == ["1 2>3", "2 3>4", "3"]
    assert list(rooms.followed(way, "3", "4")) == ["1"]
    assert list(rooms.followed({}, "4", "4")) == []


def test_the_monitor_lists_doors_only_where_the_action_begins() -> None:
    rng = random.Random(1)
    here = rooms.doors_at(rng, MonitorFacts(SQUARE, "1", "1-3"), SQUARE)
    assert (here[0], sorted(here[1:])) == ("1:", ["2>1", "4>1"])
    assert rooms.doors_at(rng, MonitorFacts(SQUARE, "1", "2-3"), SQUARE) == ["1:"]


def test_there_is_no_way_to_where_one_is_nor_without_doors() -> None:
    assert rooms.there_is_a_way(ROW, "1", "4")
    assert not rooms.there_is_a_way(ROW, "4", "4")
    assert not rooms.there_is_a_way(Rooms(ROW.edges, locked=((2, 3),)), "1", "4")


def test_a_detour_is_longer_than_the_way() -> None:
    assert rooms.way_by(SQUARE, "1", "2", "1-2") == 1
    assert rooms.way_by(SQUARE, "1", "2", "1-4") == 3
    assert rooms.way_by(ROW, "2", "3", "2-1") >= FAR


def test_proposed_steps_are_of_every_kind() -> None:
    rng, found = random.Random(3), Counter[str]()
    world = Rooms(SQUARE.edges, locked=((1, 2),), opened=((1, 3),))
    rules = RoomRules(world)
    for _ in range(300):
        action = rooms.proposed(rng, world, "1", rules.actions("1"))
        found[rules.broken("1", action) or "open"] += 1
    assert set(found) == {"open", "room", "door"}
    assert all(count > 20 for count in found.values())


@pytest.mark.parametrize("most", [6, 10, 15])
def test_a_castle_is_no_larger_than_asked(most: int) -> None:
    rng, sizes = random.Random(most), Counter[int]()
    for _ in range(150):
        found = rooms.doors(rng, most)
        sizes[len({room for edge in found for room in edge})] += 1
    assert min(sizes) >= 4
    assert max(sizes) == most
    assert sizes[most] > 30


def test_doors_are_told_from_either_side() -> None:
    rng = random.Random(4)
    assert {rooms.turned(rng, (1, 2)) for _ in range(20)} == {(1, 2), (2, 1)}
    assert sorted(rooms.shuffled(rng, ["1-2", "1-3"])) == ["1-2", "1-3"]
    assert {tuple(rooms.shuffled(rng, ["a", "b"])) for _ in range(20)} == {("a", "b"), ("b", "a")}


@pytest.mark.parametrize("module", rooms.MODULES)
def test_questions_of_one_castle_share_its_description(module: str) -> None:
    pairs = list(islice(rooms.questions(random.Random(module), module, 8), 6))
    facts = {prompt.partition(" ")[2].partition(" |")[0] for prompt, _ in pairs}
    assert len(facts) == 1
    assert len({prompt for prompt, _ in pairs}) > 1


def test_plain_questions_go_for_the_chest_worth_most() -> None:
    world = Rooms(ROW.edges, chests=((2, 10), (4, 50)))
    assert not rooms.is_plain(RoomRules(world), "1")  # the chest worth most is behind the other one
    assert rooms.is_plain(RoomRules(world), "3")

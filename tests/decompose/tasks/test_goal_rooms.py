"""The described goal of the published transfer: asked, read, and told to the Actor."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys import graph
from surefoot.decompose.step import Flag, Step
from surefoot.decompose.tasks.goal_rooms import GoalFacts, RoomDescriber, check, parse, prompt
from surefoot.decompose.tasks.rooms import Rooms, aim

CASTLE = Rooms(((1, 2), (2, 3), (3, 4), (4, 1)), ((3, 50), (4, 10)))
FACTS = GoalFacts(CASTLE, "1", "best")


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_the_key_describes_the_best_chest_and_its_slips_another(dialect: Any) -> None:
    known = graph.answers(prompt(FACTS, dialect))
    assert [parse(FACTS, text, dialect) for text in known.right] == ["3!4"]
    assert "4!3" in [parse(FACTS, text, dialect) for text in known.wrong]
    assert "3!4" not in [parse(FACTS, text, dialect) for text in known.wrong]


def test_in_compact_it_is_the_orchestrator_s_question() -> None:
    """The bundled model was taught no other: the room stands in what it shows before its answer."""
    step = Step("reached", RoomDescriber().step(CASTLE, "1", "best", 1).role, FACTS)
    assert prompt(FACTS, "compact").user.startswith("reached ")
    assert step.reads == FACTS
    assert parse(FACTS, "@1 > 3 = no", "compact") == "3!4"


@pytest.mark.parametrize(
    "text", ["", "no", "go = room 3", "go = room 9\navoid = room 4", "go = room 3\ngo = room 4\navoid = room 4",
             "go = room 3\navoid = room 3", "go = there\navoid = room 4", "go = room 3\navoid = none"],
)  # fmt: skip
def test_half_a_description_is_misformatted(text: str) -> None:
    found = parse(FACTS, text, "chat")
    assert isinstance(found, Flag)
    assert found.name == "misformatted"


@pytest.mark.parametrize("text", ["no", "= 3", "@1 > = no", "@1 > 99 = no"])
def test_a_compact_reply_without_a_room_is_misformatted(text: str) -> None:
    assert isinstance(parse(FACTS, text, "compact"), Flag)


def test_a_goal_that_avoids_where_one_is_contradicts_the_prompt() -> None:
    assert check(FACTS, "3!4") is None
    flag = check(FACTS, "3!1")
    assert flag is not None
    assert flag.name == "inconsistent"


def test_a_described_goal_is_said_and_read_back() -> None:
    assert aim("3!4,7") == (3, frozenset({4, 7}))
    assert aim("3") == (3, frozenset())
    assert CASTLE.read_state(CASTLE.say_state("3!4", "chat"), "chat") == "3!4"
    assert CASTLE.say_state("3!4", "compact") == "best"
    assert CASTLE.say_state("4!3", "compact") == "4"


def test_the_rules_avoid_the_rooms_of_a_described_goal() -> None:
    rules = graph.RoomRules(CASTLE)
    assert rules.distance("1", "3!4") == 2
    assert rules.ranked("1", "3!4")[0] == "1-2"
    assert rules.distance("1", "3!4,2") == graph.FAR
    assert rules.met("3", "3!4")
    assert not rules.met("4", "3!4")

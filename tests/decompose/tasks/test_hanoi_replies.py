"""How replies are read: canonical answers and nothing else, never repaired, whatever the text."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.hanoi import GoalFacts, Hanoi, MoveFacts
from surefoot.decompose.tasks.hanoi_states import moved, words

STATE_10241 = "acccccccccc" + "abc" + "aaaaaa"
MOVE = Step("move", Role.ACTOR, MoveFacts("cw", "1ca", STATE_10241))
SMALL = Step("move", Role.ACTOR, MoveFacts("ccw", "-", "aaa"))
SMALL_ONLY = Step("move", Role.ACTOR, MoveFacts("ccw", "-", "aaa", states_next=False))
SPLIT = Step("split", Role.TASK_DECOMPOSER, GoalFacts("2ac", "aaa"))
STEPS = [MOVE, SMALL, SMALL_ONLY, SPLIT]
RIGHT = "move = [1, 0, 2]\nnext_state = [[3, 2], [], [1]]"


def canonical(step: Step) -> str:
    state = "".join(f" [abc]{{{len(word)}}}" for word in words(step.reads.state).split(" "))
    one = "[1-9][0-9]?(ab|ac|ba|bc|ca|cb)" + (state if step.reads.states_next else "")
    return " / ".join([one] * 3) if step.kind == "split" else one


def parse(text: str, step: Step = SMALL) -> str | Flag:
    return Hanoi().parse(step, text, "chat")


def flagged(found: str | Flag) -> bool:
    return isinstance(found, Flag) and found.name == "misformatted"


# Pieces of which wrong, nearly right and right replies are made.
PIECES = [
    "move = [1, 0, 2]", "next_state = [[3, 2], [], [1]]", "move", "next_state", "tower_1", "state_1 = ", "disk = ",
    " = ", "[", "]", ",", "1", "2", "3", "31", "0", " ", "\n", "\x00", "\x1b[31m", "\ud800", "١", "1e3", "-1", "true",
    "null", "NaN", "2.0", "1ac", "aaa", "caa", "2ab bba", " / ", "the answer is", "</script>", "\u202e",
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


@given(st.sampled_from(STEPS), TEXTS, st.sampled_from(["compact", "chat"]))
def test_any_text_is_a_canonical_candidate_or_a_flag(step: Step, text: str, dialect: Any) -> None:
    found = Hanoi().parse(step, text, dialect)
    if flagged(found):
        return
    assert isinstance(found, str)
    assert re.fullmatch(canonical(step), found)
    assert Hanoi().check(step, found) is None or isinstance(Hanoi().check(step, found), Flag)
    if dialect == "compact":
        assert found == text


@given(st.sampled_from(STEPS), st.data())
def test_canonical_text_is_read_as_it_stands(step: Step, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(canonical(step), fullmatch=True))
    assert Hanoi().parse(step, text, "compact") == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1ac", "1ac aac", "1ac aac ", " 1ac aac", "1ac  aac", "1ac\naac", "1ac aac\n", "1AC aac", "01ac aac",
        "0ac aac", "100ac aac", "1aa aac", "1ad aac", "1ac aad", "1ac aa", "1ac aaca", "1ac aac aac", "١ac aac",
        "1١ac aac", "1ac aac\x00", "1 ac aac", "1ac / aac", "move 1ac aac", "1ac aac 1ac aac", "\ud800",
    ],
)  # fmt: skip
def test_r15_compact_replies_are_not_repaired(text: str) -> None:
    assert flagged(Hanoi().parse(SMALL, text, "compact")) == (text != "1ac aac")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RIGHT, "1ac caa"),
        ("I move disk 1.\n" + RIGHT + "\nThat is all.", "1ac caa"),
        ("move = [1, 0, 1]\nnext_state = [[3, 2], [1], []]\nNo, wait.\n" + RIGHT, "1ac caa"),
        ("next_state=[[3,2],[],[1]]  move=[1,0,2]", "1ac caa"),
        ("move = [1,\n 0,\n 2]\nnext_state = [ [3, 2],\n [ ], [1] ]", "1ac caa"),
        (RIGHT + "\nThe next move is none of my business.", "1ac caa"),
        (RIGHT.replace("move", "next_move").replace("next_state", "my_next_state"), None),
        (RIGHT + "\nOr rather move = [1, 0]", None),
        (RIGHT + "\nOr rather next_state = [[3, 2, 1], []]", None),
        (RIGHT.replace("[1, 0, 2]", "(1, 0, 2)"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 0, 2"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 0, 3]"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 0, -1]"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 2, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[0, 0, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[01, 0, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[100, 0, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[1.0, 0, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 0, 2, 1]"), None),
        (RIGHT.replace("[1, 0, 2]", "[1, 0, 2,]"), None),
        (RIGHT.replace("[1, 0, 2]", "[[1], 0, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "[true, false, 2]"), None),
        (RIGHT.replace("[1, 0, 2]", "['1', '0', '2']"), None),
        (RIGHT.replace("[1, 0, 2]", "[١, 0, 2]"), None),
        (RIGHT.replace("[3, 2]", "[2, 3]"), None),  # a peg out of order
        (RIGHT.replace("[3, 2]", "[3]"), None),  # a disk is missing
        (RIGHT.replace("[3, 2]", "[3, 2, 1]"), None),  # a disk is there twice
        (RIGHT.replace("[3, 2]", "[3, 3, 2]"), None),
        (RIGHT.replace("[3, 2]", "[4, 2]"), None),
        (RIGHT.replace("[3, 2]", "[4, 3, 2]"), None),
        (RIGHT.replace("[3, 2]", "[3, 2.0]"), None),
        (RIGHT.replace("[3, 2]", "[3, true]"), None),
        (RIGHT.replace("[3, 2]", "3, 2"), None),
        (RIGHT.replace(", [1]]", ", [1], []]"), None),
        (RIGHT.replace("[], ", ""), None),
        (RIGHT.replace("[1]]", "[1]"), None),
        (RIGHT.replace("[[3", "[[[3"), None),
        (RIGHT.replace(" = ", ": "), None),
        ("move = [1, 0, 2]", None),
        ("next_state = [[3, 2], [], [1]]", None),
        ("", None),
    ],
)
def test_r15_chat_replies_are_read_strictly(text: str, found: str | None) -> None:
    assert flagged(parse(text)) if found is None else parse(text) == found


@given(st.integers(0, len(RIGHT) - 1), st.sampled_from("0123[], =\n.x\x00-"), st.booleans())
def test_r15_a_slip_in_a_reply_is_never_made_good(place: int, character: str, insert: bool) -> None:
    """Whatever comes out of a reply with one slip is literally what its last lines say, as JSON reads them."""
    text = RIGHT[:place] + character + RIGHT[place + (not insert) :]
    found = parse(text)
    if isinstance(found, Flag):
        return
    move = json.loads(re.findall(r"\bmove\s*=\s*(\[[^\]]*\])", text)[-1])
    state = json.loads(re.findall(r"next_state\s*=\s*(\[[^=]*\])", text)[-1])
    assert found.split(" ")[0] == f"{move[0]}{'abc'[move[1]]}{'abc'[move[2]]}"
    assert {disk: "abc"[i] for i, peg in enumerate(state) for disk in peg} == dict(enumerate(found.split(" ")[1], 1))


def test_r5_the_next_state_is_part_of_the_candidate() -> None:
    other = RIGHT.replace("[[3, 2], [], [1]]", "[[3], [2], [1]]")
    assert (parse(RIGHT), parse(other)) == ("1ac caa", "1ac cba")
    assert parse(RIGHT, SMALL_ONLY) == parse(other, SMALL_ONLY) == "1ac"


@pytest.mark.parametrize("place", ["[14, {}, 13]", "[13, 14, {}]"], ids="CB")
def test_r14_step_10241(place: str) -> None:
    """The published worked example: A is right; B and C put 13 at the wrong end of a peg they read upside down."""
    first, last = "[20, 19, 18, 17, 16, 15, 12, 1]", "11, 10, 9, 8, 7, 6, 5, 4, 3"
    right = f"move = [2, 2, 1]\nnext_state = [{first}, [13, 2], [14, {last}]]"
    candidate = Hanoi().parse(MOVE, right, "chat")
    assert candidate == "2cb abccc ccccc cabca aaaaa"
    assert Hanoi().check(MOVE, candidate) is None
    wrong = f"move = [13, 1, 2]\nnext_state = [{first}, [], {place.format(last + ', 2')}]"
    assert flagged(Hanoi().parse(MOVE, wrong, "chat"))
    # The compact dialect cannot say in which order disks lie: there, the rules reject both.
    found = Hanoi().check(MOVE, f"13bc {words(moved(STATE_10241, '13bc'))}")
    assert found is not None
    assert found.name == "illegal"


def test_a_split_is_read_from_six_lines() -> None:
    (right,) = answers(Hanoi().prompt(SPLIT, "chat")).right
    assert parse(right, SPLIT) == "1ab baa / 2ac bca / 1bc cca"
    lines = right.splitlines()
    for missing in range(6):
        assert flagged(parse("\n".join(lines[:missing] + lines[missing + 1 :]), SPLIT))


@pytest.mark.parametrize("dialect", ["compact", "chat"])
@pytest.mark.parametrize("step", [MOVE, SMALL, SPLIT])
@pytest.mark.parametrize(
    "text",
    [
        "move = " + "[" * 1000 + "]" * 1000,
        "move = [" * 200_000,
        "move = [1, 0, 2]\nnext_state = " + "[" * 500_000,
        "move = [" + "9" * 1_000_000 + ", 0, 2]",
        "move =" + " " * 2_000_000 + "[1, 0, 2]x",
        "move\n" * 400_000,
        "1" * 2_000_000,
        "tower_1 = [" + "[1],[2]," * 200_000,
        "\x00" * 1_000_000,
        "\x1b]0;title\x07" * 100_000,
        "\ud800" * 1_000_000,
    ],
    ids=range(11),
)
def test_hostile_text_is_flagged_soon(text: str, step: Step, dialect: Any) -> None:
    """A megabyte or two in linear time: reading it twice over in a quadratic way would take minutes."""
    before = time.process_time()
    assert flagged(Hanoi().parse(step, text, dialect))
    assert time.process_time() - before < 5

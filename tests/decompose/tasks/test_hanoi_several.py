"""Several moves in one line: played back, held against the state at the end, and taken as a whole or not at all."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.several_steps import ReadSteps, read_steps
from surefoot.decompose.step import Flag, Step
from surefoot.decompose.tasks.hanoi import Hanoi, MoveFacts, Tower, Walk
from surefoot.decompose.tasks.hanoi_several import played_back
from surefoot.decompose.tasks.hanoi_states import illegal, moved, words

FACTS = MoveFacts("ccw", "-", "aaaab")
RIGHT = "1ac 2ab 1cb 3ac 1ba 2bc 1ac cccab"


def only_moves(facts: MoveFacts = FACTS) -> MoveFacts:
    return MoveFacts(facts.direction, facts.previous, facts.state, states_next=False)


def test_each_move_gets_the_state_that_the_moves_before_it_lead_to() -> None:
    assert played_back(FACTS, RIGHT) == [
        "1ac caaab", "2ab cbaab", "1cb bbaab", "3ac bbcab", "1ba abcab", "2bc accab", "1ac cccab",
    ]  # fmt: skip


def test_states_of_more_than_five_disks_are_several_words() -> None:
    facts = MoveFacts("cw", "-", "aaaaaab")
    assert played_back(facts, "1ab 2ac baaaa ab") is not None
    assert played_back(facts, "1ab 2ac bcaaa ab") == ["1ab baaaa ab", "2ac bcaaa ab"]


@pytest.mark.parametrize(
    ("reply", "flag"),
    [
        (RIGHT.replace("cccab", "bccab"), "inconsistent"),  # the state is not where the moves lead
        (RIGHT.replace("2ab ", ""), "illegal"),  # a move is left out: the next one does not follow
        (RIGHT.replace("3ac", "4ac"), "illegal"),  # disk 4 is under disk 3
        (RIGHT.removesuffix(" cccab"), "inconsistent"),  # no state
        (f"{RIGHT} cccab", "inconsistent"),  # two of them
        ("1ac 2ab 9ab ccccc", "illegal"),  # no such disk
    ],
)
def test_of_a_reply_that_contradicts_itself_nothing_is_taken(reply: str, flag: str) -> None:
    found = played_back(FACTS, reply)
    assert isinstance(found, Flag)
    assert found.name == flag
    assert found.detail


def test_where_the_task_keeps_the_state_the_moves_are_the_steps() -> None:
    moves = RIGHT.removesuffix(" cccab")
    assert played_back(only_moves(), moves) == moves.split(" ")
    assert played_back(only_moves(), RIGHT) is None, "a state that nobody asked for"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1ac",
        "1ac caaab",
        "1ac caaab\n2ab cbaab",
        "1ac  2ab cbaab",
        "1ac 2ab\n",
        "cccab",
        "1ac 2ab cc4ab",
        "\uff11ac 2ab",
    ],
)
def test_other_forms_are_left_to_whoever_reads_lines(text: str) -> None:
    assert played_back(FACTS, text) is None


def read(task: Hanoi, goal: Tower, walk: Walk, text: str, count: int) -> ReadSteps:
    def one(step: Step, said: str) -> str | Flag:
        candidate = task.parse(step, said, "compact")
        return candidate if isinstance(candidate, Flag) else task.check(step, candidate) or candidate

    step = task.next_step(goal, walk)
    assert isinstance(step, Step)
    parts: Any = task.split_reply(step, count, text, "compact")
    return ReadSteps((), parts) if isinstance(parts, Flag) else read_steps(task, goal, walk, parts, one)


@pytest.mark.parametrize("shown", ["tower", "all"])
@pytest.mark.parametrize("state_by", ["model", "task"])
def test_a_line_of_moves_says_the_same_as_a_line_for_each(shown: Any, state_by: Any) -> None:
    task, goal, walk = Hanoi(disks=7, shown=shown, state_by=state_by), Tower(4, "a", "c"), Walk("aaaabca")
    lines, state = list[str](), walk.state[:4] if shown == "tower" else walk.state
    for move in ("1ab", "2ac", "1bc", "3ab", "1ca"):
        state = moved(state, move)
        lines.append(f"{move} {words(state)}" if state_by == "model" else move)
    together = " ".join(line.split(" ")[0] for line in lines) + (f" {words(state)}" if state_by == "model" else "")
    each = read(task, goal, walk, "\n".join(lines), 5)
    assert len(each.stated) == 5
    assert read(task, goal, walk, together, 5) == each


def walked(rng: random.Random, state: str, count: int) -> tuple[list[str], str]:
    """Legal moves at random, and where they lead."""
    moves = list[str]()
    while len(moves) < count:
        disk, source, target = rng.randint(1, len(state)), *rng.sample("abc", 2)
        if not illegal(state, move := f"{disk}{source}{target}"):
            moves.append(move)
            state = moved(state, move)
    return moves, state


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 32))
def test_any_legal_walk_is_read_and_any_other_end_refused(seed: int, disks: int, count: int) -> None:
    rng = random.Random(seed)
    start = "".join(rng.choices("abc", k=disks))
    facts = MoveFacts("cw", "-", start)
    moves, end = walked(rng, start, count)
    found = played_back(facts, f"{' '.join(moves)} {words(end)}")
    assert isinstance(found, list)
    assert [step.split(" ")[0] for step in found] == moves
    assert found[-1] == f"{moves[-1]} {words(end)}"
    other = rng.choice([peg for peg in "abc" if peg != end[0]]) + end[1:]
    assert isinstance(played_back(facts, f"{' '.join(moves)} {words(other)}"), Flag)


@given(st.lists(st.sampled_from(["1ab", "2ac", "1bc", "3ab", "aaa", "cab", "", "/", "0ab", "99ca", "x"]), max_size=40))
def test_whatever_is_said_never_more_is_read_than_was_said(said: Sequence[str]) -> None:
    found = played_back(MoveFacts("cw", "-", "aaa"), " ".join(said))
    if isinstance(found, list):
        assert [step.split(" ")[0] for step in found] == [
            word for word in said if word[-1] in "abc" and word[0].isdigit()
        ]
        assert found[-1].split(" ")[1] == said[-1]

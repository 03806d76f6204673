"""Questions for several moves: replies against the answer key, and moments drawn as they are said to be."""

import random
from collections import Counter

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import MoveFacts
from surefoot.decompose.tasks.hanoi_several import played_back
from surefoot.decompose.tasks.hanoi_states import words
from surefoot.runtime.steps_per_call import MOST_OF_BUNDLED
from surefoot.scripts.bundled import questions
from surefoot.scripts.bundled.several_moves import (
    FEW_WORDS,
    KINDS,
    MOST_MOVES,
    SHORT,
    a_moment,
    ask_moves,
    exams,
    finite,
    held_out,
    lesson,
    met_moves,
    next_move,
    question,
    vocabulary,
)
from tests.decompose.several import whole_reply


def drawn(seed: int, count: int) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    return [question(rng) for _ in range(count)]


def test_replies_are_those_of_the_answer_key_in_one_line() -> None:
    for prompt, reply in drawn(1, 300):
        lines = whole_reply(answers, Prompt(prompt)).splitlines()
        moves = [line.split(" ")[0] for line in lines]
        last = lines[-1].partition(" ")[2]
        assert reply == " ".join([*moves, last] if prompt.startswith("moves ") else moves)


def test_a_run_reads_them_as_it_asked() -> None:
    for prompt, reply in drawn(2, 200):
        kind, count, way, previous, *state = prompt.split(" ")
        facts = MoveFacts(way, previous, "".join(state), kind == KINDS[0])
        steps = played_back(facts, reply)
        assert isinstance(steps, list)
        assert len(steps) == int(count) <= MOST_MOVES


def test_the_runtime_asks_for_no_more_than_is_taught() -> None:
    assert MOST_MOVES == MOST_OF_BUNDLED


def test_words_are_those_of_single_steps_with_spare_ones_replaced() -> None:
    own, single = vocabulary(), questions.vocabulary()
    changed = {new: old for new, old in zip(own, single, strict=True) if new != old}
    assert all(old.startswith("<spare") for old in changed.values())
    assert set(changed) == {*KINDS, *map(str, range(10, MOST_MOVES + 1))}
    assert len(set(own)) == len(own)


def test_only_what_is_shown_decides_the_next_move() -> None:
    assert next_move("cw", "-", "aaa") == "1ab"
    assert next_move("ccw", "2ab", "aba") == "1ac"
    assert next_move("cw", "1ab", "baa") == "2ac"
    assert next_move("cw", "1ca", "aaa") == "1ab", "all on one peg: no other disk can move"


def test_a_reply_with_states_ends_with_the_last_one() -> None:
    assert ask_moves(3, "cw", "-", "aaaaaa") == (f"moves 3 cw - {words('aaaaaa')}", f"1ab 2ac 1bc {words('ccaaaa')}")
    assert ask_moves(3, "cw", "-", "aaa", states_next=False) == ("moves-only 3 cw - aaa", "1ab 2ac 1bc")


@pytest.mark.parametrize("count", [4, 32])
def test_aligned_questions_are_those_that_so_many_moves_at_a_time_lead_to(count: int) -> None:
    rng = random.Random(3)
    for _ in range(100):
        prompt, _ = met_moves(rng, 9, 8, count, shown=0.0)
        _, asked, _, previous, *state = prompt.split(" ")
        below = "".join(state)[: count.bit_length() - 1]
        assert len(set(below)) == 1, "the smallest disks stand together where a multiple of a power of two is done"
        assert int(asked) in (count, count - 1)
        assert previous == "-" or int(previous[:-2]) >= count.bit_length()


def test_each_disk_is_the_moving_one_about_as_often() -> None:
    rng = random.Random(4)
    moved = Counter(((moment := a_moment(rng, 6) + 1) & -moment).bit_length() for _ in range(6000))
    assert set(moved) == set(range(1, 7))
    assert min(moved.values()) > 550, "of a tower of 6, disk 6 moves once in 63 moves"


def test_nothing_held_out_is_taught_and_small_towers_are_never_held_out() -> None:
    rng = random.Random(5)
    taught = lesson(rng, 300)
    assert len(taught) == 300
    assert not any(held_out(prompt) for prompt, _ in taught)
    many = [prompt for prompt, _ in drawn(6, 1500)]
    assert 0 < sum(map(held_out, many)) < 300
    assert all(finite(prompt) == (len(prompt.split(" ")) - 4 <= FEW_WORDS) for prompt in many)
    assert not any(held_out(prompt) and finite(prompt) for prompt in many)


def test_short_and_long_replies_are_taught_with_and_without_states() -> None:
    kinds = Counter(prompt.split(" ")[0] for prompt, _ in drawn(7, 1000))
    counts = Counter(int(prompt.split(" ")[1]) for prompt, _ in drawn(7, 1000))
    assert kinds[KINDS[0]] > 4 * kinds[KINDS[1]] > 0
    assert min(counts[count] for count in (*SHORT, 16, 32)) > 50


def test_exams_are_held_out_and_the_seed_decides() -> None:
    found = exams(1, 20)
    assert {len(pairs) for pairs in found.values()} == {20}
    assert all(held_out(prompt) for pairs in found.values() for prompt, _ in pairs)
    assert found == exams(1, 20) != exams(2, 20)

"""Questions of runs, one by one: replies by hand, and states drawn as they are said to be."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from surefoot.decompose.tasks.hanoi_states import WORD, words
from surefoot.scripts.bundled import questions
from surefoot.scripts.bundled.questions import (
    HELD_OUT,
    MOST_DIGITS,
    MOST_DISKS,
    PAIRS,
    SHARES,
    ask_carry,
    ask_halve,
    ask_move,
    ask_split,
    finite,
    goal_met,
    held_out,
    how_many,
    leaf,
    lesson,
    question,
    runs,
    unrelated,
    vocabulary,
)


@pytest.mark.parametrize(
    ("way", "previous", "state", "reply"),
    [
        ("cw", "-", "aaa", "1ab baa"),  # disk 1 begins, clockwise
        ("ccw", "-", "aaa", "1ac caa"),
        ("cw", "1ab", "baa", "2ac bca"),  # the only legal move of another disk
        ("cw", "2ac", "bca", "1bc cca"),
        ("cw", "1ca", "aaa", "1ab baa"),  # all on one peg: no other disk can move
    ],
)
def test_disk_1_moves_every_other_time(way: str, previous: str, state: str, reply: str) -> None:
    assert ask_move(way, previous, state, True) == (f"move {way} {previous} {state}", reply)
    assert ask_move(way, previous, state, False) == (f"move-only {way} {previous} {state}", reply.split(" ")[0])


def test_a_carry_moves_its_disk() -> None:
    assert ask_carry("3ac", "bba", True) == ("carry 3ac bba", "3ac bbc")
    assert ask_carry("3ac", "bba", False) == ("carry-only 3ac bba", "3ac")


def test_a_split_is_three_goals_and_their_states() -> None:
    prompt, reply = ask_split(3, "a", "c", "b")
    assert prompt == f"split 3ac {words('aaab')}"
    assert [part.split(" ")[0] for part in reply.split(" / ")] == ["2ab", "3ac", "2bc"]
    assert [part.split(" ", 1)[1] for part in reply.split(" / ")] == [words("bbab"), words("bbcb"), words("cccb")]


@pytest.mark.parametrize("length", [2, 3, 9, 32])
def test_halves_are_the_digits_in_order_and_the_high_one_is_longer(length: int) -> None:
    prompt, reply = ask_halve(random.Random(length), length)
    high, low = reply.split(" + ")
    assert f"halve {high} {low}" == prompt
    assert len(high.split(" ")) - len(low.split(" ")) == length % 2


def test_what_is_finite_is_never_held_out() -> None:
    assert all(map(finite, ("times 1 2 3", "plus 1 2 0", "move cw - aaaaa", "split 3ab aaa", "move-only cw - bb")))
    assert not any(map(finite, ("halve 1 1", "move cw - aab", "carry 2ab ca")))
    assert not any(held_out(f"times {x} {y} {c}") for x in range(10) for y in range(10) for c in range(9))
    share = sum(held_out(f"halve {number}") for number in range(5000)) / 5000
    assert share == pytest.approx(1 / HELD_OUT, abs=0.02)


def test_a_sub_tower_fits_under_the_larger_disks() -> None:
    """Down the decomposition, each larger disk stands at the source or the target of the tower above it."""
    rng, seen = random.Random(1), Counter[str]()
    for _ in range(200):
        source, target, rest = goal_met(rng, 5, 3)
        assert f"{source}{target}" in PAIRS
        assert len(rest) == 2
        seen[rest] += 1
    assert len(seen) == 9
    assert goal_met(rng, 4, 4)[2] == ""


def test_runs_of_pegs_are_longer_than_chance_makes_them() -> None:
    def mean(draw: str) -> float:
        return len(draw) / (1 + sum(a != b for a, b in pairwise(draw)))

    rng = random.Random(2)
    long = [mean(runs(rng, 20)) for _ in range(300)]
    any_ = [mean(questions.anywhere(rng, 20)) for _ in range(300)]
    assert sum(long) / 300 > 2 * sum(any_) / 300
    assert {len(runs(rng, 7)) for _ in range(20)} == {7}


def test_a_previous_move_could_have_led_here() -> None:
    rng = random.Random(3)
    for _ in range(300):
        state = questions.anywhere(rng, 6)
        way, previous = unrelated(rng, state)
        assert way in ("cw", "ccw")
        if previous != "-":
            disk, target = int(previous[:-2]), previous[-1]
            assert state[disk - 1] == target
            assert all(peg not in previous[-2:] for peg in state[: disk - 1])


def test_sizes_and_moments_are_within_bounds() -> None:
    rng = random.Random(4)
    sizes = Counter(how_many(rng) for _ in range(3000))
    assert (min(sizes), max(sizes)) == (1, MOST_DISKS)
    assert sum(sizes[n] for n in range(3, 23)) > 1800
    for _ in range(300):
        height, moment = leaf(rng, 12)
        assert 1 <= height <= 12
        assert 0 <= moment < 2**height - 1


def test_every_kind_is_drawn_by_its_share_and_under_its_name() -> None:
    counts = Counter(prompt.split(" ")[0] for prompt, _ in lesson(random.Random(5), 4000))
    assert set(counts) == set(SHARES)
    assert sum(SHARES.values()) == 100
    assert all(abs(counts[kind] / 40 - share) < 3 for kind, share in SHARES.items())
    assert all(question(random.Random(kind), kind)[0].startswith(f"{kind} ") for kind in SHARES)


def test_the_same_seed_draws_the_same_lesson() -> None:
    assert lesson(random.Random(6), 50) == lesson(random.Random(6), 50) != lesson(random.Random(7), 50)


def test_a_multiplier_is_no_longer_than_is_said() -> None:
    rng = random.Random(8)
    lengths = [len(questions.halve(rng)[0].split(" ")) - 1 for _ in range(500)]
    assert (min(lengths), max(lengths)) == (2, MOST_DIGITS)


def test_words_of_pegs_are_of_every_length() -> None:
    known = vocabulary()
    assert sum(set(word) <= set("abc") for word in known) == sum(3**n for n in range(1, WORD + 1))
    assert len(set(known)) == len(known)

"""States of towers by bits, held against a simulation that moves disks one by one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.tasks.hanoi_states import above, drawing, illegal, move_before, moved, third, tower_state, words

PEGS = list(itertools.permutations("abc", 2))
states = st.text("abc", min_size=1, max_size=12)


@pytest.mark.parametrize(("source", "target"), PEGS)
@pytest.mark.parametrize("height", [1, 2, 5, 6])
def test_the_state_after_so_many_moves_is_the_one_that_the_moves_lead_to(
    height: int, source: str, target: str, recursive: object
) -> None:
    moves = recursive(height, source, target)  # type: ignore[operator]
    for moment, (before, move) in enumerate(moves):
        assert tower_state(height, source, target, moment) == before
        assert move_before(height, source, target, moment + 1) == move
        assert illegal(before, move) == ""
    assert tower_state(height, source, target, len(moves)) == target * height
    assert move_before(height, source, target, 0) == "-"


@given(states, st.sampled_from(PEGS), st.integers(1, 12))
def test_a_move_is_legal_exactly_if_no_smaller_disk_is_on_either_peg(
    state: str, pair: tuple[str, str], disk: int
) -> None:
    source, target = pair
    found = illegal(state, f"{disk}{source}{target}")
    allowed = disk <= len(state) and state[disk - 1] == source and not {source, target} & set(state[: disk - 1])
    assert (found == "") == allowed
    if allowed:
        after = moved(state, f"{disk}{source}{target}")
        assert after[disk - 1] == target
        assert [i for i in range(len(state)) if after[i] != state[i]] == [disk - 1]


@pytest.mark.parametrize(
    ("state", "move", "said"),
    [
        ("abc", "1bc", "disk 1 is not on peg b"), ("abc", "4ab", "disk 4 is not on peg a"), ("abc", "0ab", "disk 0"),
        ("aab", "2ab", "disk 2 is not the top of peg a"), ("bab", "2ab", "may not rest on the smaller disk on peg b"),
    ],
)  # fmt: skip
def test_the_rule_that_is_broken_is_said(state: str, move: str, said: str) -> None:
    assert said in illegal(state, move)


@given(states)
def test_words_are_of_five_letters_and_lose_none(state: str) -> None:
    said = words(state).split(" ")
    assert "".join(said) == state
    assert all(len(word) == 5 for word in said[:-1])
    assert 1 <= len(said[-1]) <= 5


@given(states, states)
def test_what_a_reply_states_of_smaller_disks_leaves_the_larger_as_they_were(state: str, stated: str) -> None:
    found = above(state, [stated])
    assert found[: len(stated)] == stated
    assert found[len(stated) :] == state[len(stated) :]


@pytest.mark.parametrize(("one", "other"), PEGS)
def test_the_third_peg_is_neither(one: str, other: str) -> None:
    assert {one, other, third(one, other)} == set("abc")


@given(states)
def test_a_picture_shows_every_disk_on_its_own_peg_and_larger_ones_wider_and_below(state: str) -> None:
    picture = drawing(state)
    shapes = {shape.name: shape for shape in picture.shapes}
    disks = [shapes[f"disk {number}"] for number in range(1, len(state) + 1)]
    for disk, peg in zip(disks, state, strict=True):
        assert int((disk.x + disk.width / 2) // (picture.width / 3)) == "abc".index(peg)
        assert disk.x >= 0
        assert 0 <= disk.y <= picture.height - disk.height
    for (small, here), (large, there) in itertools.combinations(zip(disks, state, strict=True), 2):
        assert small.width < large.width
        assert here != there or small.y < large.y

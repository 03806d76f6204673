"""Exams of the steps of runs: each class asks what its name says."""

import random

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.step import Prompt
from surefoot.scripts.bundled import exams, questions
from surefoot.scripts.bundled.exams import DISKS, LENGTHS, TOWERS, classes, exam, first_step, met_goal, met_move


def disks_of(prompt: str) -> int:
    kind, *facts = prompt.split(" ")
    return len("".join(facts[1 + kind.startswith("move") :]))


@pytest.mark.parametrize("disks", DISKS)
def test_a_class_of_so_many_disks_has_so_many(disks: int) -> None:
    rng = random.Random(disks)
    drawn = [met_move(rng, disks), met_move(rng, disks, states_next=False)]
    drawn += [met_goal(rng, disks, kind) for kind in ("carry", "carry-only", "split")]
    assert [prompt.split(" ")[0] for prompt, _ in drawn] == ["move", "move-only", "carry", "carry-only", "split"]
    assert {disks_of(prompt) for prompt, _ in drawn} == {disks}


@pytest.mark.parametrize("height", TOWERS)
def test_the_disk_under_a_tower_is_the_one_to_move(height: int) -> None:
    rng = random.Random(height)
    for _ in range(30):
        prompt, reply = exams.under_tower(rng, height)
        pegs = "".join(prompt.split(" ")[3:])
        assert len(set(pegs[:height])) == 1
        assert pegs[height] != pegs[0]
        assert reply.split(" ")[0][:-2] == str(height + 1)
        assert hanoi.answers(Prompt(prompt)).right == (reply,)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_multipliers_have_as_many_digits_as_their_class(lengths: tuple[int, int]) -> None:
    rng = random.Random(1)
    found = {len(exams.halves(rng, *lengths)[0].split(" ")) - 1 for _ in range(200)}
    assert (min(found), max(found)) == lengths


def test_a_run_begins_with_all_disks_on_one_peg() -> None:
    rng = random.Random(2)
    for split in (True, False):
        for _ in range(30):
            prompt, _ = first_step(rng, split)
            kind, *facts = prompt.split(" ")
            assert kind == ("split" if split else "move")
            assert len(set("".join(facts[1 if split else 2 :]))) == 1
            assert split or facts[1] == "-"


def test_random_and_usual_moves_differ_in_how_far_the_tower_is_apart() -> None:
    """A run stands in a state with a leading tower more often than a random state does."""

    def leading(draw: exams.Draw) -> float:
        rng, found = random.Random(3), 0
        for _ in range(400):
            pegs = "".join(draw(rng)[0].split(" ")[3:])
            found += len(pegs) - len(pegs.lstrip(pegs[0]))
        return found / 400

    assert leading(exams.usual_move) > 1.1 * leading(exams.random_move)


def test_names_of_classes_are_unique() -> None:
    names = [(where, row) for where, row, _ in classes()]
    assert len(names) == len(set(names))
    assert {where for where, _ in names} == {
        "all", "start", "move", "move-only", "carry", "carry-only", "split", "tower", "digits"
    }  # fmt: skip


def test_where_prompts_are_few_they_come_in_turn() -> None:
    three = iter(range(10**6))

    def draw(rng: random.Random) -> questions.Pair:
        number = next(three) % 3
        return f"plus {number} 0 0", f"0 {number}"

    found = exam(draw, 7, random.Random(1), finite=True)
    assert [prompt.split(" ")[1] for prompt, _ in found] == ["0", "1", "2", "0", "1", "2", "0"]

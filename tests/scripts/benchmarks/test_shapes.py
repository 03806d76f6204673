"""The table of shapes, and the questions of a Tower of Hanoi in PDDL."""

import json

import pytest

from surefoot.decompose.tasks.pddl_reader import read
from surefoot.scripts.benchmarks.pddl_shapes import SHAPES, hanoi
from surefoot.scripts.benchmarks.shapes import collection, line, main, speed


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_instances_that_differ_and_can_be_read(shape: str) -> None:
    pairs = json.loads(collection(shape, 3))["pairs"]
    assert len({pair["problem"] for pair in pairs}) == 3
    assert all(read(pair["domain"], pair["problem"]).world.schemas for pair in pairs)


def test_a_tower_s_questions_are_answered_to_the_end() -> None:
    count, seconds = speed(4)
    assert count >= 4 * 15
    assert seconds >= 0
    assert read(*hanoi(3)).literals == 3


def test_the_table_has_votes_and_none_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"solved": 3, "problems": 4, "calls_per_problem": 12.4}
    rows = {"surefoot": {**row, "solved": 4}, "surefoot-votes": row}
    assert line("ferry", rows) == "| ferry | 4 of 4, 12 calls | 3 of 4, 12 calls |"
    main(["--shape", "gripper", "--instances", "2", "--error", "0", "--k", "1"])
    assert "| gripper | 2 of 2," in capsys.readouterr().out

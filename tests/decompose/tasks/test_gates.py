"""Towers through gates: hidden facts that a prompt never shows, exact rules, and moves in closed form."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.gates import answers, move_of
from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.referees.gates import carried, fault_at, verify
from surefoot.decompose.step import Call, Done, Step
from surefoot.decompose.tasks.gates import Carry, Gates, Route, Scout, open_side

TASK = Gates(gates=3, disks=3, towers=1, world=7)
OPEN = [open_side(7, gate) for gate in (1, 2, 3)]


@pytest.mark.parametrize("goal", ["B", "C"])
@pytest.mark.parametrize("disks", [1, 2, 3, 6])
def test_the_moves_of_the_key_are_the_shortest_way(disks: int, goal: str) -> None:
    moves = [move_of(disks, goal, number) for number in range(1, 2**disks)]
    assert carried(disks, goal, moves)
    assert not carried(disks, "C" if goal == "B" else "B", moves)
    assert not carried(disks, goal, moves[:-1])


def test_sides_are_open_one_in_two() -> None:
    sides = [open_side(world, gate) for world in range(200) for gate in range(8)]
    assert 0.46 < sides.count("left") / len(sides) < 0.54


def test_nothing_that_is_asked_shows_which_side_is_open() -> None:
    """Two worlds ask the same until somebody looked."""
    one, other = Gates(world=1), Gates(world=2)
    assert one.decomposition_step(Route(), one.root().inputs) == other.decomposition_step(Route(), other.root().inputs)
    assert one.next_step(Carry(1, 0), one.begin(Carry(1, 0), ("left",))) == other.next_step(
        Carry(1, 0), other.begin(Carry(1, 0), ("left",))
    )


def looked(side: str) -> tuple[Any, Any]:
    """A scout at gate 2 after it looked: its state and what it asks."""
    state = TASK.begin(Scout(2), (side,))
    call = TASK.next_step(Scout(2), state)
    assert call == Call("look", {"gate": 2, "side": side})
    state = TASK.advance(Scout(2), state, TASK.look(2, side))
    return state, TASK.next_step(Scout(2), state)


def test_a_scout_that_finds_a_wall_reports_the_side_it_rests_on() -> None:
    shut = "left" if OPEN[1] == "right" else "right"
    state, step = looked(shut)
    assert answers(TASK.prompt(step, "compact")).right == ("shut",)
    found = TASK.evidence(Scout(2), state, step, "shut")
    assert found == (Evidence(Assumption("gate 2", shut), "contradicts", found=OPEN[1]),)
    assert TASK.evidence(Scout(2), state, step, "open") == ()


def test_a_scout_that_finds_the_way_open_returns_its_side() -> None:
    state, step = looked(OPEN[1])
    assert answers(TASK.prompt(step, "compact")).right == ("open",)
    assert TASK.next_step(Scout(2), TASK.advance(Scout(2), state, "open")) == Done(OPEN[1])


def test_the_first_route_is_a_guess_and_later_ones_change_what_was_found_shut_only() -> None:
    first = TASK.decomposition_step(Route(), TASK.root().inputs)
    assert isinstance(first, Step)
    assert first.lead == 1
    assert len(set(answers(TASK.prompt(first, "compact")).right)) == 8
    before = tuple(Assumption(f"gate {gate}", "left") for gate in (1, 2, 3))
    findings = Findings((Evidence(before[1], "contradicts", found="right"),), before)
    again = TASK.decomposition_step(Route(), (3, findings))
    assert isinstance(again, Step)
    assert again.lead is None
    known = answers(TASK.prompt(again, "chat", 2))
    assert known.right == ("answer = left right left",)
    assert len(known.wrong) == 3


def test_every_part_of_a_gate_rests_on_its_side() -> None:
    children = TASK.expand(Route(), TASK.root().inputs, "left right left").children
    assert [child.rests_on for child in children[:4]] == [(Assumption("gate 1", "left"),)] * 2 + [
        (Assumption("gate 2", "right"),)
    ] * 2
    assert children[-1].rests_on == ()
    assert len(children[-1].inputs) == 6
    flag = TASK.check(Step("route", None, None), "left")  # type: ignore[arg-type]
    assert flag is not None
    assert flag.name == "inconsistent"


def test_the_referee_knows_the_world() -> None:
    pegs = {"left": "B", "right": "C"}
    parts = [[side, [pegs[side], [move_of(3, pegs[side], n) for n in range(1, 8)]]] for side in OPEN]

    class Plan(list[Any]):
        output: Any = tuple(one for part in parts for one in part)

    assert verify(TASK, Plan()).reached_goal
    Plan.output = ["left" if OPEN[0] == "right" else "right", *Plan.output[1:]]
    wrong = verify(TASK, Plan())
    assert not wrong.reached_goal
    assert "walled up" in str(wrong.first_error)
    assert "came instead of" in str(fault_at(TASK, 1, [OPEN[0]]))
    assert "does not stand" in str(fault_at(TASK, 1, [OPEN[0], ["B", []]]))


def test_a_pilot_is_asked_what_has_one_right_answer() -> None:
    """A route is guessed as long as nothing is known: guesses that differ say nothing of a model's errors."""
    for task in (Gates(gates=3, disks=4), Gates(gates=1, disks=2, towers=0)):
        asked = [task.sample_step(number) for number in range(256)]
        assert {step.kind for step in asked} == ({"look", "carry"} if task.towers else {"look"})
        for step in asked:
            known = answers(task.prompt(step, "chat"))
            assert len(known.right) == 1
            assert known.wrong
    assert len({str(step.reads) for step in asked}) > 2

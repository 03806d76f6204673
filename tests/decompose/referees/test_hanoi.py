"""The referee of Tower of Hanoi finds the first wrong step of a plan, whatever the plan says of itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees.hanoi import verify
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.hanoi_states import moved, words


class Finished:
    """A plan of moves, with the states that each step states."""

    def __init__(self, moves: list[str], output: Any = None) -> None:
        self.moves, self.output = moves, output

    def __iter__(self) -> Iterator[PlanStep]:
        for move in self.moves:
            yield PlanStep("move", None, move)


@pytest.mark.parametrize("disks", [1, 2, 3, 7])
def test_the_textbook_solution_is_valid(recursive: Any, disks: int) -> None:
    for start, goal in (("a", "c"), ("c", "b"), ("b", "a")):
        moves = [f"{move} {words(moved(state, move))}" for state, move in recursive(disks, start, goal)]
        found = verify(Hanoi(disks=disks, start=start, goal=goal), Finished(moves))
        assert (found.valid, found.reached_goal, found.steps) == (True, True, 2**disks - 1)
        assert found.first_error is None


@pytest.mark.parametrize("disks", [2, 3, 4])
def test_every_change_of_one_step_is_found_where_it_breaks_a_rule(recursive: Any, disks: int) -> None:
    """Any other move in any place: judged on lists of disks, here by strings of pegs."""
    way = recursive(disks, "a", "c")
    for place in range(len(way)):
        for disk in range(1, disks + 1):
            for pair in ("ab", "ac", "ba", "bc", "ca", "cb"):
                moves = [move for _, move in way]
                if moves[place] == f"{disk}{pair}":
                    continue
                moves[place] = f"{disk}{pair}"
                state, bad = "a" * disks, None
                for number, move in enumerate(moves):
                    above = state[: int(move[:-2]) - 1]
                    if state[int(move[:-2]) - 1] != move[-2] or move[-1] in above or move[-2] in above:
                        bad = number
                        break
                    state = moved(state, move)
                found = verify(Hanoi(disks=disks), Finished(moves))
                assert found.valid == (bad is None)
                assert not (found.valid and found.reached_goal and state != "c" * disks)
                if bad is not None:
                    assert bad >= place
                    assert found.steps == bad
                    assert found.first_error is not None
                    assert found.first_error.startswith(f"step {bad}: ")


def test_every_step_left_out_or_done_twice_is_found(recursive: Any) -> None:
    moves = [move for _, move in recursive(4, "a", "c")]
    for place in range(len(moves)):
        for wrong in (moves[:place] + moves[place + 1 :], moves[: place + 1] + moves[place:]):
            found = verify(Hanoi(disks=4), Finished(wrong))
            assert not (found.valid and found.reached_goal)
            assert found.first_error is not None


def test_a_plan_that_stops_short_is_valid_and_not_at_the_goal(recursive: Any) -> None:
    moves = [move for _, move in recursive(3, "a", "c")]
    found = verify(Hanoi(disks=3), Finished(moves[:-1], output="ccc"))
    assert (found.valid, found.reached_goal, found.steps) == (True, False, 6)
    assert found.first_error == "the plan ends before the goal state"
    assert not verify(Hanoi(disks=3), Finished([], output="ccc")).reached_goal
    assert not verify(Hanoi(disks=3, goal="b"), Finished(moves)).reached_goal


@pytest.mark.parametrize("move", ["9ab", "4ab", "1ba", "2ab"])
def test_moves_of_disks_that_are_not_there(move: str) -> None:
    found = verify(Hanoi(disks=3), Finished([move]))
    assert (found.valid, found.steps) == (False, 0)


def test_what_a_plan_says_of_its_states_proves_nothing(recursive: Any) -> None:
    """The published mistake B: the stated states lead on as if the move had been right."""
    way = recursive(3, "a", "c")
    moves = [f"{move} {moved(state, move)}" for state, move in way]
    moves[1] = f"3ac {moved(way[1][0], way[1][1])}"
    found = verify(Hanoi(disks=3), Finished(moves))
    assert (found.valid, found.steps) == (False, 1)

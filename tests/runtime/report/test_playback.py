"""A finished plan is played back: frames at even distances, each with what moved since the one before."""

from collections.abc import Generator
from typing import Any

import msgspec

from surefoot.decompose.drawing import Drawing, Shape
from surefoot.decompose.plan import Node, PlanStep
from surefoot.decompose.task import Task
from surefoot.runtime.report.playback import FRAMES, playback


class Draws(Task, frozen=True, kw_only=True):
    """Draws a number as a box at that place, beside one that never moves; draws nothing of anything else."""

    def root(self) -> Node:
        """Begin at nothing."""
        return Node((), "g", (0,))

    def picture(self, state: Any) -> Drawing | None:
        """Draw a number."""
        if not isinstance(state, int):
            return None
        return Drawing(100, 50, (Shape("ground", 0, 40, 100, 10), Shape("box", state, 0, 5, 5, hue=120)))


def steps(states: list[Any], output: Any) -> Generator[PlanStep, None, Any]:
    for number, state in enumerate(states):
        yield PlanStep("move", (), f"answer {number}", state)
    return output


def played(states: list[Any], output: Any = None, total: int | None = None) -> Any:
    return playback(Draws(), steps(states, output), len(states) if total is None else total)


def test_every_step_of_a_short_plan_is_a_frame_and_the_end_another() -> None:
    found = played([0, 1, 1, 2], 3)
    assert [frame["n"] for frame in found["frames"]] == [0, 1, 2, 3, 4]
    assert [frame["a"] for frame in found["frames"]] == ["answer 0", "answer 1", "answer 2", "answer 3", ""]
    assert (found["width"], found["height"], found["stride"], found["steps"]) == (100, 50, 1, 4)


def test_a_frame_holds_what_moved() -> None:
    found = played([0, 1, 1, 2], 3)
    moved = [[shape[:2] for shape in frame["s"]] for frame in found["frames"]]
    assert moved == [[("ground", 0), ("box", 0)], [("box", 1)], [], [("box", 2)], [("box", 3)]]


def test_pictures_put_together_again_are_the_states() -> None:
    states = [0, 4, 2, 2, 9, 1]
    canvas: dict[str, Any] = {}
    for frame, state in zip(played(states, 7)["frames"], [*states, 7], strict=True):
        canvas |= {shape[0]: shape for shape in frame["s"]}
        assert canvas["box"][1] == state
        assert canvas["ground"][2] == 40


def test_a_long_plan_has_no_more_frames_than_a_player_takes() -> None:
    found = played(list(range(3 * FRAMES)), "no number")
    assert found["stride"] == 3
    assert len(found["frames"]) == FRAMES
    assert [frame["n"] for frame in found["frames"][:3]] == [0, 3, 6]
    assert found["steps"] == 3 * FRAMES


def test_what_is_not_drawn_is_left_out() -> None:
    found = played([0, "nothing to see", 2], "nothing either")
    assert [frame["n"] for frame in found["frames"]] == [0, 2]


def test_a_task_that_draws_nothing_has_no_player() -> None:
    class Blind(Draws, frozen=True, kw_only=True):
        def picture(self, state: Any) -> Drawing | None:
            return None

    asked = steps([1, 2], 3)
    assert playback(Blind(), asked, 2) is None
    assert next(asked).candidate == "answer 0", "the plan was not read for it"


def test_a_hostile_answer_is_cut() -> None:
    long = iter([PlanStep("move", (), "x" * 500, 1)])

    def once() -> Generator[PlanStep, None, Any]:
        yield from long
        return None

    (frame,) = playback(Draws(), once(), 1)["frames"]  # type: ignore[index]
    assert len(frame["a"]) == 80
    assert msgspec.json.encode(frame)

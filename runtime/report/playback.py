"""Frames of a finished plan, for tasks that can draw a state. At most ``FRAMES``, evenly spaced, each written as what
changed since the one before."""

from collections.abc import Generator
from typing import Any

from surefoot.decompose.drawing import Drawing
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.task import Task

FRAMES = 1024
"""Most frames: a million steps are played back with every thousandth state."""


def playback(task: Task, steps: Generator[PlanStep, None, Any], total: int) -> dict[str, Any] | None:
    """The player's data, or ``None`` if the task draws nothing.

    Args:
        task: Draws.
        steps: The plan in order; the generator's value is the output.
        total: How many steps there are, at least about.
    """
    stride = max(1, -(-total // FRAMES))
    if task.picture(task.root().inputs[0] if task.root().inputs else None) is None:
        return None
    frames: list[dict[str, Any]] = []
    shown: dict[str, tuple[Any, ...]] = {}
    canvas: Drawing | None = None
    count = 0
    output: Any = None
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            output = end.value
            break
        if count % stride == 0:
            drawn = task.picture(step.state)
            if drawn is not None:
                canvas = drawn
                frames.append(_changes(count, step.candidate, drawn, shown))
        count += 1
    last = task.picture(output)
    if last is not None:
        canvas = last
        frames.append(_changes(count, "", last, shown))
    if canvas is None:
        return None
    return {"width": canvas.width, "height": canvas.height, "stride": stride, "steps": count, "frames": frames}


def _changes(step: int, candidate: str, drawn: Drawing, shown: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    """One frame: step number, answer, and the shapes that are new or moved."""
    changed = []
    for shape in drawn.shapes:
        now = (shape.name, shape.x, shape.y, shape.width, shape.height, shape.hue)
        if shown.get(shape.name) != now:
            shown[shape.name] = now
            changed.append(now)
    return {"n": step, "a": candidate[:80], "s": changed}

"""How large the segments of a run are: as many seconds of work as keep every worker busy to the end.

Assumption: a step takes as long as the pilot's questions did, with as many asked at a time.
"""

from collections.abc import Callable

from surefoot.decompose.plan import Node
from surefoot.decompose.segment import SEGMENT_STEPS, SegmentSize
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import Forecast

LEAST_S = 0.5
"""Seconds of work that are worth the way to a worker and back: that takes some milliseconds."""

MOST_S = 60.0
"""Seconds of work after which workers may be given something else: one that joins late finds some left."""

EACH = 8
"""Segments for each worker, where they are long enough: the last one to end leaves the others idle for a short time."""

LARGEST = 16 * SEGMENT_STEPS
"""Most steps of a segment: so many are read back, and held in memory, at once."""


def choose_segment_size(size: int, start: Estimate | None, expected: Forecast | None, workers: int) -> SegmentSize:
    """Choose the size of a run's segments from how long a step takes.

    Args:
        size: Usual number of steps of the run.
        start: What is known of the model; ``None`` if no pilot was made.
        expected: What the run is expected to need.
        workers: Number of workers.

    Returns:
        A size that is not timed if nobody knows how long a step takes.
    """
    if start is None or expected is None or size < 1:
        return SegmentSize()
    # The pilot's answers came from all workers together. A run whose looks are all kept makes no call.
    step_s = start.seconds_per_answer * workers * expected.calls / size
    if not step_s > 0:
        return SegmentSize()
    # A segment comes with a decomposition, and a step that is sent alone: in a long run larger ones cost less a step
    # and come in larger batches, as a worker has fewer of them at a time.
    wanted = max(min(MOST_S / step_s, size / (workers * EACH), LARGEST), min(SEGMENT_STEPS, LEAST_S / step_s))
    return SegmentSize(round(max(1, wanted)), timed=True)


def costs_of(task: Task, start: Estimate | None) -> Callable[[Node], float]:
    """Return what weighs nodes by the time that they are expected to take, against each other.

    A node's steps count as much longer than the mean as the kind of its first question took in the pilot. Where no
    time is known, or there is one kind of question only, a node's cost is its number of steps.

    Args:
        task: The task.
        start: What is known of the model.
    """
    seconds = {kind.kind: kind.seconds for kind in start.kinds if kind.seconds > 0} if start is not None else {}
    mean = sum(seconds.values()) / max(1, len(seconds))

    def cost(node: Node) -> float:
        steps = max(1, task.size(node.goal, node.inputs))
        if len(seconds) < 2:
            return steps
        first = task.next_step(node.goal, task.begin(node.goal, node.inputs))
        return steps * (seconds.get(first.kind, mean) / mean if isinstance(first, Step) else 1.0)

    return cost

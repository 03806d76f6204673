"""Simulated runs as the coordinator sees them: batch after batch, with limits that are learned on the way."""

from collections import Counter
from collections.abc import Mapping

from surefoot.voting.alarms import Kind, Pattern, raised_by
from surefoot.voting.sequential_tests import Alarm, SequentialTests
from tests.voting.simulated_races import Run

BATCH = 256


def kinds_raised(
    run: Run, k: int, pilot: Mapping[Pattern, int] | None = None
) -> tuple[Counter[Kind], list[Alarm], dict[int, tuple[Kind, ...]]]:
    """Alarms of single steps by kind, alarms of the run, and the steps that raised one."""
    watch = SequentialTests(run.steps, pilot)
    by_batch: dict[int, list[int]] = {}
    for number, one in enumerate(run.contested):
        by_batch.setdefault(one.step // BATCH, []).append(number)
    steps: Counter[Kind] = Counter()
    whole: list[Alarm] = []
    where: dict[int, tuple[Kind, ...]] = {}
    for batch in range(-(-run.steps // BATCH)):
        contested: Counter[str] = Counter()
        for number in by_batch.get(batch, ()):
            one = run.contested[number]
            contested[str(one.pattern)] += 1
            raised = raised_by(one.pattern, watch.limits)
            if raised:
                where[one.step] = tuple(alarm.kind for alarm in raised)
                steps.update(where[one.step])
        size = min(BATCH, run.steps - batch * BATCH)
        watch.saw({str(k): size}, contested, {})
        watch.passed({str(k): size}, contested)
        if watch.due:
            whole += watch.look()
    return steps, [*whole, *watch.look()], where

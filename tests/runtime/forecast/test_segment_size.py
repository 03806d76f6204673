"""Segments hold seconds of work, so that every worker has some until the end and none goes to and fro for nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.plan import Node
from surefoot.decompose.segment import SEGMENT_STEPS, SegmentSize
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.forecast import Forecast
from surefoot.runtime.forecast.segment_size import EACH, LARGEST, LEAST_S, MOST_S, choose_segment_size, costs_of


def pilot(seconds_per_answer: float, **seconds: float) -> Estimate:
    kinds = tuple(KindEstimate(kind, 9, 0, 9, 1.0, 1.0, each) for kind, each in seconds.items())
    return Estimate(60, 0, 0, 0.01, 0.05, kinds=kinds, seconds_per_answer=seconds_per_answer)


def chosen(size: int, seconds_per_answer: float, workers: int, calls: float | None = None) -> SegmentSize:
    expected = Forecast(calls=size if calls is None else calls, p_success=1.0)
    return choose_segment_size(size, pilot(seconds_per_answer), expected, workers)


@pytest.mark.parametrize(
    ("size", "seconds_per_answer", "workers", "steps"),
    [
        (1000, 0.0001, 4, SEGMENT_STEPS),  # quick: half a second of work is more than the whole run
        (1000, 1.0, 1, 60),  # slow: a minute of work each
        (1000, 0.01, 4, 31),  # between: eight for each of four workers
        (20, 1.0, 4, 1),  # a few slow steps go one by one
        (10**9, 0.00001, 4, LARGEST),  # never more than a worker may hold
        (10**9, 0.000005, 1000, 12_000),  # long, with many workers: a minute of work each
        (10**5, 0.0001, 4, 3125),  # eight for each of four workers come before half a second of work
    ],
)
def test_a_segment_is_a_slice_of_time(size: int, seconds_per_answer: float, workers: int, steps: int) -> None:
    assert chosen(size, seconds_per_answer, workers) == SegmentSize(steps, timed=True)


def test_a_step_that_takes_more_answers_takes_longer() -> None:
    assert chosen(10_000, 0.1, 1, calls=10_000).steps == 2 * chosen(10_000, 0.1, 1, calls=20_000).steps


@given(size=st.integers(1, 10**7), each=st.floats(1e-6, 1e3), workers=st.integers(1, 200))
def test_every_worker_gets_several_unless_they_would_be_too_short(size: int, each: float, workers: int) -> None:
    steps, step_s = chosen(size, each, workers).steps, each * workers
    assert 1 <= steps <= LARGEST
    assert steps - 1 <= max(MOST_S, LEAST_S) / step_s
    if (steps - 1) * step_s > LEAST_S:
        assert size / steps >= EACH * workers / 2
    if steps > SEGMENT_STEPS:
        assert size / steps >= EACH * workers * 0.99
    if steps < SEGMENT_STEPS:
        assert (steps + 1) * step_s >= min(LEAST_S, MOST_S)


@pytest.mark.parametrize("start", [None, pilot(0.0), pilot(float("nan"))])
def test_where_nobody_knows_the_time_the_size_is_the_usual_one(start: Estimate | None) -> None:
    assert choose_segment_size(100, start, Forecast(100, 1.0), 4) == SegmentSize(SEGMENT_STEPS, timed=False)
    assert choose_segment_size(100, pilot(1.0), None, 4) == SegmentSize(SEGMENT_STEPS, timed=False)
    no_calls = Forecast(calls=0.0, p_success=1.0)  # all looks are kept from the pilot
    assert choose_segment_size(100, pilot(1.0), no_calls, 4) == SegmentSize(SEGMENT_STEPS, timed=False)


class Mixed(Task, frozen=True, kw_only=True):
    """Goals are (kind of question, steps); ``None`` asks nothing."""

    def root(self) -> Node:
        return Node((), (None, 1), ())

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return int(goal[1])

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return inputs

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Done(0) if goal[0] is None else Step(goal[0], Role.ACTOR, state)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt("?")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text


def test_a_node_costs_what_its_steps_and_their_kind_take() -> None:
    """Placebo: where one kind is known only, or no time, the steps count alone."""
    nodes = [Node((n,), goal, ()) for n, goal in enumerate([("read", 5), ("write", 5), ("new", 5), (None, 5)])]
    timed = [costs_of(Mixed(), pilot(1.0, read=1.0, write=3.0))(node) for node in nodes]
    assert timed == [2.5, 7.5, 5.0, 5.0]
    for start in (None, pilot(1.0), pilot(1.0, read=1.0), pilot(1.0, read=0.0, write=3.0)):
        assert [costs_of(Mixed(), start)(node) for node in nodes] == [5, 5, 5, 5]

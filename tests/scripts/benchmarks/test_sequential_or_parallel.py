"""Bridge graphs: many short runs stay at a guess, one long run does not, and what it has seen is what it takes."""

import pathlib
import random
import xml.dom.minidom

import pytest

from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.tasks.generated import Generated
from surefoot.scripts.benchmarks.sequential_or_parallel import (
    FACTORS,
    GADGETS,
    VOTES,
    drawing,
    engine,
    posed,
    reached,
    right_after,
    searched,
    shortest,
    voted,
    votes_for,
    wandered,
)
from tests.decompose.methods.walking import Walk

TRIALS = 120


@pytest.fixture(scope="module")
def steps() -> dict[int, list[int]]:
    return {gadgets: reached(gadgets, TRIALS, 0) for gadgets in GADGETS}


def test_short_runs_stay_at_a_guess(steps: dict[int, list[int]]) -> None:
    """A1: budget a shortest path, majority of 65: at most 0.6."""
    for gadgets in GADGETS:
        assert voted(right_after(steps[gadgets], shortest(gadgets)), VOTES) <= 0.6


def test_one_run_with_all_its_steps_is_right(steps: dict[int, list[int]]) -> None:
    """A2: at least 0.99; no search takes more than twice the vertices of its bridge. The order is not handed to it."""
    for gadgets in GADGETS:
        assert right_after(steps[gadgets], 2 * 10 * gadgets + 2) >= 0.99
        assert min(steps[gadgets]) >= shortest(gadgets)
        assert len(set(steps[gadgets])) > 10


def test_the_votes_it_takes_grow_with_the_depth(steps: dict[int, list[int]]) -> None:
    """A3: at 1.5 shortest paths. The placebo: with all steps a single run does."""
    needed = [votes_for(right_after(steps[gadgets], 1.5 * shortest(gadgets))) for gadgets in GADGETS]
    assert needed[0] < needed[1] < needed[2]
    assert needed[2] > 4 * needed[0]
    assert [votes_for(right_after(steps[gadgets], 10**6)) for gadgets in GADGETS] == [1, 1, 1]
    shares = [voted(right_after(steps[8], factor * shortest(8)), VOTES) for factor in FACTORS]
    assert shares == sorted(shares)


def test_what_was_seen_is_what_it_takes(steps: dict[int, list[int]]) -> None:
    """A4: without a memory at least five times the steps."""
    for gadgets in (3, 5):
        wandering = reached(gadgets, 40, 0, memory=False)
        assert sum(wandering) / 40 > 5 * sum(steps[gadgets]) / TRIALS


def test_runs_end_in_the_right_place() -> None:
    rng = random.Random(3)
    for _ in range(5):
        graph, start, places = posed(rng, 3)
        edges = sum(map(len, graph.values())) // 2
        assert edges == 2 * 3 * 11
        assert shortest(3) <= searched(rng, graph, start, places) <= 2 * len(graph)
        assert wandered(rng, graph, start, places) >= shortest(3)


@pytest.mark.parametrize(("right", "votes", "share"), [(0.5, 65, 0.5), (0.6, 1, 0.6), (0.6, 3, 0.648), (1.0, 65, 1.0)])
def test_majorities_are_exact(right: float, votes: int, share: float) -> None:
    assert voted(right, votes) == pytest.approx(share)
    assert votes_for(0.95) == 1
    assert votes_for(0.5) == 2001


def test_the_program_searches_as_the_model_says() -> None:
    """The engine's arm: one question for each place it stands on; a step that does not show what was seen fails."""
    for number in range(1, 4):
        task = Generated(family="bridges", length=3, number=number, method="program")
        walk = Walk(task)
        assert walk.run() == answer_of(task.question())
        assert len(walk.kinds) <= 62
        assert all("; seen " in prompt.user for prompt in walk.prompts)
    state = task.first_state(task.question(), 0)
    spec = task.next_spec(state)
    assert not isinstance(spec, str)
    with pytest.raises(ValueError, match="a step shows 'seen'"):
        type(spec)(("edges", "at"), "to", spec.question).rendered(state)  # type: ignore[union-attr, call-arg]


def test_steps_are_voted_on_and_whole_answers_are_guesses(tmp_path: pathlib.Path) -> None:
    """A5 in small; forty questions of eight gadgets are run by the module itself."""
    right, calls, _ = engine(3, 2, 4, tmp_path)
    assert right == 2
    assert 4 <= calls <= 12


def test_the_plot_is_a_picture_of_its_own() -> None:
    svg = drawing([(3, [(0.0, 0.6), (4.0, 0.8)]), (8, [(0.0, 0.5), (4.0, 0.55)])], 1.0)
    xml.dom.minidom.parseString(svg)
    assert svg.count("<circle") == 4
    assert "polyline" in svg

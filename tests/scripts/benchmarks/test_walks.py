"""Walking a tower with drawn answers: what is counted, against a formula that knows the shares."""

import random
import xml.dom.minidom

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.scripts.benchmarks.walks import Question, Walked, ask, drawing, facts_of, walk


def test_the_facts_of_a_tower_are_those_that_a_run_asks() -> None:
    task = HanoiMicro(disks=5)
    facts = list(facts_of(task))
    assert len(facts) == task.size(task.root().goal, ())
    assert len({repr(step.reads) for step in facts}) < len(facts) / 2


@pytest.mark.parametrize("lead", [1, 2, 3])
def test_steps_for_each_wrong_one_are_as_many_as_the_formula_says(lead: int) -> None:
    """Independent answers, one in five of them wrong: the formula is exact, and what is counted lies near it."""
    rng = random.Random(lead)
    drawn = tuple(rng.choices(("3", "4", None), (0.8, 0.2, 0.05), k=60_000))
    found = walk(["q"], {"q": Question("3", drawn, 0.8)}, lead)
    assert found.expected == pytest.approx(1 + 4.0**lead)
    assert found.steps / found.wrong == pytest.approx(found.expected, rel=0.2)
    assert found.ballots > found.steps * lead


def test_a_walk_ends_with_the_answers_to_one_of_its_questions() -> None:
    sure, short = Question("a", ("a",) * 100, 1.0), Question("b", ("b", None, "b"), 1.0)
    found = walk(["one", "two"], {"one": sure, "two": short}, 1)
    assert (found.steps, found.wrong, found.ballots) == (5, 0, 6)
    assert found.expected == float("inf")


async def test_a_question_is_drawn_and_looked_at() -> None:
    task = HanoiMicro(disks=4)
    step = next(facts_of(task))
    found = await ask(SimulatedModel(answers, Profile(p_error=0.25), "micro"), task, step, 40, 0)
    assert len(found.drawn) == 40
    assert found.p == pytest.approx(0.75)
    assert 0 < sum(candidate != found.right for candidate in found.drawn) < 20


def test_the_plot_is_a_picture_of_its_own() -> None:
    svg = drawing([Walked(1, 90, 10, 90, 8.0), Walked(2, 90, 1, 190, 70.0), Walked(3, 50, 0, 190, 900.0)])
    assert svg.count("<circle") == 2  # no dot where nothing was wrong: that is no measurement of a rate
    xml.dom.minidom.parseString(svg)

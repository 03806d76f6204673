"""The three courses that train the bundled model: single steps, several moves at once, and the planner's modules."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from surefoot.runtime.models.bundled import MOVES, PLANNER, WEIGHTS
from surefoot.scripts.bundled import module_questions as modules
from surefoot.scripts.bundled import questions, several_moves
from surefoot.scripts.bundled.decoder import Recipe
from surefoot.scripts.bundled.exams import exam, met_goal, met_move
from surefoot.scripts.bundled.questions import Pair

COURSES: Final = ("runs", "moves", "planner")


class Course(msgspec.Struct, frozen=True):
    """Everything that one part of the bundled model is taught, examined on and made with.

    Attributes:
        vocabulary: Every word, in the order of the token numbers.
        spell: Parts of a word and their weights, if words share any.
        lesson: A batch to train on, at a share of the training that is done.
        exams: Questions to watch, by name, from a seed.
        recipe: Size, updates and rates unless said otherwise.
        folder: Where the package has the weights.
        facts: What ``recipe.json`` says besides.
    """

    vocabulary: Callable[[], list[str]]
    spell: Callable[[str], dict[str, float]] | None
    lesson: Callable[[random.Random, int, float], list[Pair]]
    exams: Callable[[int], dict[str, list[Pair]]]
    recipe: Recipe
    folder: Path
    facts: dict[str, Any]


def course_of(name: str) -> Course:
    """A course by its name: the steps of runs, several moves at once, or the planner."""
    if name == "planner":
        recipe = Recipe(layers=6, width=128, heads=4, inner=320, batch=480, steps=36_000, gaps=0.15)
        facts: dict[str, Any] = {"course": name}
        return Course(
            modules.vocabulary, modules.spell, modules.lesson, modules.exams, recipe, WEIGHTS / PLANNER, facts
        )
    if name == "moves":
        facts = {"course": name, "held_out": questions.HELD_OUT, "most_moves": several_moves.MOST_MOVES}
        recipe = Recipe(steps=4000)
        return Course(
            several_moves.vocabulary, None, several_moves.lesson, several_moves.exams, recipe, WEIGHTS / MOVES, facts
        )
    facts = {"held_out": questions.HELD_OUT, "most_digits": questions.MOST_DIGITS}
    return Course(questions.vocabulary, None, questions.lesson, run_exams, Recipe(), WEIGHTS, facts)


def run_exams(seed: int, samples: int = 500) -> dict[str, list[Pair]]:
    """Held-out questions of runs by kind, of 3 to 22 disks and 2 to 12 digits."""
    rng = random.Random(f"exam {seed}")
    draws: dict[str, Callable[[random.Random], Pair]] = {
        "move": lambda rng: met_move(rng, rng.randint(3, 22)),
        "carry": lambda rng: met_goal(rng, rng.randint(3, 22), "carry"),
        "split": lambda rng: met_goal(rng, rng.randint(3, 22), "split"),
        "times": questions.times,
        "plus": questions.plus,
        "halve": lambda rng: questions.ask_halve(rng, rng.randint(2, 12)),
    }
    return {name: exam(draw, samples, rng, finite=True) for name, draw in draws.items()}

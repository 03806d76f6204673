"""Digit-hanoi by MAP's modules, each cut into questions of one fact, for general models of 135 million parameters.

Who says what:

- The Actor: which list is the third, for each number in the way (the recursion that empties a list is code).
- The Monitor: which of two numbers is larger: the model counts up from one, and the other is larger if the count meets
  it. That a number is the last of its list is read off the state by code, and onto an empty list goes anything.
- The Evaluator and the TaskDecomposer: which list is the third; powers of two and states are code.
- The Predictor and the Orchestrator: code. What a move does to three lists is form, and yes-or-no questions are not
  solid on such models.

Votes, red flags, the journal and the planner are those of `surefoot.decompose.tasks.digit_hanoi`. A "third" that names
one of the two lists is not discarded, as that would leave the right answer only: it leads to a move that the Monitor or
the rules refuse, to a wrong estimate, or to no answer at all, with which the plan is given up.
"""

import random
from collections.abc import Mapping
from typing import Any, ClassVar

from surefoot.decompose.division import Division
from surefoot.decompose.modular_planner.fact_modules import Cut, CutModules, facts_of, moves_of
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.step import Dialect, Flag, Prompt, Step
from surefoot.decompose.tasks.counting import Number
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_list_cuts import CUTS, LISTS
from surefoot.decompose.tasks.micro_prompts import LOOKS, WAYS, next_number, number_in, third_of_three

OFFSET = 20
"""Number n goes by 20 + n: after small numbers the model's counting is unsure."""


class DigitHanoiMicro(CutModules, DigitHanoi, frozen=True, kw_only=True):  # type: ignore[misc]
    """Sort numbers into list C by modules that are cut into questions of one fact."""

    summary: ClassVar[str] = "MAP on digit lists, its modules cut into questions of one fact"
    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS

    cuts: ClassVar[Mapping[str, Cut]] = CUTS

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        if self.method != "map":
            raise ValueError(f"only the method map is cut into facts, not {self.method}; see --dialect chat")

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most facts of a problem: as many as each of its questions can take."""
        most: int = MapTask.size(self, goal, inputs) << sum(letter.isdigit() for letter in goal.goal)
        return most

    def who_says(self) -> Division:
        """How many facts a module's question takes, and who says what."""
        goal = self.problem_of_run()
        model = {"third": "which list is the third", "next": "which number comes next"}
        code = ("the recursion, the state and what a move does to it", "whether a goal is reached", "the form")
        return Division(self.usual_steps(goal, ()), moves_of(self, goal), "moves", model, code)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A text to go on with; another wording shows the lists in another order, or more numbers."""
        facts = step.reads
        if isinstance(facts, Number):
            return next_number(OFFSET + facts.value, wording)
        return third_of_three(facts.one, facts.other, LISTS, wording)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a number, or the letter of a list."""
        if step.kind == "third":
            said = text.strip()
            return said if len(said) == 1 and said in LISTS else Flag("misformatted", text[:200])
        number = number_in(text)
        return Flag("misformatted", text[:200]) if number is None else str(number - OFFSET)

    def sample_step(self, number: int) -> Step:
        """Draw a fact, as often as a plan asks for it."""
        return random.Random(f"facts {number}").choice(facts_of(self, self.problem_of_run()))

    def right_fact(self, step: Step) -> str:
        """Return the right answer to a fact, from which facts are counted beforehand; nothing in a run asks for it."""
        facts = step.reads
        if isinstance(facts, Number):
            return str(facts.value + 1)
        return next(name for name in LISTS if name not in (facts.one, facts.other))

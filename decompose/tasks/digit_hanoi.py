"""Tower of Hanoi as digit lists, with the published problem numbers (MAP, Methods and released problem list).

Problems 1 to 26 have three numbers (3 and 22 are the worked examples), 27 to 106 have four (29 and 77 are the worked
examples of the published variant with four). With five numbers every start state but the goal is a problem, numbered
from 107 in the order of `all_states`, or with ``published`` in that of the released list.
"""

import random
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states

EXAMPLES = {3: (3, 22), 4: (29, 77)}
"""Shown in prompts, by numbers of the worked examples, hence not evaluated."""
CAPS = {3: 10, 4: 20, 5: 40}
"""Most moves of a plan, by numbers; published for 3 and 4. They follow from the size and know no optimal length."""


class DigitHanoi(MapTask, frozen=True, kw_only=True):
    """Sort numbers into list C, where only a rightmost number moves, and only next to smaller ones."""

    numbers: Annotated[int, msgspec.Meta(ge=3, le=5, description="numbers 0 to n-1, for a suite: 3, 4 or 5")] = 3
    problem: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=348)] | None,
        msgspec.Meta(description="published number, 1..106; from 107 with 5 numbers"),
    ] = None

    examples: Annotated[
        int, msgspec.Meta(ge=3, le=4, description="numbers in the worked examples; published: 3, as a variant 4")
    ] = 3
    published: Annotated[
        bool, msgspec.Meta(description="number the problems of 5 numbers in the order of the released list")
    ] = False

    summary: ClassVar[str] = "MAP on Tower of Hanoi as digit lists: 3, 4 or 5 numbers, all start states"

    def problem_of_run(self) -> Problem:
        """Return the problem of a published number; by default the first of its size, with all numbers in A."""
        return numbered(self.problem or {3: 1, 4: 27, 5: 107}[self.numbers], self.published, self.examples)

    def suite(self) -> Sequence[Problem]:
        """Return all problems of a size that are evaluated: 24, 80 or 242; with examples of four 26, 78 or 242."""
        first, last = {3: (1, 26), 4: (27, 106), 5: (107, 348)}[self.numbers]
        evaluated = [number for number in range(first, last + 1) if number not in EXAMPLES[self.examples]]
        return [numbered(number, self.published, self.examples) for number in evaluated]

    def sample_step(self, number: int) -> Step:
        """Draw a random module's question in a random state of digit lists."""
        rng = random.Random(f"digit-hanoi {number}")
        problem = self.problem_of_run()
        world, goal = problem.world, problem.goal
        assert isinstance(world, DigitLists)
        state = rng.choice([s for s in all_states(world.numbers) if s != goal])
        source, target = rng.sample("ABC", 2)
        action = f"{rng.randrange(world.numbers)}{source}{target}"
        after = rng.choice(all_states(world.numbers))
        asked = [
            monitor.step(monitor.MonitorFacts(world, state, action)),
            evaluator.step(evaluator.EvaluatorFacts(world, state, goal)),
            orchestrator.step(orchestrator.OrchestratorFacts(world, after, goal)),
            task_decomposer.step(task_decomposer.DecomposerFacts(world, state, goal, self.subgoals)),
            predictor.step(predictor.PredictorFacts(world, state, _legal(state))),
            actor.step(actor.ActorFacts(world, state, goal, self.breadth or 2)),
        ]
        return asked[number % len(asked)]


def numbered(number: int, published: bool = False, examples: int = 3) -> Problem:
    """Return a digit-list problem by its number.

    Args:
        number: From 1; those of 3 and 4 numbers are the published ones.
        published: Whether those of 5 numbers are, too.
        examples: Numbers in the worked examples.
    """
    start = _starts(published)[number - 1]
    numbers = sum(character.isdigit() for character in start)
    goal = f"-/-/{''.join(map(str, range(numbers)))}"
    return Problem(f"digit-hanoi {number}", DigitLists(numbers, examples), start, goal, CAPS[numbers])


def _legal(state: str) -> str:
    """The move of the largest number to the next list: it is on top of its own, and may rest on any."""
    lists = state.split("/")
    largest = max(state)
    source = next(i for i, part in enumerate(lists) if largest in part)
    return f"{largest}{'ABC'[source]}{'ABC'[(source + 1) % 3]}"


def _starts(published: bool = False) -> list[str]:
    five = _five() if published else [state for state in all_states(5) if state != "-/-/01234"]
    return [*_PUBLISHED.split(), *five]


def _five() -> list[str]:
    """The start states of five numbers in the order of the released list (``gen_start_config.py``).

    For each pair of lists, and each way to part the numbers: the parts on the two lists, then the other way round; a
    third part is on the remaining list.
    """
    found = ["01234/-/-", "-/01234/-"]
    for splits in _SPLITS:
        for first, second in ((0, 1), (0, 2), (1, 2)):
            for split in splits.split():
                one, other, *rest = split.split("/")
                for a, b in ((one, other), (other, one)):
                    lists = [*rest, "-"][:1] * 3
                    lists[first], lists[second] = a, b
                    found.append("/".join(lists))
    return found


_SPLITS = (
    "0123/4 0124/3 0134/2 0234/1 1234/0",
    "012/34 013/24 034/12 123/04 134/02 234/01 014/23 024/13 023/14 124/03",
    "01/23/4 02/13/4 03/12/4 01/24/3 02/14/3 04/12/3 01/34/2 03/14/2 04/13/2 02/34/1 03/24/1 04/23/1 12/34/0 13/24/0 "
    "14/23/0",
    "012/3/4 013/2/4 034/1/2 123/0/4 134/0/2 234/0/1 014/2/3 024/1/3 023/1/4 124/0/3",
)
"""How the released list parts five numbers, in the order of the list."""


_PUBLISHED = """\
012/-/- -/012/- 01/2/- 2/01/- 12/0/- 0/12/- 02/1/- 1/02/- 01/-/2 2/-/01 12/-/0 0/-/12 02/-/1 1/-/02 -/01/2 \
-/2/01 -/12/0 -/0/12 -/02/1 -/1/02 0/1/2 1/0/2 0/2/1 1/2/0 2/0/1 2/1/0 0123/-/- -/0123/- 012/3/- 3/012/- \
023/1/- 1/023/- 123/0/- 0/123/- 013/2/- 2/013/- 012/-/3 3/-/012 023/-/1 1/-/023 123/-/0 0/-/123 013/-/2 \
2/-/013 -/012/3 -/3/012 -/023/1 -/1/023 -/123/0 -/0/123 -/013/2 -/2/013 01/23/- 23/01/- 02/13/- 13/02/- \
03/12/- 12/03/- 01/-/23 23/-/01 02/-/13 13/-/02 03/-/12 12/-/03 -/01/23 -/23/01 -/02/13 -/13/02 -/03/12 \
-/12/03 01/2/3 2/01/3 02/1/3 1/02/3 03/1/2 1/03/2 12/0/3 0/12/3 23/0/1 0/23/1 13/0/2 0/13/2 01/3/2 2/3/01 \
02/3/1 1/3/02 03/2/1 1/2/03 12/3/0 0/3/12 23/1/0 0/1/23 13/2/0 0/2/13 3/01/2 3/2/01 3/02/1 3/1/02 2/03/1 \
2/1/03 3/12/0 3/0/12 1/23/0 1/0/23 2/13/0 2/0/13"""

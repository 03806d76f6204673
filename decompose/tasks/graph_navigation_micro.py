"""Castles by MAP's modules, each cut into questions of one fact, for general models of 135 million parameters.

Who says what:

- The Actor, the Monitor and the Evaluator: which room a room's door leads back to, looked up in a list that the
  question shows eight times, each time in another order. What a way, a distance and a valid move are is code.
- The Orchestrator: code. The Predictor and the TaskDecomposer are not asked.

Only castles without a circle can be asked for so: there every room but the first has one door back.
"""

import random
from collections.abc import Mapping
from typing import Any, ClassVar

from surefoot.decompose.division import Division
from surefoot.decompose.modular_planner.fact_modules import Cut, CutModules, facts_of, moves_of
from surefoot.decompose.step import Dialect, Flag, Prompt, Step
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.micro_prompts import AFTER_NAME, LOOKS, WAYS
from surefoot.decompose.tasks.room_cuts import CUTS, Door, doors_back
from surefoot.decompose.tasks.rooms import Rooms

NAMES = (
    "apple", "bread", "chair", "dress", "eagle", "flute", "grass", "horse", "island", "juice", "knife", "lemon",
)  # fmt: skip
"""What rooms are called in a question, in their order: no castle is larger, and words are copied more surely."""
SHOWN = 8
"""Times that the list of doors is shown, each time in another order.

The likeliest answer of SmolLM2-135M-Instruct is right in 43 of 54 questions about seven rooms if it is shown three
times, in 52 if five times, in 53 if eight times; with numbers for names in 45, 52 and 52.
"""


class GraphNavigationMicro(CutModules, GraphNavigation, frozen=True, kw_only=True):  # type: ignore[misc]
    """Find the way from room to room by modules that are cut into questions of one fact."""

    summary: ClassVar[str] = "MAP on graph navigation, its modules cut into questions of one fact"
    wordings: ClassVar[int] = WAYS
    looks: ClassVar[int] = LOOKS
    cuts: ClassVar[Mapping[str, Cut]] = CUTS

    def __post_init__(self) -> None:
        GraphNavigation.__post_init__(self)
        if self.method != "map" or self.preset != "surefoot" or self.question != "steppath":
            raise ValueError(
                "only step paths by the method map and the preset surefoot are cut into facts; see --dialect chat"
            )
        world = self.problem_of_run().world
        assert isinstance(world, Rooms)
        if len(world.rooms()) > len(NAMES):
            raise ValueError(f"{len(world.rooms())} rooms are too many for lists of all doors; see --dialect chat")
        doors_back(world)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most facts of a problem: as many as each of its questions can take."""
        questions: int = GraphNavigation.size(self, goal, inputs)
        return 2 * len(goal.world.rooms()) * questions

    def who_says(self) -> Division:
        """How many facts a module's question takes, and who says what."""
        goal = self.problem_of_run()
        code = ("ways, distances and what a valid move is", "whether the goal is reached", "the form")
        model = {"door": "which room a door leads back to"}
        return Division(self.usual_steps(goal, ()), moves_of(self, goal), "moves", model, code)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """A text to go on with; another wording shows the doors in another order."""
        facts: Door = step.reads
        names = _names(facts)
        rng, lines = random.Random(f"doors {wording % LOOKS}"), list[str]()
        for _ in range(SHOWN):
            doors = list(facts.doors)
            rng.shuffle(doors)
            lines += [f"{names[room]}: {names[back]}" for room, back in doors]
        return Prompt("\n".join([*lines, f"{names[facts.room]}:"]), raw=True, stop=AFTER_NAME)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a room of the castle."""
        said = {name: str(room) for room, name in _names(step.reads).items()}
        return said.get(text.strip()) or Flag("misformatted", text[:200])

    def sample_step(self, number: int) -> Step:
        """Draw a fact, as often as a plan asks for it."""
        return random.Random(f"facts {number}").choice(facts_of(self, self.problem_of_run()))

    def right_fact(self, step: Step) -> str:
        """Return the right answer to a fact, from which facts are counted beforehand; nothing in a run asks for it."""
        return str(dict(step.reads.doors)[step.reads.room])


def _names(facts: Door) -> dict[int, str]:
    """What each room of a castle is called."""
    return dict(zip(sorted({room for one in facts.doors for room in one}), NAMES, strict=False))

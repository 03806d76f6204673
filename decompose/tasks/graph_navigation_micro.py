"""Castles by MAP's modules, each cut into questions of one fact, for general models of 135 million parameters.

Who says what:

- The Actor, the Monitor and the Evaluator: which room a room's door leads back to, looked up in a list that the
  question shows five times, each time in another order. What a way, a distance and a valid move are is code.
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
from surefoot.decompose.tasks.micro_prompts import AFTER_NAME, LOOKS, WAYS, number_in
from surefoot.decompose.tasks.room_cuts import CUTS, Door, doors_back
from surefoot.decompose.tasks.rooms import Rooms

OFFSET = 20
"""Room n goes by 20 + n: numbers of two digits are copied more surely."""
MOST_ROOMS = 12
"""Largest castle: its list of doors is shown five times."""
SHOWN = 5
"""Times that the list is shown. Shown once the model finds 4 of 12 rooms, three times 10, five times 52 of 54."""


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
        if len(world.rooms()) > MOST_ROOMS:
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
        rng, lines = random.Random(f"doors {wording % LOOKS}"), list[str]()
        for _ in range(SHOWN):
            doors = list(facts.doors)
            rng.shuffle(doors)
            lines += [f"Rooms {OFFSET + room}, {OFFSET + back}" for room, back in doors]
        return Prompt("\n".join([*lines, f"Rooms {OFFSET + facts.room},"]), raw=True, stop=AFTER_NAME)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a room of the castle."""
        number = number_in(text.strip())
        rooms = {room for door in step.reads.doors for room in door}
        known = number is not None and number - OFFSET in rooms
        return str(number - OFFSET) if number is not None and known else Flag("misformatted", text[:200])

    def sample_step(self, number: int) -> Step:
        """Draw a fact, as often as a plan asks for it."""
        return random.Random(f"facts {number}").choice(facts_of(self, self.problem_of_run()))

    def right_fact(self, step: Step) -> str:
        """Return the right answer to a fact, from which facts are counted beforehand; nothing in a run asks for it."""
        return str(dict(step.reads.doors)[step.reads.room])

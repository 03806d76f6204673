"""Any STRIPS problem in PDDL, and generated ones of three domains."""

import random
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from surefoot.decompose.modular_planner import actor, monitor, orchestrator
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.pddl_generators import Generated, generated
from surefoot.decompose.tasks.pddl_reader import read

PddlFile = Annotated[str, msgspec.Meta(extra_json_schema={"file": True})]
"""The text of a file; the command line reads it from the path that it is given."""


class PddlPlanning(MapTask, frozen=True, kw_only=True):
    """Solve a planning problem given in PDDL: STRIPS with typing, equality and negative preconditions."""

    domain: Annotated[PddlFile | None, msgspec.Meta(description="PDDL file of the domain")] = None
    problem: Annotated[PddlFile | None, msgspec.Meta(description="PDDL file of the problem")] = None
    generate: Annotated[
        Generated, msgspec.Meta(description="domain of a generated problem, where no files are given")
    ] = "blocksworld"
    instance: Annotated[int, msgspec.Meta(ge=1, description="number of the generated problem")] = 1
    instances: Annotated[int, msgspec.Meta(ge=1, le=1000, description="generated problems of a suite")] = 100

    summary: ClassVar[str] = "MAP on PDDL: your own domain and problem, or generated blocksworld, mystery, logistics"

    @property
    def unused(self) -> frozenset[str]:  # type: ignore[override]
        """No search unless it is asked for, and sub-goals in logistics only; both as published."""
        search = frozenset({"search"}) if self.breadth is None and self.depth is None else frozenset[str]()
        logistics = self.domain is None and self.generate == "logistics"
        return search if logistics else search | {"decomposer"}

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        if (self.domain is None) != (self.problem is None):
            raise ValueError("a domain and a problem are needed, or neither")
        if self.domain is not None:
            self.problem_of_run()

    def problem_of_run(self) -> Problem:
        """The problem of the files, or the generated one."""
        if self.domain is not None and self.problem is not None:
            return _posed(self.domain, self.problem)
        return _posed(*generated(self.generate, self.instance))

    def suite(self) -> Sequence[Problem]:
        """Generated problems, or the one of the files."""
        if self.domain is not None:
            return [self.problem_of_run()]
        return [_posed(*generated(self.generate, number)) for number in range(1, self.instances + 1)]

    def sample_step(self, number: int) -> Step:
        """A module's question at the start of a problem."""
        rng = random.Random(f"pddl {number}")
        posed = self.problem_of_run()
        if self.domain is None:
            posed = _posed(*generated(self.generate, rng.randint(1, self.instances)))
        world = posed.world
        names = [name for name, _ in getattr(world, "objects", ())]
        schema = rng.choice(getattr(world, "schemas", ()))
        action = f"({' '.join((schema.name, *rng.choices(names, k=len(schema.parameters))))})"
        asked = [
            monitor.step(monitor.MonitorFacts(world, posed.start, action)),
            orchestrator.step(orchestrator.OrchestratorFacts(world, posed.start, posed.goal)),
            actor.step(actor.ActorFacts(world, posed.start, posed.goal, 1)),
        ]
        return asked[number % len(asked)]


def _posed(domain: str, problem: str) -> Problem:
    """A problem with a cap that follows from the number of goals, not from the optimal length as published."""
    found = read(domain, problem)
    return Problem(found.name, found.world, found.start, found.goal, 20 + 12 * found.literals)

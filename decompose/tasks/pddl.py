"""Any classical planning problem in PDDL, and generated ones of three domains."""

import random
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from surefoot.decompose.modular_planner import actor, monitor, orchestrator
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Done, Step
from surefoot.decompose.tasks.pddl_collections import Collected, Unread, collected
from surefoot.decompose.tasks.pddl_costs import Costs
from surefoot.decompose.tasks.pddl_generators import Generated, generated
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_words import literals

PddlFile = Annotated[str, msgspec.Meta(extra_json_schema={"file": True})]
"""The text of a file; the command line reads it from the path that it is given."""


PddlFiles = Annotated[str, msgspec.Meta(extra_json_schema={"file": True, "folder": True})]
"""Problems as one text (`surefoot.decompose.tasks.pddl_collections`), made of the files of a folder or a pattern."""


class PddlPlanning(MapTask, frozen=True, kw_only=True):
    """Solve a planning problem given in PDDL: STRIPS or ADL, with types, derived predicates and action costs.

    Costs are added up and shown; plans are not chosen by them.
    """

    domain: Annotated[PddlFile | None, msgspec.Meta(description="PDDL file of the domain")] = None
    problem: Annotated[PddlFile | None, msgspec.Meta(description="PDDL file of the problem")] = None
    problems: Annotated[
        PddlFiles | None,
        msgspec.Meta(description="for bench: a folder, a pattern such as 'p*.pddl', or PlanBench's JSON"),
    ] = None
    generate: Annotated[
        Generated, msgspec.Meta(description="domain of a generated problem, where no files are given")
    ] = "blocksworld"
    instance: Annotated[int, msgspec.Meta(ge=1, description="number of the generated problem")] = 1
    instances: Annotated[int, msgspec.Meta(ge=1, le=1000, description="generated problems of a suite")] = 100

    examples: Annotated[
        Literal["", "blocksworld", "hanoi"],
        msgspec.Meta(description="domain of the worked examples, as in the published transfer to mystery"),
    ] = ""
    published: Annotated[
        bool, msgspec.Meta(description="of PlanBench's logistics take the first 200 only, as MAP did")
    ] = False

    engine: Annotated[
        str,
        msgspec.Meta(
            description="faster planner for the simulated model, a process of its own: fast-downward, pyperplan, or a "
            "command with {domain}, {problem} and {plan}"
        ),
    ] = ""

    summary: ClassVar[str] = "MAP on PDDL: your own domain and problem, or generated blocksworld, mystery, logistics"

    @property
    def unused(self) -> frozenset[str]:  # type: ignore[override]
        """Return the modules left out by default: search, and sub-goals outside logistics, both as published."""
        search = frozenset({"search"}) if self.breadth is None and self.depth is None else frozenset[str]()
        return search if self._logistics else search | {"decomposer"}

    @property
    def _logistics(self) -> bool:
        """Whether the problems are the generated logistics, or with ``published`` those of PlanBench's file."""
        if self.problems is not None:
            first = self._all()[0].problem
            return self.published and isinstance(first, Problem) and _domain_of(first) == "logistics"
        return self.domain is None and self.generate == "logistics"

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        if self.problems is not None:
            if self.problem is not None:
                raise ValueError("problem: give one problem or several, not both")
            _check_collection(self._collected(), self.instance)
            return
        if self.engine and self.domain is None:
            raise ValueError("engine: a planner needs problems from files")
        if (self.domain is None) != (self.problem is None):
            raise ValueError("a domain and a problem are needed, or neither")
        if self.domain is not None:
            self.problem_of_run()

    def problem_of_run(self) -> Problem:
        """Return the problem of the files, number ``instance`` of several, or the generated one.

        Raises:
            ValueError: There is no such problem, or it cannot be read.
        """
        if self.problems is not None:
            problem = self._collected()[self.instance - 1].problem
            if isinstance(problem, Unread):
                raise ValueError(f"{problem.name}: {problem.why}")
            return self._shown(problem)
        if self.domain is not None and self.problem is not None:
            return self._shown(_posed(self.domain, self.problem, MOST_ACTIONS))
        return self._shown(_posed(*generated(self.generate, self.instance)))

    def _all(self) -> Sequence[Collected]:
        assert self.problems is not None
        return collected(self.problems, self.domain, MOST_ACTIONS)

    def _collected(self) -> Sequence[Collected]:
        """The problems of the files; of PlanBench's logistics those that MAP was measured on, if asked for."""
        return self._all()[:PUBLISHED_LOGISTICS] if self._logistics else self._all()

    def _shown(self, problem: Problem) -> Problem:
        """A problem whose questions show worked examples of the domain that is asked for."""
        if not self.examples:
            return problem
        assert isinstance(problem.world, StripsWorld)
        return msgspec.structs.replace(problem, world=problem.world.showing(self.examples))

    def suite(self) -> Sequence[Problem | Unread]:
        """Return the problems of the files, those that cannot be read among them, or generated ones."""
        if self.problems is not None:
            found = [one.problem for one in self._collected()]
            return [one if isinstance(one, Unread) else self._shown(one) for one in found]
        if self.domain is not None:
            return [self.problem_of_run()]
        numbers = range(1, self.instances + 1)
        return [self._shown(_posed(*generated(self.generate, number))) for number in numbers]

    def root(self) -> Node:
        """Return the problem of the run; one of several that cannot be read ends at once, and says why."""
        if self.problems is None:
            return MapTask.root(self)
        found = self._collected()[self.instance - 1].problem
        return self.node((), found if isinstance(found, Unread) else self._shown(found))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return the first board of a problem; a problem that cannot be read has none."""
        return None if isinstance(goal, Unread) else MapTask.begin(self, goal, inputs)

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Return the next question, or the plan with its cost where the domain has costs."""
        if isinstance(goal, Unread):
            return Done({"plan": [], "ended": f"cannot be read: {goal.why}", "predicted": []}, goal.why)
        found = MapTask.next_step(self, goal, state)
        costs = self.costs(goal) if isinstance(found, Done) else None
        if not isinstance(found, Done) or costs is None:
            return found
        told = {"cost": costs.of_plan(found.output["plan"]), "costs": costs.said(found.output["plan"])}
        return msgspec.structs.replace(found, output={**told, **found.output})

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the questions of a plan of usual length for so many goals: the cap is set far above."""
        if isinstance(goal, Unread):
            return 1
        usual = min(self.cap_of(goal), _usual_length(len(literals(goal.goal))))
        return usual * self._settings(goal).questions

    def costs(self, goal: Problem | None = None) -> Costs | None:
        """Return what actions cost in a problem, by default the run's; ``None`` if the domain has no costs."""
        if self.problems is not None:
            name = (goal or self.problem_of_run()).name
            return next(one.costs for one in self._collected() if one.problem.name == name)
        if self.domain is None or self.problem is None:
            return None
        return read(self.domain, self.problem).costs

    def plan_cost(self, problem: Any, plan: Sequence[str]) -> float | None:
        """Return what the actions of a plan cost together; ``None`` if the domain has no costs."""
        costs = None if isinstance(problem, Unread) else self.costs(problem)
        return None if costs is None else costs.of_plan(plan)

    def sample_step(self, number: int) -> Step:
        """Draw a module's question at the start of a problem."""
        rng = random.Random(f"pddl {number}")
        posed = self._sample(rng)
        world = posed.world
        assert isinstance(world, StripsWorld)
        names = [name for name, _ in world.objects]
        schema = rng.choice(world.schemas)
        chosen = rng.choices(names, k=len(schema.parameters)) if names else []
        action = f"({' '.join((schema.name, *chosen))})"
        asked = [
            monitor.step(monitor.MonitorFacts(world, posed.start, action)),
            orchestrator.step(orchestrator.OrchestratorFacts(world, posed.start, posed.goal)),
            actor.step(actor.ActorFacts(world, posed.start, posed.goal, 1)),
        ]
        return asked[number % len(asked)]

    def _sample(self, rng: random.Random) -> Problem:
        """A problem of the suite that can be read."""
        if self.problems is not None:
            return rng.choice([one.problem for one in self._collected() if isinstance(one.problem, Problem)])
        if self.domain is not None:
            return self.problem_of_run()
        return _posed(*generated(self.generate, rng.randint(1, self.instances)))


def _check_collection(found: Sequence[Collected], instance: int) -> None:
    """See that there is the problem that is asked for, and one that can be read.

    Raises:
        ValueError: There is not.
    """
    if instance > len(found):
        raise ValueError(f"instance {instance} does not exist: there are {len(found)} problems")
    unread = [one.problem for one in found if isinstance(one.problem, Unread)]
    if len(unread) == len(found):
        raise ValueError(f"problems: none can be read; {unread[0].name}: {unread[0].why}")


MOST_ACTIONS = 10_000
"""Default cap of a plan for a problem from files. How long the shortest plan is cannot be told from the text (seven
disks of Hanoi need 127 actions for one goal), so the cap must be far from excluding it; runs are kept short by their
limits on calls and costs, and by states that are not entered twice."""


PUBLISHED_LOGISTICS = 200
"""Of PlanBench's 285 logistics instances, the first that MAP was measured on."""


def _domain_of(problem: Problem) -> str:
    assert isinstance(problem.world, StripsWorld)
    return problem.world.domain


def _usual_length(goals: int) -> int:
    """Actions that plans for so many goals usually have at most, in the generated domains and most others."""
    return 20 + 12 * goals


def _posed(domain: str, problem: str, cap: int | None = None) -> Problem:
    """A problem with a cap, or else one that follows from the number of goals, not from the optimal length."""
    found = read(domain, problem)
    return Problem(found.name, found.world, found.start, found.goal, cap or _usual_length(found.literals))

"""A planning problem as a task: a method's turns become the steps of a chain. See
`surefoot.decompose.modular_planner.planner`."""

from collections.abc import Generator
from typing import Annotated, Any, ClassVar, Literal, Protocol

import msgspec

from surefoot.decompose.modular_planner import (
    actor,
    baselines,
    evaluator,
    monitor,
    orchestrator,
    predictor,
    task_decomposer,
    whole_plan,
)
from surefoot.decompose.modular_planner.planner import Describer, Planner, Problem
from surefoot.decompose.modular_planner.reply_schemas import SCHEMAS
from surefoot.decompose.modular_planner.settings import Preset, Settings, settings_of
from surefoot.decompose.modular_planner.two_phases import TwoPhases
from surefoot.decompose.modular_planner.wording import WORDINGS
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.suite import Posed, SuiteTask

Method = Literal["map", "zero-shot", "in-context", "cot", "debate", "tot", "best-of-n"]

MODULES: dict[str, Any] = {
    "propose": actor,
    "check": monitor,
    "predict": predictor,
    "value": evaluator,
    "reached": orchestrator,
    "subgoal": task_decomposer,
    "plan": whole_plan,
}
"""Which module words and reads a kind of step."""


class PromptVariant(Protocol):
    """A pure method of solving a planning problem by questions."""

    def begin(self, problem: Problem) -> Any:
        """Return the board before the method's first turn."""
        ...

    def end(self, board: Any) -> Done | None:
        """Return the output if a board is the last one, else ``None``."""
        ...

    def turn(self, problem: Problem, board: Any) -> Generator[Step, str, Any]:
        """Ask a turn's questions and return the next board."""
        ...


class Thread(msgspec.Struct, frozen=True):
    """A planning chain's state: the board on which the current turn began, and the candidates decided since."""

    board: Any
    answers: tuple[str, ...] = ()


class MapTask(SuiteTask, frozen=True, kw_only=True):
    """Base of planning tasks; a subclass says which problem a run solves and which problems a suite has."""

    method: Annotated[
        Method, msgspec.Meta(description="map (the modules), or a baseline: one question, debate, tree of thought")
    ] = "map"
    preset: Annotated[
        Preset, msgspec.Meta(description="paper: algorithms as published; surefoot: closed list, climbing, recovery")
    ] = "surefoot"
    breadth: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=16)] | None,
        msgspec.Meta(description="B, actions proposed in a state"),
    ] = None
    depth: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=6)] | None,
        msgspec.Meta(description="L, layers of the search"),
    ] = None
    cap: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="most actions of a plan; default: the task's"),
    ] = None
    without: Annotated[
        str,
        msgspec.Meta(
            description="ablations, by commas: monitor, decomposer, search, orchestrator, votes; of paper: history, "
            "feedback, resort, phases, description; of surefoot: visited, climbing, light, recovery"
        ),
    ] = ""
    subgoals: Annotated[int, msgspec.Meta(ge=1, le=8, description="most sub-goals of one decomposition")] = 1
    plans: Annotated[int, msgspec.Meta(ge=1, le=200, description="plans drawn by best-of-n")] = 10

    wordings: ClassVar[int] = WORDINGS
    modules: ClassVar[dict[str, Any]] = MODULES
    """Which module words and reads a kind of step."""
    schemas: ClassVar[dict[str, Any]] = SCHEMAS
    """JSON schemas of replies, by kind of step."""
    describer: ClassVar[Describer | None] = None
    """Who words the goal for the Actor, in domains where the published TaskDecomposer does that."""
    unused: ClassVar[frozenset[str]] = frozenset()
    """Modules that are never used in this domain."""
    unused_by_paper: ClassVar[frozenset[str]] = frozenset()
    """Modules that the published system does not use in this domain."""

    def __post_init__(self) -> None:
        # For its errors alone: a misspelt ablation is reported before anything is asked.
        settings_of(self.preset, 1, self.breadth, self.depth, self.without)

    def way(self, problem: Problem) -> PromptVariant:
        """Return the method that solves a problem, with its settings."""
        if self.method != "map":
            return baselines.way(self.method, self.cap_of(problem), self.plans)
        planner = Planner(self._settings(problem), self.describer)
        return TwoPhases(planner) if planner.settings.phases and problem.before is not None else planner

    def _settings(self, problem: Posed) -> Settings:
        off = self.unused | (self.unused_by_paper if self.preset == "paper" else frozenset())
        cap = self.cap_of(problem)
        return settings_of(self.preset, cap, self.breadth, self.depth, self.without, off, self.subgoals)

    def cap_of(self, problem: Posed) -> int:
        """Return the most actions of a plan: the option's, or the problem's own."""
        return self.cap or problem.cap

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Thread:
        """Return the board before the first turn that asks something."""
        return self._settle(goal, self.way(goal).begin(goal), ())

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Return the current turn's next question, or the output."""
        way = self.way(goal)
        done = way.end(state.board)
        if done is not None:
            return done
        asked = _replay(way.turn(goal, state.board), state.answers)
        assert isinstance(asked, Step)
        return asked

    def advance(self, goal: Any, state: Any, candidate: str) -> Thread:
        """Give the current turn the winning candidate and return the next state of the chain."""
        return self._settle(goal, state.board, (*state.answers, candidate))

    def _settle(self, problem: Problem, board: Any, answers: tuple[str, ...]) -> Thread:
        """The thread as it stands when a question is next, or the end."""
        way = self.way(problem)
        # An ablation can leave a turn with nothing to ask; the chain must not stand still there.
        while way.end(board) is None:
            found = _replay(way.turn(problem, board), answers)
            if isinstance(found, Step):
                return Thread(board, answers)
            board, answers = found.board, ()
        return Thread(board)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most questions of a problem: a whole search, every proposal used, for each action tried."""
        settings = self._settings(goal)
        nodes = sum(int(settings.breadth**layer) for layer in range(settings.depth))
        phases = 2 if settings.phases else 1
        return phases * 4 * settings.cap * nodes * (2 + 4 * settings.breadth) * 3 + 200 * self.plans

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the questions of a plan of the longest length whose actions are each found at the first attempt."""
        phases = 2 if goal.before is not None and self._settings(goal).phases else 1
        return phases * self.cap_of(goal) * self._settings(goal).questions

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step as the module that it belongs to words its questions."""
        found: Prompt = self.modules[step.kind].prompt(step.reads, dialect, wording)
        return found

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply as the module that the step belongs to reads its replies."""
        found: str | Flag = self.modules[step.kind].parse(step.reads, text, dialect)
        return found

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer: checks are, if they name the same rule."""
        return monitor.same(one, other) if step.kind == "check" else one == other

    def reply_schema(self, step: Step) -> dict[str, Any]:
        """Return the JSON schemas of the answer lines that the step's module asks for."""
        found: dict[str, Any] = self.schemas[step.kind]
        return found

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Return the red flag that the step's module raises against a candidate, or ``None``."""
        found: Flag | None = self.modules[step.kind].check(step.reads, candidate)
        return found


class _Ended(msgspec.Struct, frozen=True):
    """The board that a turn led to."""

    board: Any


def _replay(turn: Generator[Step, str, Any], answers: tuple[str, ...]) -> Step | _Ended:
    """What a turn asks after these answers, or the board it ends with."""
    try:
        asked = next(turn)
        for answer in answers:
            asked = turn.send(answer)
    except StopIteration as end:
        return _Ended(end.value)
    # Left to the garbage collector, the generator would be closed at a moment that no test can repeat.
    turn.close()
    return asked

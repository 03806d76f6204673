"""A world of one's own in one file: a planning task whose states and actions are lines of text.

A subclass of `WorldTask` says in class attributes what the modules need to know: sentences about the world, the rules
by name, and a pattern each for states and actions. Which actions are possible, and where they lead, is not among them:
the planner finds that out from the modules alone. A function that knows it may stand beside the class, for the
simulated model and for the referee (`surefoot.decompose.answer_keys.own_world`,
`surefoot.decompose.referees.own_world`).
"""

import re
from typing import Annotated, ClassVar

import msgspec

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Dialect, Step


class OwnWorld(msgspec.Struct, frozen=True):
    """The vocabulary of a world of one's own (`surefoot.decompose.modular_planner.world.World`).

    Attributes:
        about: The world in sentences.
        named: Rules by name, each with its sentence.
        state: Regular expression that a whole state matches; goals too, unless they have their own.
        action: The same for actions.
        goal: The same for goals that are no states; empty if they are.
        forms: How a reply is to write a state and an action.
        examples: Worked examples by module.
    """

    about: str
    named: tuple[tuple[str, str], ...]
    state: str
    action: str
    goal: str = ""
    forms: tuple[str, str] = ("", "")
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the names of the rules."""
        return tuple(name for name, _ in self.named)

    @property
    def always_changes(self) -> bool:
        """Return ``False``: an action may change nothing."""
        return False

    def description(self) -> str:
        """Return the sentences about the world, then its rules."""
        return "\n".join([self.about, *(f"{name}: {sentence}" for name, sentence in self.named)])

    def preamble(self) -> str:
        """Return nothing: no model of the ``compact`` dialect knows worlds of one's own."""
        return ""

    def state_form(self) -> str:
        """Return how a reply is to write a state."""
        return self.forms[0]

    def action_form(self) -> str:
        """Return how a reply is to write an action."""
        return self.forms[1]

    def example(self, role: str, wording: int = 0) -> str:
        """Return the worked example of a module, if there is one."""
        return dict(self.examples).get(role, "")

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Write a state as it is, in brackets in ``compact``."""
        return f"[ {state} ]" if dialect == "compact" else state

    def say_action(self, action: str, dialect: Dialect) -> str:
        """Write an action as it is, in brackets in ``compact``."""
        return f"( {action} )" if dialect == "compact" else action

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Read a state, or a goal."""
        return _read(f"{self.state}|{self.goal}" if self.goal else self.state, text, "[]", dialect)

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """Read the action that a model's reply names."""
        return _read(self.action, text, "()", dialect)

    def stated_after(self, action: str) -> str | None:
        """Return ``None``: an action does not name the state it leads to."""
        return None

    def state_tokens(self, state: str) -> int:
        """Return the words of a state, with room for a longer one."""
        return 2 * len(state.split()) + 8


def _read(pattern: str, text: str, brackets: str, dialect: Dialect) -> str | None:
    text = text.strip()
    if dialect == "compact":
        if not (text.startswith(f"{brackets[0]} ") and text.endswith(f" {brackets[1]}")):
            return None
        text = text[2:-2]
    for said in (text, text.rstrip(".")):  # a sentence's full stop is no part of a state
        if re.fullmatch(pattern, said):
            return said
    return None


class WorldTask(MapTask, frozen=True, kw_only=True):
    """Base of a planning task of one's own, solved by the six modules."""

    first: Annotated[str, msgspec.Meta(description="the state at the start")] = ""
    wanted: Annotated[str, msgspec.Meta(description="the goal")] = ""

    about: ClassVar[str] = ""
    """The world in sentences: what a state is, which actions there are."""
    rules: ClassVar[dict[str, str]] = {}
    """What makes an action possible: rules by name, each with its sentence."""
    state: ClassVar[str] = ""
    action: ClassVar[str] = ""
    goal: ClassVar[str] = ""
    """Regular expressions of a whole state, action and goal; a goal without one is a state."""
    state_form: ClassVar[str] = ""
    action_form: ClassVar[str] = ""
    """How a reply is to write a state and an action, in words."""
    examples: ClassVar[dict[str, str]] = {}
    """Worked examples by module, such as ``Monitor``."""
    most_actions: ClassVar[int] = 50
    """Actions of a plan, at most, unless ``--cap`` says otherwise."""
    unused: ClassVar[frozenset[str]] = frozenset({"decomposer"})

    def __post_init__(self) -> None:
        MapTask.__post_init__(self)
        lacking = [
            name
            for name in ("about", "rules", "state", "action", "state_form", "action_form")
            if not getattr(self, name)
        ]
        if lacking:
            raise ValueError(f"{type(self).__name__} is not whole: its {lacking[0]} is missing")
        world = self.world()
        for name, value in (("first", self.begin_state()), ("wanted", self.goal_state())):
            if world.read_state(value, "chat") is None:
                raise ValueError(f"{name}: {value!r} is not written as {self.state_form}")

    @classmethod
    def world(cls) -> OwnWorld:
        """Return the vocabulary that the class attributes describe."""
        return OwnWorld(
            cls.about, tuple(cls.rules.items()), cls.state, cls.action, cls.goal, (cls.state_form, cls.action_form),
            tuple(cls.examples.items()),
        )  # fmt: skip

    def begin_state(self) -> str:
        """Return the state at the start; a subclass may make it of its options."""
        return self.first

    def goal_state(self) -> str:
        """Return the goal; a subclass may make it of its options."""
        return self.wanted

    def problem_of_run(self) -> Problem:
        """Return the problem of getting from the first state to the goal."""
        return Problem(type(self).__name__, self.world(), self.begin_state(), self.goal_state(), self.most_actions)

    def sample_step(self, number: int) -> Step:
        """Return one module's question at the start after the other."""
        problem = self.problem_of_run()
        state, goal = problem.start, problem.goal
        asked = [
            evaluator.step(evaluator.EvaluatorFacts(problem.world, state, goal)),
            orchestrator.step(orchestrator.OrchestratorFacts(problem.world, state, goal)),
            actor.step(actor.ActorFacts(problem.world, state, goal, self.breadth or 2)),
        ]
        shown = self.examples.get("Monitor", "")
        named = re.search(r"^Proposed action: (.*)$", shown, re.MULTILINE)
        if named and problem.world.read_action(named[1], "chat"):
            asked.append(monitor.step(monitor.MonitorFacts(problem.world, state, named[1])))
        return asked[number % len(asked)]

"""Tasks whose nodes ask for each of the four values: questions, tool calls, sub-plans, and at once their output."""

from collections.abc import Mapping
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref, failure_of
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Call, Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task


class Counting(Task, frozen=True, kw_only=True):
    """Asks for the number after a number; replies are digits."""

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after: {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text.isdigit() else Flag("misformatted", text)


def answers(prompt: Prompt) -> Answers:
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2),))


def verify(task: Any, plan: Any) -> Verification:
    """Read every step, and hold the output against what the task itself says."""
    steps = sum(1 for _ in plan)
    return Verification(True, plan.output == task.wanted(), steps)


class Ready(Counting, frozen=True, kw_only=True):
    """The first value of the root is its output: nothing is asked."""

    def root(self) -> Node:
        return Node((), "ready", ("nothing to ask",))

    def next_step(self, goal: Any, state: Any) -> Done:
        return Done(state)

    def wanted(self) -> Any:
        return "nothing to ask"


class Nested(Counting, frozen=True, kw_only=True):
    """Chains that ask for sub-plans of chains that ask for sub-plans: children read each other, a join asks nothing."""

    depth: int = 2
    by_root: bool = False

    def root(self) -> Node:
        return Node((), ["tree", self.depth], (1,))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return ["start", list(inputs)]

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        return self._parts(goal, inputs[0]) if self.by_root and goal == ["tree", self.depth] else None

    def _parts(self, goal: Any, number: int) -> Expansion:
        below = ["tree", goal[1] - 1]
        parts = (Child(below, (Literal(number),)), Child(below, (Ref(0),)))
        return Expansion((*parts, Child(["join", 0], (Ref(0), Ref(1)))))

    def next_step(self, goal: Any, state: Any) -> Step | Call | Expansion | Done:
        kind, depth = goal
        phase, value = state
        if kind == "join":
            return Done(sum(value))
        if phase == "start":
            return Step("after", Role.ACTOR, value[0]) if depth == 0 else self._parts(goal, value[0])
        return Call("double", {"number": value}) if phase == "double" else Done(value)

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        if state[0] == "double":
            return ["end", candidate]
        return ["double", int(candidate) if isinstance(candidate, str) else candidate[-1]]

    def tools(self) -> Mapping[str, Any]:
        return {"double": double}

    def wanted(self) -> Any:
        def tree(depth: int, number: int) -> int:
            if depth == 0:
                return 2 * (number + 1)
            first = tree(depth - 1, number)
            return 2 * (first + tree(depth - 1, first))

        first = tree(self.depth - 1, 1) if self.by_root else 0
        return first + tree(self.depth - 1, first) if self.by_root else tree(self.depth, 1)


def double(number: int) -> int:
    return 2 * number


class Fan(Counting, frozen=True, kw_only=True):
    """Many parts that code gives; each asks one question, and the last collects. Those in ``bad`` cannot be read."""

    parts: int = 5
    may_fail: bool = False
    in_chain: bool = False

    def root(self) -> Node:
        return Node((), "fan", (0,))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return list(inputs)

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        return self._parts() if goal == "fan" and not self.in_chain else None

    def _parts(self) -> Expansion:
        children = tuple(Child("part", (Literal(n),), may_fail=self.may_fail) for n in range(self.parts))
        return Expansion((*children, Child("collect", tuple(Ref(n) for n in range(self.parts)))))

    def next_step(self, goal: Any, state: Any) -> Step | Expansion | Done:
        if goal == "fan":
            return Done(state["all"]) if isinstance(state, dict) else self._parts()
        if goal == "collect":
            return Done([None if failure_of(one) else one for one in state])
        return Done(state["is"]) if isinstance(state, dict) else Step("after", Role.ACTOR, state[0])

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return {"all": candidate[-1]} if goal == "fan" else {"is": int(candidate)}

    def wanted(self) -> Any:
        return [n + 1 for n in range(self.parts)]


class Join(Task, frozen=True, kw_only=True):
    """A voted split into two questions and a merge that needs none."""

    def root(self) -> Node:
        return Node((), "all", ("start",))

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return 3 if goal == "all" else 1

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return list(inputs) if goal == "line" else []

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        return Step("split", Role.TASK_DECOMPOSER, goal) if goal == "all" else None

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        first, second = candidate.split("+")
        parts = (Child(first, (Literal(1),)), Child(second, (Literal(2),)))
        return Expansion((*parts, Child("line", (Ref(0), Ref(1)))))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        if goal == "line":
            return Done(" ".join(state))
        return Done(state[0]) if state else Step("name", Role.ACTOR, goal)

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return [candidate]

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"{step.kind} {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text

    def wanted(self) -> Any:
        return "green square"


def names(prompt: Prompt) -> Answers:
    return Answers(
        ({"split all": "colour+shape", "name colour": "green", "name shape": "square"}[prompt.user],), ("x",)
    )

"""The plan: a graph of nodes that grows while it runs.

A node has a goal and inputs. An input is a literal or refers to the output of an earlier sibling. A decomposition
step turns a node into children; the node's output is then the output of one of them. A child whose output was
stated in advance carries it as its *promise*: siblings that read it start at once, on the promise, and what the
child really returns is compared with the promise at the *seam*.

Only values live here. What runs them is ``runtime/execution/plan_runner.py``.
"""

from typing import Any

import msgspec

from surefoot.decompose.assumptions import Assumption

Path = tuple[int, ...]
"""Where a node stands: the child numbers from the root down. Paths in lexicographic order are plan order."""


def node_name(path: Path) -> str:
    """Return what a node is called wherever people read of it: ``root``, or the child numbers, such as ``0.2.1``."""
    return ".".join(map(str, path)) or "root"


class Literal(msgspec.Struct, frozen=True, tag=True):
    """A node's input that is known when the plan is made.

    Attributes:
        value: A builtin value.
    """

    value: Any


class Ref(msgspec.Struct, frozen=True, tag=True):
    """A node's input that is another node's output.

    Attributes:
        child: Number of an earlier sibling, 0-based.
    """

    child: int


Input = Literal | Ref


class Failure(msgspec.Struct, frozen=True):
    """The output of a node, or the answer of a tool, that failed where its failure is a result like any other.

    Attributes:
        error: What kind of failure it is: the name of an error class, or a tool's kind of failure.
        message: One line for people. May quote a model or a server: untrusted text.
    """

    error: str
    message: str


def failure_of(value: Any) -> Failure | None:
    """Return the failure that a value stands for, or ``None`` if it is an ordinary value.

    Outputs travel as builtin values, so that a failure comes as a dictionary of one key, ``failure``.
    """
    # The key alone: a user's own output may well have a field of this name among others.
    if isinstance(value, dict) and set(value) == {"failure"}:
        try:
            return msgspec.convert(value["failure"], Failure)
        except msgspec.ValidationError:
            return None
    return None


def as_output(failure: Failure) -> dict[str, Any]:
    """Return a failure as the builtin value that stands for it among outputs; see ``failure_of``."""
    return {"failure": msgspec.to_builtins(failure)}


class Child(msgspec.Struct, frozen=True):
    """A child node as its parent's decomposition describes it.

    Attributes:
        goal: What to do; the task's own struct.
        inputs: In the order the goal expects.
        promise: The output stated in advance, or ``None`` where nothing can be said.
        may_fail: Whether its failure is its output (see ``failure_of``) rather than the failure of the whole plan.
        rests_on: What its parent's plan takes for granted about it. Evidence against one of them revises that plan.
    """

    goal: Any
    inputs: tuple[Input, ...]
    promise: Any = None
    may_fail: bool = False
    rests_on: tuple[Assumption, ...] = ()


class Expansion(msgspec.Struct, frozen=True):
    """The children that a node was turned into, by a decided decomposition step or by the task's own code.

    Attributes:
        children: In plan order; a ``Ref`` only points backwards.
        result: Number of the child whose output is the node's output. Where a chain asks for the expansion, the
            outputs of all children are the answer instead.

    Raises:
        ValueError: There are no children, or a reference points at itself, forwards, or outside.
    """

    children: tuple[Child, ...]
    result: int = -1

    def __post_init__(self) -> None:
        if not self.children:
            raise ValueError("a decomposition needs at least one child")
        if not -len(self.children) <= self.result < len(self.children):
            raise ValueError(f"result {self.result} is not one of {len(self.children)} children")
        for number, child in enumerate(self.children):
            for source in child.inputs:
                # Backwards only: then plan order is an order in which everything can run, and no plan has a circle.
                if isinstance(source, Ref) and not 0 <= source.child < number:
                    raise ValueError(f"child {number} reads child {source.child}, which does not come before it")


class Node(msgspec.Struct, frozen=True):
    """A plan's node whose inputs are known.

    Attributes:
        path: Where it stands in the plan.
        goal: What to do; the task's own struct.
        inputs: Values, in the order the goal expects.
        promise: The output stated in advance, or ``None``.
        rests_on: Everything that the plans above it take for granted about it.
    """

    path: Path
    goal: Any
    inputs: tuple[Any, ...]
    promise: Any = None
    rests_on: tuple[Assumption, ...] = ()


class PlanStep(msgspec.Struct, frozen=True):
    """One step of a finished plan, as the journal is read back in plan order.

    Attributes:
        kind: Class of the question.
        reads: The facts it showed.
        candidate: The answer that won.
        state: What the chain stood in, of which the step may have shown a part.
    """

    kind: str
    reads: Any
    candidate: str
    state: Any = None

"""A step: the smallest question put to a model, and what may be answered.

A step carries the facts it reads and nothing else. Its prompt is rendered from the step alone, so whatever a
step does not declare cannot reach the model: invariant 2 of the design holds by construction, not by care.
"""

import enum
from typing import Any, Literal

import msgspec

Dialect = Literal["chat", "compact", "micro"]
"""How a step is worded: ``chat`` for instruction models, ``compact`` for the bundled one, ``micro`` for small general
models, which are asked for one fact at a time (see ``decompose/tasks/hanoi_micro.py``)."""


class Role(enum.StrEnum):
    """The module of the Modular Agentic Planner in whose name a step is asked (MAP, Nat. Commun. 2025)."""

    TASK_DECOMPOSER = "TaskDecomposer"
    """Splits a goal into smaller goals."""
    ACTOR = "Actor"
    """Proposes an action. MAKER's micro-step, move and next state in one reply, is Actor and Predictor in one."""
    MONITOR = "Monitor"
    """Says whether an action is valid."""
    PREDICTOR = "Predictor"
    """Says which state an action leads to."""
    EVALUATOR = "Evaluator"
    """Says how far a state is from the goal."""
    ORCHESTRATOR = "Orchestrator"
    """Says whether a goal is reached."""


class Step(msgspec.Struct, frozen=True):
    """One question of a task, put to a model.

    Attributes:
        kind: Class of the question, for prompts, accounts and error rates, such as ``"move"``.
        role: MAP module in whose name it is asked.
        reads: Every fact the prompt may show; a frozen struct of builtin values.
        max_reply_tokens: A reply that reaches so many tokens is discarded as overlong. Not for the ``chat``
            dialect, where the model's own limit holds: wordiness is the model's, not the question's.
        lead: Most lead to ask for, if the question has several right answers, over which votes would split, or
            ``None`` for the run's lead.
    """

    kind: str
    role: Role
    reads: Any
    max_reply_tokens: int = 64
    lead: int | None = None


class Prompt(msgspec.Struct, frozen=True):
    """What a model is shown of a step: a user message, and a system message if there is one.

    Attributes:
        user: The question.
        system: What comes before it; empty in the ``compact`` and ``micro`` dialects.
        raw: Whether the question is a text to go on with as it stands, without a chat template around it.
        stop: Sequences at which the answer ends.
        choices: The only answers there are, as texts; empty where any text may be one.
    """

    user: str
    system: str = ""
    raw: bool = False
    stop: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Flag(msgspec.Struct, frozen=True):
    """Why a reply to a step is discarded, as found by the task that asked.

    Attributes:
        name: Name of the red flag: ``misformatted``, ``inconsistent`` or ``illegal``.
        detail: What exactly is wrong, for people. May quote the reply: untrusted text.
    """

    name: str
    detail: str = ""


class Call(msgspec.Struct, frozen=True):
    """A tool call that a node asks for: nobody votes on it, its result is journalled before anything uses it.

    Attributes:
        tool: Name of one of the task's ``tools``.
        arguments: Keyword arguments, builtin values.
        may_fail: Whether a failure is handed to ``advance`` like a result, as a ``Failure``; else it fails the node.
    """

    tool: str
    arguments: dict[str, Any] = {}
    may_fail: bool = False


class Done(msgspec.Struct, frozen=True):
    """The answer of a chain that has nothing more to ask: its output.

    Attributes:
        output: The node's output, a builtin value; compared with the node's promise at the seam.
        failure: Why the chain ends without having reached its goal, for people; empty if it reached it. A run
            whose chain fails is failed; the output says how far it came.
    """

    output: Any
    failure: str = ""

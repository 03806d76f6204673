"""A task: what the start and the goal are, how one step is asked, and how a reply is read.

A task is a frozen struct, so that its fields are its options: ``surefoot run my_module:MyTask --field value`` reads
types, limits and help texts from the annotations. Four methods make a task that runs as a plain chain (``root``,
``next_step``, ``prompt`` and ``parse``); the others have defaults and add, in this order: a state that is more than
the last answer, red flags, and a plan that grows.

Every method is pure. No method may look at anything but its arguments and the task's own fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import msgspec

from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.division import Division
from surefoot.decompose.drawing import Drawing
from surefoot.decompose.outline import Chains, Outline, halved
from surefoot.decompose.plan import Expansion, Node, PlanStep
from surefoot.decompose.plan import Literal as Known
from surefoot.decompose.step import Call, Dialect, Done, Flag, Prompt, Step

StateBy = Literal["model", "task"]
"""Who says what the next state is: the model, voted on with the action (published), or the task's own rule."""


class NothingToAsk(ValueError):
    """A step is to be sampled from a task whose root asks nothing at its start, and the task has no sampler."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all tasks, whose fields are the task's options.

    Attributes:
        state_by: Who states the next state. A run option, not a task option.
    """

    state_by: StateBy = "model"

    summary: ClassVar[str] = ""
    """One line for ``surefoot tasks``."""
    offers_transition: ClassVar[bool] = False
    """Whether ``state_by="task"`` is possible."""
    output_type: ClassVar[Any] = None
    """Type of the answer, for ``Run.output``: anything msgspec or Pydantic converts to; ``None`` for builtin values."""
    one_way: ClassVar[bool] = False
    """Whether only one sequence of steps that pass every check leads from a chain's start to its promise within
    ``size`` steps: then a chain that returned its promise has no wrong step."""
    chainable: ClassVar[bool] = False
    """Whether a node that can be split may also be run as a chain with the same output, as short ones then are."""
    wordings: ClassVar[int] = 1
    """Ways in which the ``chat`` and ``micro`` dialects can put each step; ``compact`` has one."""
    looks: ClassVar[int] = 0
    """Ways in which the ``micro`` dialect can put each step for a look (``surefoot.voting.looks``); 0 for as many as
    there are ``wordings``."""
    question_forms: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Other texts for the questions of a kind, with the fields of ``reads`` in braces: ``surefoot tune`` may choose one
    of them. Each asks for the same fact in the same form, so that ``parse`` need not know."""
    relabelings: ClassVar[int] = 0
    """Ways in which the facts of a step can go by other names; see ``relabel``."""
    necessary: ClassVar[tuple[str, ...]] = ("root", "next_step", "prompt", "parse")
    """Methods that have no default. Structs are made by decoding, so Python's own check of abstract classes would not
    see that one is missing: ``missing`` does, before anything starts."""

    @property
    def open_ended(self) -> bool:
        """Whether nobody says how many steps it takes at most: it has no ``size`` of its own."""
        return type(self).size is Task.size

    def root(self) -> Node:
        """Return the node whose output solves the task. Its promise, if any, is the goal as the task states it."""
        raise NotImplementedError(f"{type(self).__name__} has no root()")

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return the state before a chain's first step; by default the node's first input."""
        return inputs[0]

    def next_step(self, goal: Any, state: Any) -> Step | Call | Expansion | Done:
        """Return what a chain asks for next: a question, a tool call, a sub-plan, or its output."""
        raise NotImplementedError(f"{type(self).__name__} has no next_step()")

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        """Return the state of a chain after an answer came; by default the answer itself.

        Args:
            goal: The node's goal.
            state: In which the answer was asked for.
            candidate: The winning candidate of a step, as text; the result of a tool call; or the list of the outputs
                of a sub-plan's children. Results and outputs are builtin values.
        """
        return candidate

    def evidence(self, goal: Any, state: Any, asked: Step | Call | Expansion, answer: Any) -> Sequence[Evidence]:
        """Return what an answer says about the assumptions of the plan; by default nothing, and it costs nothing.

        What speaks against one that the node rests on ends the node and revises the plan that made the assumption. The
        answer to a question is asked for again before, with a larger lead and in other wordings; what a tool gave is
        taken as it is.

        Args:
            goal: The node's goal.
            state: In which the answer was asked for.
            asked: What was asked for.
            answer: As for ``advance``.
        """
        return ()

    def answer(self, output: Any, steps: Iterator[PlanStep]) -> Any:
        """Return what a user wants of a solved run. By default the root's output itself.

        Args:
            output: What the root returned, a builtin value.
            steps: The voted steps of the finished plan, in plan order, once.

        Returns:
            A builtin value, or an iterator over the items of a long list.
        """
        return output

    def tools(self) -> Mapping[str, Any]:
        """Return the tools that nodes may call, by name: functions, or ``Tool`` values that say how they are called."""
        return {}

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step for a model: a function of its arguments and nothing else.

        Args:
            step: What is asked.
            dialect: For which kind of model.
            wording: Which of the ``wordings``, counted round; all ask for the same facts in the same form, so that
                ``parse`` need not know.
        """
        raise NotImplementedError(f"{type(self).__name__} has no prompt()")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply: the candidate in canonical form, or the red flag. Takes the last answer, never repairs."""
        raise NotImplementedError(f"{type(self).__name__} has no parse()")

    def prompt_several(self, step: Step, count: int, dialect: Dialect, wording: int = 0) -> Prompt | None:
        """Word the question for the next ``count`` steps of a chain at once; ``None``, the default, for one at a time.

        The reply holds an answer to each of them, in order, the state after each included where an answer has one:
        ``split_reply`` takes them apart, and each is parsed and checked as the answer to a step of its own.

        Args:
            step: The first of the steps.
            count: How many, at least 2; a reply may hold fewer.
            dialect: For which kind of model.
            wording: As for ``prompt``.
        """
        return None

    def split_reply(self, step: Step, count: int, text: str, dialect: Dialect) -> Sequence[str] | Flag:
        """Divide the reply to several steps into texts that ``parse`` reads, in order; by default its filled lines.

        A red flag discards the whole reply.
        """
        return [line.strip() for line in text.splitlines() if line.strip()]

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer; by default those that are equal. Must be symmetric.

        A ballot counts for the first earlier candidate of its race that is the same as its own.
        """
        return one == other

    def same_field(self, step: Step, number: int, one: str, other: str) -> bool:
        """Return whether two texts of a field that is voted on by itself are the same answer; by default equal ones.

        Args:
            step: The question.
            number: Of the field, from 0, as ``voted_fields`` counts them.
            one: A text of the field.
            other: Another; the order must not matter.
        """
        return one == other

    def voted_fields(self, step: Step) -> int:
        """Return the number of fields of a record whose fields are voted on one by one; 0 to vote on whole answers.

        Candidates are JSON arrays of so many texts then, ``null`` for a field that cannot be read. The record that wins
        may be one that no reply stated whole.
        """
        return 0

    def reply_schema(self, step: Step) -> dict[str, Any] | None:
        """Return JSON schemas of a ``chat`` reply, by name of answer line; ``None`` for no schema."""
        return None

    def whole_schema(self, step: Step) -> dict[str, Any] | None:
        """Return the JSON schema of a whole reply that ``parse`` reads as it is; ``None`` for no schema.

        In place of ``reply_schema``, for tasks whose answers are JSON: no explanation is asked for before the answer.
        """
        return None

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Hold a candidate against the facts its step shows: ``inconsistent``, ``illegal``, or nothing to say."""
        return None

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps that a goal may take as a chain, which is stopped there; by default a million."""
        return 1_000_000

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return a goal's steps in a usual run, for choosing leads and for forecasts; by default ``size``."""
        return self.size(goal, inputs)

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | Expansion | None:
        """Return the question that splits a node, its parts where no question is needed, or ``None`` for a chain."""
        return None

    def outline(self, leaf_steps: int) -> Outline:
        """Return what the plan is made of if nodes of at most so many steps are not split: for forecasts.

        By default a node that can be split is halved around one single step.
        """
        root = self.root()
        size = self.usual_steps(root.goal, root.inputs)
        split = self.decomposition_step(root.goal, root.inputs)
        if isinstance(split, Expansion):  # its children are forecast as chains of one length
            count = len(split.children)
            return Outline((Chains("", count, -(-size // count)),))
        return halved(size, leaf_steps if split is not None else size)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return the children that a decided decomposition step describes."""
        raise NotImplementedError(f"{type(self).__name__} has no expand()")

    def sample_step(self, number: int) -> Step:
        """Draw a step from the whole range of states that a run visits; ``number`` is the randomness.

        Pure: the same number gives the same step. ``surefoot measure`` and the pilot of ``--k auto`` ask these.
        By default the first question of the root, or of the first of its parts that asks one.
        """
        root = self.root()
        asked: Any = self.decomposition_step(root.goal, root.inputs)
        # The first thing that a run would ask: a decomposition, where there is one.
        if isinstance(asked, Step):
            return asked
        nodes = [(root.goal, root.inputs)] if asked is None else _nodes_of(asked)
        for goal, inputs in nodes:
            step = self.next_step(goal, self.begin(goal, inputs))
            if isinstance(step, Step):
                return step
        raise NothingToAsk(f"{type(self).__name__} has nothing to ask at its start: give it a sample_step()")

    def sample_leaf(self, number: int, leaf_steps: int) -> Step:
        """Draw a step of a plan that splits only nodes of more than so many steps; by default ``sample_step``."""
        return self.sample_step(number)

    def sample_chain(self, number: int, count: int) -> tuple[Any, Any]:
        """Draw a chain's goal and a state from which it may take ``count`` steps more; ``number`` is the randomness.

        The pilot of ``--steps-per-call auto`` and ``surefoot measure --steps-per-call`` ask from there. By default it
        is the start of the root as a chain.
        """
        root = self.root()
        return root.goal, self.begin(root.goal, root.inputs)

    def relabel(self, step: Step, number: int) -> Step:
        """Return a step with its facts under other names, whose right answers are the same once translated.

        Args:
            step: A step of this task.
            number: 1 to ``relabelings``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no relabel()")

    def unlabel(self, candidate: str, number: int) -> str:
        """Translate the answer to a relabelled step into the answer to the step itself."""
        raise NotImplementedError(f"{type(self).__name__} has no unlabel()")

    def ways_to_look(self, dialect: Dialect) -> int:
        """Return the number of wordings that looks at a step take turns in."""
        if dialect == "compact":
            return 1
        return self.looks if self.looks and dialect == "micro" else self.wordings

    def look_variant(self, number: int, dialect: Dialect) -> tuple[int, int]:
        """Return the wording and the relabelling (0 for none) of a look; ``number`` is below ``ways_to_look``."""
        return number, 0

    def mode(self) -> str:
        """One line that says how the task is asked where that is not the published way; empty where it is."""
        division = self.who_says()
        return "" if division is None else division.line()

    def who_says(self) -> Division | None:
        """Return what a model is asked for and what code does, where the task asks for single facts; else ``None``."""
        return None

    def picture(self, shown: Any) -> Drawing | None:
        """Return a picture of a state for the report's player; ``None`` where there is nothing to draw.

        Args:
            shown: What a chain stands in, or a node's input or output.
        """
        return None


def _nodes_of(expansion: Expansion) -> list[tuple[Any, tuple[Any, ...]]]:
    """Goals and inputs of the children whose inputs are all known."""
    return [
        (child.goal, tuple(source.value for source in child.inputs if isinstance(source, Known)))
        for child in expansion.children
        if all(isinstance(source, Known) for source in child.inputs)
    ]


def missing(cls: type[Task]) -> list[str]:
    """Return the necessary methods that a class lacks; the base that asks for a method does not count as having it."""
    bases = [base for base in cls.__mro__ if "necessary" in base.__dict__]
    return [
        name for name in cls.necessary if any(base.__dict__.get(name) is getattr(cls, name, None) for base in bases)
    ]

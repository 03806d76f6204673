"""Walks a task's plan with right answers, as a run without mistakes would, and notes everything it meets.

What answers is a function of the prompt: the answer key beside the task, or replies that an earlier run kept.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Failure, Literal, Node, PlanStep, Ref, as_output, node_name
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import RunFailed, ToolCallFailed
from surefoot.scripts.commands.tool_results import ToolFailedHere, ToolResults, ToolsNotCalled

AnswerKey = Callable[[Prompt], Answers | None]
"""Right and wrong replies to a prompt; ``None`` where they are not known."""

DEEPEST = 64
"""Decompositions below each other after which a walk ends."""


class Asked(msgspec.Struct, frozen=True):
    """A question that the walk through a plan met.

    Attributes:
        step: The question.
        prompt: As it was worded.
        answers: What the key says of the prompt; ``None`` if it does not know it.
        read: What the first right reply was read as: a candidate, a flag, or ``None`` where there is no reply.
    """

    step: Step
    prompt: Prompt
    answers: Answers | None
    read: str | Flag | None


class Walked(msgspec.Struct):
    """Everything that a walk through a plan met.

    Attributes:
        asked: Questions, in plan order.
        plan: Steps of the plan that were answered, in plan order, as a referee reads them.
        states: States that chains stood in, for pictures.
        silent: Nodes that ask nothing.
        splits: Nodes that were split.
        wrong: What does not hold, one line each.
        ended: Why the walk ended before the plan did; empty if it went to the end.
        at_tool: Whether it ended at a tool that a test does not call.
        output: What the root returned, once the walk went to the end.
    """

    asked: list[Asked] = []
    plan: list[PlanStep] = []
    states: list[Any] = []
    silent: int = 0
    splits: int = 0
    wrong: list[str] = []
    ended: str = ""
    at_tool: bool = False
    output: Any = None


class _Ended(Exception):
    """The walk cannot go on; its text says why."""


class _Failed(Exception):
    """A chain ends without having reached its goal; the arguments say why, and which node's it is."""


class Walk:
    """One walk through the plan of a task, with right answers.

    Args:
        task: The task.
        key: What answers.
        dialect: In which questions are worded.
        most: Questions after which the walk ends.
        tools: What answers calls of tools.
        split: Whether nodes are split that can be split or run as chains.
    """

    def __init__(
        self, task: Task, key: AnswerKey, dialect: Dialect, most: int, tools: ToolResults, split: bool = True
    ) -> None:
        self.task, self.key, self.dialect, self.most = task, key, dialect, most
        self.tools, self.split = tools, split
        self.found = Walked()

    def run(self) -> Walked:
        """Walk from the root as far as answers are known."""
        try:
            self.found.output = self._node(self.task.root(), None, 0)
        except _Failed as failed:
            self.found.ended, node = failed.args
            self._wrong(f"node {node} fails with right answers: {self.found.ended}")
        except (_Ended, ToolsNotCalled) as why:
            self.found.ended = str(why)
            self.found.at_tool = isinstance(why, ToolsNotCalled) and not isinstance(why, ToolFailedHere)
        return self.found

    def _node(self, node: Node, whole: int | None, depth: int) -> Any:
        task = self.task
        size = task.size(node.goal, node.inputs)
        if depth > DEEPEST:
            self._wrong(f"node {node_name(node.path)}: more than {DEEPEST} decompositions below each other")
            raise _Ended("the plan does not come down to chains")
        asked = task.decomposition_step(node.goal, node.inputs) if self.split or not task.chainable else None
        if asked is None:
            return self._kept(node, self._chain(node, size))
        if whole is not None and size >= whole and type(task).size is not Task.size:
            self._wrong(
                f"node {node_name(node.path)} is a part of {size} steps of a node of {whole}: it gets no smaller"
            )
            raise _Ended("the plan does not get smaller")
        self.found.splits += 1
        expansion = asked if isinstance(asked, Expansion) else self._expansion(node, asked)
        outputs = self._children(node, expansion, size, depth)
        return self._kept(node, outputs[expansion.result])

    def _expansion(self, node: Node, step: Step) -> Expansion:
        return self.task.expand(node.goal, node.inputs, self._answer(step))

    def _children(self, node: Node, expansion: Expansion, size: int, depth: int) -> list[Any]:
        outputs: list[Any] = []
        for number, child in enumerate(expansion.children):
            inputs = tuple(_value(source, outputs) for source in child.inputs)
            walk = self._permitted if child.may_fail else self._node
            outputs.append(walk(_child(node, number, child, inputs), size, depth + 1))
        return outputs

    def _permitted(self, node: Node, whole: int | None, depth: int) -> Any:
        """The output of a child that may fail: its failure, where it does."""
        try:
            return self._node(node, whole, depth)
        except _Failed as failed:
            return as_output(Failure(RunFailed.__name__, failed.args[0]))
        except ToolFailedHere as failed:
            return as_output(Failure(ToolCallFailed.__name__, str(failed)))

    def _kept(self, node: Node, output: Any) -> Any:
        """Hold an output against the promise that was made of it."""
        if node.promise is not None and output != node.promise:
            self._wrong(f"node {node_name(node.path)} returned {output!r}, promised was {node.promise!r}")
        return output

    def _chain(self, node: Node, size: int) -> Any:
        task = self.task
        state = task.begin(node.goal, node.inputs)
        self.found.states.append(state)
        asked, taken = task.next_step(node.goal, state), 0
        self.found.silent += isinstance(asked, Done)
        while not isinstance(asked, Done):
            if taken == size:
                self._wrong(
                    f"node {node_name(node.path)} is not at its end after {size} steps, as many as size() allows"
                )
                raise _Ended("a chain is longer than size() says")
            if isinstance(asked, Step):
                answer: Any = self._answer(asked)
                self.found.plan.append(PlanStep(asked.kind, asked.reads, answer, state))
            elif isinstance(asked, Expansion):
                answer = self._children(node, asked, size, DEEPEST // 2)
            else:
                answer = self.tools.of(asked)
            state, taken = task.advance(node.goal, state, answer), taken + 1
            self.found.states.append(state)
            asked = task.next_step(node.goal, state)
        if asked.failure:
            raise _Failed(asked.failure, node_name(node.path))
        return msgspec.to_builtins(asked.output)

    def _answer(self, step: Step) -> str:
        """The candidate that the first right reply names."""
        if len(self.found.asked) >= self.most:
            raise _Ended(f"{self.most:,} questions were asked")
        prompt = self.task.prompt(step, self.dialect)
        answers = self.key(prompt)
        read = None if answers is None else self.task.parse(step, answers.right[0], self.dialect)
        self.found.asked.append(Asked(step, prompt, answers, read))
        if isinstance(read, str):
            return read
        raise _Ended("a reply is not known" if read is None else f"a right reply is discarded as {read.name}")

    def _wrong(self, text: str) -> None:
        self.found.wrong.append(text)


def _value(source: Literal | Ref, outputs: list[Any]) -> Any:
    return outputs[source.child] if isinstance(source, Ref) else source.value


def _child(node: Node, number: int, child: Child, inputs: tuple[Any, ...]) -> Node:
    return Node((*node.path, number), child.goal, inputs, child.promise)

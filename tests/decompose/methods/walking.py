"""Walks a problem's plan without an engine: right replies to every step, tools as functions, children one by one."""

from collections.abc import Callable, Mapping
from typing import Any

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.plan import Expansion, Failure, Node, Ref, as_output
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Call, Done, Prompt, Step


class Walk:
    """Runs nodes to their outputs and keeps every prompt.

    Args:
        task: The problem.
        reply: What the model says to a prompt; by default what is right.
        tools: What tools return, by name, given their arguments.
    """

    def __init__(
        self,
        task: Problem,
        reply: Callable[[Prompt], str] = lambda prompt: answers(prompt).right[0],
        tools: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.task, self.reply, self.tools = task, reply, tools or {}
        self.prompts: list[Prompt] = []
        self.kinds: list[str] = []

    def run(self, node: Node | None = None) -> Any:
        node = node or self.task.root()
        state = self.task.begin(node.goal, node.inputs)
        while not isinstance(asked := self.task.next_step(node.goal, state), Done):
            state = self.task.advance(node.goal, state, self.answer(node, asked))
        if asked.failure:
            return as_output(Failure("RunFailed", asked.failure))
        return asked.output

    def answer(self, node: Node, asked: Step | Call | Expansion) -> Any:
        if isinstance(asked, Step):
            prompt = self.task.prompt(asked, "compact")
            self.prompts.append(prompt)
            self.kinds.append(asked.kind)
            said = self.task.parse(asked, self.reply(prompt), "compact")
            assert isinstance(said, str), said
            return said
        if isinstance(asked, Call):
            return self.tools[asked.tool](**asked.arguments)
        outputs: list[Any] = []
        for number, one in enumerate(asked.children):
            inputs = tuple(outputs[s.child] if isinstance(s, Ref) else s.value for s in one.inputs)
            outputs.append(self.run(Node((*node.path, number), one.goal, inputs)))
        return outputs

    @property
    def words(self) -> int:
        """Words of all prompts."""
        return sum(len(f"{prompt.system} {prompt.user}".split()) for prompt in self.prompts)

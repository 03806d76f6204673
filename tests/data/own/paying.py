"""A task whose parts each ask a question and then make a payment: a tool call that must happen once."""

import os
import pathlib
import signal
from collections.abc import Mapping
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref, failure_of
from surefoot.decompose.step import Call, Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.tools.contract import NOT_HAPPENED, Tool, ToolError


class Ledger:
    """A bank: a file with a line for each payment, made before the payer is told.

    Args:
        path: The file. Beside it may lie a file ``.kill`` with a number: the payer is killed after that payment, with
            SIGKILL, before there is a receipt.
    """

    def __init__(self, path: str) -> None:
        self.path = pathlib.Path(path)

    def pay(self, number: int, call_key: str) -> str:
        if number < 0:
            raise ToolError("nobody pays less than nothing")
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{call_key} {number}\n".encode())  # one write: a kill leaves a whole line or none
        kill = self.path.with_suffix(".kill")
        if kill.exists() and len(self.lines()) == int(kill.read_text()):
            os.kill(os.getpid(), signal.SIGKILL)
        return f"receipt {number}"

    def look_up(self, call_key: str, arguments: Mapping[str, Any]) -> Any:
        paid = any(line.split()[0] == call_key for line in self.lines())
        return f"receipt {arguments['number']}" if paid else NOT_HAPPENED

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


class Paying(Task, frozen=True, kw_only=True):
    """Asks for the number after each number, pays it, and asks for the one after that."""

    parts: int = 4
    ledger: str = ""
    checked: bool = True
    repeatable: bool = False
    negative: bool = False
    may_fail: bool = False
    promised: bool = False

    def root(self) -> Node:
        return Node((), "all", (0,))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return ["ask", list(inputs)]

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        if goal != "all":
            return None
        promises = [["receipt " + str(10 * n + 1), 10 * n + 2] if self.promised else None for n in range(self.parts)]
        children = [
            Child("part", (Literal(10 * n),), promise, may_fail=self.may_fail) for n, promise in enumerate(promises)
        ]
        return Expansion((*children, Child("collect", tuple(Ref(n) for n in range(self.parts)))))

    def next_step(self, goal: Any, state: Any) -> Step | Call | Done:
        phase, value = state
        if goal == "collect":
            return Done(value)
        if phase == "ask":
            return Step("after", Role.ACTOR, value[0])
        if phase == "pay":
            number = -value if self.negative and value > 10 else value
            return Call("pay", {"number": number}, may_fail=self.may_fail)
        if phase == "again":
            return Step("after", Role.ACTOR, value[1])
        return Done(value)

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        phase, value = state
        if phase == "ask":
            return ["pay", int(candidate)]
        if phase == "pay":
            return ["end", candidate["failure"]] if failure_of(candidate) else ["again", [candidate, value]]
        return ["end", [value[0], int(candidate)]]

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after: {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text.isdigit() else Flag("misformatted", text)

    def tools(self) -> Mapping[str, Any]:
        ledger = Ledger(self.ledger)
        if self.repeatable:
            return {"pay": Tool(name="pay", function=ledger.pay, timeout_s=10)}
        check = ledger.look_up if self.checked else None
        return {"pay": Tool(name="pay", function=ledger.pay, timeout_s=10, repeatable=False, check=check)}

    def wanted(self) -> Any:
        return [[f"receipt {10 * n + 1}", 10 * n + 2] for n in range(self.parts)]


def answers(prompt: Prompt) -> Answers:
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2),))

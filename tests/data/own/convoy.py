"""A chain whose sub-plan carries loads over a bridge, a ford or a ferry: which of them holds shows late."""

from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task

WAYS = ("bridge", "ford", "ferry")


class Convoy(Task, frozen=True, kw_only=True):
    """``told`` says whether the chain has what was found among its inputs; ``broken`` how many ways do not hold."""

    told: bool = True
    broken: int = 1
    loses_its_way: bool = False

    def root(self) -> Node:
        return Node((), "convoy", (Findings() if self.told else "nothing",))

    def wanted(self) -> Any:
        way = WAYS[self.broken]
        return ["go", "over " + way, ["look " + way, "pack", ["pack", "over " + way]], "rest"]

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return [inputs, []]

    def next_step(self, goal: Any, state: Any) -> Step | Expansion | Done:
        inputs, answers = state
        if goal in ("together", "pack"):
            return Done(list(inputs) if goal == "together" else "pack")
        if goal != "convoy":
            return Done(answers[0]) if answers else Step("say", Role.ACTOR, f"{goal} {inputs[0]}")
        if len(answers) == 1:
            return self._way(inputs[0])
        if len(answers) == 3:
            return Done([answers[0], answers[1][1], [*answers[1][:1], *answers[1][2:]], answers[2]])
        return Step("say", Role.ACTOR, "rest" if answers else "go")

    def _way(self, findings: Any) -> Expansion | Step:
        known = findings.evidence if isinstance(findings, Findings) else ()
        if known and self.loses_its_way:
            return Step("say", Role.ACTOR, "help")
        way = WAYS[len(known)]
        rests_on = (Assumption("way", way),)
        parts = [Child(goal, (Literal(way),), rests_on=rests_on) for goal in ("look", "over")]
        return Expansion((*parts, Child("pack", ()), Child("together", (Ref(2), Ref(1)))))

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return [state[0], [*state[1], candidate]]

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        if answer != "gone":
            return ()
        return (Evidence(Assumption("way", state[0][0]), "contradicts"),)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"{step.reads}|{self.broken}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return 9


def answers(prompt: Prompt) -> Answers:
    text, _, broken = prompt.user.partition("|")
    said = "gone" if text in [f"look {way}" for way in WAYS[: int(broken)]] else text
    return Answers((said,), (said + "?",))


def verify(task: Any, plan: Any) -> Verification:
    """Read every step, and hold the output against what the task itself says."""
    steps = sum(1 for _ in plan)
    return Verification(True, plan.output == task.wanted(), steps)

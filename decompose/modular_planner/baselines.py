"""The methods that MAP is compared with, over the same worlds, models and accounts (MAP, Methods, baselines).

Where the published runs help a baseline or MAP by code, nothing is: tree of thought tests the goal by a question to
the model and is scored by its one best plan, not by the mean or the best of its leaves.
"""

from collections import Counter
from typing import Any

import msgspec

from surefoot.decompose.modular_planner import actor, evaluator, orchestrator, predictor, whole_plan
from surefoot.decompose.modular_planner.actor import ActorFacts
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.modular_planner.planner import ACCEPTED, Problem, outcome
from surefoot.decompose.modular_planner.predictor import PredictorFacts
from surefoot.decompose.modular_planner.propose_action import Asking
from surefoot.decompose.modular_planner.whole_plan import PlanFacts, Style
from surefoot.decompose.step import Done

AGENTS, ROUNDS = 2, 3
"""Of a debate, as MAP ran it."""
BEAM, VALUE_SAMPLES, WIDTH = 5, 3, 8
"""Tree of thought as MAP ran it: beam, samples of a value; and how many next actions are asked for at once."""


class Answered(msgspec.Struct, frozen=True):
    """Whole plans that a baseline has drawn so far, and the plan chosen in the end."""

    plans: tuple[str, ...] = ()
    chosen: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """The baseline that asks for one whole plan, or takes the most frequent of several (the first of these)."""

    style: Style
    cap: int
    samples: int = 1

    def begin(self, problem: Problem) -> Answered:
        """Return a board on which no plan was drawn."""
        return Answered()

    def end(self, board: Any) -> Done | None:
        """Return the chosen plan, or ``None`` while none is chosen."""
        return None if board.chosen is None else outcome(whole_plan.actions(board.chosen), ACCEPTED)

    def turn(self, problem: Problem, board: Any) -> Asking[Answered]:
        """Draw all plans and choose the most frequent."""
        facts = PlanFacts(problem.world, problem.start, problem.goal, self.cap, self.style)
        plans = []
        for _ in range(self.samples):
            plans.append((yield whole_plan.step(facts)))
        # `most_common` keeps the order of first appearance among equals, as the published tie rule asks.
        return Answered(tuple(plans), Counter(plans).most_common(1)[0][0])


class Debate(msgspec.Struct, frozen=True):
    """Agents that answer, read each other's plan, and answer again; the first agent's last plan counts."""

    cap: int

    def begin(self, problem: Problem) -> Answered:
        """Return a board on which no agent has answered."""
        return Answered()

    def end(self, board: Any) -> Done | None:
        """Return the first agent's last plan, or ``None`` while rounds are left."""
        return None if board.chosen is None else outcome(whole_plan.actions(board.chosen), ACCEPTED)

    def turn(self, problem: Problem, board: Any) -> Asking[Answered]:
        """Let every agent answer once, having read the others' plans of the round before."""
        said: list[str] = []
        for agent in range(AGENTS):
            last = board.plans[-AGENTS:]
            advice = tuple(plan for number, plan in enumerate(last) if number != agent)
            facts = PlanFacts(problem.world, problem.start, problem.goal, self.cap, "in-context", advice)
            said.append((yield whole_plan.step(facts)))
        plans = (*board.plans, *said)
        return Answered(plans, plans[-AGENTS] if len(plans) == AGENTS * ROUNDS else None)


class Leaf(msgspec.Struct, frozen=True):
    """A partial plan of a beam, the state it is predicted to lead to, and the mean of its sampled values."""

    state: str
    plan: tuple[str, ...] = ()
    value: float = 0.0


class Beam(msgspec.Struct, frozen=True):
    """The beam of a tree of thought, best leaf first, and how it ended."""

    leaves: tuple[Leaf, ...]
    level: int = 0
    ended: str = ""


class TreeOfThought(msgspec.Struct, frozen=True):
    """The breadth-first tree of thought: each leaf's next actions are proposed at once, valued, and the best kept."""

    cap: int

    def begin(self, problem: Problem) -> Beam:
        """Return a beam that holds the start state alone."""
        return Beam((Leaf(problem.start),))

    def end(self, board: Any) -> Done | None:
        """Return the best leaf's plan, or ``None`` while the beam still grows."""
        return outcome(board.leaves[0].plan, board.ended) if board.ended else None

    def turn(self, problem: Problem, board: Any) -> Asking[Beam]:
        """Grow every leaf of the beam by one action and keep the best leaves."""
        grown: list[Leaf] = []
        for leaf in board.leaves:
            facts = ActorFacts(problem.world, leaf.state, problem.goal, WIDTH)
            for action in actor.proposals((yield actor.step(facts))):
                after = problem.world.stated_after(action)
                if after is None:
                    after = yield predictor.step(PredictorFacts(problem.world, leaf.state, action), 1)
                found = Leaf(after, (*leaf.plan, action), (yield from _sampled_value(problem, after)))
                reached = yield orchestrator.step(OrchestratorFacts(problem.world, after, problem.goal), 1)
                if reached == orchestrator.REACHED:
                    return Beam((found,), board.level + 1, ACCEPTED)
                grown.append(found)
        kept = tuple(sorted(grown, key=lambda leaf: leaf.value)[:BEAM])
        if not kept:
            return Beam(board.leaves, board.level, "no action left")
        ended = f"its cap of {self.cap}" if board.level + 1 >= self.cap else ""
        return Beam(kept, board.level + 1, ended)


def _sampled_value(problem: Problem, state: str) -> Asking[float]:
    total = 0
    for _ in range(VALUE_SAMPLES):
        total += int((yield evaluator.step(EvaluatorFacts(problem.world, state, problem.goal), 1)))
    return total / VALUE_SAMPLES


def way(method: str, cap: int, samples: int) -> Asked | Debate | TreeOfThought:
    """Return the baseline that goes by a name."""
    if method == "debate":
        return Debate(cap)
    if method == "tot":
        return TreeOfThought(cap)
    if method == "best-of-n":
        return Asked("in-context", cap, samples)
    styles: dict[str, Style] = {"zero-shot": "zero-shot", "in-context": "in-context", "cot": "cot"}
    return Asked(styles[method], cap)

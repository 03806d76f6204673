"""Algorithm 3 of MAP: sub-goals, then the goal, one searched action after the other; and how it becomes a chain.

**How the algorithms run inside the runtime.** Algorithms 1 to 3 are written as published, as generators that yield a
`Step` and are sent the candidate that won (`propose_action.py`, `search.py`, `turn` below). A generator cannot be
journalled, copied or compared, so the chain's state is not the generator: it is a frozen `Thread`, the `Board` on
which the current turn began (one turn is one action of the plan) and the candidates decided since. `next_step` runs
the turn's generator from its board, feeds it those candidates and returns what it asks next; `advance` feeds one more
and, when the turn ends, keeps only the new board. So a MAP problem is an ordinary `Task` run as a chain: every module
call is a step like any other, voted on, flagged, journalled, counted and resumed by what does that for all steps, and
nothing in this package knows of it. Replaying a turn costs the square of its questions, some tens; it asks nothing.

What is predicted here is what the model predicted. Whether a plan works is found by a referee that replays its
actions from the start; it never sees these states.
"""

from typing import Any, Protocol

import msgspec

from surefoot.decompose.modular_planner import orchestrator, task_decomposer
from surefoot.decompose.modular_planner.actor import Move, Rejected
from surefoot.decompose.modular_planner.branch import Branch, ask_value
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.modular_planner.propose_action import Asking, Pursuit, Stuck
from surefoot.decompose.modular_planner.search import search
from surefoot.decompose.modular_planner.settings import Settings
from surefoot.decompose.modular_planner.task_decomposer import DecomposerFacts
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Done, Step


class Problem(msgspec.Struct, frozen=True):
    """One planning problem: a world, a start, a goal, and the most actions of a plan.

    Attributes:
        name: For people, tables and the journal.
        world: The domain.
        start: State in canonical form.
        goal: Goal in canonical form.
        cap: Most actions of a plan.
        before: The world before it changed, where the change comes after a first plan; ``None`` where nothing changes.
    """

    name: str
    world: World
    start: str
    goal: str
    cap: int
    before: World | None = None


class Board(msgspec.Struct, frozen=True):
    """Where a plan stands between two turns of the planner.

    Attributes:
        state: Predicted by the model, action after action.
        targets: The sub-goals still to be reached, then the goal; ``None`` before the decomposition.
        plan: Actions so far.
        trail: The state before each of them.
        base: Length of the plan when the first target was taken up.
        met: Whether the state meets the first target; ``None`` if that was not asked.
        value: Estimated steps from the state to the first target, where climbing asks for it.
        told: The goal as the TaskDecomposer described it; empty where it was not asked to.
        earlier: The plan that was made before the world changed.
        ready: What an earlier search looked at from here.
        closed: States of this pursuit not to return to.
        tried: (state, action) pairs that led to a dead end.
        failed: Sub-goals that could not be reached.
        turns: Actions taken, those that were taken back included.
        ended: How the plan ended: ``accepted``, or why it was given up; empty while it goes on.
    """

    state: str
    targets: tuple[str, ...] | None = None
    plan: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    base: int = 0
    met: bool | None = None
    ready: tuple[Branch, ...] = ()
    closed: frozenset[str] = frozenset()
    tried: tuple[tuple[str, str], ...] = ()
    failed: tuple[str, ...] = ()
    turns: int = 0
    ended: str = ""
    value: int | None = None
    told: str = ""
    earlier: tuple[Move, ...] = ()


ACCEPTED = "accepted"


class Describer(Protocol):
    """Asks the TaskDecomposer to describe a goal in words, which the Actor is then told."""

    def step(self, world: Any, state: str, goal: str, lead: int | None) -> Step:
        """Build the question for the description."""
        ...


class Planner(msgspec.Struct, frozen=True):
    """The Modular Agentic Planner as a method, see `surefoot.decompose.modular_planner.modular_task.PromptVariant`.

    Attributes:
        settings: How to run.
        describer: Who words the goal for the Actor, in domains where the published TaskDecomposer does that.
    """

    settings: Settings
    describer: Describer | None = None

    def begin(self, problem: Problem) -> Board:
        """Return the board before the goal is decomposed."""
        return Board(problem.start, closed=frozenset([problem.start]))

    def end(self, board: Any) -> Done | None:
        """Return the plan once the planner has ended, else ``None``."""
        return outcome(board.plan, board.ended, (*board.trail, board.state)) if board.ended else None

    def turn(self, problem: Problem, board: Any) -> Asking[Board]:
        """Decompose the goal if that is due, test the target, and take one action towards it."""
        if board.targets is None:
            # Who describes the goal names no sub-goals: the published TaskDecomposer does one or the other.
            split = (
                self.settings if self.describer is None else msgspec.structs.replace(self.settings, decomposer=False)
            )
            board = yield from _decompose(split, problem, board)
            if self.describer is not None and self.settings.description and self.settings.decomposer:
                step = self.describer.step(problem.world, board.state, problem.goal, self.settings.light_lead)
                board = msgspec.structs.replace(board, told=(yield step))
        if self.settings.climbs and board.value is None:
            board = yield from _value(self.settings, problem, board)
        if self.settings.orchestrator and board.met is None:
            board = yield from _test(self.settings, problem, board)
        if board.met:
            return _next_target(board)
        return (yield from _act(self.settings, problem, board))


def outcome(plan: tuple[str, ...], ended: str, states: tuple[str, ...] = ()) -> Done:
    """Return a plan as a chain's output, with the states that the model predicted, which no referee reads."""
    output = {"plan": list(plan), "ended": ended, "predicted": list(states)}
    return Done(output, "" if ended == ACCEPTED else f"the plan was given up after {len(plan)} actions: {ended}")


def _decompose(settings: Settings, problem: Problem, board: Board) -> Asking[Board]:
    targets: tuple[str, ...] = ()
    # Without an Orchestrator nobody would notice that a sub-goal was reached.
    if settings.decomposer and settings.orchestrator and len(board.failed) <= settings.recoveries:
        facts = DecomposerFacts(problem.world, board.state, problem.goal, settings.subgoals, board.failed)
        targets = task_decomposer.subgoals((yield task_decomposer.step(facts, settings.light_lead)), facts)
    return msgspec.structs.replace(board, targets=(*targets, problem.goal), base=len(board.plan))


def _value(settings: Settings, problem: Problem, board: Board) -> Asking[Board]:
    assert board.targets is not None
    pursuit = Pursuit(settings, problem.world, board.targets[0])
    value = yield from ask_value(pursuit, board.state, settings.light_lead)
    return msgspec.structs.replace(board, value=value, met=False if value else board.met)


def _test(settings: Settings, problem: Problem, board: Board) -> Asking[Board]:
    assert board.targets is not None
    facts = OrchestratorFacts(problem.world, board.state, board.targets[0])
    reached = yield orchestrator.step(facts, settings.lead)
    return msgspec.structs.replace(board, met=reached == orchestrator.REACHED)


def _next_target(board: Board) -> Board:
    """The target is met: go on to the next, with nothing closed; or the goal is met."""
    assert board.targets is not None
    if len(board.targets) == 1:
        return msgspec.structs.replace(board, ended=ACCEPTED)
    return msgspec.structs.replace(
        board, targets=board.targets[1:], base=len(board.plan), met=None, ready=(), closed=frozenset([board.state]),
        tried=(), value=None,
    )  # fmt: skip


def _act(settings: Settings, problem: Problem, board: Board) -> Asking[Board]:
    """One action by search; what a dead end or the cap lead to."""
    assert board.targets is not None
    heading_for_subgoal = len(board.targets) > 1
    # Three quarters, rounded up: a quarter of the cap is left for the goal without this sub-goal.
    if heading_for_subgoal and settings.recoveries and len(board.plan) - board.base >= -(-3 * settings.cap // 4):
        return _give_subgoal_up(board, problem)
    if len(board.plan) >= settings.cap:
        return msgspec.structs.replace(board, ended=f"its cap of {settings.cap}")
    # Actions that are taken back do not lengthen the plan, so the cap alone would never end the going back and forth.
    if board.turns >= 4 * settings.cap:
        return msgspec.structs.replace(board, ended=f"{board.turns} actions tried")
    pursuit = _pursuit(settings, problem, board, board.targets[0])
    # Shown as visited: the Actor knows that word, and an action that leads to a dead end is as useless.
    rejected = tuple(Rejected(action, "visited") for state, action in board.tried if state == board.state)
    try:
        chosen = yield from search(pursuit, board.state, board.ready, rejected, board.value)
    except Stuck as dead_end:
        if settings.closed_list and len(board.plan) > board.base:
            return _take_back(board)
        if heading_for_subgoal and settings.recoveries:
            return _give_subgoal_up(board, problem)
        return msgspec.structs.replace(board, ended=str(dead_end))
    return _take(settings, board, chosen)


def _pursuit(settings: Settings, problem: Problem, board: Board, target: str) -> Pursuit:
    closed = board.closed if settings.closed_list else frozenset()
    told = board.told if target == problem.goal else ""
    return Pursuit(
        settings, problem.world, target, closed, moves(board) if settings.history else (), board.earlier, told
    )


def moves(board: Board) -> tuple[Move, ...]:
    """Return the actions of a plan, each with the state that was predicted to follow."""
    return tuple(map(Move, board.plan, (*board.trail, board.state)[1:]))


def _take(settings: Settings, board: Board, chosen: Branch) -> Board:
    """Adopt an action and its predicted state. Climbing has tested the goal already; the paper asks again."""
    ready = tuple(branch for branch in chosen.below if not settings.closed_list or branch.state not in board.closed)
    return msgspec.structs.replace(
        board,
        state=chosen.state,
        plan=(*board.plan, chosen.action),
        trail=(*board.trail, board.state),
        met=chosen.met if settings.hill_climb else None,
        value=chosen.value if settings.hill_climb else None,
        ready=ready,
        closed=board.closed | {chosen.state},
        turns=board.turns + 1,
    )


def _take_back(board: Board) -> Board:
    """A dead end: go back by one action, which is not to be proposed there again."""
    back = board.trail[-1]
    return msgspec.structs.replace(
        board, state=back, plan=board.plan[:-1], trail=board.trail[:-1], met=False, ready=(),
        tried=(*board.tried, (back, board.plan[-1])), value=None,
    )  # fmt: skip


def _give_subgoal_up(board: Board, problem: Problem) -> Board:
    """A sub-goal that cannot be reached goes back up: to where it was set, to be decomposed again."""
    assert board.targets is not None
    state = (*board.trail, board.state)[board.base]
    return msgspec.structs.replace(
        board, state=state, targets=None, plan=board.plan[: board.base], trail=board.trail[: board.base], met=None,
        ready=(), closed=frozenset([state]), tried=(), failed=(*board.failed, board.targets[0]), value=None,
    )  # fmt: skip

"""The Actor: (state, goal, feedback) to up to B actions (MAP, algorithm 1).

More than one set of proposals can be right, so the Actor is asked for a lead of 1 unless a run says otherwise: what
it proposes is checked by the Monitor and compared by the Evaluator, both voted on.
"""

import msgspec

from surefoot.decompose.modular_planner.wording import WORK, answer, chat, compact, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

NONE = "none"
"""The candidate that says: no action is left to propose."""

DUTIES = (
    "You are the Actor of a planner: you propose valid next actions that lead towards the goal.",
    "A plan is made one action at a time, and you are the Actor of a planner that does so. Look at what is wanted, see "
    "what stands in its way, and name what can be done at once to get nearer to it. An action that breaks a rule is "
    "useless.",
    "Somebody wants to get from a situation to a goal. You are the Actor of a planner and say what to do next. First "
    "list what is possible without breaking any rule, then choose what leaves the least to do afterwards.",
)
"""Its duty, in each wording."""


class Rejected(msgspec.Struct, frozen=True):
    """An action that the Actor may not propose again in a state, and why.

    Attributes:
        action: Canonical form.
        reason: Name of the rule it breaks, or ``"visited"`` if it leads back.
        why: The Monitor's whole explanation, where it is handed on (``Settings.feedback``); untrusted text.
    """

    action: str
    reason: str
    why: str = ""


class Move(msgspec.Struct, frozen=True):
    """An action that was taken, and the state that was predicted to follow."""

    action: str
    state: str


class ActorFacts(msgspec.Struct, frozen=True):
    """What the Actor reads: a state, a goal, and what may not be proposed again.

    Attributes:
        world: The domain.
        state: Where the plan stands.
        goal: The sub-goal, or the goal.
        breadth: How many different actions are wanted, at most.
        rejected: Feedback: what was proposed in this state before and may not be proposed again.
        history: Actions taken so far and predicted states, where they are shown (``Settings.history``).
        earlier: The plan that was made before the world changed, where it is shown (``Settings.phases``).
    """

    world: World
    state: str
    goal: str
    breadth: int
    rejected: tuple[Rejected, ...] = ()
    history: tuple[Move, ...] = ()
    earlier: tuple[Move, ...] = ()


def step(facts: ActorFacts, lead: int | None = 1) -> Step:
    """Build the Actor's step for one state; a lead of 1 unless stated otherwise."""
    return Step("propose", Role.ACTOR, facts, WORK + 8 * facts.breadth, lead)


def prompt(facts: ActorFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the Actor's question; ``compact``: ``propose B STATE to GOAL [not ACTION ...]``.

    History and explanations are shown in ``chat`` only: the bundled model, whose language ``compact`` is, was taught no
    words for them.
    """
    world = facts.world
    state, goal = (world.say_state(s, dialect) for s in (facts.state, facts.goal))
    if dialect == "compact":
        avoid = [f"not {world.say_action(r.action, dialect)}" for r in facts.rejected]
        return compact("Actor", world, str(facts.breadth), state, "to", goal, *avoid)
    shown = _moves("Done before the change", facts.earlier, world) + _moves("Done so far", facts.history, world)
    shown += [("Current state", state), ("Goal", goal)]
    for rejected in facts.rejected:
        shown.append((f"Do not propose ({rejected.reason})", world.say_action(rejected.action, dialect)))
        shown += [("The Monitor said", rejected.why)] if rejected.why else []
    many = (
        f"up to {facts.breadth} lines, each with a different action, the best first"
        if facts.breadth > 1
        else ("exactly one line")
    )
    return chat(
        world,
        "Actor",
        DUTIES,
        f"{many}, in the form\naction = {world.action_form()}\n"
        "or, if no action is left to propose, the line\naction = none",
        shown,
        wording,
    )


def _moves(name: str, moves: tuple[Move, ...], world: World) -> list[tuple[str, str]]:
    """A line for each move."""
    return [(name, f"{world.say_action(m.action, 'chat')}; then {world.say_state(m.state, 'chat')}") for m in moves]


def parse(facts: ActorFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the Actor's reply: the actions, best first, separated by ``"; "``, or ``"none"``."""
    parts = answer(text).split(" / ") if dialect == "compact" else said(text, "action")
    if [part.lower().rstrip(".") for part in parts] in (["-"], [NONE]):
        return NONE
    actions = [facts.world.read_action(part, dialect) for part in parts]
    read = [action for action in actions if action is not None]
    # One unreadable line spoils the reply: dropping it would let a model vote for less than it said.
    if not read or len(read) != len(actions):
        return Flag("misformatted", text[:200])
    if len(read) > facts.breadth:
        return Flag("misformatted", f"{len(read)} actions instead of at most {facts.breadth}")
    return "; ".join(read)


def check(facts: ActorFacts, candidate: str) -> Flag | None:
    """Flag proposals that name an action twice, or one that the prompt says not to propose."""
    actions = proposals(candidate)
    again = {r.action for r in facts.rejected} & set(actions)
    if again:
        # The smallest, so that the same reply is always flagged in the same words.
        return Flag("inconsistent", f"{min(again)} was rejected before")
    if len(set(actions)) < len(actions):
        return Flag("inconsistent", "the same action twice")
    return None


def proposals(candidate: str) -> tuple[str, ...]:
    """Return the actions of a decided proposal; none if the Actor has none left."""
    return () if candidate == NONE else tuple(candidate.split("; "))

"""The Predictor: (state, action) to the next state, the planner's world model (MAP, algorithm 2)."""

import msgspec

from surefoot.decompose.modular_planner.wording import chat, compact, said
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step

DUTIES = (
    "You are the Predictor of a planner: you say exactly which state an action leads to.",
    "An action is done, and you are the Predictor of a planner: write down everything as it is afterwards. Only what "
    "the action changes is different; all the rest stays as it was, and belongs into your answer too.",
    "You are the Predictor of a planner and keep its books. Say what the action takes away and what it puts in place, "
    "then copy the whole situation with these changes and no others.",
)
"""Its duty, in each wording."""


class PredictorFacts(msgspec.Struct, frozen=True):
    """What the Predictor reads: the domain, a state, and an action to do in it."""

    world: World
    state: str
    action: str


def step(facts: PredictorFacts, lead: int | None = None) -> Step:
    """Build the Predictor's step for one action."""
    return Step("predict", Role.PREDICTOR, facts, 4 + 2 * facts.world.state_tokens(facts.state), lead)


def prompt(facts: PredictorFacts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Word the Predictor's question; ``compact``: ``predict ACTION in STATE``."""
    world = facts.world
    state, action = world.say_state(facts.state, dialect), world.say_action(facts.action, dialect)
    if dialect == "compact":
        return compact("Predictor", world, action, "in", state)
    return chat(
        world,
        "Predictor",
        DUTIES,
        f"the whole next state on one line, in the form\nnext_state = {world.state_form()}",
        [("Current state", state), ("Action", action)],
        wording,
    )


def parse(facts: PredictorFacts, text: str, dialect: Dialect) -> str | Flag:
    """Read the Predictor's reply: the next state in canonical form."""
    if dialect == "chat":
        text = (said(text, "next_state") or [""])[-1]
    state = facts.world.read_state(text, dialect)
    return Flag("misformatted", text[:200]) if state is None else state


def check(facts: PredictorFacts, candidate: str) -> Flag | None:
    """Flag an unchanged state, in domains where every action changes something."""
    stays = candidate == facts.state and facts.world.always_changes
    return Flag("inconsistent", "the state did not change") if stays else None

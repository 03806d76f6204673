"""River crossing: actors and their agents cross in a small boat, and no actor is ever with foreign agents alone.

One of the puzzles of "The Illusion of Thinking" (Shojaee et al., 2025). A state such as ``ABab/- left 2`` lists who is
on the left and the right bank, where the boat is and how many it holds.
"""

from typing import Annotated, ClassVar

import msgspec

from surefoot.decompose.modular_planner.world_task import WorldTask

AGENTS = "ABCDE"


class River(WorldTask, frozen=True, kw_only=True):
    """Get actors and their agents across a river."""

    pairs: Annotated[int, msgspec.Meta(ge=2, le=5, description="actors, each with an agent")] = 3
    boat: Annotated[
        Annotated[int, msgspec.Meta(ge=2, le=4)] | None,
        msgspec.Meta(description="people the boat holds; by default 2, and 3 from four pairs on"),
    ] = None

    about: ClassVar[str] = (
        "Actors (small letters) and their agents (the same letter as a capital) cross a river by boat. A state lists "
        "who is on the left bank, then who is on the right, '-' for nobody, in the order of the alphabet with the "
        "agents first; then the bank at which the boat is, and how many people the boat holds, at most."
    )
    rules: ClassVar[dict[str, str]] = {
        "bank": "everybody who crosses is on the boat's bank, and at least one person crosses.",
        "boat": "no more cross than the boat holds.",
        "safe": "an actor is with agents only if his own is there too: in the boat, and on either bank afterwards.",
    }
    state: ClassVar[str] = r"(?:[A-E]*[a-e]*|-)/(?:[A-E]*[a-e]*|-) (?:left|right) [234]"
    state_form: ClassVar[str] = "LEFT/RIGHT BANK PLACES"
    action: ClassVar[str] = r"cross [A-E]*[a-e]*"
    action_form: ClassVar[str] = "cross PEOPLE"
    examples: ClassVar[dict[str, str]] = {
        "Monitor": "Current state: ABab/- left 2\nProposed action: cross Ab\nb would be with A and without B.\n"
        "rule = safe\nvalid = no",
        "Actor": "Current state: ABab/- left 2\nGoal: -/ABab right 2\naction = cross ab",
    }
    summary: ClassVar[str] = "River crossing: actors, agents and a small boat, by the six modules"

    def begin_state(self) -> str:
        """Return everybody on the left bank."""
        return f"{self._everybody()}/- left {self._places()}"

    def goal_state(self) -> str:
        """Return everybody on the right bank."""
        return f"-/{self._everybody()} right {self._places()}"

    def _everybody(self) -> str:
        agents = AGENTS[: self.pairs]
        return agents + agents.lower()

    def _places(self) -> int:
        return self.boat or (2 if self.pairs < 4 else 3)

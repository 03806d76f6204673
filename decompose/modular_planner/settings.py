"""How the planner runs: breadth, depth, what is switched off, and the two presets."""

from typing import Literal

import msgspec

Preset = Literal["paper", "surefoot"]

ABLATIONS = ("monitor", "decomposer", "search", "orchestrator", "votes")
PUBLISHED = ("history", "feedback", "resort", "phases", "description")
"""What the published system does and ours leaves out, by name; each can be left out of the preset ``paper``."""
OURS = ("visited", "climbing", "light", "recovery")
"""What ours does and the published system does not, by name; each can be left out of the preset ``surefoot``."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What algorithms 1 to 3 of MAP leave open, and our additions. The defaults are the published values.

    Attributes:
        breadth: B, actions proposed in a state.
        depth: L, layers of the search.
        cap: N, actions of a plan after which it is given up.
        subgoals: Most sub-goals of one decomposition.
        proposals: Times the Actor is asked in one state before that is a failure. The paper states no bound.
        closed_list: Do not return to a state of the same pursuit; a dead end takes the last action back (ours).
        hill_climb: Take the first action that the Evaluator puts nearer the goal, and ask the Orchestrator only about
            states that it puts at the goal or no nearer (ours); see `surefoot.decompose.modular_planner.hill_climbing`.
        light_leads: Ask the Evaluator and the TaskDecomposer for a lead of 1, as the Actor (ours): what a mistake of
            theirs costs is a detour, while one of the others gets into the plan.
        recoveries: Times the TaskDecomposer is asked again after a sub-goal that was not reached; then the goal is
            pursued without sub-goals. 0 as published.
        history: Show the Actor all actions and predicted states so far (published).
        feedback: Show the Actor the Monitor's whole explanation of a rejection, not only the rule (published).
        resort: Act all the same after so many proposals of which none passed (published; a failure with ours).
        phases: Where the world changes, plan in the world before the change first (published).
        description: Where the published TaskDecomposer describes the goal in words, ask it to (published).
        monitor, decomposer, search, orchestrator, votes: What an ablation switches off.
    """

    cap: int
    breadth: int = 2
    depth: int = 2
    subgoals: int = 1
    proposals: int = 10
    closed_list: bool = False
    hill_climb: bool = False
    light_leads: bool = False
    recoveries: int = 0
    history: bool = False
    feedback: bool = False
    resort: bool = False
    phases: bool = False
    description: bool = False
    monitor: bool = True
    decomposer: bool = True
    search: bool = True
    orchestrator: bool = True
    votes: bool = True

    @property
    def lead(self) -> int | None:
        """Most lead of a question whose mistake gets into the plan: the run's, or 1 without votes."""
        return None if self.votes else 1

    @property
    def climbs(self) -> bool:
        """Whether actions are found by hill climbing; never without search, as there is no Evaluator then."""
        return self.hill_climb and self.search

    @property
    def light_lead(self) -> int | None:
        """Most lead of a question whose mistake costs no more than a detour."""
        return 1 if self.light_leads else self.lead

    @property
    def questions(self) -> int:
        """Questions that one action takes in a usual run, where the last search left the upper layers at hand."""
        tests = self.monitor + 1 + self.orchestrator
        if not self.search:
            return 1 + tests
        if self.climbs:
            return 2 + tests
        return int(self.breadth ** (self.depth - 1)) * (1 + self.breadth * (1 + tests))


def left_out(preset: Preset, without: str) -> frozenset[str]:
    """Return the names of what a run leaves out, read from names separated by commas.

    Raises:
        ValueError: A name that does not exist, or one of the other preset.
    """
    named = frozenset(name.strip() for name in without.split(",") if name.strip())
    own, others = (PUBLISHED, OURS) if preset == "paper" else (OURS, PUBLISHED)
    for name in sorted(named - {*ABLATIONS, *own}):
        reason = f"the preset {preset} has no {name!r} to leave out" if name in others else f"unknown ablation {name!r}"
        raise ValueError(f"without: {reason}; it takes {', '.join((*ABLATIONS, *own))}")
    return named


def settings_of(
    preset: Preset,
    cap: int,
    breadth: int | None,
    depth: int | None,
    without: str,
    off: frozenset[str] = frozenset(),
    subgoals: int = 1,
) -> Settings:
    """Return the settings that a task's options describe.

    Args:
        preset: ``paper``: as published (``PUBLISHED``). ``surefoot``: with our additions (``OURS``).
        cap: Most actions of a plan.
        breadth: B, or ``None`` for the preset's.
        depth: L, or ``None`` for the preset's.
        without: Ablations, separated by commas.
        off: Modules that the published system does not use in this domain.
        subgoals: Most sub-goals of one decomposition.

    Raises:
        ValueError: An ablation that does not exist in the preset.
    """
    named = left_out(preset, without)
    ours = frozenset(OURS) - named if preset == "surefoot" else frozenset[str]()
    published = frozenset(PUBLISHED) - named if preset == "paper" else frozenset[str]()
    return Settings(
        cap=cap,
        breadth=breadth or 2,
        # Climbing falls back to the search only where no action is nearer, so one layer is the default there.
        depth=depth or (1 if "climbing" in ours else 2),
        subgoals=subgoals,
        closed_list="visited" in ours,
        hill_climb="climbing" in ours,
        light_leads="light" in ours,
        recoveries=2 if "recovery" in ours else 0,
        **{name: name in published for name in PUBLISHED},
        **{name: name not in named | off for name in ABLATIONS},
    )

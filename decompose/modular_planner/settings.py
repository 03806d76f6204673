"""How the planner runs: breadth, depth, what is switched off, and the two presets."""

from typing import Literal

import msgspec

Preset = Literal["paper", "surefoot"]

ABLATIONS = ("monitor", "decomposer", "search", "orchestrator", "votes")


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


def settings_of(
    preset: Preset, cap: int, breadth: int | None, depth: int | None, without: str, off: frozenset[str] = frozenset()
) -> Settings:
    """Return the settings that a task's options describe.

    Args:
        preset: ``paper``: algorithms as published. ``surefoot``: closed list, climbing, light leads, recovery.
        cap: Most actions of a plan.
        breadth: B, or ``None`` for the preset's.
        depth: L, or ``None`` for the preset's.
        without: Ablations, separated by commas.
        off: Modules that the published system does not use in this domain.

    Raises:
        ValueError: An ablation that does not exist.
    """
    named = frozenset(name.strip() for name in without.split(",") if name.strip())
    unknown = named - set(ABLATIONS)
    if unknown:
        raise ValueError(f"without: unknown ablation {min(unknown)!r}; it takes {', '.join(ABLATIONS)}")
    ours = preset == "surefoot"
    return Settings(
        cap=cap,
        breadth=breadth or 2,
        # Climbing falls back to the search only where no action is nearer, so one layer is the default there.
        depth=depth or (1 if ours else 2),
        closed_list=ours,
        hill_climb=ours,
        light_leads=ours,
        recoveries=2 if ours else 0,
        **{name: name not in named | off for name in ABLATIONS},
    )

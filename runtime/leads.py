"""The leads that a run asks for, by how a step is protected."""

import msgspec

from surefoot.voting.alarms import Limits
from surefoot.voting.looks import Looks
from surefoot.voting.sequential import Sequential

NO_LIMITS = Limits()

AUDITED = 8
"""One in so many questions of a level that would be asked once is asked twice where votes are shared out anew."""

LEAF_STEPS = 31
"""Leaf length where nothing is known of the model."""


class Leads(msgspec.Struct, frozen=True):
    """Leads of a run's races, by how each kind of step is protected.

    Attributes:
        guarded: For steps of a node that a decomposition made a promise of: a mistake is noticed at the seam.
        unguarded: For all others: a mistake is final, or is noticed far below.
        suspect: For a step at which two runs of a node differ, and for a decomposition asked again.
        leaf_steps: A node of at most so many steps is not split; weighed together with the leads.
        sequential: For rules that are learned, (number, rule) pairs: a rule stands for the lead of the number of
            agreeing ballots that it asks for.
        limits: What the ballots of a step are held against, as far as the run is known.
        disputed: Lead that an unguarded step is asked for once any of its ballots disagrees; 0 for the same as before.
        steps_per_call: Steps of a chain that one question asks for.
        plan: For decompositions that are asked for the first time; 0 for the lead of unguarded steps.
        holding: Whether rows whose ballots disagree are held back when they have their verdict: their lead is still to
            be learned, and they are asked on then.
    """

    guarded: int
    unguarded: int
    suspect: int
    leaf_steps: int = LEAF_STEPS
    sequential: tuple[tuple[int, Sequential | Looks], ...] = ()
    limits: Limits = NO_LIMITS
    disputed: int = 0
    steps_per_call: int = 1
    plan: int = 0
    holding: bool = False

    @property
    def split(self) -> int:
        """Lead of a decomposition that is asked for the first time."""
        return self.plan or self.unguarded


class LeadChange(msgspec.Struct, frozen=True, array_like=True):
    """A change of a run's leads, with the evidence for the change.

    Attributes:
        steps: Steps that stood when they were chosen; they hold for steps begun after that.
        guarded: See ``Leads``.
        unguarded: See ``Leads``.
        suspect: See ``Leads``.
        trials: Observations so far, over the whole run; see ``lead_choice.seen_in``.
        errors: Errors among them.
        fresh: Whether a new pilot began here: what the run saw before counts no more.
        disputed: See ``Leads``.
        plan: See ``Leads``.
        levels: What was counted so far by level, where votes are shared out anew; see ``Counts``.
    """

    steps: int
    guarded: int
    unguarded: int
    suspect: int
    trials: int
    errors: float
    fresh: bool = False
    disputed: int = 0
    plan: int = 0
    levels: dict[str, int] = {}

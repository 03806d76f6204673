"""How steps are asked: the constants of a run, and the leads that a run may choose again while it goes on."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from surefoot.decompose.revision import When
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.ballot_limit import most_ballots
from surefoot.runtime.config import RunConfig
from surefoot.runtime.leads import Leads
from surefoot.runtime.wordings_file import wordings_of
from surefoot.voting.alarms import Limits
from surefoot.voting.looks import Looks
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.red_flags import RedFlag, parse_switch
from surefoot.voting.sequential import Sequential

NO_LEADS = Leads(1, 1, 1)
"""What is asked with where no race is held: pilots, measurements, single questions."""


class StepPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How every step of a run is asked, read and counted.

    Attributes:
        flags: Red flags that discard a reply.
        rule: Name of the voting rule, as in the configuration.
        max_ballots: Most ballots of one race, spoiled ones included; ``auto`` depends on its lead.
        max_reply_tokens: Limit on ``chat`` replies in tokens; other dialects have the step's own limit.
        seed: The run's seed.
        structured: Whether ``chat`` replies are to follow the task's JSON schema.
        ladder: Whether an undecided or refuted step is asked again in other prompt variants.
        wordings: Tuned wordings by kind of question, in which those questions are put first.
        by_level: Whether ballots are counted by level, and some questions asked once are audited; see ``levels.py``.
    """

    flags: frozenset[RedFlag] = frozenset(RedFlag)
    rule: str = "first-to-ahead-by"
    max_ballots: int | Literal["auto"] = "auto"
    max_reply_tokens: int = 750
    seed: int = 0
    structured: bool = False
    ladder: bool = False
    wordings: Mapping[str, Wording] = {}
    by_level: bool = False

    def most_ballots(self, lead: int) -> int:
        """Return after how many ballots a race with this lead is given up."""
        return most_ballots(self.max_ballots, lead)


def policy_of(config: RunConfig) -> StepPolicy:
    """Return the step policy that a run's configuration describes."""
    return StepPolicy(
        flags=parse_switch(config.red_flags),
        rule=config.rule,
        max_ballots=config.max_ballots,
        max_reply_tokens=config.max_reply_tokens,
        seed=config.seed,
        structured=config.structured,
        ladder=config.ladder,
        wordings=wordings_of(config),
        by_level=config.rebalance_votes,
    )


class RevisionPolicy(msgspec.Struct, frozen=True):
    """When and how often evidence revises a plan.

    Attributes:
        when: At once, at the end of a pass, or never.
        most: Versions of one plan that may be given up.
    """

    when: When = "at-once"
    most: int = 32


def revision_policy_of(config: RunConfig) -> RevisionPolicy:
    """Return when and how often evidence revises the plans of a run."""
    return RevisionPolicy(config.revise, config.max_revisions)


class SegmentPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How the nodes of a segment are run.

    Attributes:
        seams: Whether what a node returns is checked against its promise.
        seam_retries: How often a chain is run again before its promise is doubted.
        re_decompositions: How often a decomposition is asked again.
        revisions: When and how often evidence revises a plan.
        unsafe_local: Whether cells of Python are run without isolation where the machine offers none.
    """

    seams: bool
    seam_retries: int
    re_decompositions: int
    revisions: RevisionPolicy
    unsafe_local: bool


def segment_policy_of(config: RunConfig, *, retries_chains: bool = True) -> SegmentPolicy:
    """Return how a run's configuration has the nodes of a segment run.

    Args:
        config: The configuration.
        retries_chains: Whether the run's method has a chain run again that does not return its promise.
    """
    return SegmentPolicy(
        seams=config.seams,
        seam_retries=config.seam_retries if retries_chains else 0,
        re_decompositions=config.re_decompositions,
        revisions=revision_policy_of(config),
        unsafe_local=config.unsafe_local,
    )


class CurrentLeads:
    """The leads of steps that begin now; a run may change them while it works.

    One holder is shared by all runners of one piece of work, those of roles with settings of their own included: leads
    that the run learns reach every one of them.

    Args:
        leads: To begin with.

    Attributes:
        leads: As they are now.
        sequential: Rules of the sequential kind by the lead they stand for, earlier ones kept: a race that is under way
            ends by the rule it began with.
    """

    def __init__(self, leads: Leads = NO_LEADS) -> None:
        self.leads = leads
        self.sequential: dict[int, Sequential | Looks] = dict(leads.sequential)

    def follow(self, leads: Leads) -> None:
        """Take over the leads that a run has chosen anew."""
        self.leads = leads
        if self.sequential:
            self.sequential.update(leads.sequential)

    def rule(self, k: int, *, raise_lead: bool, held: bool = False) -> Sequential | RaisedLead | Looks | None:
        """Return what decides a race with this lead, where it is not the run's own rule.

        Args:
            k: Lead that is asked for.
            raise_lead: Whether the run's rule is one whose lead may be raised in the middle of a race.
            held: Whether the race was held back until leads were learned: agreeing, it had been decided by ``k``.
        """
        disputed = self.leads.disputed
        if raise_lead and held and (raised := max(disputed, self.leads.unguarded)) > k:
            return RaisedLead(k, raised)
        if raise_lead and k == self.leads.unguarded < disputed:
            return RaisedLead(k, disputed)
        return self.sequential.get(k)

    @property
    def suspect(self) -> int:
        """Lead of a step that raised an alarm."""
        return self.leads.suspect

    @property
    def limits(self) -> Limits:
        """Limits that a step's ballots must not exceed; a step beyond one raises an alarm."""
        return self.leads.limits

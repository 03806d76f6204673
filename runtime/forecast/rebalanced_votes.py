"""Shares the votes of a run out anew among decompositions and single steps, from a pilot and from the run itself.

As ``surefoot diagnose`` recommends it afterwards, at no more calls than the asked lead comes to and with no more wrong
verdicts to be expected (``voting/vote_split.py``). Rates are those of Jeffreys' prior, (errors + 1/2) / (ballots + 1):
a level whose few ballots all agreed is not taken for one that never errs.

While the run goes on the votes that are left are shared out again at checkpoints. What was seen counts less at each
checkpoint than at the one before, so that a level that begins to err is noticed although it did not err before. Calls
that the asked lead would have taken by then, and that were not made, are left for later. The leads stay as they are
unless others prevent a third of the wrong verdicts that are to be expected, or those of now come to a tenth more calls
than are left: chance alone does not move votes to and fro.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.leads import AUDITED, Leads
from surefoot.voting.vote_split import Split, VotedClass, best_split, split_of

EACH: Final = 40
"""Questions of each level that the pilot asks."""
FEWEST: Final = 10
"""Questions of each level without which nothing is said."""
LOOKED_AT: Final = 100
"""Sampled questions that are looked at for each that is asked: decompositions are rare among them."""
MOST_ERROR: Final = 0.499
"""The closed forms hold below one half."""
FADING: Final = 0.7
"""What counts at a checkpoint of that which counted at the one before."""
WORTH: Final = 2 / 3
"""Share of the expected wrong verdicts that other leads leave at most, or they are not worth a change."""
DEARER: Final = 1.1
"""Times the calls of the asked lead above which leads are given up although they prevent more."""


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a level.

    Attributes:
        answers: All of them.
        valid: Those that were not discarded.
        dissent: Those of these that named another candidate than the most frequent one.
    """

    answers: float = 0.0
    valid: float = 0.0
    dissent: float = 0.0

    def plus(self, other: "Seen", share: float = 1.0) -> "Seen":
        """Return this with a share of what was seen elsewhere."""
        return Seen(*(mine + share * theirs for mine, theirs in zip(_numbers(self), _numbers(other), strict=True)))


class Levels(msgspec.Struct, frozen=True):
    """What was seen of both levels.

    Attributes:
        plan: Decompositions.
        steps: Single steps.
    """

    plan: Seen = Seen()
    steps: Seen = Seen()

    def plus(self, other: "Levels", share: float = 1.0) -> "Levels":
        """Return this with a share of what was seen elsewhere."""
        return Levels(self.plan.plus(other.plan, share), self.steps.plus(other.steps, share))


class Left(NamedTuple):
    """Questions that are still to be asked: decompositions and single steps."""

    plan: int
    steps: int


class Shared(NamedTuple):
    """Votes shared out anew.

    Attributes:
        leads: The leads from now on.
        now: What the asked lead comes to.
        best: What these come to.
    """

    leads: Leads
    now: Split
    best: Split

    @property
    def why(self) -> str:
        """What was done, in one line."""
        said = (f"{one.calls:,.0f} calls and {one.wrong:.2g} wrong verdicts" for one in (self.now, self.best))
        before, after = said
        return (
            f"votes shared out anew: lead {self.best.first} for decompositions and {self.best.second} for single "
            f"steps; expecting {after} instead of {before}"
        )


def pilot_of_both(numbers: Sequence[int], is_plan: Callable[[int], bool]) -> list[int]:
    """Choose the sampled questions of a pilot so that it asks as many decompositions as single steps.

    Args:
        numbers: What questions are sampled from.
        is_plan: Whether the question of a number is a decomposition.

    Raises:
        ConfigurationError: The task samples too few of one level.
    """
    found: dict[bool, list[int]] = {True: [], False: []}
    for number in numbers:
        if all(len(one) == EACH for one in found.values()):
            break
        level = found[is_plan(number)]
        if len(level) < EACH:
            level.append(number)
    for plan, name in ((True, "decompositions"), (False, "single steps")):
        if len(found[plan]) < FEWEST:
            raise ConfigurationError(f"--rebalance-votes: the task's sampled questions have too few {name} to compare")
    return sorted([*found[True], *found[False]])


def levels_of(pilot: Estimate, split_kind: str) -> Levels:
    """Return what a pilot saw of both levels.

    Args:
        pilot: Kind by kind.
        split_kind: Kind of the questions that are decompositions.
    """
    found = {True: Seen(), False: Seen()}
    for kind in pilot.kinds:
        plan = kind.kind == split_kind
        found[plan] = found[plan].plus(Seen(kind.answers, kind.trials, kind.errors))
    return Levels(found[True], found[False])


def levels_in(counted: Mapping[str, int]) -> Levels:
    """Return what a run counted of both levels; see ``Counts.levels``."""
    plan, steps = (
        Seen(*(float(counted.get(f"{level}/{what}", 0)) for what in Seen.__struct_fields__))
        for level in ("plan", "steps")
    )
    return Levels(plan, steps)


def faded(pilot: Levels, checkpoints: Sequence[Mapping[str, int]]) -> Levels:
    """Return what counts now of what was seen: at each checkpoint a share of what counted before, and what came since.

    Args:
        pilot: What was seen before the run.
        checkpoints: What the run had counted at each checkpoint since the pilot, the first at its begin.
    """
    found, before = pilot, None
    for counted in checkpoints:
        seen = levels_in(counted)
        if before is not None:
            found = seen.plus(before, -1.0).plus(found, FADING)
        before = seen
    return found


def rebalanced(leads: Leads, outline: Outline, seen: Levels) -> Shared:
    """Choose leads for decompositions and single steps that come to no more calls than the leads of now.

    Args:
        leads: As asked for: the same for all.
        outline: How many questions of each level the plan has.
        seen: What the pilot saw.
    """
    asked = leads.unguarded
    first, second = _voted(Left(outline.splits, outline.steps), seen, asked)
    now = split_of(first, second, (asked, asked))
    best = best_split(first, second, now.calls, _fewest(asked))
    return Shared(with_split(leads, best), now, best)


def calls_of(asked: int, questions: Left, seen: Levels) -> float:
    """Return what some questions come to with the lead that was asked for.

    Args:
        asked: That lead, for all.
        questions: Of both levels.
        seen: What counts of what was seen.
    """
    return split_of(*_voted(questions, seen, asked), (asked, asked)).calls


def rebalanced_again(leads: Leads, asked: int, left: Left, seen: Levels, saved: float = 0.0) -> Leads:
    """Choose the leads of the questions that are left; those of now, unless others are worth a change.

    Args:
        leads: Of now.
        asked: Lead that was asked for, for all: no more calls are to be expected than with it.
        left: Questions that are still to be asked.
        seen: What counts of what was seen; see ``faded``.
        saved: Calls that the run took less so far than it would have taken with the asked lead; below 0 where more.
    """
    first, second = _voted(left, seen, asked)
    allowed = calls_of(asked, left, seen) + saved
    now = split_of(first, second, (leads.split, leads.unguarded))
    best = best_split(first, second, allowed, _fewest(asked))
    if now.calls <= DEARER * allowed and best.wrong >= WORTH * now.wrong:
        return leads
    return with_split(leads, best)


def with_split(leads: Leads, split: Split) -> Leads:
    """Return leads with those of a split for decompositions and for single steps."""
    return msgspec.structs.replace(
        leads,
        plan=split.first,
        guarded=split.second,
        unguarded=split.second,
        suspect=max(split.first, split.second) + 2,
    )


def _voted(left: Left, seen: Levels, asked: int) -> tuple[VotedClass, VotedClass]:
    """Both levels as they are voted on; a level whose lead is 1 is audited."""

    def voted(questions: int, level: Seen) -> VotedClass:
        error = min(MOST_ERROR, (level.dissent + 0.5) / (level.valid + 1))
        return VotedClass(questions, 1 - error, (level.valid + 0.5) / (level.answers + 0.5), asked, 1 / AUDITED)

    return voted(left.plan, seen.plan), voted(left.steps, seen.steps)


def _fewest(asked: int) -> int:
    """The smallest lead that a level is left with: 2 where there are votes to spare, as one ballot shows no dissent."""
    return 2 if asked > 2 else 1


def _numbers(seen: Seen) -> tuple[float, float, float]:
    return seen.answers, seen.valid, seen.dissent

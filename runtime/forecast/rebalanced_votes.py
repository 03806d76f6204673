"""Shares the votes of a run out anew among decompositions and single steps, from a pilot that asked both.

As ``surefoot diagnose`` recommends it afterwards, at no more calls than the asked lead comes to and with no more wrong
verdicts to be expected (``voting/vote_split.py``). Rates are those of Jeffreys' prior, (errors + 1/2) / (ballots + 1):
a level whose few ballots all agreed is not taken for one that never errs.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.leads import Leads
from surefoot.voting.vote_split import Split, VotedClass, best_split, split_of

EACH: Final = 40
"""Questions of each level that the pilot asks."""
FEWEST: Final = 10
"""Questions of each level without which nothing is said."""
LOOKED_AT: Final = 100
"""Sampled questions that are looked at for each that is asked: decompositions are rare among them."""
MOST_ERROR: Final = 0.499
"""The closed forms hold below one half."""


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


def rebalanced(leads: Leads, outline: Outline, seen: Estimate) -> Shared:
    """Choose leads for decompositions and single steps that come to no more calls than the leads of now.

    Args:
        leads: As asked for: the same for all.
        outline: How many questions of each level the plan has.
        seen: What the pilot saw, kind by kind.
    """
    plans = [kind for kind in seen.kinds if kind.kind == outline.split_kind]
    steps = [kind for kind in seen.kinds if kind.kind != outline.split_kind]
    first, second = _voted(plans, outline.splits, leads.unguarded), _voted(steps, outline.steps, leads.unguarded)
    now = split_of(first, second, (leads.unguarded, leads.unguarded))
    best = best_split(first, second, now.calls)
    changed = msgspec.structs.replace(
        leads, plan=best.first, guarded=best.second, unguarded=best.second, suspect=max(best.first, best.second) + 2
    )
    return Shared(changed, now, best)


def _voted(kinds: Sequence[KindEstimate], questions: int, lead: int) -> VotedClass:
    """A level as it is voted on, from what was seen of its kinds of question."""
    trials, errors, answers = (sum(getattr(one, name) for one in kinds) for name in ("trials", "errors", "answers"))
    error = min(MOST_ERROR, (errors + 0.5) / (trials + 1))
    return VotedClass(questions, 1 - error, (trials + 0.5) / (answers + 0.5), lead)

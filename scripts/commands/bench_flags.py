"""Flags of a bench: do the answers to the first questions of its problems have mistakes in common?

The first thing that a method asks of a problem is the plan, the split or the whole question: one race a problem, from
which nothing can be told. Over many problems two things can be: whether their ballots disagree at the same problems
(``surefoot.voting.hard_questions``), and whether plans that were asked for in other words differ.
"""

from collections.abc import Iterable, Sequence

from surefoot.decompose.methods.rewoo import PLANS
from surefoot.decompose.plan import PlanStep
from surefoot.runtime.report.journal_steps import JournalStep
from surefoot.voting.hard_questions import DRAWN, pairs_together

LEVEL = 0.01
"""Share of false flags, where the draws of all problems err independently and alike."""


def hard_together(steps: Iterable[JournalStep], lead: int) -> list[str]:
    """Return a line if the ballots on the problems' first questions disagree at the same problems; else nothing.

    Args:
        steps: Of the bench's journal, in any order.
        lead: Lead of the races. With one below four the races left with four ballots would be chosen by how they went.
    """
    if lead < DRAWN:
        return []
    races = {step.node: [one.candidate for one in step.ballots] for step in steps if _opens(step)}
    found = pairs_together(races.values())
    if found.p_value > LEVEL:
        return []
    return [
        f"ballots on the first question disagree at the same problems: of {found.questions:,} both pairs agree at "
        f"{found.both:,}, which by chance happens in {found.p_value:.1%} of such sets; mistakes have a common cause, "
        "and votes help less than --k says"
    ]


def _opens(step: JournalStep) -> bool:
    """Whether a step is the first of a problem: nodes of a bench are called by problem and repeat.

    One that was asked again in another way begins with the ballots of the first: left out, the races that are left
    would be those that agree.
    """
    first = step.what in ("step", "undecided step") and not step.remembered
    return first and (step.attempt, step.number) == (0, 0) and step.node.count(".") == 1


def plans_apart(plans: Iterable[Sequence[PlanStep]]) -> int:
    """Return at how many problems the first two wordings of a plan had different winners.

    Args:
        plans: The steps of each answered problem, in plan order.
    """
    usual, reworded, *_ = PLANS
    apart = 0
    for steps in plans:
        won = {step.kind: step.candidate for step in reversed(steps) if step.kind in (usual, reworded)}
        apart += len(won) == 2 and won[usual] != won[reworded]
    return apart

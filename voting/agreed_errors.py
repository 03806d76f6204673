"""How often do ``k`` ballots agree on a wrong answer? Learned from the steps whose ballots disagreed.

A step whose first ballots agree shows nothing by itself: an easy step looks like that, and so does a hard one at which
the same mistake was made each time. How many of the latter there are follows from the steps that were asked on.

*Model.* A step has an unknown right answer and an unknown distribution of answers; ballots of a step are drawn
independently from it. Steps may differ in any way: no family of distributions is assumed, and nothing of how many
plausible wrong answers a step has.

*What is known.* A race in which a ballot disagrees goes on until the winner leads by ``raised``, so at least
``m = raised + 2`` unspoiled ballots of it are known, whatever they say. Given how often each candidate stands among the
first m, all orders of them are equally likely (ballots of a step are exchangeable). With n_i ballots for candidate i:

    P(the first k agree)             =  sum_i C(n_i, k) / C(m, k)
    P(the first k agree, wrongly)    =  sum over the losers of the same
    P(the first k disagree)          =  1 - sum_i C(n_i, k0) / C(m, k0)         k0: agreeing ballots it would have taken

Only steps whose first ``k0`` disagreed were asked on. So (Horvitz and Thompson, J. Am. Stat. Assoc. 47, 1952) each of
them stands for 1 / P(the first k0 disagree) steps with the same counts, and

    expected number of steps whose first k agree on a wrong answer
        =  sum over disputed steps of  P(the first k agree, wrongly) / P(the first k0 disagree)

without bias. It is what Bayes' rule gives for a step with k agreeing ballots, P(wrong | agree), times the number of
such steps, with the mixture of difficulties left as it was seen. If hard steps have one plausible wrong answer, losers
come in twos and threes and the sum is large; if wrong answers are many, losers are different ones and it is small.

*Assumptions.* The winner of a race with the raised lead is right (what it errs is far below the budget); and steps at
which all m ballots would name the same wrong answer are too few to count, as no step that disagreed tells of them.

``smallest_agreeing`` keeps the *expected* number of wrong steps within the budget. It adds one further event to what
was seen, so that nothing is concluded from nothing, and leaves a tenth of the budget to the disputed steps.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.voting.raised_lead import RaisedLead

SHARE_OF_DISPUTED = 0.1
"""Most of the error budget that steps whose ballots disagree may use up; those that agree have the rest."""
LEAST_RAISED = 4
"""Least lead of a step whose ballots disagree: that of a suspect where two agreeing ballots decide the others."""
MOST_LEAD = 24
"""Largest lead that is considered."""


class FirstBallots(msgspec.Struct, frozen=True):
    """The first unspoiled ballots of a disputed race, counted.

    Attributes:
        k: Agreeing ballots that would have decided it.
        winner: Ballots for the candidate that won in the end.
        losers: Ballots for each other candidate, most first.
    """

    k: int
    winner: int
    losers: tuple[int, ...]

    def __str__(self) -> str:
        return "/".join(map(str, (self.k, self.winner, *self.losers)))


def first_ballots(k: int, raised: int, winner: str, candidates: Sequence[str]) -> FirstBallots | None:
    """Count the first ``raised + 2`` unspoiled ballots of a race; ``None`` where it has fewer or they do not disagree.

    Args:
        k: Agreeing ballots that would have decided it.
        raised: Lead that it asked for once a ballot disagreed.
        winner: Who won.
        candidates: What its unspoiled ballots named, in the order drawn.
    """
    first = Counter(candidates[: raised + 2])
    if first.total() < raised + 2 or len(set(candidates[:k])) < 2:
        return None
    won = first.pop(winner, 0)
    return FirstBallots(k, won, tuple(sorted(first.values(), reverse=True)))


def first_ballots_from(counted: Mapping[str, int]) -> Counter[FirstBallots]:
    """Read counts of disputed races from their texts, such as ``2/5/1``."""
    found: Counter[FirstBallots] = Counter()
    for text, count in counted.items():
        k, winner, *losers = map(int, text.split("/"))
        found[FirstBallots(k, winner, tuple(losers))] += count
    return found


def agreed_errors(disputed: Mapping[FirstBallots, int], k: int) -> float:
    """Estimate how many steps there were whose first ``k`` ballots agree on a wrong answer; see the module's text.

    Args:
        disputed: Disputed steps by their first ballots.
        k: Number of agreeing ballots, 1 or more.
    """
    return math.fsum(count * _stands_for(seen, k) for seen, count in disputed.items())


def _stands_for(seen: FirstBallots, k: int) -> float:
    """Steps with ``k`` agreeing wrong ballots for which one disputed step stands."""
    drawn = (seen.winner, *seen.losers)
    m = sum(drawn)
    disagree = 1 - sum(math.comb(n, seen.k) for n in drawn) / math.comb(m, seen.k)
    if disagree <= 0 or k > m:
        return 0.0
    return sum(math.comb(n, k) for n in seen.losers) / math.comb(m, k) / disagree


def disputed_errors(disputed: Mapping[FirstBallots, int], raised: int) -> float:
    """Estimate how many disputed races a wrong answer wins if the winner has to lead by ``raised``.

    A race that stands level is won by the wrong answer with odds r^raised, r = e / (1 - e) with e the share of ballots
    for losers (Eq. 9 of MAKER, arXiv 2511.09030). Disputed steps are unequal, and the hard ones make the mistakes; so
    e is that of a step drawn in proportion to its further losing ballots, the one that made it disputed left out:
    E[e^2] / E[e] instead of E[e]. Half a losing ballot is added to what was seen.
    """
    once = twice = ballots = 0.0
    for seen, count in disputed.items():
        losing, further = sum(seen.losers) - 1, seen.winner + sum(seen.losers) - 2
        ballots += count * further
        once += count * losing
        twice += count * losing * (losing - 1) / max(1, further - 1)
    mean = (once + 0.5) / (ballots + 1)
    hard = min(0.5, max(mean, (twice + 0.5) / (once + 1)))
    return sum(disputed.values()) * mean / hard * (hard / (1 - hard)) ** raised


def learned_lead(
    disputed: Mapping[FirstBallots, int], steps: int, budget: float, unfinished: int = 0
) -> RaisedLead | None:
    """Choose the rule with which the expected share of wrong steps is within a budget, for few ballots.

    Steps that agree are decided first. Where many are asked at once, or a run was cut short, those that are decided are
    easier than the others; so disputed steps that are not decided yet count as much as those that are.

    Args:
        disputed: Disputed steps by their first ballots.
        steps: All steps that were asked, disputed or not.
        budget: Expected share of wrong steps, between 0 and 1.
        unfinished: Disputed steps whose race has not ended, or never did.

    Returns:
        The rule; ``None`` where too little was seen, or no lead up to ``MOST_LEAD`` is within the budget.
    """
    # The further event that is added to what was seen (see above) stands for those of which nothing is known.
    seen = sum(disputed.values())
    most, more = budget * steps, 1 + (unfinished / seen if seen else unfinished)
    most /= more
    raised = next(
        (n for n in range(LEAST_RAISED, MOST_LEAD) if disputed_errors(disputed, n) <= SHARE_OF_DISPUTED * most), None
    )
    if raised is None:
        return None
    left = most - disputed_errors(disputed, raised)
    for k in range(2, raised + 1):
        half = _stands_for(FirstBallots(k, raised + 2 - k, (k,)), k) / 2
        if agreed_errors(disputed, k) + half <= left:
            return RaisedLead(k, raised)
    return None

"""After a run: how likely is it that the plan has a wrong step, as far as its ballots can tell?

*Steps voted on.* Bounded by the lengths of their races, whatever the mixture of their difficulties is; see
``race_bound.py``.

*Steps decided by looks.* Bounded by their share of the error budget, under what the rule takes for granted
(``looks.py``).

*Steps before a seam.* A chain with exactly one wrong step does not return its promise, and was run again. What can
pass is a chain with two. The share of chains that failed their seam bounds the mean number of wrong steps in a
chain, lambda, from above; two or more have probability 1 - exp(-lambda) (1 + lambda) (Poisson). Where a task says that
only one sequence of checked steps leads from a chain's start to its promise, a kept promise has no wrong step.

*Decompositions whose statements were kept.* A wrong statement stands only if what is below it, which is asked
independently, comes out wrong as well, and in the same way. How often anything below comes out wrong is bounded by the
share of chain runs that did not return their promise; a wrong verdict counts with that probability.

*All together.* Given the race lengths, steps of one class are wrong independently and with the same probability w,
so that none of n is wrong with probability (1 - w)^n: the bound is one minus the product over all classes.

*How hard may a step be?* The bound of unanimous races is that of the hardest step allowed: one at which a wrong
answer is as likely as the right one. Nothing in the ballots excludes a few of those. So a bound that is not small is
also given for steps at which a wrong answer has at most a share of the right one's ballots (``RIVALS``); whether that
is so is for the reader to judge, unless the race lengths contradict it.

*The end.* Where a task says that only one sequence of checked steps leads from its start to its goal, and the plan got
there in the steps it has for that, ballots are not needed: the plan has no wrong step. No mistake that was made
together can change that, so it holds where the assumptions about ballots do not.

What no count of ballots can see is a step at which a wrong answer is likelier than the right one.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.voting.error_rate import clopper_pearson
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.looks import Looks
from surefoot.voting.race_bound import Bound, any_wrong, bound_of_races
from surefoot.voting.rule import Rule

MOST_LEAD = 24
"""Largest lead that is considered when it is said what a smaller bound would take."""

RIVALS = (
    (0.536, "no step is harder than the hardest published (56 % right, 30 % wrong alike)"),
    (0.1, "at every step the right answer is ten times as likely as any wrong one"),
)
"""Shares of the right answer's ballots that a wrong answer may have at most; step 10241 of MAKER, arXiv 2511.09030."""

ASSUMPTIONS = (
    "given its difficulty, the ballots of a step are independent of each other",
    "at every step the right answer is at least as likely as any single wrong one",
    "a step has at most two wrong answers that matter; more would split the wrong votes further",
    "steps that the same rule decided are alike in the mixture of their difficulties, whatever that mixture is",
    "a chain with exactly one wrong step does not return its promise; chains are alike, their wrong steps independent",
    "a wrong statement of a decomposition is kept only if what is below it comes out wrong as well: independently, and "
    "no more often than chains do not return their promise",
)
LOOK_ASSUMPTIONS = (
    "wordings of one question mislead independently of each other, as often as looks at one question differ",
    "under a sound wording the model's shares, to the power that looks taught, are not bolder than they should be",
    "steps to come are like those that the rate of misleading wordings and that power were learned from",
)
"""Instead of the first four, where steps were decided by looks; see ``looks.py``."""
BLIND = (
    "a step at which a wrong answer is likelier than the right one: its ballots agree, and look like an easy step's",
    "a task whose rules, prompts or goal are not what you meant",
)


Group = int | Rule
"""Races that are weighed together: those with one lead under the run's own rule, or those that another rule decided."""


class Allowed(msgspec.Struct, frozen=True):
    """The bound of a certificate if no step is harder than a stated difficulty.

    Attributes:
        rival: Most ballots that a wrong answer has for each of the right one's.
        meaning: The same in words.
        bound: As of the certificate.
        credible: Whether the race lengths allow it at all.
    """

    rival: float
    meaning: str
    bound: float
    credible: bool


class Certificate(msgspec.Struct, frozen=True):
    """An upper bound on the probability that the plan has any wrong step.

    Attributes:
        by_ballots: The upper bound as far as ballots and seams can tell, 0 to 1.
        estimate: What the best fitting mixture gives. No guarantee.
        confidence: In at least so many of all runs the bound is not below the probability.
        voted: Of steps whose mistakes are final.
        seams: Of chains that were held against a promise; ``None`` if there are none.
        assumptions: Under which it holds, in words.
        blind: What it cannot see, in words.
        violations: Which assumptions the journal contradicts; the bound by ballots does not hold then.
        stated: Of decompositions whose statements were kept.
        needed: What a smaller bound would take, in words; empty if it is small.
        allowed: The bound by ballots if steps are not as hard as steps can be; empty if it is small anyway.
        proof: Why the plan's end shows that no step is wrong, in words; empty if it does not.
    """

    by_ballots: float
    estimate: float
    confidence: float
    voted: tuple[Bound, ...]
    seams: Bound | None
    assumptions: tuple[str, ...] = ASSUMPTIONS
    blind: tuple[str, ...] = BLIND
    violations: tuple[str, ...] = ()
    stated: tuple[Bound, ...] = ()
    needed: str = ""
    allowed: tuple[Allowed, ...] = ()
    proof: str = ""

    @property
    def bound(self) -> float:
        """Upper bound on the probability of any wrong step; 0 where the plan's end proves that there is none."""
        return 0.0 if self.proof else self.by_ballots


class Evidence(msgspec.Struct, frozen=True):
    """What a journal says of a run's plan, as far as a certificate needs it.

    Attributes:
        races: By lead, or by what decided: how many verdicts were reached with how many unspoiled ballots. Only steps
            whose mistakes are final.
        stated: As ``races``, of decompositions whose statements the seams below them kept.
        rules: What decided the races that are given by their lead; first to ahead by the lead where nothing is said.
        chains: Chains that returned their promise.
        chains_failed: Times a chain did not.
        one_way: Whether only one sequence of checked steps leads from a chain's start to its promise.
        violations: Contradictions to the assumptions that are known already, in words.
        proof: Why the plan's end shows that no step is wrong, in words; empty if it does not.
    """

    races: Mapping[Group, Mapping[int, int]] = {}
    stated: Mapping[Group, Mapping[int, int]] = {}
    rules: Mapping[int, Rule] = {}
    chains: int = 0
    chains_failed: int = 0
    one_way: bool = False
    violations: tuple[str, ...] = ()
    proof: str = ""

    def rule(self, group: Group) -> Rule:
        """Return what decided a group of races."""
        return group if isinstance(group, Rule) else self.rules.get(group) or FirstToAheadBy(group)


def certify(evidence: Evidence, confidence: float = 0.95, rivals: Sequence[tuple[float, str]] = ()) -> Certificate:
    """Bound the probability that a run's plan has any wrong step.

    Args:
        evidence: What the run's journal says.
        confidence: In at least so many of all runs the bound holds; between 0 and 1, both excluded.
        rivals: How hard a step may be, in numbers and words, to say the bound for as well if it is not small.

    Raises:
        ValueError: A race is shorter than its lead, or the confidence is out of range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    parts = _parts(evidence, confidence)
    found = parts.bounds(1.0)
    most, credible = _together(found)
    small = most <= 1 - confidence
    seams = parts.seams
    violations = evidence.violations
    if not credible:
        violations += ("no mixture of steps at which the right answer is the likeliest explains the race lengths",)
    return Certificate(
        most,
        min(-math.expm1(-sum(part.expected for part in found)), most),
        confidence,
        parts.voted(1.0),
        seams,
        assumptions=_assumptions(evidence),
        violations=violations,
        stated=parts.kept(1.0),
        needed="" if small else _needed(evidence, seams, confidence),
        allowed=() if small or not (parts.final or parts.stated) else _allowed(parts, rivals),
        proof=evidence.proof,
    )


def _assumptions(evidence: Evidence) -> tuple[str, ...]:
    by_looks = any(isinstance(evidence.rule(group), Looks) for group in (*evidence.races, *evidence.stated))
    return (*LOOK_ASSUMPTIONS, *ASSUMPTIONS[4:]) if by_looks else ASSUMPTIONS


class _Parts(msgspec.Struct, frozen=True):
    """The groups of steps that are bounded apart, and the confidence that each group's bound has to have."""

    final: tuple[tuple[Rule, dict[int, int]], ...]
    stated: tuple[tuple[Rule, dict[int, int]], ...]
    confidence: float
    unkept: float
    seams: Bound | None

    def voted(self, rival: float) -> tuple[Bound, ...]:
        """Bounds of the steps whose mistakes are final; ``rival`` as for ``bound_of_races``."""
        return self._among(self.final, 1.0, rival)

    def kept(self, rival: float) -> tuple[Bound, ...]:
        """Bounds of the decompositions whose statements were kept."""
        return self._among(self.stated, self.unkept, rival)

    def bounds(self, rival: float) -> tuple[Bound, ...]:
        """Return the bounds of all groups of races, under one rival."""
        return (*self.voted(rival), *self.kept(rival), *([self.seams] if self.seams else []))

    def _among(self, groups: tuple[tuple[Rule, dict[int, int]], ...], also: float, rival: float) -> tuple[Bound, ...]:
        return tuple(self._bound(rule, lengths, also, rival) for rule, lengths in groups)

    def _bound(self, rule: Rule, lengths: dict[int, int], also: float, rival: float) -> Bound:
        if isinstance(rule, Looks):
            return bound_of_looks(rule, sum(lengths.values()), also)
        return bound_of_races(rule, lengths, self.confidence, also, rival)


def _groups(evidence: Evidence, races: Mapping[Group, Mapping[int, int]]) -> tuple[tuple[Rule, dict[int, int]], ...]:
    """Return the groups that have races, those with the smallest lead first."""
    held = [(evidence.rule(group), dict(lengths)) for group, lengths in races.items() if sum(lengths.values())]
    return tuple(sorted(held, key=lambda item: (item[0].agreeing, repr(item[0]))))


def _parts(evidence: Evidence, confidence: float) -> _Parts:
    """Share the risk of a wrong bound equally among the groups that there are."""
    final, stated = _groups(evidence, evidence.races), _groups(evidence, evidence.stated)
    chains, failed = evidence.chains, evidence.chains_failed
    number = len(final) + len(stated) + bool(chains)
    share = 1 - (1 - confidence) / number if number else confidence
    unkept = _share_failed(chains, failed, share) if chains else 1.0
    seams = bound_of_chains(chains, failed, share, one_way=evidence.one_way) if chains else None
    return _Parts(final, stated, share, unkept, seams)


def _allowed(parts: _Parts, rivals: Sequence[tuple[float, str]]) -> tuple[Allowed, ...]:
    """The bounds for steps that are not as hard as steps can be, where that says anything."""
    found = []
    for rival, meaning in rivals:
        bound, possible = _together(parts.bounds(rival))
        if bound < 0.99 or not possible:
            found.append(Allowed(rival, meaning, bound, possible))
    return tuple(found)


def _together(parts: Sequence[Bound]) -> tuple[float, bool]:
    """The probability that anything is wrong in any of the parts, at most; and whether all of them are credible."""
    if not all(part.credible for part in parts):
        return 1.0, False
    return min(1.0, -math.expm1(sum(math.log1p(-min(part.p_any, 1 - 1e-15)) for part in parts))), True


def bound_of_looks(rule: Looks, steps: int, also: float = 1.0) -> Bound:
    """Bound the number of wrong verdicts among steps decided by looks: each is wrong with at most the rule's budget.

    Their number says nothing more, as a look is no draw: a step that took many was one that the model was unsure of.
    """
    most = steps * rule.budget * also
    return Bound(steps, most, most, p_any=min(1.0, most), k=rule.agreeing)


def bound_of_chains(chains: int, failed: int, confidence: float, *, one_way: bool = False) -> Bound:
    """Bound the number of chains that returned their promise in spite of two or more wrong steps."""
    if one_way:
        return Bound(chains, 0.0, 0.0, p_any=0.0)
    each = _two_or_more(_share_failed(chains, failed, confidence))
    return Bound(
        chains, chains * _two_or_more(failed / (chains + failed)), chains * each, p_any=any_wrong(chains, each)
    )


def _share_failed(chains: int, failed: int, confidence: float) -> float:
    """Upper limit of the share of chain runs that do not return their promise."""
    return clopper_pearson(failed, chains + failed, 2 * confidence - 1 if confidence > 0.5 else confidence).high


def _needed(evidence: Evidence, seams: Bound | None, confidence: float) -> str:
    """What would do: checks where chains may hide two mistakes, or the lead at which as many steps are certified."""
    rules = [evidence.rule(group) for group in (*evidence.races, *evidence.stated)]
    if any(rule.learns for rule in rules):
        return ""
    if seams is not None and seams.p_any > 1 - confidence:
        return (
            "A chain with two mistakes is counted as if they always cancelled out: fewer such chains take a larger "
            "lead before seams or shorter leaves; none pass in a task with one way and the red flags illegal and "
            "inconsistent"
        )
    steps = sum(sum(lengths.values()) for lengths in evidence.races.values())
    family = type(next(iter(rules), FirstToAheadBy(1)))
    for k in range(1, MOST_LEAD + 1) if steps else ():
        if bound_of_races(family.with_lead(k), {k: steps}, confidence).p_any <= 1 - confidence:
            return (
                f"{steps:,} steps whose mistakes are final can be certified to {1 - confidence:.2g} with a lead of {k} "
                "if their ballots agree: with a smaller one a few hard ones cannot be excluded; or with seams"
            )
    return ""


def _two_or_more(rate: float) -> float:
    """Probability of two or more wrong steps in a chain of which a share ``rate`` has one or more."""
    if rate >= 1:
        return 1.0
    mean = -math.log1p(-rate)
    return -math.expm1(-mean) - mean * math.exp(-mean)

"""How far the shares of a model's looks are to be believed: temperature scaling, learned from looks that agree.

A model that is asked at temperature 1 may give its likeliest answer 70 % where that answer is right in 99 of 100
cases: much of the rest goes to tokens that mean nothing. Weighed as they stand, such shares ask for more looks than
the verdict needs. Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", 2017) raises all shares
of a look to one power, the *sharpness* here, and divides by their sum: their order stays, and one number is learned.

It is learned without ground truth: of looks whose question has a winner it is known what share their likeliest answer
had and whether that is the winner. With the log-odds l of that share, the answer is right with probability
1 / (1 + exp(-s l)) under the sharpness s. The likeliest s solves

    sum over all looks of l / (1 + exp(s l))  =  sum over looks that missed of l,

and one look more is added to those that missed, with log-odds in the mean (as Laplace's rule does for the rate of
misleading wordings). So few looks that agree teach little, bold looks that were outvoted teach more caution than thin
ones, and it is never below 1: what makes shares bolder than they should be is for the rate of misleading wordings.

Assumptions: the looks that were seen are like those to come, and the winner of a question is right as often as the
rule that chose it says. A wrong answer that a model gives in every wording is seen by none of this.
"""

import math
from collections.abc import Iterable, Mapping

MOST = 8.0
"""Largest power: with it two to one is 256 to one, and a look's odds are bounded by the rate of misleading anyway."""
SUREST = 1 - 1e-6
"""Share above which a look is taken for no surer."""
STEPS = 40
"""Halvings of the interval in which the power is looked for: more digits than it deserves."""


def learned_sharpness(seen: Iterable[tuple[float, bool]]) -> float:
    """Find the power that makes shares say how often looks disagree with their question's winner.

    Args:
        seen: Of each look the share of its likeliest answer, and whether that answer is its question's winner.

    Returns:
        From 1, shares as they stand, to ``MOST``.
    """
    odds = [(_log_odds(share), agreed) for share, agreed in seen]
    if not odds:
        return 1.0
    everything = [one for one, _ in odds]
    missed = sum(one for one, agreed in odds if not agreed) + sum(everything) / len(odds)
    low, high = 1.0, MOST
    if _expected(everything, low) <= missed:
        return low
    if _expected(everything, high) > missed:
        return high
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _expected(everything, middle) > missed else (low, middle)
    return low


def _log_odds(share: float) -> float:
    """Log-odds of a likeliest answer; below one half either side is as likely, and no look is beyond all doubt."""
    held = min(SUREST, max(0.5, share))
    return math.log(held / (1 - held))


def _expected(odds: list[float], power: float) -> float:
    """Log-odds of the looks that miss, in the mean, if shares raised to a power are probabilities."""
    return math.fsum(one / (1 + math.exp(power * one)) for one in odds)


def sharpened(look: Mapping[str, float], sharpness: float) -> tuple[dict[str, float], float]:
    """Raise the shares of a look to a power, and return them with what is left for all answers that it does not name.

    Args:
        look: Answers with their probabilities; what is missing from 1 belongs to all others together.
        sharpness: The power, 1 or more.
    """
    rest = max(0.0, 1 - sum(look.values()))
    powers = {name: share**sharpness for name, share in look.items()}
    total = sum(powers.values()) + rest**sharpness
    if total <= 0:
        return dict(look), rest
    return {name: power / total for name, power in powers.items()}, rest**sharpness / total

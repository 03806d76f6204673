"""What samples say about the per-step error rate, and how surely.

Three intervals: for a number of independent samples that was fixed beforehand, the same for tables, and one that holds
however long one looks, also if one looks after every sample and then stops.

Derivation of the last. Let X_1, X_2, ... in [0, 1] have mean p given the past, and let the factor of an X be

    L_theta(X) = (theta / p)^X ((1 - theta) / (1 - p))^(1 - X)  <=  X theta / p + (1 - X) (1 - theta) / (1 - p)

(weighted arithmetic and geometric means), whose expectation is at most theta + 1 - theta = 1. So for every theta the
product over observations is a supermartingale that starts at 1, and so is its mean over theta under a Beta(a, b):

    M_n(p) = B(a + x, b + n - x) / B(a, b) / (p^x (1 - p)^(n - x))        with x = X_1 + ... + X_n

By Ville's inequality M_n(p) ever exceeds 1/alpha with probability alpha at most. The values of p with
M_n(p) <= 1/alpha therefore contain the truth at all n at once, with probability 1 - alpha (Robbins 1970; for 0 and 1
this is the prior-posterior ratio of Waudby-Smith and Ramdas 2020). X need not be 0 or 1: the mean of several draws on
one step is one observation, and draws on one step need not be independent of each other.

The package ``confseq`` has the same for 0 and 1, but is a C++ extension; this is ten lines.
"""

import math
import statistics
from collections.abc import Callable

import msgspec

from surefoot.voting.tails import beta_quantile

PRIOR = (0.5, 8.0)
"""a and b of the mixing Beta: most of its weight lies on small error rates, where the interval is to be short. Any
choice is valid."""


class Interval(msgspec.Struct, frozen=True):
    """An interval for a rate, with the confidence that the rate lies in there.

    Attributes:
        low: Lower end, 0 to 1.
        high: Upper end, 0 to 1, not below ``low``.
        confidence: Probability, over repeated experiments, that the interval contains the rate; between 0 and
            1.
    """

    low: float
    high: float
    confidence: float


def clopper_pearson(errors: int, samples: int, confidence: float = 0.95) -> Interval:
    """Bound an error rate from both sides.

    Each end is missed with probability (1 - confidence) / 2 at most: the interval never contains the rate
    less often than it says, however small the sample (Clopper and Pearson, Biometrika 26, 1934). Samples must
    be independent: repeated draws on one step are not.

    Args:
        errors: How many samples were wrong, 0 to ``samples``.
        samples: How many were taken, 0 or more. None at all says nothing: the interval is (0, 1).
        confidence: Between 0 and 1, both excluded.

    Raises:
        ValueError: An argument is out of range.
    """
    if not 0 <= errors <= samples:
        raise ValueError(f"of {samples} samples {errors} cannot be wrong")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    tail = (1 - confidence) / 2
    low = beta_quantile(errors, samples - errors + 1, tail) if errors > 0 else 0.0
    high = beta_quantile(errors + 1, samples - errors, 1 - tail) if errors < samples else 1.0
    return Interval(low, high, confidence)


def wilson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Where a success rate lies, for tables: shorter than Clopper and Pearson's interval, right on average only.

    Args:
        successes: 0 to ``trials``; not whole where trials count by parts.
        trials: 0 or more, independent. None at all says nothing: the interval is (0, 1).
        confidence: Between 0 and 1, both excluded.

    Source: Wilson, J. Am. Stat. Assoc. 22, 1927.

    Raises:
        ValueError: An argument is out of range.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"of {trials} trials {successes} cannot have succeeded")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    if trials == 0:
        return Interval(0.0, 1.0, confidence)
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    rate, spread = successes / trials, z * z / trials
    middle = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(rate * (1 - rate) * spread + spread * spread / 4) / (1 + spread)
    return Interval(max(0.0, middle - half), min(1.0, middle + half), confidence)


def middle_rate(errors: float, samples: int) -> float:
    """Estimate an error rate by Jeffreys' prior: half an error in one more sample.

    Args:
        errors: Sum of the observations, each between 0 and 1.
        samples: How many there are, 0 or more.
    """
    return (errors + 0.5) / (samples + 1)


def confidence_sequence(errors: float, samples: int, confidence: float = 0.95) -> Interval:
    """Bound an error rate, at this and all other sample sizes at once.

    Args:
        errors: Sum of the observations: for each step, the share of its draws that were wrong.
        samples: How many steps, 0 or more. None at all says nothing: the interval is (0, 1).
        confidence: Between 0 and 1, both excluded.

    Raises:
        ValueError: An argument is out of range.
    """
    if not 0 <= errors <= samples:
        raise ValueError(f"of {samples} samples {errors} cannot be wrong")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence must be between 0 and 1, both excluded, not {confidence}")
    if samples == 0:
        return Interval(0.0, 1.0, confidence)
    a, b = PRIOR
    mixed = _log_beta(a + errors, b + samples - errors) - _log_beta(a, b)
    most = -math.log1p(-confidence)

    def excluded(p: float) -> bool:
        return mixed - errors * math.log(p) - (samples - errors) * math.log1p(-p) > most

    tiny = 1e-15
    middle = min(max(errors / samples, tiny), 1 - tiny)
    low = _edge(middle, tiny, excluded) if errors > 0 else 0.0
    high = _edge(middle, 1 - tiny, excluded) if errors < samples else 1.0
    return Interval(low, high, confidence)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _edge(inside: float, outside: float, excluded: Callable[[float], bool]) -> float:
    """Where exclusion begins between two rates, to 1e-15; the far end (0 or 1) if it is not excluded.

    By halving: every run needs this when it starts, and importing ``scipy.optimize`` takes longer than a short run.
    """
    if not excluded(outside):
        return float(round(outside))
    while abs(outside - inside) > 1e-15:
        half = (inside + outside) / 2
        if half in (inside, outside):
            break
        inside, outside = (inside, half) if excluded(half) else (half, outside)
    return outside

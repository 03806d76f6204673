"""Intervals for an error rate that hold however long one looks, also if one looks after every sample and then stops.

Derivation. Let X_1, X_2, ... in [0, 1] have mean p given the past, and let the factor of an observation X be

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

from voting.error_rate import Interval

PRIOR = (0.5, 8.0)
"""a and b of the mixing Beta: most of its weight lies on small error rates, where the interval is to be short. Any
choice is valid."""


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
    from scipy.optimize import brentq
    from scipy.special import betaln

    a, b = PRIOR
    mixed = float(betaln(a + errors, b + samples - errors) - betaln(a, b))
    most = -math.log1p(-confidence)

    def excess(p: float) -> float:
        """Above 0 where p is excluded."""
        return mixed - errors * math.log(p) - (samples - errors) * math.log1p(-p) - most

    tiny = 1e-15
    middle = min(max(errors / samples, tiny), 1 - tiny)
    low = float(brentq(excess, tiny, middle)) if errors > 0 and excess(tiny) > 0 else 0.0
    high = float(brentq(excess, middle, 1 - tiny)) if errors < samples and excess(1 - tiny) > 0 else 1.0
    return Interval(low, high, confidence)

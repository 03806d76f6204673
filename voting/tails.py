"""Tails of three distributions, worked out with nothing but logarithms of factorials.

Every run needs a few of them, and importing ``scipy.special`` (with NumPy) takes longer than a short run does. The
tests hold each against SciPy.
"""

import math
from collections.abc import Callable

LEAST = 1e-17
"""A term below this share of the sum so far, in a sequence that falls at least geometrically, is the last one added."""
SMALLEST = 1e-300
"""Stands for 0 where it would be divided by (Lentz's method)."""
MOST_TERMS = 1_000_000
MOST_HALVINGS = 200


def beta_quantile(a: float, b: float, share: float) -> float:
    """Return where the distribution function of Beta(a, b) reaches a share: the inverse of ``beta_share``.

    By Newton's method inside a bracket that is halved whenever a step leaves it.

    Args:
        a: Shape, above 0.
        b: Shape, above 0.
        share: Between 0 and 1, both excluded.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    log_scale = _log_beta(a, b)
    for _ in range(MOST_HALVINGS):
        miss = beta_share(a, b, x) - share
        low, high = (x, high) if miss < 0 else (low, x)
        log_slope = (a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - log_scale
        step = miss * math.exp(-log_slope) if log_slope > -690 else math.inf
        to = x - step if low < x - step < high else (low + high) / 2
        if abs(to - x) <= 1e-15 * x or to in (0.0, 1.0):
            return to
        x = to
    return x


def beta_share(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b): what share of Beta(a, b) lies below x.

    The continued fraction of the Digital Library of Mathematical Functions, 8.17.22, which converges quickly below the
    mean; above it the mirrored one is taken.

    Args:
        a: Shape, above 0.
        b: Shape, above 0.
        x: Between 0 and 1.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    log_front = a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b)
    return math.exp(log_front) / a * _fraction(a, b, x) if log_front > -740 else 0.0


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction by Lentz's method as modified by Thompson and Barnett."""
    below = 1 / ((1 - (a + b) * x / (a + 1)) or SMALLEST)
    above, found = 1.0, below
    for m in range(1, MOST_TERMS):
        change = 1.0
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            below = 1 / ((1 + term * below) or SMALLEST)
            above = (1 + term / above) or SMALLEST
            change = above * below
            found *= change
        if abs(change - 1) < 3e-16:
            break
    return found


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def poisson_at_least(hits: int, mean: float) -> float:
    """Return the probability that a Poisson count of a mean is at least so large.

    Args:
        hits: Any whole number.
        mean: 0 or more.
    """
    if hits <= 0 or mean <= 0:
        return float(hits <= 0)
    if hits > mean:
        return min(1.0, _poisson(hits, mean) * _sum(lambda i: mean / (i + 1), hits, 1))
    return max(0.0, 1 - _poisson(hits - 1, mean) * _sum(lambda i: i / mean, hits - 1, -1))


def _poisson(hits: int, mean: float) -> float:
    return math.exp(hits * math.log(mean) - mean - math.lgamma(hits + 1))


def hypergeometric_tails(hits: int, races: int, marked: int, drawn: int) -> tuple[float, float]:
    """Return the probabilities of at most and of at least so many marked ones among those drawn.

    Args:
        hits: Marked ones among those drawn.
        races: All there are.
        marked: How many of them are marked.
        drawn: How many are drawn, without putting one back.
    """
    rest = races - marked - drawn
    if not max(0, -rest) <= hits <= min(marked, drawn):
        return (0.0, 1.0) if hits < max(0, -rest) else (1.0, 0.0)
    here = math.exp(_log_choose(marked, hits) + _log_choose(races - marked, drawn - hits) - _log_choose(races, drawn))
    if hits * races >= marked * drawn:  # at or above the mean: terms fall towards the top
        top = min(1.0, here * _sum(lambda i: (marked - i) * (drawn - i) / ((i + 1) * (rest + i + 1)), hits, 1))
        return min(1.0, max(0.0, 1 - top + here)), top
    low = min(1.0, here * _sum(lambda i: i * (rest + i) / ((marked - i + 1) * (drawn - i + 1)), hits, -1))
    return low, min(1.0, max(0.0, 1 - low + here))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _sum(ratio: Callable[[int], float], first: int, way: int) -> float:
    """Add up terms that fall, the first of which is 1, each ``ratio`` times the one before it."""
    total = term = 1.0
    while term > LEAST * total:
        term *= ratio(first)
        total += term
        first += way
    return total

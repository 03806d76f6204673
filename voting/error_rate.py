"""What samples say about the per-step error rate, and how surely."""

import math
import statistics
from collections.abc import Sequence

import msgspec

from voting.ballot import Ballot


class Interval(msgspec.Struct, frozen=True):
    """Where a rate lies.

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
    from scipy.special import betaincinv  # here, as it takes long to import and most commands do without

    tail = (1 - confidence) / 2
    low = float(betaincinv(errors, samples - errors + 1, tail)) if errors > 0 else 0.0
    high = float(betaincinv(errors + 1, samples - errors, 1 - tail)) if errors < samples else 1.0
    return Interval(low, high, confidence)


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Where a success rate lies, for tables: shorter than Clopper and Pearson's interval, right on average only.

    Args:
        successes: 0 to ``trials``.
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


def dissent(ballots: Sequence[Ballot], winner: str) -> int:
    """Count the ballots that name a candidate other than the winner; spoiled ones name none.

    Over the unspoiled ballots of many races this estimates 1 - p without knowing any right answer. It is as
    good as the verdicts are, and biased low where a wrong answer is the likelier one.
    """
    return sum(ballot.candidate is not None and ballot.candidate != winner for ballot in ballots)

"""How unequal steps are: a beta-binomial fitted to the wrong draws of sampled steps, and what follows from it.

With a spread of error rates the hardest steps decide: the closed forms of ``lead.py``, which take all steps to be
alike, are too good then. Steps are drawn from Beta(a, b) here; the wrong answers of a step are one alternative (the
worst case), so a step whose error rate is above one half is lost whatever the lead.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

UNLIKELY = 1e300
"""What a fit that no number can hold counts as: the simplex of the search subtracts values, and not infinities."""


class BetaBinomial(msgspec.Struct, frozen=True):
    """A fitted Beta(a, b) of error rates over steps.

    Attributes:
        a: Shape; ``a / (a + b)`` is the mean error rate.
        b: Shape.
        correlation: Of two draws on one step, 0 (all steps alike) to 1: ``1 / (1 + a + b)``.
        lost: Share of steps at which a wrong answer is likelier than the right one, as fitted.
    """

    a: float
    b: float
    correlation: float
    lost: float


def fit_beta_binomial(rows: Sequence[tuple[int, int]]) -> BetaBinomial | None:
    """Fit by maximum likelihood; ``None`` where nothing was wrong or no step was drawn twice.

    Args:
        rows: For each step its wrong draws and all its unspoiled ones.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import betaln

    counted = {row: 0 for row in rows if row[1] > 0}
    for row in rows:
        if row[1] > 0:
            counted[row] += 1
    if not any(wrong for wrong, _ in counted) or max((n for _, n in counted), default=0) < 2:
        return None
    wrong, draws = np.array(list(counted), dtype=float).T
    weight = np.array(list(counted.values()), dtype=float)
    mean = float((weight * wrong).sum() / (weight * draws).sum())

    def unlikely(x: Any) -> float:
        m, size = 1 / (1 + math.exp(-_within(x[0], 30))), math.exp(_within(x[1], 20))
        a, b = m * size, (1 - m) * size
        found = -float((weight * (betaln(a + wrong, b + draws - wrong) - betaln(a, b))).sum())
        return found if math.isfinite(found) else UNLIKELY

    first = math.log(mean / (1 - mean)) if 0 < mean < 1 else 5.0
    starts = [minimize(unlikely, np.array([first, s]), method="Nelder-Mead") for s in (0.0, 3.0, 7.0)]
    best = min(starts, key=lambda found: found.fun)
    m, size = 1 / (1 + math.exp(-_within(best.x[0], 30))), math.exp(_within(best.x[1], 20))
    return beta_binomial_of(m * size, (1 - m) * size)


def _within(x: float, most: float) -> float:
    """Cut a number to a range in which nothing overflows."""
    return max(-most, min(most, float(x)))


def beta_binomial_of(a: float, b: float) -> BetaBinomial:
    """Make a beta-binomial from the two shapes of its Beta.

    Raises:
        ValueError: A shape is not positive.
    """
    from scipy.special import betainc

    if a <= 0 or b <= 0:
        raise ValueError(f"the shapes of a Beta are positive, not {a} and {b}")
    return BetaBinomial(a, b, 1 / (1 + a + b), float(1 - betainc(a, b, 0.5)))


def p_step_beta_binomial(spread: BetaBinomial, k: int) -> float:
    """Compute the mean probability, over the fitted Beta, of the right answer winning a step (Eq. 9)."""
    from scipy.special import expit

    odds, share = _steps(spread)
    return 1 - float((expit(-k * odds) * share).sum())


def ballots_beta_binomial(spread: BetaBinomial, k: int, valid_rate: float = 1.0) -> float:
    """Compute the mean number of ballots of a step, over the fitted Beta (Eq. 16)."""
    import numpy as np

    odds, share = _steps(spread)
    return float((k * np.tanh(k * odds / 2) / np.tanh(odds / 2) * share).sum()) / valid_rate  # 2p - 1 = tanh(odds / 2)


def k_min_beta_binomial(spread: BetaBinomial, steps: int, target: float, most: int = 40) -> int | None:
    """Find the smallest lead with which a run over the fitted Beta holds the target; ``None`` if none does."""
    for k in range(1, most + 1):
        if p_step_beta_binomial(spread, k) ** steps >= target:
            return k
    return None


def _steps(spread: BetaBinomial) -> tuple[Any, Any]:
    """Steps at quantiles of the spread: log-odds of the right answer, and what share of all steps each stands for."""
    import numpy as np
    from scipy.special import betaincinv, logit

    # Half the points lie in the upper hundredth: rare hard steps carry the mean.
    edges = np.concatenate([np.linspace(0, 0.99, 2001), 1 - np.logspace(-2, -9, 2001)[1:], [1.0]])
    rates = np.clip(betaincinv(spread.a, spread.b, (edges[1:] + edges[:-1]) / 2), 1e-12, 1 - 1e-12)
    odds = -logit(rates)
    return np.where(np.abs(odds) < 1e-9, 1e-9, odds), np.diff(edges)

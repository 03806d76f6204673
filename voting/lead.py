"""How large a lead is needed, and what it costs: the closed forms.

All are from MAKER, arXiv 2511.09030; equation numbers are the paper's. They hold for one right answer against
*one* alternative (the worst case for a given p), independent ballots, the same p at every step, and no cap on
ballots. Where steps differ, the hardest step decides, and these figures are too good: they are predictions,
never results.

Everywhere ``p`` is the probability that a ballot which was not spoiled is right, and ``k`` the lead that
wins, in ballots. In all formulas ``r = (1 - p) / p``; they are computed from ``log r``, so that nothing is
lost at p = 0.999999 or 2**26 steps.
"""

import functools
import math
from collections.abc import Sequence


def p_step(p: float, k: int) -> float:
    """Compute the probability that the right answer wins one step: ``1 / (1 + r**k)`` (Eq. 9).

    Raises:
        ValueError: ``p`` is outside [0, 1] or ``k`` is below 1.
    """
    return math.exp(-_surprise(p, k))


def p_full(p: float, k: int, steps: int, steps_per_call: int = 1) -> float:
    """Compute the probability that no step goes wrong: ``(1 + r**k) ** (-s / m)`` (Eq. 12 and 13).

    Args:
        p: Probability that a counted ballot is right *about one step*, 0 to 1.
        k: The lead that wins, 1 or more.
        steps: s, the number of steps, 1 or more.
        steps_per_call: m, the number of steps that one call answers, 1 or more.

    Raises:
        ValueError: An argument is out of range.
    """
    _check_steps(steps, steps_per_call)
    return math.exp(-_surprise(p, k) * (steps / steps_per_call))


def k_min(p: float, steps: int, target: float, steps_per_call: int = 1) -> int:
    """Find the smallest lead with which the whole run has no error with probability ``target`` (Eq. 14).

    ``ceil(ln(t ** (-m/s) - 1) / ln r)``, at least 1; where rounding leaves the ceiling in doubt, `p_full`
    decides.

    Args:
        p: Probability that a counted ballot is right, above 0.5 and at most 1. At 1 a single ballot is
            enough.
        steps: s, the number of steps, 1 or more.
        target: t, the wanted probability that the run has no error, between 0 and 1, both excluded.
        steps_per_call: m, the number of steps that one call answers, 1 or more.

    Raises:
        ValueError: An argument is out of range; with ``p`` at most 0.5 no lead is enough.
    """
    if not 0.5 < p <= 1:
        raise ValueError(
            f"no lead is enough unless an answer is right more often than not: p must be in (0.5, 1], not {p}"
        )
    if not 0 < target < 1:
        raise ValueError(f"the target must be between 0 and 1, both excluded, not {target}")
    if p_full(p, 1, steps, steps_per_call) >= target:
        return 1
    wrong_odds = math.expm1(-math.log(target) * steps_per_call / steps)  # below 1, else k = 1 would have done
    k = max(2, math.ceil(-math.log(wrong_odds) / _log_odds(p)))
    while p_full(p, k, steps, steps_per_call) < target:
        k += 1
    while p_full(p, k - 1, steps, steps_per_call) >= target:
        k -= 1
    return k


def expected_ballots(p: float, k: int, valid_rate: float = 1.0) -> float:
    """Compute the mean number of ballots of one step: ``k (2 p_sub - 1) / (2 p - 1) / v`` (Eq. 16 and 19).

    This is the mean duration of the gambler's ruin between -k and k, ``k**2`` at p = 0.5.

    Args:
        p: Probability that a counted ballot is right, 0 to 1.
        k: The lead that wins, 1 or more.
        valid_rate: v, the fraction of ballots that is not spoiled, above 0 and at most 1.

    Raises:
        ValueError: An argument is out of range.
    """
    _check_p_and_k(p, k)
    if not 0 < valid_rate <= 1:
        raise ValueError(f"the valid rate must be in (0, 1], not {valid_rate}")
    if p == 0.5:
        return k * k / valid_rate
    return k * math.tanh(k * _log_odds(p) / 2) / (2 * p - 1) / valid_rate  # 2 p_sub - 1 = tanh(k ln(1/r) / 2)


@functools.lru_cache(maxsize=4096)
def expected_requests(p: float, k: int, valid_rate: float = 1.0) -> float:
    """Compute the mean number of rounds of one step, each of the fewest ballots that could end the race.

    A round is one request: its ballots share a prompt. The lead is a walk of which each round takes as many steps as
    are missing, so it can only end with a round's last ballot.

    Args:
        p: Probability that a counted ballot is right, 0 to 1; wrong ones name one alternative.
        k: The lead that wins, 1 or more.
        valid_rate: v, the fraction of ballots that is not spoiled, above 0 and at most 1.

    Raises:
        ValueError: An argument is out of range.
    """
    _check_p_and_k(p, k)
    if not 0 < valid_rate <= 1:
        raise ValueError(f"the valid rate must be in (0, 1], not {valid_rate}")
    if k == 1:
        return 1 / valid_rate
    one = (valid_rate * (1 - p), 1 - valid_rate, valid_rate * p)
    after = [[1.0]]  # by ballots: where the lead is, from all against to all for the first candidate
    for _ in range(k):
        after.append(_one_more(after[-1], one))
    rows = []
    for lead in range(1 - k, k):
        ballots = k - abs(lead)
        row = [0.0] * (2 * k - 1) + [1.0]
        row[lead + k - 1] = 1.0
        for column, chance in enumerate(after[ballots], lead - ballots + k - 1):
            if 0 <= column < 2 * k - 1:
                row[column] -= chance
        rows.append(row)
    return _solved(rows)[k - 1]


def _one_more(places: Sequence[float], one: tuple[float, float, float]) -> list[float]:
    """Chances of each place after another ballot, which moves one place down, none or one up."""
    padded = [0.0, 0.0, *places, 0.0, 0.0]
    return [padded[i + 2] * one[0] + padded[i + 1] * one[1] + padded[i] * one[2] for i in range(len(places) + 2)]


def _solved(rows: list[list[float]]) -> list[float]:
    """Solve linear equations by elimination; each row holds its coefficients and its right side, and is overwritten.

    Without exchanging rows: that is stable for one minus the moves of a walk that ends (an M-matrix), and it takes
    less time than importing a library for it would, as the leads of most runs are below ten.
    """
    for at, row in enumerate(rows):
        for below in rows[at + 1 :]:
            if below[at]:
                factor = below[at] / row[at]
                below[at:] = [there - factor * here for there, here in zip(below[at:], row[at:], strict=True)]
    found = [0.0] * len(rows)
    for at in reversed(range(len(rows))):
        row = rows[at]
        known = math.fsum(row[later] * found[later] for later in range(at + 1, len(rows)))
        found[at] = (row[-1] - known) / row[at]
    return found


def expected_calls(p: float, k: int, steps: int, valid_rate: float = 1.0) -> float:
    """Compute the mean number of calls of a whole run, one step a call.

    These are Eq. 17 and 19 without their approximation ``2 p_sub - 1 = 1``.

    Raises:
        ValueError: An argument is out of range; see `expected_ballots`.
    """
    _check_steps(steps, 1)
    return steps * expected_ballots(p, k, valid_rate)


def expected_cost_usd(
    calls: float, tokens_in: float, tokens_out: float, usd_per_token_in: float, usd_per_token_out: float
) -> float:
    """Compute the price of so many calls in US dollars (Eq. 20).

    Args:
        calls: Number of calls, 0 or more.
        tokens_in: Mean prompt tokens of a call.
        tokens_out: Mean reply tokens of a call.
        usd_per_token_in: Dollars for *one* prompt token: a price per million, divided by a million.
        usd_per_token_out: Dollars for one reply token.

    Raises:
        ValueError: An argument is negative.
    """
    if min(calls, tokens_in, tokens_out, usd_per_token_in, usd_per_token_out) < 0:
        raise ValueError("calls, tokens and prices cannot be negative")
    return calls * (tokens_in * usd_per_token_in + tokens_out * usd_per_token_out)


def _surprise(p: float, k: int) -> float:
    """``-ln P(right answer wins) = ln(1 + r**k)``, from 0 to infinity."""
    _check_p_and_k(p, k)
    x = k * _log_odds(p)
    return max(-x, 0.0) + math.log1p(math.exp(-abs(x)))


def _log_odds(p: float) -> float:
    """``-ln r``. Infinite at 0 and 1."""
    if p in (0, 1):
        return math.copysign(math.inf, p - 0.5)
    return math.log(p) - math.log1p(-p)


def _check_p_and_k(p: float, k: int) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"a probability is between 0 and 1, not {p}")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")


def _check_steps(steps: int, steps_per_call: int) -> None:
    if steps < 1 or steps_per_call < 1:
        raise ValueError(f"there must be at least 1 step, and 1 a call, not {steps} and {steps_per_call}")

"""How fast steps would be decided if ballots were independent: the line that a run is held against.

MAKER (arXiv 2511.09030) plots the undecided steps by sampling round in its Fig. 8; in that run far more steps than
this line allows stayed undecided, because spoiled ballots came back on the same steps.
"""

from voting.outcomes import outcomes


def undecided_if_independent(k: int, p_error: float, valid_rate: float, rounds: int) -> list[float]:
    """Share of steps without a verdict after 0, 1, ..., ``rounds`` ballots each, spoiled ones included.

    Args:
        k: Lead of a first-to-ahead-by-k race.
        p_error: Probability that an unspoiled ballot is wrong; one wrong answer, 0 to 1.
        valid_rate: Probability that a ballot is not spoiled, above 0 and at most 1.
        rounds: At least ``k``.
    """
    from scipy.stats import binom

    ends = outcomes(k, max(k, rounds), ((1 - p_error, p_error, 0.0),))
    open_after = [1.0] * (rounds + 1)  # by unspoiled ballots
    decided = 0.0
    for n in range(k, rounds + 1):
        decided += float(ends.right[n][0] + ends.wrong[n][0])
        open_after[n] = max(0.0, 1 - decided)
    return [float(sum(binom.pmf(m, r, valid_rate) * open_after[m] for m in range(r + 1))) for r in range(rounds + 1)]

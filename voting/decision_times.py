"""How fast steps would be decided if ballots were independent: the line that a run is held against.

MAKER (arXiv 2511.09030) plots the undecided steps by sampling round in its Fig. 8; in that run far more steps than
this line allows stayed undecided, because spoiled ballots came back on the same steps.
"""

from collections import defaultdict

from surefoot.voting.race import FirstToAheadBy
from surefoot.voting.sequential import AnyRule, Sequential, needed


def undecided_if_independent(rule: AnyRule, p_error: float, valid_rate: float, rounds: int) -> list[float]:
    """Share of steps without a verdict after 0, 1, ..., ``rounds`` ballots each, spoiled ones included.

    Exact, by dynamic programming over the tallies of two candidates.

    Args:
        rule: What ends a race.
        p_error: Probability that an unspoiled ballot is wrong; one wrong answer, 0 to 1.
        valid_rate: Probability that a ballot is not spoiled, above 0 and at most 1.
        rounds: 0 or more.
    """
    live: dict[tuple[int, int], float] = {(0, 0): 1.0}
    shares = [1.0]
    for _ in range(rounds):
        after: dict[tuple[int, int], float] = defaultdict(float)
        for (right, wrong), chance in live.items():
            after[right, wrong] += chance * (1 - valid_rate)
            for tally, share in (((right + 1, wrong), 1 - p_error), ((right, wrong + 1), p_error)):
                part = chance * valid_rate * share
                if part > 1e-18 and not _ends(rule, max(tally), min(tally)):
                    after[tally] += part
        live = after
        shares.append(sum(live.values()))
    return shares


def _ends(rule: AnyRule, first: int, second: int) -> bool:
    """Whether the leader of two candidates has won."""
    if isinstance(rule, Sequential):
        return first > second and needed(rule, (first, second) if second else (first,), 1) == 0
    return first - (second if isinstance(rule, FirstToAheadBy) else 0) >= rule.k

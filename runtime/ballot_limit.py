"""How many ballots one race may have: as many as were asked for, else enough for its lead."""

from typing import Literal

FEWEST = 100
"""Ballots that a race may have at least where no limit was given."""

PER_LEAD = 8
"""Ballots for each of the lead. Where a share p of the ballots is for one wrong answer, a lead of k takes about
k / (1 - 2p): eight times the lead is what p = 0.4375 takes. A step that needs more is as good as undecided."""

MOST = 2048
"""Ballots at most: draw numbers are handed out in strides of twice as many, one half of them for suspects."""


def most_ballots(limit: int | Literal["auto"], lead: int) -> int:
    """Return after how many ballots a race is given up.

    Args:
        limit: As configured; ``auto`` grows with the lead, so that a lead that is asked for can be reached.
        lead: Votes by which a candidate must be ahead, 1 or more.
    """
    return min(MOST, max(FEWEST, PER_LEAD * lead)) if limit == "auto" else limit

"""Retry budget: how many of a model's calls may be retries.

An outage is waited out (``patience_s``), and costs few calls (``congestion.py``). A server that goes on failing between
answers is another matter: every failure may have been paid for. So each call earns part of a retry, and where more are
wanted for long the run pauses and says so.
"""

AT_ONCE = 300
"""Retries in hand to begin with, and at most."""


class RetryBudget:
    """Limits retries to a share of the calls.

    Args:
        share: Share of the calls that may be retries for long.
    """

    def __init__(self, share: float) -> None:
        self.share, self.left = share, float(AT_ONCE)

    def earn(self) -> None:
        """Earn part of a retry for a call that was answered."""
        self.left = min(float(AT_ONCE), self.left + self.share)

    def spend(self) -> bool:
        """Spend a retry; return whether there was one left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    @property
    def spent(self) -> str:
        """A line for people if no retry is left; else empty."""
        return f"more than {self.share:.0%} of the calls were retries (--retry-share)" if self.left < 1 else ""

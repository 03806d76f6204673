"""After how many seconds an answer is so late that asking again pays, judged by the latencies seen.

Whoever is late is asked again after the 95th percentile of the latencies seen (Dean and Barroso, The Tail at Scale,
2013), which costs some 5 % more calls; and only where that pays: where such a second call saves twice the waiting, in
the mean, that a call takes. Latencies that differ little, or that fall off exponentially, never do that.
"""

from collections.abc import Sequence

SEEN = 128
"""Latencies that are enough to judge by, and as many as are judged by."""
LATE = 0.95
"""Share of the calls that are answered before another is asked again."""
PAYS = 2.0
"""Waiting that a second call has to save in the mean, in mean latencies. Exponential ones save half of one."""


def hedge_after_s(latencies: Sequence[float]) -> float | None:
    """Seconds after which a call is asked again; ``None`` if that does not pay.

    Args:
        latencies: Seconds that calls took, at least ``SEEN`` of them, each as likely as the other.
    """
    if len(latencies) < SEEN:
        return None
    ordered = sorted(latencies)
    after = ordered[int(LATE * len(ordered))]
    late = [one for one in ordered if one > after]
    if not late:
        return None
    saved = sum(max(0.0, one - after - again) for one in late for again in ordered) / (len(late) * len(ordered))
    return after if saved >= PAYS * sum(ordered) / len(ordered) else None

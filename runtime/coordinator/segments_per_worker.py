"""How many segments a coordinator sends to a worker at the same time."""

from surefoot.decompose.segment import SegmentSize
from surefoot.runtime.config import RunConfig
from surefoot.runtime.leads import Leads


def segments_per_worker(config: RunConfig, leads: Leads, segments: SegmentSize, *, one_chain: bool) -> int:
    """Twice as many as hold a worker's chains, and one: a segment that begins or ends asks fewer questions at once.

    The worker's own gate keeps to ``chains_in_flight``, the earliest in plan order first.

    Args:
        config: Of the run.
        leads: Of the run, with the leaf length.
        segments: How large its segments are.
        one_chain: Whether a segment may be a single chain, as a part is that the task's code gives the root.
    """
    chains = 1 if one_chain else max(1, segments.steps // (leads.leaf_steps + 1))
    return 1 + 2 * -(-config.chains_in_flight // chains)

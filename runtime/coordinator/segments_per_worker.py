"""How many segments a coordinator sends to its workers at the same time, and how many of them are decompositions."""

from surefoot.decompose.segment import SegmentSize
from surefoot.runtime.config import RunConfig
from surefoot.runtime.leads import Leads

SPLITS = 64
"""Decompositions that are always let through at the same time: what a plan is split in at once for a few workers."""


def segments_per_worker(config: RunConfig, leads: Leads, segments: SegmentSize, *, one_chain: bool) -> int:
    """Four times as many as hold a worker's chains, and one: a segment that begins or ends asks few questions at once.

    It begins with decompositions that wait for each other, and ends with the chains that are run again. The worker's
    own gate keeps to ``chains_in_flight``, the earliest in plan order first.

    Args:
        config: Of the run.
        leads: Of the run, with the leaf length.
        segments: How large its segments are.
        one_chain: Whether a segment may be a single chain, as a part is that the task's code gives the root.
    """
    chains = 1 if one_chain else max(1, segments.steps // (leads.leaf_steps + 1))
    return 1 + 4 * -(-config.chains_in_flight // chains)


def splits_at_once(workers: int) -> int:
    """Two for each worker: a plan is split downwards rather than in its whole width.

    A decomposition is a question or a few, and a segment that it leads to keeps a worker busy for seconds: more of them
    at once than are needed to have segments ready only come before the first of these.

    Args:
        workers: Number of workers.
    """
    return max(SPLITS, 2 * workers)

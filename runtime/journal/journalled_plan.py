"""What it takes to read a plan back from its journal: the task, and how the plan was split, voted on and sent."""

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.segment import SegmentSize
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.leads import LEAF_STEPS, Leads

SEGMENTS = "segments"
"""The journal's name for the size of segments, where a run chose it."""


class JournalledPlan(msgspec.Struct, frozen=True):
    """A plan in a journal, and what its records are read back with.

    Attributes:
        journal: Of the run.
        task: The task.
        method: Says which nodes were split.
        rule: Name of the rule that races were decided by.
        segments: Up to which size nodes travelled whole.
    """

    journal: JournalReader
    task: Task
    method: Method
    rule: str
    segments: SegmentSize


def journalled_plan(journal: JournalReader, config: RunConfig, task: Task) -> JournalledPlan:
    """Return the plan of a run, split as its journal says it was.

    Args:
        journal: Of the run.
        config: The run's configuration.
        task: The task of that configuration.

    Raises:
        JournalError: The journal does not say how long its leaves or its segments are.
        ConfigurationError: There is no decomposition method of the configured name, or nobody loaded it.
    """
    method = method_of(config.strategy, leaf_steps_in(journal))
    return JournalledPlan(journal, task, method, config.rule, segment_size_in(journal, config))


def leaf_steps_in(journal: JournalReader) -> int:
    """Return the length of a leaf that a journal's plan was split with, in steps.

    A change of the setup takes the leads back until they are chosen again, and keeps the length of the leaves.
    """
    leads = read_meta(journal, "leads", Leads)
    if leads is not None:
        return leads.leaf_steps
    return read_meta(journal, "leaf_steps", int) or LEAF_STEPS


def segment_size_in(journal: JournalReader, config: RunConfig) -> SegmentSize:
    """Return the size of the segments that a journal's plan was cut into.

    It is chosen once in a run, when the time of a step is known, and kept whatever else changes.

    Args:
        journal: Of the run.
        config: The run's configuration: a size that it names counts before all.

    Raises:
        JournalError: The journal holds something else under that name.
    """
    if config.segment_steps != "auto":
        return SegmentSize(config.segment_steps)
    return read_meta(journal, SEGMENTS, SegmentSize) or SegmentSize()

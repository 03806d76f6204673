"""What it takes to read a plan back from its journal: the task, and how the plan was split, voted on and sent."""

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.leads import LEAF_STEPS, Leads


class JournalledPlan(msgspec.Struct, frozen=True):
    """A plan in a journal, and what its records are read back with.

    Attributes:
        journal: Of the run.
        task: The task.
        method: Says which nodes were split.
        rule: Name of the rule that races were decided by.
        segment_steps: Nodes of at most so many steps travelled whole.
    """

    journal: JournalReader
    task: Task
    method: Method
    rule: str
    segment_steps: int


def journalled_plan(journal: JournalReader, config: RunConfig, task: Task) -> JournalledPlan:
    """Return the plan of a run, split as its journal says it was.

    Args:
        journal: Of the run.
        config: The run's configuration.
        task: The task of that configuration.

    Raises:
        JournalError: The journal does not say how long its leaves are.
        ConfigurationError: There is no decomposition method of the configured name, or nobody loaded it.
    """
    return JournalledPlan(
        journal, task, method_of(config.strategy, leaf_steps_in(journal)), config.rule, config.segment_steps
    )


def leaf_steps_in(journal: JournalReader) -> int:
    """Return the length of a leaf that a journal's plan was split with, in steps.

    A change of the setup takes the leads back until they are chosen again, and keeps the length of the leaves.
    """
    leads = read_meta(journal, "leads", Leads)
    if leads is not None:
        return leads.leaf_steps
    return read_meta(journal, "leaf_steps", int) or LEAF_STEPS

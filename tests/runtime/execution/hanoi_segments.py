"""A small tower's segment, mistakes to plant in it, and how what it decided is read."""

from collections.abc import Callable, Iterable
from typing import Any

from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.policy import segment_policy_of
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.leads import Leads
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import Entry, Record

TASK = Hanoi(disks=4)
ROOT = TASK.root()
TREE = Tree(7)  # two towers of three disks, seven steps each, and one carry between them
ONE = Leads(1, 1, 3)
USUAL_POLICY = segment_policy_of(RunConfig(task="hanoi"))
Make = Callable[..., SegmentRunner]
# The fifth step of the first tower. The answer breaks no rule, and it is not what the strategy wants.
PLACE, ASTRAY = "move cw 3ab ccba", "1cb bcba"
SPLIT, WRONG_SPLIT = "split 4ac aaaa", "3ab bbba / 4ac cbbc / 3bc cccc"


def entries(records: Iterable[Record]) -> dict[tuple[Any, str, int], list[Entry]]:
    """What was decided, by node, part and attempt. Nothing may be there twice, or with a gap."""
    found: dict[tuple[Any, str, int], list[Entry]] = {}
    for record in records:
        known = found.setdefault((record.path, record.part, record.attempt), [])
        assert record.part == "replies" or record.first == len(known)
        known.extend(record.entries)
    return found


def plan(records: Iterable[Record]) -> list[PlanStep]:
    """The last attempt of every chain, in plan order."""
    last: dict[Any, list[Entry]] = {}
    for (path, part, _), known in sorted(entries(records).items(), key=lambda item: item[0]):
        if part == "run":
            last[path] = known
    rule = "first-to-ahead-by"
    return [PlanStep("any", None, winner(entry, rule)) for path in sorted(last) for entry in last[path]]


class Ended:
    """A finished plan, as referees read it."""

    output = None

    def __init__(self, steps: list[PlanStep]) -> None:
        self.steps = steps

    def __iter__(self) -> Any:
        return iter(self.steps)

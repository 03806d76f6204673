"""One worker's attempts at a whole plan, with a batch after every answer, so that it can be cut anywhere."""

import math
from collections.abc import Callable
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Prompt
from surefoot.decompose.task import Task
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.execution.work import Work
from surefoot.runtime.leads import Leads
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Record
from tests.runtime.execution.hanoi_segments import USUAL_POLICY
from tests.runtime.execution.models import Counted


class Session:
    """One worker's attempt at a whole plan as one segment, a batch after every answer."""

    def __init__(
        self, make_steps: Any, task: Task, answers: Callable[[Prompt], Answers], method: Method | None = None
    ) -> None:
        self.model, self.batches = Counted(answers), list[list[Record]]()
        steps = make_steps(task, self.model)
        steps.leads.follow(Leads(1, 1, 2))
        self.work = Work(steps, RecordBuffer(1, math.inf))
        self.work.buffer.flush = lambda: self.batches.append(self.work.take())
        self.runner = SegmentRunner(task, self.work, method or Tree(3), USUAL_POLICY, PrioritySemaphore(1))
        self.root = task.root()

    async def run(self, journalled: list[list[Record]]) -> Any:
        return await self.runner.run(Segment(self.root), [pack(batch) for batch in journalled])

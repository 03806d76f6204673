"""Segments that run without a worker around them."""

import math
from typing import Any

import msgspec
import pytest

from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.execution.work import Work
from surefoot.runtime.leads import Leads
from surefoot.voting.red_flags import parse_switch
from tests.runtime.execution.hanoi_segments import ONE, TASK, TREE, USUAL_POLICY, Make


@pytest.fixture
def segment(step_runner: Any) -> Make:
    def make(model: Any, task: Any = TASK, strategy: Any = TREE, leads: Leads = ONE, **options: Any) -> SegmentRunner:
        flags, chains = options.pop("red_flags", "all"), options.pop("chains", 9)
        steps = step_runner(task, model, flags=parse_switch(flags), max_ballots=options.pop("max_ballots", 20))
        steps.leads.follow(leads)
        buffer = RecordBuffer(options.pop("flush_steps", 10**6), math.inf)
        work = Work(steps, buffer)
        if "flush" in options:
            buffer.flush = options.pop("flush")
        policy = msgspec.structs.replace(USUAL_POLICY, **options)
        return SegmentRunner(task, work, strategy, policy, PrioritySemaphore(chains))

    return make

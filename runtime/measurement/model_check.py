"""Asks a model one step and says everything about it: the first thing to do with a new name."""

import time
from collections.abc import Callable

import msgspec

from surefoot.decompose.step import Flag
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model
from surefoot.runtime.worker.worker import Worker


class Check(msgspec.Struct, frozen=True):
    """Result of ``surefoot models --check``: one question and the reply. JSON keys are added, never renamed.

    Attributes:
        candidate: What the reply was read as; empty if it was discarded.
        flag: The red flag if it was discarded, else empty.
        detail: Why it was.
        latency_s: Seconds from the question to the answer, waits and failed calls included.
        cost_usd: Price of the call; ``None`` if unknown.
        stop: Why the reply ended.
    """

    model: str
    task: str
    kind: str
    dialect: str
    system: str
    prompt: str
    reply: str
    stop: str
    candidate: str
    flag: str
    detail: str
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    tokens_reasoning: int
    latency_s: float
    failed_calls: int
    cost_usd: float | None


async def check_one_step(
    config: RunConfig, task: Task, model: Model | None = None, on_wait: Callable[[str], None] | None = None
) -> Check:
    """Ask a model one sampled step and report all about the reply.

    Args:
        config: Its model is asked, on the terms of a run.
        task: Whose step is asked.
        model: Asked instead.
        on_wait: Told in one line of each time-out, and of each other failure after which the model is asked again.

    Raises:
        ConfigurationError: The model cannot be asked as configured.
        ModelRejected, ModelUnavailable: It did not answer.
    """
    model = model or open_model(config, on_wait)
    try:
        await model.probe()
        steps = Worker(config, task, model).step_runner()
        step = task.sample_step(config.seed)
        request = steps.request(step)
        model.prices()  # what takes seconds to load is no latency
        started = time.monotonic()
        (reply,) = await model.ask(request)
        latency_s = time.monotonic() - started
        read = steps.judge(step, reply)
    finally:
        await model.close()
    return Check(
        model=config.model,
        task=config.task,
        kind=step.kind,
        dialect=model.dialect,
        system=request.prompt.system,
        prompt=request.prompt.user,
        reply=reply.text,
        stop=reply.stop.value,
        candidate="" if isinstance(read, Flag) else read,
        flag=str(read.name) if isinstance(read, Flag) else "",
        detail=read.detail[:200] if isinstance(read, Flag) else "",
        tokens_in=reply.tokens_in,
        tokens_cached=reply.tokens_cached,
        tokens_out=reply.tokens_out,
        tokens_reasoning=reply.tokens_reasoning,
        latency_s=round(latency_s, 4),
        failed_calls=reply.failed_calls,
        cost_usd=reply.cost_usd,
    )

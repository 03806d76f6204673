"""Compares replies that follow a JSON schema with free text, on the same steps.

    python -m surefoot.scripts.benchmarks.structured --model openai/NAME

The same sampled steps are put to a model both ways, one after the other. Of each way it says how many replies could be
read, why the others were discarded, how many of those read are right by the task's answer key, and what a call took.
``--per-kind`` asks so many steps of each kind of question, so that rare ones are seen as well.
"""

import asyncio
import statistics
import time
from collections import Counter
from typing import Any

import click
import msgspec

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task, task_class
from surefoot.runtime.errors import SurefootError
from surefoot.runtime.execution.decider import Decider
from surefoot.runtime.models.factory import AnswerKey, answer_key, open_model
from surefoot.runtime.models.port import Model
from surefoot.runtime.worker.worker import Worker
from surefoot.scripts.commands.cli import print_json
from surefoot.scripts.commands.options import build_config, struct_options

WAYS = {"free text": False, "structured": True}


def sampled(task: Task, per_kind: int) -> list[Step]:
    """Take a number of steps of each kind from the first thousand that the task samples."""
    found: dict[str, list[Step]] = {}
    for number in range(1000):
        step = task.sample_step(number)
        found.setdefault(step.kind, []).append(step)
    return [step for steps in found.values() for step in steps[:per_kind]]


def right_answers(task: Task, step: Step, key: AnswerKey) -> set[str | Flag]:
    """Candidates that are right for a step, read off the prompt as it is put in free text."""
    return {task.parse(step, text, "chat") for text in key(task.prompt(step, "chat")).right}


async def _ask(steps: list[Step], runner: Decider, model: Model, at_once: int) -> list[Any]:
    places = asyncio.Semaphore(at_once)

    async def ask(step: Step) -> tuple[str | Flag, Any, float]:
        async with places:
            began = time.monotonic()
            (reply,) = await model.ask(runner.request(step))
            return runner.judge(step, reply), reply, time.monotonic() - began

    return list(await asyncio.gather(*(ask(step) for step in steps)))


async def compare(config: RunConfig, task: Task, per_kind: int, at_once: int) -> dict[str, Any]:
    """Ask the same steps in free text and by schema; return what came of each way."""
    steps, key = sampled(task, per_kind), answer_key(config.task, config.task_options)
    right = [right_answers(task, step, key) for step in steps]
    found: dict[str, Any] = {}
    for name, structured in WAYS.items():
        own = msgspec.structs.replace(config, structured=structured)
        model = open_model(own)
        try:
            runner = Worker(own, task, model).step_runner()
            answers = await _ask(steps, runner, model, at_once)
        finally:
            await model.close()
        read = [(said, known) for (said, _, _), known in zip(answers, right, strict=True) if not isinstance(said, Flag)]
        found[name] = {
            "replies": len(answers),
            "read": len(read) / len(answers),
            "right_of_read": sum(said in known for said, known in read) / len(read) if read else None,
            "discarded": dict(Counter(str(said.name) for said, _, _ in answers if isinstance(said, Flag))),
            "tokens_in": statistics.mean(reply.tokens_in for _, reply, _ in answers),
            "tokens_out": statistics.mean(reply.tokens_out for _, reply, _ in answers),
            "seconds": statistics.median(seconds for _, _, seconds in answers),
        }
    return found


def _shown(name: str, way: dict[str, Any]) -> str:
    right = "-" if way["right_of_read"] is None else f"{way['right_of_read']:.1%}"
    discarded = ", ".join(f"{flag} {count}" for flag, count in sorted(way["discarded"].items())) or "none"
    return (
        f"{name:<11} {way['replies']:>5} replies  read {way['read']:>6.1%}  right of those {right:>6}  "
        f"{way['tokens_in']:.0f} in, {way['tokens_out']:.0f} out, {way['seconds']:.2f} s  discarded: {discarded}"
    )


@click.command()
@click.option("--task", "name", default="hanoi", show_default=True, help="Task whose steps are asked.")
@click.option("--per-kind", default=50, show_default=True, help="Steps of each kind of question.")
@click.option("--at-once", default=4, show_default=True, help="Calls under way.")
def main(name: str, per_kind: int, at_once: int, **values: Any) -> None:
    """Measure both ways of asking, and print a line for each."""
    try:
        config = build_config(name, task_class(name), values)
        found = asyncio.run(compare(config, open_task(config), per_kind, at_once))
    except SurefootError as error:
        raise click.ClickException(str(error)) from None
    for way, numbers in found.items():
        print(_shown(way, numbers))
    print_json(found)


OPTIONS = ("model", "api_base", "temperature", "max_reply_tokens", "thinking_tokens", "timeout_s", "seed")
main.params[1:1] = struct_options(RunConfig, OPTIONS)

if __name__ == "__main__":
    main()

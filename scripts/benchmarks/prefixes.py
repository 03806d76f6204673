"""Measures how much of the built-in tasks' prompts a server that keeps prefixes does not compute again.

    python -m surefoot.scripts.benchmarks.prefixes --model smollm2

Sampled steps of each task are asked one after the other with replies of one token, as a run words them; the
server's own counters say how many of the prompt's tokens it had kept. Beside it stands the share of characters that
a prompt begins with like one of those before it, which is the most that any server could keep.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from surefoot.decompose.step import Prompt
from surefoot.runtime.config import RunConfig, dialect_of, open_task
from surefoot.runtime.errors import SurefootError
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model, Request
from surefoot.scripts.commands.cli import print_json

TASKS = "hanoi,multiply,balance,digit-hanoi,graph,pddl,river,stacks,checkers,sort,ledger,dictionary-sum"
"""Built-in tasks whose questions come without a file."""


class Kept(msgspec.Struct, frozen=True):
    """What a server kept of the prompts of one task.

    Attributes:
        task: Its name.
        prompts: How many were asked.
        tokens_in: Their tokens.
        tokens_cached: Those of them that the server had.
        alike: Share of the characters, from 0 to 1, that prompts begin with like an earlier one.
    """

    task: str
    prompts: int
    tokens_in: int
    tokens_cached: int
    alike: float

    @property
    def share(self) -> float:
        """Share of the prompt tokens that the server had, from 0 to 1."""
        return self.tokens_cached / max(1, self.tokens_in)


def alike(prompts: Sequence[Prompt]) -> float:
    """Return the share of all characters that prompts begin with like one of those before them."""
    texts, common = [f"{one.system}\n{one.user}" for one in prompts], 0
    for number, text in enumerate(texts):
        common += max((_begins_alike(text, other) for other in texts[:number]), default=0)
    return common / max(1, sum(map(len, texts)))


def _begins_alike(one: str, other: str) -> int:
    """Characters with which two texts begin alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


async def measured(task: str, model: Model, prompts: Sequence[Prompt]) -> Kept:
    """Ask prompts one after the other for a token each, and add up what the server says of them."""
    tokens_in = cached = 0
    for number, prompt in enumerate(prompts):
        request = Request(prompt, (number,), 0.0, 1, 0, raw=prompt.raw, stop=prompt.stop)
        (reply,) = await model.ask(request)
        tokens_in, cached = tokens_in + reply.tokens_in, cached + reply.tokens_cached
    return Kept(task, len(prompts), tokens_in, cached, alike(prompts))


def prompts_of(config: RunConfig, count: int) -> list[Prompt]:
    """Return the prompts of a task's sampled steps, in the dialect of a configuration."""
    task, dialect = open_task(config), dialect_of(config)
    return [task.prompt(sampled_step(config, task, number), dialect) for number in range(count)]


async def _all(config: RunConfig, tasks: Sequence[str], count: int) -> list[Kept]:
    model = open_model(config)
    try:
        each = [msgspec.structs.replace(config, task=task) for task in tasks]
        return [await measured(one.task, model, prompts_of(one, count)) for one in each]
    finally:
        await model.close()


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--model", default="smollm2", show_default=True, help="a model whose server counts what it kept")
@click.option("--api-base", help="its address")
@click.option("--tasks", default=TASKS, show_default=True, help="names, by commas")
@click.option("--prompts", "count", default=40, show_default=True, type=click.IntRange(min=1), help="of each task")
@click.option("--dialect", default="chat", show_default=True, type=click.Choice(["chat", "compact", "micro"]))
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def main(model: str, api_base: str | None, tasks: str, count: int, dialect: Any, as_json: bool) -> None:
    """Print a line for each task."""
    names = [name.strip() for name in tasks.split(",")]
    config = RunConfig(task=names[0], model=model, api_base=api_base, dialect=dialect)
    try:
        found = asyncio.run(_all(config, names, count))
    except SurefootError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json({"tasks": [{**msgspec.to_builtins(one), "share": one.share} for one in found]})
        return
    print(f"{'task':<16} {'tokens in':>9} {'cached':>9} {'share':>7} {'at most':>8}")
    for one in found:
        print(f"{one.task:<16} {one.tokens_in:9,} {one.tokens_cached:9,} {one.share:7.1%} {one.alike:8.1%}")


if __name__ == "__main__":
    main()

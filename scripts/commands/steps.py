"""``surefoot steps``: single steps of a run, what was answered to them and what was discarded."""

import contextlib
import pathlib
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import click
import msgspec

from surefoot.runtime.report.journal_steps import RESULT, JournalStep
from surefoot.runtime.session.mapping import open_run
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, printable


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--disputed", is_flag=True, help="Only steps whose valid answers differ, or that are undecided.")
@click.option("--flagged", is_flag=True, help="Only steps of which a reply was discarded.")
@click.option("--kind", default="", metavar="K", help="Only questions of this kind, or decomposition, pilot, result.")
@click.option("--node", default="", metavar="N", help="Only this node of the plan and what is below it, such as 0.2.")
@click.option("--row", type=click.IntRange(0), metavar="N", help="Only this row of a table, from 0 as in its results.")
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="Most steps to show; 0 for all.")
@json_option
def steps(run_dir: pathlib.Path, limit: int, as_json: bool, **only: Any) -> int:
    """List steps of a run from its journal: what was answered, how it was read, and what was discarded why."""
    node = only.pop("node").strip("/")
    taken = open_run(run_dir).steps(node="" if node == "root" else node, **only)
    with contextlib.closing(taken):
        shown = list(islice(taken, limit or None))
        more = limit > 0 and next(taken, None) is not None
    if as_json:
        told = [{**msgspec.to_builtins(one), "disputed": one.disputed, "flagged": one.flagged} for one in shown]
        print_json({"run_dir": str(run_dir), "steps": told, "more": more})
        return OK
    for step in shown:
        print("\n".join(described(step)))
    print(_end(len(shown), more))
    return OK


def _end(count: int, more: bool) -> str:
    if not count:
        return "no such steps"
    shown = f"{count:,} step{'s' * (count > 1)} shown"
    return f"{shown}; there are more: --limit 0 shows all" if more else shown


def described(step: JournalStep) -> Iterator[str]:
    """Format a step for people; what a model wrote is indented and cannot move the cursor."""
    yield printable(f"{_where(step)}: {_asked(step)}{_how(step)}")
    if step.system:
        yield from _block("system", step.system)
    if step.prompt:
        yield from _block("prompt", step.prompt)
    if step.arguments:
        yield from _block("arguments", step.arguments)
    for reply in step.replies:
        yield from _block("reply", reply.text)
        yield from _block(f"discarded as {reply.flag}" if reply.flag else "read as", reply.read)
    if step.answer is not None:
        yield from _block(TITLES.get(step.what, "answer"), step.answer)
    if step.ballots and (step.disputed or step.flagged):
        yield from _votes(step)


TITLES = {RESULT: "result", "failed row": "error", "failed node": "error"}
"""What the answer of a step is called where nobody voted on it."""


def _where(step: JournalStep) -> str:
    """Where a step stands: its node and number in the plan, or the row that it is about."""
    again = f", attempt {step.attempt + 1}" if step.attempt else ""
    kind = f" ({step.kind})" if step.kind and step.kind != "row" else ""
    if step.row is not None:
        return f"row {step.row:,}{kind}{again}"
    return f"node {step.node}, {step.what} {step.number + 1}{kind}{again}"


def _asked(step: JournalStep) -> str:
    """Who answered: ballots that had to lead by so many, or a tool, or nobody."""
    if TITLES.get(step.what) == "error":
        return "failed"
    if step.what != RESULT:
        return f"lead {step.lead}"
    return f"tool {step.tool}" if step.tool else "not voted on"


def _how(step: JournalStep) -> str:
    told = [f"decided by {step.way}"] if step.way else []
    told += ["remembered"] if step.remembered else []
    told += [f"alarm: {', '.join(step.alarms)}"] if step.alarms else []
    told += ["undecided"] if step.answer is None and step.what != "pilot" else []
    return "".join(f"; {one}" for one in told)


def _votes(step: JournalStep) -> Iterator[str]:
    """What was voted for how often, most votes first, and why replies were discarded."""
    named = Counter(one.candidate for one in step.ballots if one.candidate is not None)
    for candidate, count in named.most_common():
        yield from _block(f"{count:,} of {len(step.ballots):,} replies", candidate)
    for one in step.ballots:
        if one.flag:
            yield from _block(f"discarded as {one.flag}", one.why)


def _block(title: str, text: str) -> Iterable[str]:
    """A title, and the text behind it if it is short or below it if it is not."""
    clean, head = printable(text), printable(title)
    if "\n" not in clean and len(clean) + len(head) < 100:
        return [f"    {head}: {clean}"]
    return [f"    {head}:", textwrap.indent(clean, "        ")]

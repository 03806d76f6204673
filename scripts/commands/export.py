"""``surefoot export``: what runs teach, as files that trainers load."""

import pathlib
from collections.abc import Iterator

import click
import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.run_directory import read_config, standing
from surefoot.runtime.trace.advantages import ALPHA
from surefoot.runtime.trace.export import KINDS, Kind, Wanted, Written, export
from surefoot.runtime.trace.lines import Form
from surefoot.runtime.trace.single_steps import NO_PROMPT, NO_REPLY
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, printable, quoted
from surefoot.scripts.commands.verify import verification

SCREENS = ("seams", "referee", "none")
SHARE = 0.1
"""Share of the tasks in the test part, where nothing else is said."""


@click.command("export")
@click.argument("run_dirs", nargs=-1, required=True, metavar="RUN_DIR...", type=click.Path(path_type=pathlib.Path))
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What the examples show; see below.")
@click.option(
    "--format", "form", type=click.Choice(("events", "chat", "trl")),
    help="events: the event graph (process only). chat: messages with loss masks, for axolotl. trl: prompt and "
    "completion, or prompt, chosen and rejected.  [default: events for process, else chat]",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=pathlib.Path), help="The file  [default: ./KIND.jsonl]")
@click.option("--split-by", type=click.Choice(("task",)), help="Write KIND.train.jsonl and KIND.test.jsonl.")
@click.option(
    "--test-share", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Of the tasks.  [default: 0.1]"
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Chooses the tasks of the test part."
)
@click.option(
    "--alpha", type=click.FloatRange(0, 1), default=ALPHA, show_default=True,
    help="For roles: share by which advantages of planning grow.",
)  # fmt: skip
@click.option(
    "--screen", type=click.Choice(SCREENS), default="seams", show_default=True,
    help="For decomposer, what counts as verified: seams that held, an answer that the task's referee finds right (for "
    "methods, which promise nothing), or none for everything that a solved run went on with.",
)  # fmt: skip
@json_option
def export_command(
    run_dirs: tuple[pathlib.Path, ...], kind: Kind, form: Form | None, output: pathlib.Path | None,
    split_by: str | None, as_json: bool, screen: str, **more: float | None,
) -> int:  # fmt: skip
    """Write what runs teach as JSON lines: what their journals recorded and nothing else.

    \b
    process     everything in the order in which it happened: discarded and outvoted replies, retries,
                decompositions that did not hold, and what was gone on with; the loss counts only that
    polished    the final path: each question with the reply that won
    decomposer  how work was split, where every seam held in a solved run (or see --screen)
    preference  pairs: the reply that won, and one that was outvoted or discarded
    roles       each reply with its level (plan or execution) and its advantage in its race

    Replies are in a journal where the run was started with --keep-replies all (or disputed).
    """
    share = more.pop("test_share")
    if share is not None and split_by is None:
        raise click.UsageError("--test-share: there are no parts without --split-by task")
    usual: Form = "events" if kind == "process" else "chat"
    path = output or pathlib.Path(f"{kind}.jsonl")
    if split_by is not None and not path.suffix:
        raise ConfigurationError(f"--output {path}: with --split-by the file needs a suffix, such as .jsonl")
    seed, alpha = int(more["seed"] or 0), float(more["alpha"] or 0.0)
    test_share = 0.0 if split_by is None else share or SHARE
    if screen != "seams" and kind != "decomposer":
        raise click.UsageError(f"--screen is for --kind decomposer, not {kind}")
    verdicts = {} if screen == "seams" else {str(run): judged(run, screen) for run in run_dirs}
    found = export(run_dirs, Wanted(kind, form or usual, test_share, seed, alpha, verdicts), path)
    if as_json:
        print_json({"kind": kind, "format": form or usual, **msgspec.to_builtins(found)})
        return OK
    print("\n".join(described(found)))
    return OK


def judged(directory: pathlib.Path, screen: str) -> str:
    """Why a run does not count as verified, empty if it does; a referee is asked after the run's end only."""
    status = standing(directory).status
    if status != "solved":
        return f"the run is {status}"
    if screen == "none":
        return ""
    found = verification(directory, read_config(directory))
    return "" if found.valid and found.reached_goal else "the referee does not find the answer right"


def described(found: Written) -> Iterator[str]:
    """Say what was written and what was left out, in lines for people."""
    for name, lines in found.files.items():
        yield f"{quoted(name)}  {lines:,} line{'s' * (lines != 1)}"
    if found.tasks:
        yield f"tasks     {found.tasks['train']:,} to train on, {found.tasks['test']:,} to test with"
        yield f"leaks     {found.leaked:,} kept out of the training part: a prompt of the test part stands in them"
    if found.twice:
        yield f"twice     {found.twice:,} that were there already"
    for why, count in found.left_out.items():
        yield printable(f"left out  {count:,}: {why}")
    if silent := sum(found.left_out.get(why, 0) for why in (NO_PROMPT, NO_REPLY)):
        yield f"next      {silent:,} questions without replies: surefoot run ... --keep-replies all keeps them"
    elif not any(found.files.values()):
        yield "nothing can be learned from this"

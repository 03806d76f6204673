"""``surefoot ask``: one question, by a method, with tools and context; the answer and what it rests on."""

import pathlib
import sys
from typing import Any

import click
import msgspec

from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.tasks.ask import AskedQuestion
from surefoot.runtime import api
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.journal.run_directory import new_run_directory, standing
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.session.asking import TOOL_OF_RELEVANCE, AskRun, asked_question, options_of
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.setup import Setup
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.output import FAILED, OK, PAUSED, print_json, printable, quoted
from surefoot.scripts.commands.progress import Progress, summary
from surefoot.scripts.commands.signals import stoppable

PATH = click.Path(path_type=pathlib.Path)
KNOWN = ", ".join(name for name, make in METHODS.items() if isinstance(make(0), Asking))
SHOWN_EVIDENCE = 20
"""Lines of evidence that are printed; all are in the JSON."""


@click.command("ask")
@click.argument("question")
@click.option("--method", metavar="M", help=f"{KNOWN}  [default: self-ask with tools, else direct]")
@click.option("--tools", default="", help="Tools that may be used: calc,search:FOLDER,sql:FILE,python.")
@click.option("--context", multiple=True, type=PATH, help="A file that is shown, or a folder to search in; repeatable.")
@click.option(
    "--relevance",
    type=click.Choice(list(TOOL_OF_RELEVANCE)),
    default="words",
    show_default=True,
    help="How passages of folders are chosen; likelihood needs a model that scores texts.",
)
@click.option("--form", default="a short text", show_default=True, help="How the answer is to be written.")
@click.option("--run-dir", type=PATH, help="Where the run is kept  [default: runs/ask-TIME]")
@log_options
@json_option
def ask(question: str, method: str | None, run_dir: pathlib.Path | None, as_json: bool, **values: Any) -> int:
    """Answer QUESTION with votes on every step, and print the answer with its evidence.

    \b
    surefoot ask "Who wrote the oldest of these letters?" --context letters/ --model openai/gpt-4.1-mini

    A run that was killed or paused goes on with surefoot resume.
    """
    configure_logs(values.pop("log_format"), values.pop("verbose"))
    task = asked_question(question, method, values.pop("tools"), values.pop("context"), values.pop("relevance"))
    options = {**options_of(task), "form": values.pop("form")}
    config = build_config("ask", AskedQuestion, {**values, **options})
    setup = checked(Setup(config, open_task(config)))
    directory = new_run_directory(run_dir, "ask")
    with Progress(directory, setup.config, 0) as progress, stoppable(progress, as_json) as interruption:
        api.start(setup, directory, progress, interruption)
    return end(AskRun(directory), as_json)


ask.params[-3:-3] = struct_options(RunConfig)


def end(run: AskRun, as_json: bool) -> int:
    """Print how a question ended: the answer, why that method was chosen, and what the answer rests on."""
    ended, evidence = standing(run.run_dir), run.evidence()
    out = sys.stderr if as_json else sys.stdout
    if ended.status == "solved":
        print(f"answer    {printable(str(run.raw_output))}", file=out)
    advice = run.advice()
    if advice is not None:
        print(f"method    {advice.why}", file=out)
    for one in evidence[:SHOWN_EVIDENCE]:
        print(f"because   {printable(one.asked)}  ->  {printable(one.found)}", file=out)
    if len(evidence) > SHOWN_EVIDENCE:
        print(f"          and {len(evidence) - SHOWN_EVIDENCE} more", file=out)
    told = summary(ended).splitlines()
    # The answer is printed: what is left to look at is how it came about.
    told[-1] = f"next      surefoot report {quoted(run.run_dir)}" if ended.status == "solved" else told[-1]
    print("\n".join(told), file=out)
    if as_json:
        output = {"output": run.raw_output} if ended.status == "solved" else {}
        chosen = {"chosen": msgspec.to_builtins(advice)} if advice is not None else {}
        print_json({**msgspec.to_builtins(ended), **output, **chosen, "evidence": msgspec.to_builtins(evidence)})
    return {"solved": OK, "paused": PAUSED}.get(ended.status, FAILED)

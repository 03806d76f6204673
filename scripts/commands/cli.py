"""The console command ``surefoot``: a table of its commands, and the way from any error to one line and an exit code.

Exit codes: 0 it did what it was asked; 1 the run failed or a check did not hold; 2 a usage or configuration error;
3 the run paused and can be resumed. With ``--json`` the last line of stdout is one JSON object, whatever happens.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

import click

from surefoot.runtime.untrusted import can_be_kept
from surefoot.scripts.commands.output import (
    FAILED,
    OK,
    PAUSED,
    USAGE,
    complain,
    failure,
    print_json,
    printable,
)
from surefoot.scripts.commands.streams import ForgivingFile, forgive

__all__ = ("COMMANDS", "FAILED", "OK", "PAUSED", "USAGE", "main", "print_json", "printable", "surefoot")


class Entry(NamedTuple):
    """A command that is imported when it is used.

    Attributes:
        place: ``module:name`` below ``surefoot.scripts.commands``.
        text: What it does, in one line.
    """

    place: str
    text: str


COMMANDS = {
    "run": Entry("run:run", "Start a run and work until it is solved, failed or paused."),
    "ask": Entry("ask:ask", "Answer one question, with tools and context, and show what the answer rests on."),
    "map": Entry("map:map_command", "Ask one question of every row of a file, with votes."),
    "resume": Entry("run:resume", "Go on with a paused, killed or failed run."),
    "result": Entry("result:result", "Print the answer of a run: as text, JSON, JSON lines or CSV."),
    "show": Entry("show:show", "Say where a run stands, also while it runs."),
    "steps": Entry("steps:steps", "List steps of a run: what was answered, and what was discarded."),
    "review": Entry("review:review", "Answer the steps of a run that wait for a person."),
    "report": Entry("report:report", "Write a page about a run, from its journal alone."),
    "verify": Entry("verify:verify", "Check a finished plan with an exact simulator that no run sees."),
    "measure": Entry("measure:measure_command", "Measure how often a model errs per step, before money is spent."),
    "tune": Entry("tune:tune_command", "Search for the wording in which a model answers a kind of question best."),
    "plan": Entry("plan:plan_command", "Say what a whole run would take: steps, calls, tokens, money, time."),
    "bench": Entry("bench:bench", "Run a suite of problems by several methods and print one table."),
    "runs": Entry("runs:runs", "List the runs below a folder, or delete some."),
    "compare": Entry("compare:compare", "Say how two runs differ: options, answer, calls, cost."),
    "export": Entry("export:export_command", "Write what runs teach as files that trainers load."),
    "diagnose": Entry("diagnose:diagnose_command", "Say what limits runs: planning or execution."),
    "stop": Entry("stop:stop", "Ask a run that goes on in another process to stop politely."),
    "launch": Entry("launch:launch", "Run a command as a job on a Ray cluster, and find the way back to it."),
    "serve": Entry("serve:serve", "Serve a model of this machine to other programs, in OpenAI's protocol."),
    "init": Entry("init:init", "Write a small task of your own with its test, to start from."),
    "test": Entry("check_task:check_task", "Check a task of your own: pure methods, prompts, replies, limits."),
    "tasks": Entry("catalogue:tasks", "List the tasks that can be run here."),
    "models": Entry("catalogue:models", "List the models that can be used, or ask one of them a first step."),
}
"""In the order of a user's first hour."""

EPILOG = """\b
Options can be set as environment variables, such as SUREFOOT_MODEL; see surefoot run TASK --help.
They are read where a run starts: resume goes on with what the run was started with, and takes changes as options only.
Completion of commands and options, for bash (zsh and fish likewise):
    eval "$(_SUREFOOT_COMPLETE=bash_source surefoot)"
"""

COLLECTIONS = 50_000, 20, 100
"""When Python looks for objects that refer to each other. A coordinator holds hundreds of thousands of tasks and
futures, hardly any of them in circles; at Python's own numbers it spends half its time on looking through them."""

KEEPS_ITS_WORK = ("run", "resume", "measure", "bench", "map", "ask", "tune")
"""Commands whose work is kept in files: it is done although what they print is lost."""


class Lazy(click.Group):
    """A group that imports a command when it is used: ``surefoot --help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of a user's first hour."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.place.partition(":")
        found: click.Command = getattr(__import__(f"surefoot.scripts.commands.{module}", fromlist=[name]), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.text) for name, entry in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find a command; for an unknown one the error names those that are spelt alike."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 3)
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"no such command {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=EPILOG,
)
@click.version_option(package_name="surefoot")
def surefoot() -> None:
    """Run plans of very many dependent language-model steps without one wrong step.

    \b
    surefoot run hanoi --disks 10             solve a 10-disk tower (1,023 steps) with the bundled model
    surefoot show runs/...                    where a run stands, also while it runs
    surefoot resume runs/...                  go on with a killed, paused or failed run
    surefoot verify runs/...                  replay the finished plan with an exact simulator
    surefoot report runs/...                  a page about it: certificate, errors, workers, playback
    surefoot measure hanoi --samples 1000     how often a model errs per step, before you spend money
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line ``surefoot`` and exit with its code."""
    given = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(*COLLECTIONS)
    stdout = forgive()
    if stdout is not None:
        _take_signals()
    try:
        _check_texts(given)
        code = surefoot.main(given, prog_name="surefoot", standalone_mode=False)
        code = code if isinstance(code, int) else OK
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except SystemExit as leaving:  # shell completion ends so
        code = leaving.code if isinstance(leaving.code, int) else FAILED
    except BaseException as error:  # noqa: BLE001  whatever it is: one line, one code and, if asked for, one object
        code = _failed(error, _wants_json(given))
    sys.exit(_closing(given, code, stdout))


def _check_texts(arguments: Iterable[str]) -> None:
    """Refuse arguments that hold bytes of another encoding, unless they name a file that is there.

    Raises:
        click.UsageError: There is one: no file of a run could keep it.
    """
    for number, one in enumerate(arguments, 1):
        if not can_be_kept(one) and not os.path.lexists(one):
            raise click.UsageError(f"argument {number} is no text in UTF-8: {one}")


def _wants_json(arguments: Iterable[str]) -> bool:
    """Whether ``--json`` is among the arguments, wherever it stands: parsing may be what failed."""
    return "--json" in arguments


def _failed(error: BaseException, as_json: bool) -> int:
    """Report an error on stderr, and as JSON if wanted; returns the exit code."""
    from surefoot.scripts.commands.failures import TRACEBACK, explain, told

    found = explain(error)
    if found.traceback and os.environ.get(TRACEBACK):
        print(found.traceback, file=sys.stderr)
    code = complain(found.message, found.code, found.hint)
    if as_json:
        print_json(failure(found.kind, found.message, code, **told(found)))
    return code


def _closing(arguments: list[str], code: int, stdout: ForgivingFile | None) -> int:
    """Flush what was printed. An answer that was asked for and could not be printed is a failure, and is said."""
    sys.stdout.flush()
    if stdout is None or not stdout.lost:
        return code
    complain(f"standard output could not be written: {stdout.lost}", code)
    kept = bool(arguments) and arguments[0] in KEEPS_ITS_WORK
    return code if kept or code != OK else FAILED


def _take_signals() -> None:
    """Have SIGTERM and SIGHUP end a command as Ctrl-C does, unless they are ignored, as under ``nohup``.

    A run has handlers of its own while it works.
    """

    def stop(number: int, _: object) -> None:
        from surefoot.scripts.commands.failures import Stopped

        raise Stopped(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)


if __name__ == "__main__":
    main()

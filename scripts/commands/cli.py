"""The console command ``surefoot``: assembles the commands and turns errors into one line and an exit code.

Exit codes: 0 it did what it was asked; 1 the run failed or a check did not hold; 2 a usage or configuration error;
3 the run paused and can be resumed.
"""

import json
import sys
from typing import Any

import click

from surefoot.runtime.errors import ConfigurationError, ModelRejected, SurefootError
from surefoot.runtime.untrusted import one_line, tame_lines

OK, FAILED, USAGE, PAUSED = 0, 1, 2, 3

COMMANDS = {
    "run": "surefoot.scripts.commands.run:run",
    "resume": "surefoot.scripts.commands.run:resume",
    "show": "surefoot.scripts.commands.show:show",
    "verify": "surefoot.scripts.commands.verify:verify",
    "measure": "surefoot.scripts.commands.measure:measure_command",
    "report": "surefoot.scripts.commands.report:report",
    "bench": "surefoot.scripts.commands.bench:bench",
    "plan": "surefoot.scripts.commands.plan:plan_command",
    "tasks": "surefoot.scripts.commands.catalogue:tasks",
    "models": "surefoot.scripts.commands.catalogue:models",
}


class Lazy(click.Group):
    """Imports a command when it is used: ``surefoot --help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a user's first hour."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
    """Run the command line and exit."""
    try:
        code = surefoot.main(arguments, prog_name="surefoot", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.Abort:
        code = PAUSED
    except click.exceptions.NoArgsIsHelpError as error:
        where = error.ctx.command_path if error.ctx is not None else "surefoot"
        code = _complain(f"something is missing after {where!r} (see {where} --help)", USAGE)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "surefoot"
        code = _complain(f"{error.format_message()} (see {where} --help)", USAGE)
    except (ConfigurationError, ModelRejected) as error:
        code = _complain(str(error), USAGE)
    except SurefootError as error:
        code = _complain(str(error), FAILED)
    except BrokenPipeError:
        code = FAILED
    sys.exit(code if isinstance(code, int) else OK)


def _complain(text: str, code: int) -> int:
    print(f"surefoot: {one_line(text)}", file=sys.stderr)
    return code


def printable(text: str) -> str:
    """Text of several lines without anything that a terminal would obey."""
    return tame_lines(text)


def print_json(value: Any) -> None:
    """The last line of stdout."""
    print(json.dumps(value, ensure_ascii=True), flush=True)


if __name__ == "__main__":
    main()

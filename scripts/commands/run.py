"""``surefoot run`` and ``surefoot resume``: set up, show progress, and say how it ended."""

import pathlib
import sys
from typing import Any

import click
import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime import api
from surefoot.runtime.config import RunConfig, open_task, task_class
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.run_directory import Standing, new_run_directory, read_config, standing
from surefoot.runtime.journal.task_shape import shape_of
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.batches.ledger import questions_in_flight
from surefoot.runtime.session.going_on import Changes, changed_config, checked
from surefoot.runtime.session.mapping import MapRun, open_run
from surefoot.runtime.session.setup import Setup
from surefoot.runtime.wordings_file import said_of
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options, task_path_option
from surefoot.scripts.commands.output import FAILED, OK, PAUSED, print_json
from surefoot.scripts.commands.patience import looking_for, saying
from surefoot.scripts.commands.progress import Progress, summary
from surefoot.scripts.commands.signals import stoppable


class ByTask(click.Group):
    """``run`` and ``measure`` have a command for each task, with the task's own options."""

    def __init__(self, *args: Any, of: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the tasks that come with Surefoot, without the one that needs a table."""
        return [name for name in BUILT_IN_TASKS if name != "map"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command for one task, made from the task's fields.

        Raises:
            ConfigurationError: There is no such task, or it asks a question of each row of a table.
        """
        cls = task_class(cmd_name)
        if issubclass(cls, RowTask):
            how = 'surefoot map FILE --question "..."' if cmd_name == "map" else f"surefoot.map(rows, {cls.__name__}())"
            where = "" if cmd_name == "map" else " in Python"
            raise ConfigurationError(f"{cmd_name} asks a question of each row of a table: {how}{where} does")
        command: click.Command = self.of(cmd_name, cls)
        return command


def _run_command(name: str, cls: type[Task]) -> click.Command:
    def start(**values: Any) -> int:
        as_json, run_dir = values.pop("as_json"), values.pop("run_dir")
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        config = build_config(name, cls, values, values.pop("config"))
        directory = new_run_directory(run_dir, name)
        with saying(looking_for(config.model)):
            setup = checked(Setup(config, open_task(config)))
        with (
            Progress(directory, config, shape_of(setup.task).expected_steps) as progress,
            stoppable(progress, as_json) as interruption,
        ):
            for note in filter(None, (setup.task.mode(), said_of(config))):
                progress.note(note)
            api.start(setup, directory, progress, interruption)
        return _end(directory, as_json)

    command = click.Command(
        name,
        callback=start,
        help=f"{cls.summary}\n\n{(cls.__doc__ or '').partition(chr(10))[0]}",
        short_help=cls.summary,
    )
    own = struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"])
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        *own,
        *struct_options(RunConfig),
        click.Option(["--config"], type=path, help="A TOML file with the same keys."),
        click.Option(["--run-dir"], type=path, help="Where the run is kept  [default: runs/TASK-TIME]"),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group(cls=ByTask, of=_run_command, subcommand_metavar="TASK [OPTIONS]")
def run() -> None:
    """Start a run in a new run directory and work until it is solved, failed or paused.

    TASK is one of those below, or my_module:MyTask for your own; each has its own options:
    see surefoot run hanoi --help.
    """


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--accept-change", is_flag=True, help="Go on with another model, k or wording; the journal notes it.")
@task_path_option
@log_options
@json_option
def resume(run_dir: pathlib.Path, task_path: pathlib.Path | None, **values: Any) -> int:
    """Go on with a paused, killed or failed run. Limits may be changed; nothing decided is asked again.

    What the run was started with holds, unless an option given here changes it: environment variables such as
    SUREFOOT_MAX_CALLS do not.
    """
    as_json, accept = values.pop("as_json"), values.pop("accept_change")
    configure_logs(values.pop("log_format"), values.pop("verbose"))
    config = changed_config(read_config(run_dir), values)
    changes = Changes(accept, task_path=task_path, options=values)
    with Progress(run_dir, config, expected_steps(run_dir)) as progress, stoppable(progress, as_json) as interruption:
        ended = api.go_on(run_dir, changes, progress, interruption)
    if isinstance(ended, MapRun):
        from surefoot.scripts.commands.map import end as end_of_map

        return end_of_map(ended, as_json)
    if config.task == "ask":
        from surefoot.runtime.session.asking import AskRun
        from surefoot.scripts.commands.ask import end as end_of_question

        return end_of_question(AskRun(run_dir), as_json)
    return _end(run_dir, as_json)


resume.params[1:1] = struct_options(RunConfig, environment=False)  # a run keeps what it was started with


def expected_steps(directory: pathlib.Path) -> int:
    """Steps that a run's journal expects of the whole plan; 0 where nobody knows, or there is no journal yet."""
    found = standing(directory) if (directory / "journal.sqlite").exists() else None
    return 0 if found is None or found.open_ended else found.total_steps


def _end(directory: pathlib.Path, as_json: bool) -> int:
    ended: Standing = standing(directory)
    answer = open_run(directory).preview() if ended.status == "solved" else None
    print(
        summary(ended, answer, batched=questions_in_flight(pathlib.Path(ended.run_dir))),
        file=sys.stderr if as_json else sys.stdout,
    )
    if as_json:
        print_json({**msgspec.to_builtins(ended), **({"output": answer.value} if answer is not None else {})})
    if ended.status not in ("solved", "failed", "paused"):
        raise ConfigurationError(f"{directory} is {ended.status}")
    return {"solved": OK, "failed": FAILED, "paused": PAUSED}[ended.status]

"""Commands by task: a task over the rows of a table is no plan, and the command for it is named."""

import click
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.run import run


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("map", 'surefoot map FILE --question "..." does'),
        ("tests.data.own.row_tasks:Next", "surefoot.map(rows, Next()) in Python does"),
    ],
)
def test_a_task_over_rows_is_sent_to_where_rows_are_given(name: str, says: str) -> None:
    assert isinstance(run, click.Group)
    with pytest.raises(ConfigurationError) as error:
        run.get_command(click.Context(run), name)
    assert says in str(error.value)


def test_tasks_that_can_be_run_are_listed_and_made() -> None:
    assert isinstance(run, click.Group)
    context = click.Context(run)
    assert "map" not in run.list_commands(context)
    assert "hanoi" in run.list_commands(context)
    command = run.get_command(context, "hanoi")
    assert command is not None
    assert "disks" in {option.name for option in command.params}

"""What ``map`` and ``plan map`` share: their options, and the question and form that these describe."""

import pathlib
from typing import Any

import click
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.table_options import LARGE_BYTES, asked_table, run_options, say_if_large, table_options

GIVEN = {
    "question": "{a}?", "fields": "x: integer", "field_wise": True, "system": "Be brief.", "delimiter": None,
    "encoding": "utf-8", "k": "2",
}  # fmt: skip


def command_of(*words: str) -> dict[str, Any]:
    """What a command with these options is called with."""
    found: dict[str, Any] = {}
    command = click.command()(table_options(lambda **values: found.update(values)))
    command.main(list(words), standalone_mode=False)
    return found


def test_the_defaults_are_those_of_a_usual_table() -> None:
    found = command_of("t.csv", "--question", "{a}?")
    assert found == {
        "table": pathlib.Path("t.csv"), "question": "{a}?", "fields": None, "field_wise": False, "system": "",
        "row_target": 0.999, "delimiter": None, "encoding": "utf-8-sig",
    }  # fmt: skip


@pytest.mark.parametrize("target", ["0", "1", "1.5", "often"])
def test_a_target_is_a_probability(target: str) -> None:
    with pytest.raises(click.BadParameter):
        command_of("t.csv", "--question", "{a}?", "--row-target", target)
    assert command_of("t.csv", "--question", "{a}?", "--row-target", "0.9")["row_target"] == 0.9


def test_a_question_is_asked_for() -> None:
    with pytest.raises(click.MissingParameter):
        command_of("t.csv")


def test_run_options_are_those_that_concern_a_table() -> None:
    names = {option.name for option in run_options()}
    assert {"model", "k", "max_cost_usd", "batch", "seed"} <= names
    assert not names & {"target", "strategy", "segment_steps", "task", "task_options"}


def test_the_question_is_taken_out_of_the_values(tmp_path: pathlib.Path) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    values = {**GIVEN, "delimiter": ";"}
    task, form = asked_table(tmp_path / "t.csv", values)
    assert values == {"k": "2"}
    assert form.separator(".csv") == ";"
    assert task.voted_fields(task.row_step({"a": "1", "b": "2"})) == 1
    assert task.prompt(task.row_step({"a": "1", "b": "2"}), "chat").system.startswith("Be brief.")


@pytest.mark.parametrize(
    ("text", "change", "says"),
    [
        ("a\n", {}, "has no rows"),
        ("b\n1\n", {}, "the template asks for {a}"),
        ("a\n1\n", {"fields": "x: apples"}, "no kind 'apples'"),
        ("a\n1\n", {"question": "{a"}, "a lone {"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_else(
    text: str, change: dict[str, Any], says: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ConfigurationError) as told:
        asked_table(tmp_path / "t.csv", {**GIVEN, **change})
    assert says in str(told.value)


def test_a_large_file_is_said_to_be_read(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, size in (("small.csv", 1000), ("large.csv", LARGE_BYTES + 1)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
        say_if_large(tmp_path / name)
    assert "large.csv" in (told := capsys.readouterr().err)
    assert "small.csv" not in told

"""What was asked about single rows and what was said: from the journal, and the prompt from the row that is kept."""

import json
import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Record
from surefoot.runtime.report.journal_steps import JournalStep, steps_of
from surefoot.runtime.session.mapping import MapRun, open_run
from surefoot.runtime.session.row_prompts import RowFile, with_prompts
from surefoot.runtime.session.table import keep_table
from surefoot.scripts.commands.steps import described, steps
from tests.data.own.row_tasks import Next
from tests.runtime.execution.models import QUIET
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.session.test_mapping import QUESTION, Echo

ROWS = [*({"text": f"t{number}"} for number in range(12)), {"other": "x"}]
PLANTED = {"t7": ["u7"], "t8": ["", "t8"], "t9": list("abcdef")}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A map of 13 rows in chunks of two: one disputed, one flagged, one undecided, one without its column."""
    directory = tmp_path_factory.mktemp("map") / "run"
    surefoot.map(ROWS, QUESTION, Echo(PLANTED), run_dir=directory, **{**QUIET, "k": 2, "max_ballots": 5})
    return directory


def of_row(run_dir: pathlib.Path, row: int, **only: Any) -> list[JournalStep]:
    return list(open_run(run_dir).steps(row=row, **only))


def test_a_row_is_found_by_its_number_in_the_table(asked: pathlib.Path) -> None:
    [step] = of_row(asked, 7)
    assert (step.row, step.node, step.answer) == (7, "3", '"t7"')
    assert step.prompt.startswith("Say it again: t7")
    assert [ballot.candidate for ballot in step.ballots] == ['"u7"', '"t7"', '"t7"', '"t7"']
    assert [reply.text for reply in step.replies][:1] == ["u7"]
    assert of_row(asked, 13) == []


def test_only_disputed_and_only_flagged_rows(asked: pathlib.Path) -> None:
    run = open_run(asked)
    assert sorted({step.row for step in run.steps(disputed=True)}) == [7, 9]
    assert sorted({step.row for step in run.steps(flagged=True)}) == [8]
    [flagged] = of_row(asked, 8)
    assert next((reply.flag, reply.read) for reply in flagged.replies) == ("misformatted", 'no line "Answer: ..."')


def test_a_row_without_an_answer_says_what_was_said_and_why(asked: pathlib.Path) -> None:
    undecided, failed = of_row(asked, 9)
    assert undecided.answer is None
    assert [reply.text for reply in undecided.replies] == list("abcde")
    assert (failed.what, failed.row) == ("failed row", 9)
    lines = [line for step in of_row(asked, 12) for line in described(step)]
    assert lines[0] == "row 12: failed"
    assert "the template asks for {text}" in lines[1]


def test_the_prompt_is_worded_again_where_no_reply_was_kept(tmp_path: pathlib.Path) -> None:
    surefoot.map(ROWS[:3], QUESTION, Echo(), run_dir=tmp_path / "run", keep_replies="none", **QUIET)
    told = [step.prompt.partition("\n")[0] for step in MapRun(tmp_path / "run").steps()]
    assert sorted(told) == ["Say it again: t0", "Say it again: t1", "Say it again: t2"]


def test_the_command_shows_rows(asked: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main([str(asked), "--row", "7"], standalone_mode=False) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "row 7: lead 2"
    assert "    reply: u7" in told
    assert '    read as: "u7"' in told
    assert told[-1] == "1 step shown"
    assert steps.main([str(asked), "--disputed", "--json"], standalone_mode=False) == 0
    assert {step["row"] for step in json.loads(capsys.readouterr().out)["steps"]} == {7, 9}


def test_rows_are_read_one_by_one(tmp_path: pathlib.Path) -> None:
    keep_table([{"number": 1}, "é", 3, {"number": 4}], tmp_path / "rows")
    rows = RowFile(tmp_path / "rows")
    assert [rows.row(number) for number in (3, 0, 1)] == [{"number": 4}, {"number": 1}, {"text": "é"}]
    assert rows.row(2) is None  # it could not be read, and a reason stands in its place
    assert rows.row(4) is None
    assert RowFile(tmp_path / "none").row(0) is None
    (tmp_path / "rows").write_text("{\n" * 4)
    assert rows.row(0) is None


def test_a_task_that_is_not_at_hand_words_nothing(tmp_path: pathlib.Path) -> None:
    keep_table([{"number": 1}], tmp_path / "rows")
    rows = RowFile(tmp_path / "rows")
    step = JournalStep("0", "row", 0, 0, 1, "2", (), row=0)
    [known] = with_prompts([step], rows, Next(), "compact")
    assert known.prompt == "after: 1"
    [unknown] = with_prompts([step], rows, surefoot.RowTask(), "compact")
    assert unknown == step


def replies_kept(directory: pathlib.Path, keep: str) -> tuple[int, int]:
    """Replies that a run's journal has in all, and of its one disputed row, which comes late."""
    rows = [{"text": f"t{number}"} for number in range(40)]
    model = Echo({"t38": ["u", "t38", "t38"]})
    options = {**QUIET, "k": 2, "flush_steps": 64, "chains_in_flight": 1}
    run = surefoot.map(rows, QUESTION, model, run_dir=directory / keep, keep_replies=keep, **options)
    steps = list(run.steps())
    return sum(len(step.replies) for step in steps), sum(len(step.replies) for step in steps if step.row == 38)


def test_each_setting_keeps_what_it_says(tmp_path: pathlib.Path) -> None:
    """Each is the placebo of the next: none, a few of all, those and all disputed, all."""
    none, some, disputed, whole = (replies_kept(tmp_path, keep) for keep in ("none", "some", "disputed", "all"))
    assert none == (0, 0)
    assert 0 < some[0] < disputed[0] < whole[0] == 82
    assert some[1] < disputed[1] == whole[1] == 4


def test_rows_are_shown_in_the_order_of_the_table_and_each_once(tmp_path: pathlib.Path) -> None:
    """Chunks were journalled in another order, and one record twice."""
    journal: Any = InMemoryJournal()
    for chunk, rows in ((1, (1, 0)), (0, (2, 0, 1)), (10, (0,)), (1, (0,))):
        record = Record((chunk,), "rows", 0, 0, 1, tuple(f"{chunk}.{row}" for row in rows), rows)
        journal.batches.setdefault(f"/{chunk}", []).append(pack([record]))
    found = [(step.row, step.answer) for step in steps_of(journal, "first-to", rows_a_chunk=3)]
    assert found == [(0, "0.0"), (1, "0.1"), (2, "0.2"), (3, "1.0"), (4, "1.1"), (30, "10.0")]
    assert [step.row for step in steps_of(journal, "first-to")] == [None] * 6

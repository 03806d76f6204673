"""PDDL files from the command line: marks and encodings of old files, folders and patterns of many."""

import json
import pathlib

import pytest

from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.cli import main
from surefoot.scripts.commands.options import build_config, read_option

DATA = pathlib.Path(__file__).parents[2] / "data" / "pddl"


def test_a_mark_and_another_encoding_do_not_matter(tmp_path: pathlib.Path) -> None:
    text = (DATA / "crates-domain.pddl").read_text()
    (tmp_path / "d.pddl").write_bytes(b"\xef\xbb\xbf; caf\xe9\r\n" + text.replace("\n", "\r\n").encode())
    values = {"domain": str(tmp_path / "d.pddl"), "problem": str(DATA / "crates-problem.pddl")}
    config = build_config("pddl", PddlPlanning, values)
    alone = PddlPlanning(domain=text, problem=(DATA / "crates-problem.pddl").read_text())
    assert PddlPlanning(**config.task_options).problem_of_run() == alone.problem_of_run()


def test_a_folder_or_a_pattern_is_one_collection() -> None:
    whole, some = read_option(str(DATA), several=True), read_option(str(DATA / "*r*-*.pddl"), several=True)
    assert [one.name for one in PddlPlanning(problems=whole).suite()] == [
        str(DATA / f"{name}-problem.pddl") for name in ("crates", "ferry", "lamps")
    ]
    assert len(PddlPlanning(problems=some).suite()) == 2
    assert all(getattr(one, "why", "") == "" for one in PddlPlanning(problems=whole).suite())


def test_what_is_not_there_or_no_text_is_said_in_one_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG\0\0")
    for place, several in ((tmp_path / "none", False), (tmp_path / "picture", False), (tmp_path, False),
                           (tmp_path, True), (tmp_path / "*.pddl", True)):  # fmt: skip
        with pytest.raises(ConfigurationError) as error:
            read_option(str(place), several=several)
        assert "\n" not in str(error.value)


def test_text_in_place_of_a_path_is_taken_as_it_is() -> None:
    assert read_option("\ufeff(define (domain d))") == "\ufeff(define (domain d))"


def called(*command: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(command))
    assert isinstance(end.value.code, int)
    return end.value.code


def test_a_plan_comes_out_as_the_file_that_validators_read(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--domain", str(DATA / "ferry-domain.pddl"), "--problem", str(DATA / "ferry-problem.pddl"))
    alone = ("--model", "simulated", "--k", "1", "--address", "none", "--run-dir", str(tmp_path / "run"))
    assert called("run", "pddl", *files, *alone) == 0
    shown = capsys.readouterr().out
    assert "not weighed" in shown
    assert called("result", str(tmp_path / "run"), "--plan") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "; cost = 19.5 (general cost)"
    domain, problem = (pathlib.Path(path).read_text() for path in files[1::2])
    task = PddlPlanning(domain=domain, problem=problem)
    assert referee.judge(task.problem_of_run(), tuple(lines[:-1])).reached_goal


def test_a_collection_is_a_table_in_which_a_bad_file_has_its_row(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in DATA.glob("ferry*.pddl"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "bad-problem.pddl").write_text((DATA / "ferry-problem.pddl").read_text().replace("(:goal", "(:gaol"))
    options = ("--model", "simulated", "--k", "1", "--address", "none", "--method", "surefoot", "--json")
    directory = str(tmp_path / "bench")
    assert called("bench", "pddl", "--problems", str(tmp_path), *options, "--run-dir", directory) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    row = found["rows"][0]
    assert (row["method"], row["problems"], row["solved"]) == ("surefoot", 2, 1)
    assert any("(:gaol ...) is not known" in end for end in row["ends"])
    assert row["cost_per_solved_plan"] == 19.5  # as `result` shows it for the same problem alone
    lines = [json.loads(line) for line in (tmp_path / "bench" / "surefoot" / "answers.jsonl").read_text().splitlines()]
    assert [line.get("cost") for line in lines] == [None, 19.5]

"""PDDL files from the command line: marks and encodings of old files, folders and patterns of many."""

import pathlib

import pytest

from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.runtime.errors import ConfigurationError
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

"""The long schedule of kills goes on where its tally ends, and its table says what is missing."""

import pathlib

import pytest

from tests.chaos import schedule
from tests.chaos.harness import Usage
from tests.chaos.schedule import PARTS, Part, make, missing, read, table

KINDS = list(PARTS)


def test_the_kind_that_is_furthest_from_its_number_comes_next() -> None:
    assert missing([], KINDS) == ("coordinator", 0)
    done = [Part("coordinator", 0, Usage(kills=8)), Part("map", 0, Usage(kills=7))]
    assert missing(done, ["coordinator", "map"]) == ("coordinator", 1)
    assert missing([*done, Part("coordinator", 1, Usage(kills=200))], ["coordinator", "map"]) == ("map", 1)
    assert missing([Part(kind, 0, Usage(kills=asked)) for kind, (asked, _) in PARTS.items()], KINDS) is None


def test_a_part_that_fails_is_a_line_and_its_kills_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(directory: pathlib.Path, number: int) -> Usage:
        assert directory.is_dir()
        raise AssertionError("a step was lost")

    monkeypatch.setitem(schedule.PARTS, "map", (50, broken))
    part = make("map", 3)
    assert (part.kind, part.number, part.fault) == ("map", 3, "AssertionError: a step was lost")
    assert "| map | 0 | 0 (50) | 0 | 0 | 0 | 1 |" in table([part])


def test_a_call_works_until_nothing_is_missing_and_another_adds_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(schedule.PARTS, "map", (10, lambda directory, number: Usage(1, 6, 100 + number, 0, 0)))
    arguments = ["--tally", str(tmp_path / "tally"), "--only", "map"]
    for _ in range(2):
        schedule.main(arguments)
        assert [part.account.committed for part in read(tmp_path / "tally")] == [100, 101]
    assert "| map | 2 | 12 (10) | 201 | 0 | 0 | 0 |" in capsys.readouterr().out
    schedule.main([*arguments, "--minutes", "0"])

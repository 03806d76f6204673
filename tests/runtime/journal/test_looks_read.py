"""Chains of looks read back: the same question's entry is decided once, however often it came, and means the same."""

import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.runtime import api
from surefoot.runtime.journal import segment_records
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.payloads import pack, winner
from surefoot.runtime.records import Contested, Record
from surefoot.scripts.commands.verify import verification
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import Looks
from tests.runtime.forecast.test_look_forecast import Scored


def entry(share: float) -> Contested:
    """An entry as reading makes it: a new object each time."""
    ballot = Ballot(0, "4", None, (("4", share), ("5", 1 - share)))
    return msgspec.convert(msgspec.to_builtins(Contested(1, (ballot,), ("",), Looks(0.5))), Contested)


def test_equal_looks_are_decided_once_and_drawn_ballots_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [Contested(2, (Ballot(0, "4"), Ballot(1, "5"), Ballot(2, "4"), Ballot(3, "4"))) for _ in range(2)]
    entries = (entry(0.9), "7", entry(0.9), entry(0.8), *drawn)
    decided = [Record((), "run", 0, 0, 1, entries[:2]), Record((), "run", 0, 2, 1, entries[2:])]
    counted: list[object] = []

    def counting(entry: Any, rule: str) -> str:
        counted.append(entry)
        return winner(entry, rule)

    monkeypatch.setattr(segment_records, "winner", counting)
    found = segment_records.SegmentRecords([pack(decided)], "first-to-ahead-by")
    assert list(found.candidates((), "run")) == ["4", "7", "4", "4", "4", "4"]
    assert counted == [entry(0.9), "7", entry(0.8), *drawn]


def test_a_tower_by_looks_is_valid_to_its_referee(tmp_path: pathlib.Path) -> None:
    run = api.run("hanoi", Scored(), run_dir=tmp_path / "run", rule="looks", address="none", disks=6)
    assert run.status == "solved"
    assert verification(tmp_path / "run", read_config(tmp_path / "run")).reached_goal

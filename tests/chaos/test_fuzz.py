"""Damaged input for every reader of files, replies and messages; ``fuzz.py`` does the same for minutes."""

import pathlib
import random

import pytest

from tests.chaos import fuzz
from tests.chaos.fuzz import damaged, fuzzed, tried
from tests.chaos.fuzz_target import Target
from tests.chaos.fuzz_targets import TARGETS
from tests.chaos.readers import READERS, decoders

SLOW = ("journal", "journal's log", "domain", "problem", "problems", "castle", "questions", "fetched run")
"""Readers that take milliseconds."""


def test_every_reader_of_the_source_is_fed_or_has_a_reason() -> None:
    found = decoders()
    assert found - READERS.keys() == set(), "new readers: give each a target in fuzz_targets.py, or a reason"
    assert READERS.keys() - found == set(), "readers that are gone"
    assert len([one for one in READERS.values() if one in TARGETS]) > len(READERS) / 2


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_is_read_or_refused(name: str) -> None:
    count, faults = fuzzed(name, seed=0, most=4 if name in SLOW else 60)
    assert (count, faults) == (4 if name in SLOW else 60, [])


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_for_two_minutes(name: str) -> None:
    assert fuzzed(name, seed=1, most=10**9, seconds=120)[1] == []


def test_the_same_seed_damages_alike() -> None:
    one, other = ([damaged(random.Random(7), (b"word " * 9,)) for _ in range(50)] for _ in range(2))
    assert one == other
    assert len({damaged(random.Random(n), (b"word " * 9,)) for n in range(50)}) > 30


def test_a_reader_that_trips_is_seen(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The placebos: one that raises what it does not document, and one that never ends."""

    def endless(data: bytes, folder: pathlib.Path) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "LONGEST_S", 0.05)
    for call, said in ((lambda data, folder: data.decode(), "UnicodeDecodeError: "), (endless, "longer than 0.05 s")):
        fault = tried("placebo", Target(call, ()), b"\xff", tmp_path)
        assert fault is not None
        assert fault.said.startswith(said)
    assert tried("well", Target(lambda data, folder: data.decode(), (), (ValueError,)), b"\xff", tmp_path) is None

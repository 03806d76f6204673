"""The journal: what was committed is there, whole and in order, after every kind of end."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.journal.file import FORMAT
from surefoot.runtime.journal.journal import Journal, create_journal, open_journal
from surefoot.runtime.journal.lock import is_locked
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Batch, Contradicted, Counts, End, Failed, Finished, Paused, Record

ROOT = pathlib.Path(__file__).parents[3]
Child = Callable[[str], "subprocess.Popen[str]"]

IMPORTS = """
import json, pathlib, resource, sys
from surefoot.runtime.errors import JournalError, RunDirectoryError
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, Record
where = pathlib.Path(sys.argv[1])
def say(value): print(json.dumps(value), flush=True)
"""
COMMITS_FOR_EVER = """
journal, number = create_journal(where), 0
while True:
    record = Record((number,), "run", 0, 0, 1, ("word " * 50,))
    pair = [Write(f"/{number % 3}", Batch(pack([record]), Counts(steps=1))) for _ in range(2)]
    journal.commit(pair, float(number))
    say(number)
    number += 1
"""


@pytest.fixture
def child(tmp_path: pathlib.Path) -> Iterator[Child]:
    """Runs a program in a process of its own; what is left of it is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{IMPORTS}{program}"]
        process = subprocess.Popen([*command, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def batch(number: int, end: End | None = None) -> Batch:
    return Batch(pack([Record((number,), "run", 0, 0, 1, (f"c{number}",))]), Counts(steps=1, calls=2), end)


def test_what_was_committed_is_read_back(tmp_path: pathlib.Path) -> None:
    journal = create_journal(tmp_path)
    assert (journal.totals, journal.wall_s, journal.begun(), journal.outcomes()) == (Counts(), 0.0, set(), {})
    journal.commit([Write("/0", batch(0)), Write("/1", batch(1)), Write("/0", batch(2))], 1.5)
    journal.commit([Write("/0", batch(3, Finished(["a", 1]))), Write("/1#2", batch(4, Contradicted((1,), "no")))], 2.5)
    journal.commit([Write("/2", batch(5, Paused("stop"))), Write("/3", batch(6, Failed("RunFailed", "no")))], 3.5)
    journal.set_meta(status="paused", leads={"guarded": 1})
    journal.set_meta(status="solved")
    journal.close()
    for write in (False, True):
        again = open_journal(tmp_path, write=write)
        assert again.begun() == {"/0", "/1", "/1#2", "/2", "/3"}
        paths = [record.path for payload in again.payloads("/0") for record in unpack(payload)]
        assert paths == [(0,), (2,), (3,)]
        assert again.payloads("/9") == ()
        assert again.outcomes() == {"/0": Finished(["a", 1]), "/1#2": Contradicted((1,), "no")}
        assert [again.outcome(key) for key in ("/0", "/1#2")] == list(again.outcomes().values())
        assert again.outcome("/1") is again.outcome("/9") is None
        assert (again.totals, again.wall_s) == (Counts(steps=7, calls=14), 3.5)
        assert (again.meta("status"), again.meta("leads"), again.meta("none")) == ("solved", {"guarded": 1}, None)
        again.check()
        again.close()


def test_batches_of_all_segments_are_read_in_the_order_in_which_they_became_durable(tmp_path: pathlib.Path) -> None:
    order = [("/0", 0), ("/1", 1), ("/0", 2), ("/", 3), ("/1", 4)]
    journal = create_journal(tmp_path)
    assert list(journal.written()) == []
    for segment, number in order:
        journal.commit([Write(segment, batch(number))], 1.0)
    journal.close()
    reader = open_journal(tmp_path, write=False)
    read = [(segment, unpack(payload)[0].path[0]) for segment, payload in reader.written()]
    reader.close()
    assert read == order
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        db.execute("UPDATE batch SET payload = X'00' WHERE id = 3")
    torn = open_journal(tmp_path, write=False)
    with pytest.raises(JournalError, match="checksum"):
        list(torn.written())
    torn.close()


def test_readers_see_the_totals_of_a_run_that_goes_on(tmp_path: pathlib.Path) -> None:
    journal, reader = create_journal(tmp_path), open_journal(tmp_path, write=False)
    journal.commit([Write("/0", batch(0))], 1.0)
    assert reader.totals.steps == 0
    reader.refresh()
    assert (reader.totals.steps, reader.wall_s) == (1, 1.0)
    with pytest.raises(JournalError, match=r"journal\.sqlite: attempt to write a readonly database"):
        reader.commit([Write("/0", batch(1))], 2.0)
    reader.close()
    journal.close()


def test_a_journal_is_made_once(tmp_path: pathlib.Path) -> None:
    create_journal(tmp_path).close()
    with pytest.raises(RunDirectoryError, match="already holds a run: use surefoot resume"):
        create_journal(tmp_path)
    assert not is_locked(tmp_path)
    open_journal(tmp_path, write=True).close()


def test_directories_that_are_no_runs(tmp_path: pathlib.Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RunDirectoryError, match=r"no run directory|not a run directory"):
            open_journal(place, write=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunDirectoryError, match="cannot write to"):
        create_journal(tmp_path / "missing")


def test_a_newer_journal_is_refused_and_left_alone(tmp_path: pathlib.Path) -> None:
    create_journal(tmp_path).close()
    for found, error in ((str(FORMAT + 1), "written by a newer Surefoot"), ("soon", r"journal\.sqlite")):
        db = sqlite3.connect(tmp_path / "journal.sqlite")
        db.execute("UPDATE meta SET value = ? WHERE key = 'format'", (found,))
        db.commit()
        db.close()
        with pytest.raises(JournalError, match=error):
            open_journal(tmp_path, write=True)
        assert not is_locked(tmp_path)


@pytest.mark.parametrize("lines", [1, 2, 7, 40, 150])
def test_a_killed_writer_loses_nothing_that_it_had_told(tmp_path: pathlib.Path, child: Child, lines: int) -> None:
    """Killed while it commits without a pause: all that it said is there, the last commit is there whole or not."""
    process = child(COMMITS_FOR_EVER)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(lines)][-1]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()  # not communicate(): it passes over what readline() has read ahead
    told = max([told, *(int(line) for line in rest.split("\n")[:-1])])
    journal = open_journal(tmp_path, write=True)  # the lock went with the process
    journal.check()
    numbers = sorted(r.path[0] for key in journal.begun() for p in journal.payloads(key) for r in unpack(p))
    assert told + 1 <= len(numbers) / 2 <= told + 2
    assert numbers == [number for number in range(len(numbers) // 2) for _ in range(2)]
    assert (journal.totals.steps, journal.wall_s) == (len(numbers), float(len(numbers) // 2 - 1))
    journal.commit([Write("/0", batch(0))], 99.0)
    journal.close()


def test_one_writer_at_a_time(tmp_path: pathlib.Path, child: Child) -> None:
    process = child("journal = create_journal(where)\nsay('open')\nsys.stdin.readline()")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == "open"
    assert is_locked(tmp_path)
    for _ in range(2):
        with pytest.raises(RunDirectoryError, match="is in use by another process"):
            open_journal(tmp_path, write=True)
    open_journal(tmp_path, write=False).close()
    process.kill()
    process.wait()
    assert not is_locked(tmp_path)
    open_journal(tmp_path, write=True).close()


def test_the_second_of_two_writers_is_the_one_refused(tmp_path: pathlib.Path, child: Child) -> None:
    journal = create_journal(tmp_path)
    attempts = """
for attempt in (lambda: open_journal(where, write=True), lambda: create_journal(where)):
    try: attempt(); say("in")
    except RunDirectoryError as error: say(str(error))
"""
    output, _ = child(attempts).communicate()
    assert [json.loads(line) for line in output.splitlines()] == [f"{tmp_path} is in use by another process"] * 2
    journal.commit([Write("/0", batch(0))], 1.0)
    journal.close()


def test_a_full_disk_loses_nothing_and_can_be_gone_on_from(tmp_path: pathlib.Path, child: Child) -> None:
    """A limit on the size of files stands for the end of the disk."""
    program = """
journal = create_journal(where)
def write(size): return [Write("/0", Batch(b"x" * size, Counts(steps=1)))]
journal.commit(write(10), 1.0)
size = (where / "journal.sqlite-wal").stat().st_size
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, hard))
for _ in range(2):
    try: journal.commit(write(100_000), 2.0); say("written")
    except JournalError as error: say([str(error), journal.totals.steps, len(journal.payloads("/0"))])
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
journal.commit(write(100_000), 3.0)
say([journal.totals.steps, len(journal.payloads("/0"))])
journal.close()
"""
    output, _ = child(program).communicate()
    first, second, last = (json.loads(line) for line in output.splitlines())
    for message, steps, rows in (first, second):
        assert message.startswith(f"{tmp_path / 'journal.sqlite'}: ")
        assert (steps, rows) == (1, 1)
    assert last == [2, 2]
    journal = open_journal(tmp_path, write=False)
    journal.check()
    assert journal.totals.steps == 2
    journal.close()


def test_a_copy_of_a_run_that_goes_on_can_be_read(tmp_path: pathlib.Path) -> None:
    """Between two commits the file and its write-ahead log are a run directory of their own."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    journal: Journal = create_journal(here)
    for number in range(5):
        journal.commit([Write("/0", batch(number))], 1.0)
    for name in ("journal.sqlite", "journal.sqlite-wal"):
        (there / name).write_bytes((here / name).read_bytes())
    copy = open_journal(there, write=True)
    copy.check()
    assert (len(copy.payloads("/0")), copy.totals.steps) == (5, 5)
    copy.close()
    journal.close()

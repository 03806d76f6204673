"""The disk fails: full, read-only, cut off, flipped, from another version, copied while it is written to."""

import json
import pathlib
import random
import shutil
import sqlite3
import subprocess
from typing import Any

import pytest

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.fault_points import VARIABLE
from surefoot.runtime.journal.file import FORMAT, crc_of
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.payloads import unpack
from tests.chaos.harness import Run, Usage, result, survive
from tests.chaos.test_resume import surefoot, until_asked

TASK = ("hanoi", "--disks", "6", "--address", "none", "--workers", "1", "--leaf-steps", "7", "--chains-in-flight", "2")
RUN = (*TASK, "--model", "simulated:p_error=0.05,latency_s=0.003", "--flush-steps", "2", "--segment-steps", "15")
GOLDEN = pathlib.Path(__file__).parents[1] / "data" / "golden_format_2"


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was killed: part of what it committed is in the write-ahead log only."""
    run = Run(tmp_path_factory.mktemp("killed"), *RUN, "--k", "2")
    assert run.session(fault="commit.after:6=kill").returncode == -9
    return run


@pytest.fixture(scope="module")
def closed_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that paused: all is in the database itself."""
    run = Run(tmp_path_factory.mktemp("closed"), *RUN, "--k", "2", "--max-calls", "80")
    assert run.session().returncode == 3
    return run


def contents(directory: pathlib.Path) -> tuple[Any, ...]:
    """Everything that a resume reads, after the check that a resume makes."""
    journal = open_journal(directory, write=True)
    try:
        journal.check()
        batches = [(key, [unpack(p) for p in journal.payloads(key)]) for key in sorted(journal.begun())]
        meta = [journal.meta(key) for key in ("setup", "leads", "status", "changes")]
        return batches, journal.outcomes(), repr(journal.totals), meta
    finally:
        journal.close()


def copy_of(run: Run, to: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(run.path, to)
    return to


@pytest.mark.parametrize("fault", ["commit.during:4=full", "commit.written:5=io", "commit.before:3=full"])
def test_a_full_disk_loses_nothing_committed(fault: str, tmp_path: pathlib.Path) -> None:
    whole, run = Run(tmp_path / "whole", *RUN), Run(tmp_path / "full", *RUN)
    survive(whole, [], Usage())
    ended = run.session(fault=fault)
    assert ended.returncode == 1
    assert "journal.sqlite" in ended.stderr
    assert "resume" in ended.stderr
    assert "Traceback" not in ended.stderr
    account = Usage()
    survive(run, [], account)
    assert (account.lost, account.repeated) == (0, 0)
    assert run.plan() == whole.plan()


def test_a_file_that_may_not_grow(tmp_path: pathlib.Path) -> None:
    """The kernel's own refusal, in place of a fault point's: no file of this process may exceed 64 KiB."""
    run = Run(tmp_path, *RUN, "--k", "2")
    process = subprocess.run(
        ["bash", "-c", 'ulimit -f 64; exec "$@"', "-", *map(str, run.command())],
        env=run.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1, process.stderr
    assert "journal.sqlite" in process.stderr
    assert "Traceback" not in process.stderr
    account = Usage()
    survive(run, [], account)
    assert (account.lost, account.repeated) == (0, 0)


def test_any_flipped_byte_of_the_database_is_seen_or_harmless(closed_run: Run, tmp_path: pathlib.Path) -> None:
    flip_and_read(closed_run, "journal.sqlite", tmp_path, 400)


def test_any_flipped_byte_of_the_log_is_seen_or_costs_the_last_commit(killed_run: Run, tmp_path: pathlib.Path) -> None:
    assert (killed_run.path / "journal.sqlite-wal").stat().st_size > 20_000
    flip_and_read(killed_run, "journal.sqlite-wal", tmp_path, 200)


def flip_and_read(run: Run, name: str, tmp_path: pathlib.Path, times: int) -> None:
    rng = random.Random(f"flips of {name}")
    there = copy_of(run, tmp_path / "copy")
    files = {file.name: file.read_bytes() for file in there.glob("journal*") if not file.name.endswith("-shm")}
    right = contents(there)
    seen = other = 0
    for _ in range(times):
        data = bytearray(files[name])
        place = rng.randrange(len(data))
        data[place] ^= 1 << rng.randrange(8)
        for file in there.glob("journal*"):
            file.unlink()
        for file_name, content in files.items():
            (there / file_name).write_bytes(bytes(data) if file_name == name else content)
        try:
            other += contents(there) != right
        except JournalError as error:
            seen += str(there) in str(error)
    # The rest hit space that nothing is kept in.
    assert seen > times / 8
    # The last commit of a log cannot be told from one that the power cut off; nothing else may be read differently.
    assert other <= (times * 0.15 if name.endswith("-wal") else 0)


@pytest.mark.parametrize("keep", [0, 1, 100, 4096, 5000, 9000, 20_000])
def test_a_journal_that_was_cut_off(keep: int, closed_run: Run, tmp_path: pathlib.Path) -> None:
    there = copy_of(closed_run, tmp_path / "copy")
    journal = there / "journal.sqlite"
    assert journal.stat().st_size > keep
    with journal.open("r+b") as file:
        file.truncate(keep)
    resumed = surefoot("resume", there, "--max-calls", 10_000)
    assert resumed.returncode == 1, resumed.stderr
    assert str(journal) in resumed.stderr.replace("\n", "")
    assert "Traceback" not in resumed.stderr
    assert journal.stat().st_size == keep, "and nothing was written"


def test_a_lost_row_is_seen(closed_run: Run, tmp_path: pathlib.Path) -> None:
    there = copy_of(closed_run, tmp_path / "copy")
    with sqlite3.connect(there / "journal.sqlite") as db:
        db.execute("DELETE FROM batch WHERE id = 3")
    db.close()
    resumed = surefoot("resume", there)
    assert resumed.returncode == 1
    assert "damaged" in resumed.stderr


def test_a_newer_journal_is_refused(closed_run: Run, tmp_path: pathlib.Path) -> None:
    there = copy_of(closed_run, tmp_path / "copy")
    newer = str(FORMAT + 1)
    with sqlite3.connect(there / "journal.sqlite") as db:
        db.execute("UPDATE meta SET value = ?, crc = ? WHERE key = 'format'", (newer, crc_of("format", newer.encode())))
    db.close()
    for command in ("resume", "show", "verify"):
        refused = surefoot(command, there)
        assert refused.returncode == 1
        assert "newer Surefoot" in refused.stderr


def test_the_golden_journal_is_read_and_gone_on_with(tmp_path: pathlib.Path) -> None:
    """Written by the first version that wrote this layout; kept as long as there are versions."""
    there = tmp_path / "golden"
    shutil.copytree(GOLDEN, there)
    shown = json.loads(surefoot("show", there, "--json").stdout)
    expected = json.loads((GOLDEN / "expected.json").read_text())
    assert {key: shown[key] for key in expected} == expected
    resumed = surefoot("resume", there, "--max-calls", 100_000, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["steps"] == 63
    assert surefoot("verify", there).returncode == 0


def test_a_copy_made_while_the_run_goes_on(tmp_path: pathlib.Path) -> None:
    """It resumes as the run it was copied from would have, or says that it is no good."""
    run = Run(tmp_path / "original", *RUN, "--flush-steps", "1")
    process = run.start()
    for number in range(4):
        until_asked(run, process, 70 + 15 * number)
        copy_of(run, tmp_path / str(number))
    process.communicate()
    good = 0
    for number in range(4):
        resumed = surefoot("resume", tmp_path / str(number), "--json")
        if resumed.returncode == 0:
            good += 1
            assert surefoot("verify", tmp_path / str(number)).returncode == 0
        else:
            assert resumed.returncode in (1, 2)
            assert "Traceback" not in resumed.stderr
    assert good >= 1


def test_a_copy_without_the_log_is_noticed(killed_run: Run, tmp_path: pathlib.Path) -> None:
    """Only the main file was copied of a run that was killed: what is missing is said, and nothing is asked again."""
    there = tmp_path / "copy"
    there.mkdir()
    for name in ("run.toml", "journal.sqlite"):
        shutil.copy(killed_run.path / name, there)
    original = json.loads(surefoot("show", killed_run.path, "--json").stdout)
    shown = json.loads(surefoot("show", there, "--json").stdout)
    assert (original["missing_batches"], shown["missing_batches"] > 0) == (0, True)
    assert "missing" in surefoot("show", there).stdout
    resumed = surefoot("resume", there)
    assert resumed.returncode == 1
    assert "journal.sqlite-wal" in resumed.stderr
    assert json.loads(surefoot("show", there, "--json").stdout)["calls"] == shown["calls"]
    # With the log it is whole.
    shutil.copy(killed_run.path / "journal.sqlite-wal", there)
    whole = json.loads(surefoot("show", there, "--json").stdout)
    assert (whole["missing_batches"], whole["steps"]) == (0, original["steps"])
    assert surefoot("resume", there).returncode == 0
    # And without it a user may go on all the same, who says so.
    (there / "journal.sqlite").write_bytes((killed_run.path / "journal.sqlite").read_bytes())
    assert surefoot("resume", there, "--accept-change").returncode == 0


@pytest.mark.parametrize("gone", ["removed", "moved", "replaced"])
def test_a_run_whose_directory_is_gone_stops(gone: str, tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *TASK, "--model", "simulated:latency_s=0.05", "--flush-steps", "1", "--k", "2")
    process = run.start()
    until_asked(run, process, 10)
    if gone == "removed":
        shutil.rmtree(run.path)
    else:
        run.path.rename(tmp_path / "elsewhere")
    if gone == "replaced":
        shutil.copytree(tmp_path / "elsewhere", run.path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "removed or replaced" in err
    assert "Traceback" not in err
    assert len(run.asked()) < 126
    assert run.path.exists() == (gone == "replaced")
    if gone == "moved":
        assert surefoot("resume", tmp_path / "elsewhere").returncode == 0


def test_a_second_writer_without_the_lock_file(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *TASK, "--model", "simulated:latency_s=0.05", "--flush-steps", "1", "--k", "2")
    process = run.start()
    until_asked(run, process, 10)
    (run.path / "lock").unlink()
    second = surefoot("resume", run.path)
    assert second.returncode == 2
    assert "in use by another process" in second.stderr
    assert len(second.stderr.splitlines()) <= 3
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert surefoot("verify", run.path).returncode == 0


def test_a_medium_that_cannot_be_written_to(closed_run: Run, tmp_path: pathlib.Path) -> None:
    there = copy_of(closed_run, tmp_path / "copy")
    (there / "lock").unlink()
    mounted = f'mount --bind "{there}" "{there}" && mount -o remount,ro,bind "{there}"'
    if subprocess.run(["unshare", "-rm", "bash", "-c", mounted], capture_output=True).returncode:
        pytest.skip("needs a mount namespace")

    def inside(command: str) -> "subprocess.CompletedProcess[str]":
        script = f'{mounted} && exec "$@"'
        words = [
            "unshare",
            "-rm",
            "bash",
            "-c",
            script,
            "-",
            *closed_run.python(),
            "-m",
            "surefoot.scripts.commands.cli",
            command,
        ]
        return subprocess.run(
            [*words, str(there), "--json"], env=closed_run.environment(), capture_output=True, text=True, timeout=60
        )

    shown = inside("show")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["status"] == "paused"
    resumed = inside("resume")
    assert resumed.returncode == 2
    assert "Read-only file system" in resumed.stderr


def test_faults_are_named_in_full(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *RUN)
    ended = run.session(fault="commit.soon=kill")
    assert ended.returncode == 2
    assert VARIABLE in ended.stderr
    assert result(run.session())["status"] == "solved"

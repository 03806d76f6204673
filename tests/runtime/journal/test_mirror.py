"""A mirror is at every moment a whole, older state of its run, and says what it may lack."""

import asyncio
import contextlib
import os
import pathlib
import shutil
import sqlite3
from collections.abc import Callable

import pytest

from surefoot.runtime import api
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal import mirror as mirror_module
from surefoot.runtime.journal.journal import Journal, open_journal
from surefoot.runtime.journal.mirror import Mirror, copy_run, mirror_of, mirrored, missing_in, read_note, take_over
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.run_directory import create_run, read_config
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, Finished, Record

CONFIG = RunConfig(task="hanoi", model="simulated")


@pytest.fixture
def run(tmp_path: pathlib.Path) -> pathlib.Path:
    create_run(tmp_path / "run", CONFIG).close()
    return tmp_path / "run"


def commit(journal: Journal, *segments: str, end: Finished | None = None) -> None:
    record = Record((), "run", 0, 0, 1, ("a",))
    journal.commit([Write(one, Batch(pack([record]), Counts(steps=1), end)) for one in segments], 1.0)


def rows(directory: pathlib.Path) -> dict[str, list[tuple[object, ...]]]:
    db = sqlite3.connect(directory / "journal.sqlite")
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    finally:
        db.close()


def test_a_mirror_holds_what_was_committed_and_a_run_goes_on_from_it(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    journal = open_journal(run, write=True)
    mirror = Mirror(run, tmp_path / "far" / "copy")
    commit(journal, "/0", "/1")
    assert mirror.copy() == 2
    commit(journal, "/0", end=Finished("x"))
    journal.set_meta(status="paused", leads={"guarded": 2})
    assert (mirror.lacks(), mirror.copy(), mirror.lacks()) == (1, 3, 0)
    journal.close()
    assert rows(run) == rows(mirror.folder)
    assert read_config(mirror.folder) == CONFIG
    shutil.rmtree(run)  # the head is lost with its disk
    resumed = open_journal(mirror.folder, write=True)
    resumed.check()
    assert (resumed.totals.steps, resumed.outcomes(), resumed.meta("status")) == (3, {"/0": Finished("x")}, "paused")
    commit(resumed, "/2")
    resumed.close()


def test_a_copy_that_fails_leaves_the_mirror_as_it_was(
    run: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(run, write=True)
    mirror = Mirror(run, tmp_path / "copy")
    commit(journal, "/0")
    mirror.copy()
    before = rows(mirror.folder)
    commit(journal, "/0", "/1")
    other = sqlite3.connect(mirror.folder / "journal.sqlite", isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON totals BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(JournalError, match="full"):
        mirror.copy()
    assert rows(mirror.folder) == before
    other.execute("DROP TRIGGER full")
    other.close()
    assert mirror.copy() == 3
    journal.close()


def test_a_mirror_says_what_it_may_lack(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    journal = open_journal(run, write=True)
    commit(journal, "/0", "/1")
    Mirror(run, tmp_path / "copy").copy()
    journal.close()
    said = missing_in(tmp_path / "copy")
    assert str(run) in said
    assert "2 batches" in said
    assert missing_in(run) == ""


def test_two_runs_do_not_share_a_mirror(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    journal = open_journal(run, write=True)
    commit(journal, "/0")
    journal.close()
    Mirror(run, tmp_path / "copy").copy()
    create_run(tmp_path / "other", CONFIG).close()
    with pytest.raises(JournalError, match="is a mirror of"):
        Mirror(tmp_path / "other", tmp_path / "copy")
    shutil.move(run, tmp_path / "moved")  # the same run at another place goes on with its mirror
    assert Mirror(tmp_path / "moved", tmp_path / "copy").copy() == 1


def test_neither_links_nor_locks_nor_drafts_are_copied(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "secret").write_text("of somebody")
    (run / "report.html").write_text("a page")
    (run / "link").symlink_to(tmp_path / "secret")
    (run / "run.draft").write_text("half")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "report.html").symlink_to(tmp_path / "secret")
    Mirror(run, tmp_path / "copy").copy()
    found = {entry.name for entry in (tmp_path / "copy").iterdir()}
    assert found == {"journal.sqlite", "mirror.json", "report.html", "run.toml"}
    assert (tmp_path / "secret").read_text() == "of somebody"
    assert (tmp_path / "copy" / "report.html").read_text() == "a page"


@pytest.mark.parametrize("end", ["", "-journal", "-wal"])
def test_a_mirrors_journal_is_not_written_through_a_link(run: pathlib.Path, tmp_path: pathlib.Path, end: str) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / f"journal.sqlite{end}").symlink_to(tmp_path / "somebodys")
    with pytest.raises(JournalError, match="nothing is written through links"):
        Mirror(run, folder).copy()
    assert not (tmp_path / "somebodys").exists()


def test_what_a_strangers_journal_says_of_its_tables_is_not_executed(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    forged = f"ATTACH DATABASE '{tmp_path / 'made'}' AS made"
    with contextlib.closing(sqlite3.connect(run / "journal.sqlite")) as db:
        db.execute("CREATE TABLE other (x)")
        db.execute("PRAGMA writable_schema = 1")
        db.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'other'", (forged,))
        db.commit()
    with pytest.raises(JournalError, match=r"not a Surefoot journal|malformed"):
        Mirror(run, tmp_path / "copy").copy()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["pipe", "device", "endless"])
def test_a_note_that_is_no_plain_file_is_none(tmp_path: pathlib.Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / "mirror.json")
    else:
        (tmp_path / "mirror.json").symlink_to("/dev/zero" if kind == "device" else "mirror.json")
    assert (read_note(tmp_path), missing_in(tmp_path)) == (None, "")


def test_a_folder_that_cannot_be_written_is_one_line(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be written"):
        Mirror(run, tmp_path / "file" / "copy").copy()


def test_a_copy_made_once_is_a_run_and_no_mirror(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    journal = open_journal(run, write=True)
    commit(journal, "/0")
    assert copy_run(run, tmp_path / "copy") == 1
    journal.close()
    assert read_note(tmp_path / "copy") is None
    open_journal(tmp_path / "copy", write=False).close()


async def until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110  (the thread that copies tells nobody)
        await asyncio.sleep(0.001)


class Copies:
    """Counts the copies that are tried from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made, copy = 0, Mirror.copy

        def counted(mirror: Mirror) -> int:
            self.made += 1
            return copy(mirror)

        monkeypatch.setattr(Mirror, "copy", counted)


async def test_a_mirror_is_kept_while_a_run_works_and_a_failure_is_said_once(
    run: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "EVERY_S", 0.001)
    journal, said = open_journal(run, write=True), list[str]()
    async with mirrored(run, tmp_path / "copy", said.append):
        commit(journal, "/0")
        await until(lambda: read_note(tmp_path / "copy") is not None and not Mirror(run, tmp_path / "copy").lacks())
        (tmp_path / "copy").rename(tmp_path / "aside")  # a disk that is taken away
        (tmp_path / "copy").touch()
        await until(lambda: bool(said))
        copies = Copies(monkeypatch)
        await until(lambda: copies.made >= 3)
        assert len(said) == 1
        assert "the mirror is not up to date" in said[0]
        (tmp_path / "copy").unlink()
        (tmp_path / "aside").rename(tmp_path / "copy")
        commit(journal, "/1")
    assert Mirror(run, tmp_path / "copy").lacks() == 0  # the last copy is made at the end
    commit(journal, "/2")
    async with mirrored(run, tmp_path / "copy", said.append):
        await until(lambda: len(said) > 1)
    journal.close()
    assert "lacks 1 batches" in said[1]


def test_a_mirror_that_was_resumed_is_no_mirror_any_more(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    Mirror(run, tmp_path / "copy").copy()
    assert "is a mirror of" in take_over(tmp_path / "copy")
    assert take_over(tmp_path / "copy") == ""
    with pytest.raises(JournalError, match="no longer one"):
        Mirror(run, tmp_path / "copy")


def test_a_run_that_lost_its_disk_is_resumed_in_its_mirror(tmp_path: pathlib.Path) -> None:
    notes: list[str] = []
    mirror, options = tmp_path / "copy", {"model": "simulated", "k": 1, "address": "none"}
    paused = api.run("hanoi", disks=6, run_dir=tmp_path / "run", mirror=str(mirror), max_calls=30, **options)
    assert paused.status == "paused"
    shutil.rmtree(tmp_path / "run")
    resumed = api.resume(mirror, on_event=lambda event: notes.append(event.text), max_calls=10_000)
    assert (resumed.status, resumed.counts.steps) == ("solved", 63)
    assert any("is a mirror of" in note for note in notes)
    assert any("no mirror is kept" in note for note in notes)
    assert mirror_of(mirror, str(mirror)) is None
    assert mirror_of(mirror, None) is None

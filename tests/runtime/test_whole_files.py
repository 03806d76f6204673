"""A file is written whole or not at all, and nothing is written through a link."""

import os
import pathlib
import stat

import pytest

from surefoot.runtime import whole_files
from surefoot.runtime.whole_files import DRAFT, PRIVATE, PUBLIC, new_draft, remove_drafts, write_whole


def mode_of(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_and_old_files_get_the_content(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    for content in (b"one", "zw\N{LATIN SMALL LETTER O WITH DIAERESIS}lf", "lone \ud800"):
        write_whole(path, content)
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode(errors="replace"))
        assert mode_of(path) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_users_own_place_has_a_users_own_permissions(tmp_path: pathlib.Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "public", "", mode=PUBLIC)
        write_whole(tmp_path / "private", "", mode=PRIVATE)
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "public"), mode_of(tmp_path / "private")) == (0o640, 0o600)


def test_links_are_replaced_and_what_they_point_to_stays(tmp_path: pathlib.Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("mine")
    (tmp_path / "link").symlink_to(notes)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name in ("link", "dangling"):
        write_whole(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"
        assert not (tmp_path / name).is_symlink()
    assert notes.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


def test_a_draft_takes_no_name_that_exists(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were its name known, a link there would be followed without O_EXCL and O_NOFOLLOW."""
    monkeypatch.setattr(whole_files.secrets, "token_hex", lambda _: "0" * 16)
    (tmp_path / "notes").write_text("mine")
    (tmp_path / ".surefoot-0000000000000000.draft").symlink_to(tmp_path / "notes")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "file", "new")
    assert (tmp_path / "notes").read_text() == "mine"


def test_an_error_leaves_the_old_content_and_no_draft(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", "old")

    def fail(_: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(whole_files.os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_drafts_that_were_left_behind_go_and_nothing_else(tmp_path: pathlib.Path) -> None:
    for _ in range(2):
        os.close(new_draft(tmp_path)[0])
    draft = next(tmp_path.iterdir())
    draft.with_name(f"{draft.name}-journal").touch()
    kept = ("text.draft", ".surefoot-mine.draft", "run.toml")
    for name in kept:
        (tmp_path / name).touch()
    assert sum(bool(DRAFT.fullmatch(one.name)) for one in tmp_path.iterdir()) == 3
    remove_drafts(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == set(kept)

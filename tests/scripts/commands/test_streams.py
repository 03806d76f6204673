"""Standard streams that are closed, full or abandoned: what is lost is noted, and nothing is raised."""

import errno
import os
import pathlib

import pytest

from surefoot.scripts.commands.streams import ForgivingFile


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_all_that_is_given_is_written(pipe: tuple[int, int]) -> None:
    out, into = pipe
    file = ForgivingFile(into)
    assert file.write(b"abc") == 3
    assert file.write(memoryview(b"")) == 0
    assert os.read(out, 10) == b"abc"
    assert file.lost == ""
    os.close(out), os.close(into)


def test_a_write_in_parts_is_ended(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = pipe
    usual = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: usual(descriptor, bytes(data)[:2]))
    assert ForgivingFile(into).write(b"abcde") == 5
    monkeypatch.undo()
    assert os.read(out, 10) == b"abcde"
    os.close(out), os.close(into)


def test_a_reader_that_went_away_is_no_loss(pipe: tuple[int, int]) -> None:
    out, into = pipe
    os.close(out)
    file = ForgivingFile(into)
    assert file.write(b"abc") == 3
    assert file.lost == ""
    os.close(into)


def test_a_full_disk_is_noted_and_not_raised(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = ForgivingFile(pipe[1])
    monkeypatch.setattr(os, "write", full)
    assert file.write(b"abc") == 3
    assert file.lost == "No space left on device"
    monkeypatch.undo()
    os.close(pipe[0]), os.close(pipe[1])


def test_a_stream_that_somebody_made_non_blocking_is_waited_for(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, into = pipe
    usual, refused = os.write, [True, True]

    def busy(descriptor: int, data: object) -> int:
        if refused and refused.pop():
            raise BlockingIOError
        return usual(descriptor, data)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "write", busy)
    assert ForgivingFile(into).write(b"abc") == 3
    monkeypatch.undo()
    assert refused == []
    assert os.read(out, 10) == b"abc"
    os.close(out), os.close(into)


def test_it_says_that_it_can_be_written_to_and_is_no_terminal(tmp_path: pathlib.Path) -> None:
    with (tmp_path / "f").open("wb") as opened:
        file = ForgivingFile(opened.fileno())
        assert file.writable()
        assert file.fileno() == opened.fileno()
        assert not file.isatty()
        file.close()
        assert os.fstat(opened.fileno()), "the descriptor stays open"

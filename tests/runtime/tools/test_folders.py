"""Reading and searching below a folder: no path and no link leads out of it."""

import os
import pathlib
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.read_file import read_file
from surefoot.runtime.tools.search_folder import PASSAGE_LENGTH, passages, search_folder


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    inside = tmp_path / "inside"
    (inside / "deep").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("s3cret")
    (inside / "a.txt").write_text("hello")
    (inside / "deep" / "b.txt").write_bytes("ä\n".encode() + b"\xff")
    (inside / "to-file").symlink_to(tmp_path / "outside.txt")
    (inside / "to-folder").symlink_to(tmp_path)
    (inside / "to-itself").symlink_to("to-itself")
    (inside / "to-inside").symlink_to("a.txt")
    os.mkfifo(inside / "pipe")
    return inside


async def test_reads_files_below_it(folder: pathlib.Path, value: Any) -> None:
    tool = read_file(folder)
    assert await value(tool, path="a.txt") == {"text": "hello", "size_bytes": 5}
    assert await value(tool, path="./deep/b.txt") == {"text": "ä\n\ufffd", "size_bytes": 4}
    assert await value(tool, path="a.txt", start=1, length=3) == {"text": "ell", "size_bytes": 5}
    assert (await value(tool, path="a.txt", start=99))["text"] == ""


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "deep/../../outside.txt",
        "deep/../a.txt",
        "/etc/passwd",
        "to-file",
        "to-folder/outside.txt",
        "to-itself",
        "to-inside",
        "deep",
        ".",
        "",
        "pipe",
        "nothing",
        "a.txt/b",
        "a.txt\0",
        "\ud800",
        "x" * 5000,
    ],
)
async def test_nothing_else_is_read(path: str, folder: pathlib.Path, failure: Any) -> None:
    assert (await failure(read_file(folder), path=path)).kind is FailureKind.REFUSED


async def test_size_is_bounded(folder: pathlib.Path, failure: Any, value: Any) -> None:
    tool = read_file(folder, max_bytes=3)
    assert (await failure(tool, path="a.txt")).detail == "a.txt: 5 bytes, at most 3 can be read at once"
    assert (await value(tool, path="a.txt", start=3))["text"] == "lo"
    for wrong in ({"start": -1}, {"length": -1}):
        assert (await failure(tool, path="a.txt", **wrong)).kind is FailureKind.BAD_ARGUMENTS


def test_a_folder_has_to_exist(tmp_path: pathlib.Path) -> None:
    for tool in (read_file, search_folder):
        with pytest.raises(ConfigurationError, match="no folder"):
            tool(tmp_path / "none")


async def test_finds_passages_by_words(folder: pathlib.Path, value: Any) -> None:
    (folder / "rivers.md").write_text("The Elbe is a river.\n" * 100 + "The Rhine flows north.\n")
    (folder / "deep" / "hills.txt").write_text("The Rhine has hills. A hill is high.")
    (folder / ".hidden").write_text("Rhine")
    (folder / "binary").write_bytes(b"Rhine\0")
    found = await value(search_folder(folder), query="rhine north", limit=9)
    assert [(p["path"], p["line"]) for p in found["passages"]] == [("rivers.md", 59), ("deep/hills.txt", 1)]
    assert found["left_out"] == ["binary"]
    assert (await value(search_folder(folder), query="s3cret"))["passages"] == []


async def test_a_query_is_words_and_nothing_else(folder: pathlib.Path, value: Any, failure: Any) -> None:
    for query in ('"hello', "hello*", "text: hello", "hello NOT hello", "NEAR(hello)", "hello) OR (", "'hello'"):
        assert len((await value(search_folder(folder), query=query))["passages"]) == 1, query
    for wrong in ({"query": "?!"}, {"query": "a", "limit": 0}, {"query": "a", "limit": 10**9}):
        assert (await failure(search_folder(folder), **wrong)).kind is FailureKind.BAD_ARGUMENTS


async def test_what_is_too_large_is_left_out_and_said(folder: pathlib.Path, value: Any) -> None:
    (folder / "b.txt").write_text("hello " * 100)
    found = await value(search_folder(folder, max_file_bytes=100), query="hello")
    assert ([p["path"] for p in found["passages"]], found["left_out"]) == (["a.txt"], ["b.txt"])
    found = await value(search_folder(folder, max_total_bytes=5), query="hello")
    assert ([p["path"] for p in found["passages"]], found["left_out"]) == (["a.txt"], ["b.txt", "deep/b.txt"])


async def test_all_answers_come_from_the_same_texts(folder: pathlib.Path, value: Any) -> None:
    tool = search_folder(folder)
    first = await value(tool, query="hello")
    (folder / "new.txt").write_text("hello")
    assert await value(tool, query="hello") == first
    assert await value(search_folder(folder), query="hello") != first


def test_passages_are_whole_lines_and_nothing_is_lost() -> None:
    text = "\n".join(f"line {n}" for n in range(1000))
    pieces = list(passages(text))
    assert "\n".join(piece for _, piece in pieces) == text
    assert all(piece.splitlines()[0] == f"line {line - 1}" for line, piece in pieces)
    assert max(len(piece) for _, piece in pieces) < PASSAGE_LENGTH + 20
    assert len(list(passages("x" * 100_000))) == 21
    assert list(passages("\n\n")) == []

"""Search in the text files below a folder, by SQLite's full-text index (FTS5, ranked by BM25), held in memory."""

import contextlib
import os
import pathlib
import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Final

from surefoot.runtime.tools.contract import FailureKind, Tool, ToolError
from surefoot.runtime.tools.folder import existing_folder, files_below, open_below

PASSAGE_LENGTH: Final = 1200
"""Characters after which a passage ends, at the end of a line."""
_LOOKED_AT: Final = 4096
"""Bytes at the start of a file that tell whether it is text."""
CANDIDATES: Final = 100
"""Passages that a model puts in order, at most: each takes a call."""
_MAX_WORDS: Final = 64
_MAX_RESULTS: Final = 50


def search_folder(
    folder: str | pathlib.Path, *, ranked: bool = False, max_file_bytes: int = 8 << 20, max_total_bytes: int = 256 << 20
) -> Tool:
    """A tool that finds passages: arguments ``query`` (words) and ``limit``.

    It returns ``{"passages": [{"path", "line", "text"}, ...], "left_out": [...]}``, the best passage first;
    ``left_out`` names files that are too large or not text. The index is made at the first search and not renewed: all
    answers of one run come from the same texts.

    Args:
        folder: The folder. Links and names that begin with a dot are left out.
        ranked: Whether the run's model chooses the best among the ``CANDIDATES`` that fit best by their words, by how
            likely it finds the query after each; see `surefoot.runtime.execution.text_scores`.
        max_file_bytes: Files above this size are left out.
        max_total_bytes: Bytes of text indexed at most; what comes later, in the order of names, is left out.

    Raises:
        ConfigurationError: There is no such folder.
    """
    index = _Index(existing_folder(folder), max_file_bytes, max_total_bytes)
    function = index.candidates if ranked else index.search
    return Tool(name="search_folder", function=function, timeout_s=120.0, ranked=ranked)


def holds_text(folder: str | pathlib.Path, *, most_files: int = 1000) -> bool:
    """Whether there is anything to search in: a text file among the first files below a folder.

    Args:
        folder: The folder.
        most_files: Files looked at; where none of so many is text, it is left to the search to say so.

    Raises:
        ConfigurationError: There is no such folder.
    """
    place = existing_folder(folder)
    for count, path in enumerate(files_below(place)):
        if count == most_files:
            return True
        with contextlib.suppress(ToolError, OSError), os.fdopen(open_below(place, path), "rb") as file:
            start = file.read(_LOOKED_AT)
            if start and b"\0" not in start:
                return True
    return False


class _Index:
    """The texts of a folder, indexed when first searched."""

    def __init__(self, folder: str, max_file_bytes: int, max_total_bytes: int) -> None:
        self._folder, self._max_file_bytes, self._max_total_bytes = folder, max_file_bytes, max_total_bytes
        self._lock = threading.Lock()  # the connection is used by one thread at a time
        self._database: sqlite3.Connection | None = None
        self._left_out: list[str] = []

    def search(self, query: str, limit: int = 5) -> dict[str, Any]:
        """The passages that fit the words of a query best; ties in the order of names and lines."""
        return {"passages": self._best(query, limit), "left_out": self._left_out[:_MAX_RESULTS]}

    def candidates(self, query: str, limit: int = 5) -> dict[str, Any]:
        """Passages of which the best ``limit`` are wanted: the best by words, and others while there is room.

        The words of a question need not stand in its answer: what shares none of them is a candidate as well.
        """
        named = self._best(query, limit, CANDIDATES)
        with self._lock:
            rows = self._indexed().execute(
                "SELECT path, line, text FROM passages ORDER BY rowid LIMIT ?", (CANDIDATES,)
            )
            others = [other for row in rows if (other := _passage(row)) not in named]
        found = [*named, *others][:CANDIDATES]
        return {"passages": found, "limit": limit, "left_out": self._left_out[:_MAX_RESULTS]}

    def _best(self, query: str, limit: int, most: int | None = None) -> list[dict[str, Any]]:
        """The passages that fit the words of a query best, ``most`` of them where more are wanted than the limit."""
        words = list(dict.fromkeys(re.findall(r"\w+", query.lower())))[:_MAX_WORDS]
        if not words or not 1 <= limit <= _MAX_RESULTS:
            raise ToolError(
                f"give words to search for, and a limit from 1 to {_MAX_RESULTS}", FailureKind.BAD_ARGUMENTS
            )
        # Quoted, each word is only a word: NEAR, NOT, * and column names have no meaning.
        expression = " OR ".join(f'"{word}"' for word in words)
        with self._lock:
            rows = self._indexed().execute(
                "SELECT path, line, text FROM passages WHERE text MATCH ? ORDER BY bm25(passages), rowid LIMIT ?",
                (expression, most or limit),
            )
            return [_passage(row) for row in rows]

    def _indexed(self) -> sqlite3.Connection:
        if self._database is None:
            database = sqlite3.connect(":memory:", check_same_thread=False)
            database.execute("CREATE VIRTUAL TABLE passages USING fts5(path UNINDEXED, line UNINDEXED, text)")
            database.executemany("INSERT INTO passages VALUES (?, ?, ?)", self._passages())
            self._database = database
            weakref.finalize(self, database.close)  # when the tool is gone
        return self._database

    def _passages(self) -> Iterator[tuple[str, int, str]]:
        left = self._max_total_bytes
        for path in files_below(self._folder):
            raw = self._read(path, min(left, self._max_file_bytes))
            if raw is None or b"\0" in raw:
                self._left_out.append(path.encode(errors="replace").decode())
                continue
            left -= len(raw)
            name = path.encode(errors="replace").decode()
            yield from ((name, line, text) for line, text in passages(raw.decode(errors="replace")))

    def _read(self, path: str, most: int) -> bytes | None:
        """The content of a file, or ``None`` where it is too large or gone."""
        try:
            with os.fdopen(open_below(self._folder, path), "rb") as file:
                raw = file.read(most + 1)
        except (ToolError, OSError):
            return None
        return raw if len(raw) <= most else None


def _passage(row: tuple[str, int, str]) -> dict[str, Any]:
    return dict(zip(("path", "line", "text"), row, strict=True))


def passages(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of whole lines, each with the number of its first line, from 1; blank pieces are left out."""
    kept: list[str] = []
    length, first = 0, 1
    for number, line in enumerate(text.splitlines(), 1):
        kept.append(line)
        length += len(line) + 1
        if length >= PASSAGE_LENGTH:
            yield from _piece(first, kept)
            kept, length, first = [], 0, number + 1
    yield from _piece(first, kept)


def _piece(first: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    text = "\n".join(lines).strip("\n")
    for at in range(0, len(text), 4 * PASSAGE_LENGTH):  # a single line may be as long as a file
        yield first, text[at : at + 4 * PASSAGE_LENGTH]

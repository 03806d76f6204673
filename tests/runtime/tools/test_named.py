"""Tools named by text: made, told apart, and refused in one line."""

import pathlib
import sqlite3

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.tool_calls import as_tool
from surefoot.runtime.tools.calling import call_tool
from surefoot.runtime.tools.contract import ToolFailed, ToolResult
from surefoot.runtime.tools.named import absolute, tool_named
from surefoot.runtime.tools.search_folder import CANDIDATES


async def test_a_calculator_and_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text("Rivers\nThe Volga is long.\n")
    found = await call_tool(tool_named("calc"), {"expression": "3 * 4"}, key="k")
    assert isinstance(found, ToolResult)
    assert found.value["value"] == "12"
    search = as_tool("find", f"search:{tmp_path}")
    assert search.name == "find"
    found = await call_tool(search, {"query": "volga"}, key="k")
    assert isinstance(found, ToolResult)
    assert found.value["passages"][0]["path"] == "a.txt"


async def test_a_database(tmp_path: pathlib.Path) -> None:
    database = sqlite3.connect(tmp_path / "d.sqlite")
    database.execute("CREATE TABLE t (n INTEGER)")
    database.execute("INSERT INTO t VALUES (7)")
    database.commit()
    database.close()
    found = await call_tool(tool_named(f"sql:{tmp_path / 'd.sqlite'}"), {"sql": "SELECT n FROM t"}, key="k")
    assert isinstance(found, ToolResult)
    assert found.value["rows"] == [[7]]


@pytest.mark.parametrize("text", ["magic", "calc:3", "search", "search:", "sql:", "", "python:x"])
def test_what_is_no_tool_is_one_line(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no tool .*; there are calc, python, cells, search:FOLDER"):
        tool_named(text)
    with pytest.raises(ConfigurationError, match="nor the name of one"):
        as_tool("t", 3)


def test_of_a_list_only_what_is_no_tool_is_named() -> None:
    with pytest.raises(ConfigurationError, match="there is no tool 'magic'; there are"):
        tool_named("calc, magic")


def test_what_is_no_database_is_said_at_once(tmp_path: pathlib.Path) -> None:
    for content in (b"hello, this is no database\n" * 50, b"SQLite format 3\0" + b"\xff" * 2000):
        (tmp_path / "d").write_bytes(content)
        with pytest.raises(ConfigurationError, match="cannot be read as SQLite: ") as error:
            tool_named(f"sql:{tmp_path / 'd'}")
        assert "\n" not in str(error.value)


def test_a_missing_file_is_said_at_once(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="no SQLite file"):
        tool_named(f"sql:{tmp_path / 'nowhere'}")


def test_places_hold_wherever_a_run_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("search:notes") == f"search:{tmp_path / 'notes'}"
    assert absolute("ranked:notes") == f"ranked:{tmp_path / 'notes'}"
    assert absolute("calc") == "calc"


async def test_a_folder_whose_passages_a_model_ranks_gives_candidates(tmp_path: pathlib.Path) -> None:
    """Those that share words with the query first, others while there is room; how many are wanted stands beside."""
    for number in range(CANDIDATES + 7):
        (tmp_path / f"{number:03}.txt").write_text(f"Passage {number}\n")
    (tmp_path / "zz.txt").write_text("The Volga is long.\n")
    search = as_tool("search", f"ranked:{tmp_path}")
    assert search.ranked
    assert not as_tool("search", f"search:{tmp_path}").ranked
    found = await call_tool(search, {"query": "volga", "limit": 2}, key="k")
    assert isinstance(found, ToolResult)
    names = [one["path"] for one in found.value["passages"]]
    assert (names[0], names[1], len(names), len(set(names))) == ("zz.txt", "000.txt", CANDIDATES, CANDIDATES)
    assert found.value["limit"] == 2
    refused = await call_tool(search, {"query": "volga", "limit": 0}, key="k")
    assert isinstance(refused, ToolFailed)

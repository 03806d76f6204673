"""Only plain files are read of a folder that somebody else may have filled."""

import os
import pathlib
import socket
from collections.abc import Callable

import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.journal.run_directory import parse_config
from surefoot.runtime.models.gguf_weights import weights_of
from surefoot.runtime.plain_files import is_something_else, open_plain, why_not_plain
from surefoot.runtime.session.asking import asked_question
from surefoot.runtime.session.table import read_table, rows_of_file
from surefoot.runtime.tuning import setup
from surefoot.runtime.wordings_file import text_of
from surefoot.scripts.commands.bench_directory import read_bench
from surefoot.scripts.commands.options import build_config
from surefoot.scripts.commands.review import _from_file


def bound(path: pathlib.Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(path.parent)  # names of sockets are short
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


KINDS: dict[str, Callable[[pathlib.Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": pathlib.Path.mkdir,
    "a socket": bound,
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.fixture(params=KINDS)
def odd(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> pathlib.Path:
    KINDS[request.param](tmp_path / "bench.json")
    return tmp_path / "bench.json"


def test_what_is_no_plain_file_is_not_opened(odd: pathlib.Path) -> None:
    with pytest.raises(OSError, match=r"plain file|directory|symbolic links|No such device") as caught:
        open_plain(odd)
    assert caught.value.strerror
    assert is_something_else(odd)


def test_readers_of_a_received_folder_say_so_in_one_line(odd: pathlib.Path) -> None:
    named = RunConfig(task="hanoi", model="m", measurement=str(odd))
    readers = (lambda: parse_config(odd), lambda: read_table(odd), lambda: read_bench(odd.parent),
               lambda: read_measurement(named))  # fmt: skip
    for read in readers:
        with pytest.raises(ConfigurationError, match=r"bench\.json"):
            read()


READERS: dict[str, Callable[[pathlib.Path], object]] = {
    "--context": lambda path: asked_question("what?", context=[path]),
    "--config": lambda path: build_config("hanoi", Hanoi, {}, path),
    "--wordings": lambda path: text_of(str(path)),
    "--model gguf:": lambda path: weights_of(f"gguf:{path}"),
    "--answers": lambda path: _from_file(path, []),
    "--examples": setup._answers,
    "a table": lambda path: list(rows_of_file(path)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a socket"])
def test_what_a_user_names_by_mistake_is_refused_and_not_waited_for(
    reader: str, kind: str, tmp_path: pathlib.Path
) -> None:
    """Without an end that anybody writes to, a pipe would be waited for until the test's own time is up."""
    KINDS[kind](tmp_path / "it.csv")
    with pytest.raises(ConfigurationError) as refused:
        READERS[reader](tmp_path / "it.csv")
    what = {"a pipe": "it is a named pipe and no plain file", "a device": "it is a device and no plain file",
            "a socket": "No such device or address"}[kind]  # fmt: skip
    assert str(refused.value).endswith(("it is a socket and no plain file", what)), refused.value
    assert "it.csv: " in str(refused.value)


def test_why_there_is_no_plain_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = [why_not_plain(tmp_path / name) for name in ("file", ".", "nothing", "zero\0byte")]
    assert found == ["", "it is a folder and no plain file", "there is no such file", "there is no such file"]


def test_a_plain_file_is_read_and_a_link_to_one_where_that_is_meant(tmp_path: pathlib.Path) -> None:
    """Placebo arm."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with open_plain(tmp_path / name) as file:
            assert file.read() == b"content"
        assert not is_something_else(tmp_path / name)
    with pytest.raises(OSError, match="symbolic link"):
        open_plain(tmp_path / "link", links=False)
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "nothing")
    assert not is_something_else(tmp_path / "nothing")

"""Text files of a user's: read as they are found, or refused in one line that names them as the user does."""

import os
import pathlib

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.text_file import read_text_file


@pytest.mark.parametrize(
    ("data", "text"), [(b"a\r\nb", "a\r\nb"), (b"\xef\xbb\xbfa", "a"), (b"caf\xe9", "caf\ufffd"), (b"", "")]
)
def test_text_is_read_whatever_its_marks(tmp_path: pathlib.Path, data: bytes, text: str) -> None:
    (tmp_path / "t").write_bytes(data)
    assert read_text_file(tmp_path / "t", "--context t") == text


def test_what_is_no_text_is_named_as_the_user_named_it(tmp_path: pathlib.Path) -> None:
    (tmp_path / "t").write_bytes(b"a\0b")
    (tmp_path / "wide").write_bytes("a".encode("utf-16"))
    refused = {
        tmp_path / "wide": "is UTF-16: save it as UTF-8",
        pathlib.Path("a\0b"): "embedded null",
        tmp_path / "t": "is no text file",
        tmp_path: "Is a directory",
        tmp_path / "x": "No such",
    }
    for path, why in refused.items():
        with pytest.raises(ConfigurationError, match=f"^--context it: {why}") as error:
            read_text_file(path, "--context it")
        assert "\n" not in str(error.value)


def test_of_what_has_no_end_no_more_is_read_than_tells_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "t").write_text("ab")
    assert read_text_file(tmp_path / "t", "it", 2) == "ab"
    with pytest.raises(ConfigurationError, match=r"^it: is longer than 1 bytes"):
        read_text_file(tmp_path / "t", "it", 1)


@pytest.mark.parametrize("kind", ["a named pipe", "a device"])
def test_what_nobody_may_ever_write_to_is_not_waited_for(tmp_path: pathlib.Path, kind: str) -> None:
    os.mkfifo(tmp_path / "a named pipe")
    (tmp_path / "a device").symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match=f"^--context it: it is {kind} and no plain file$"):
        read_text_file(tmp_path / kind, "--context it")


def test_what_the_shell_opened_for_this_process_is_read() -> None:
    """``--context <(COMMAND)`` names the end of a pipe."""
    reading, writing = os.pipe()
    os.write(writing, b"what the command said")
    os.close(writing)
    try:
        assert read_text_file(pathlib.Path(f"/dev/fd/{reading}"), "it") == "what the command said"
    finally:
        os.close(reading)

"""Text files of a user's: read as they are found, or refused in one line that names them as the user does."""

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
    for path, why in ((tmp_path / "t", "is no text file"), (tmp_path, "Is a directory"), (tmp_path / "x", "No such")):
        with pytest.raises(ConfigurationError, match=f"^--context it: {why}") as error:
            read_text_file(path, "--context it")
        assert "\n" not in str(error.value)

"""Files that a user names are written whole, readable by whom they should be, or refused in one line."""

import pathlib
import stat

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.output_file import write_output


@pytest.mark.parametrize(("private", "others"), [(True, False), (False, True)])
def test_what_others_may_read_is_said_by_the_caller(tmp_path: pathlib.Path, private: bool, others: bool) -> None:
    path = tmp_path / "out.txt"
    assert write_output(path, "é\n", private=private) == 3
    assert path.read_bytes() == "é\n".encode()
    mode = stat.S_IMODE(path.stat().st_mode)
    assert bool(mode & 0o044) == others


def test_a_file_that_was_there_is_replaced_and_a_link_is_not_followed(tmp_path: pathlib.Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "out"
    victim.write_text("kept")
    link.symlink_to(victim)
    write_output(link, "new")
    assert victim.read_text() == "kept"
    assert (link.read_text(), link.is_symlink()) == ("new", False)


def test_a_lone_surrogate_of_a_model_does_not_stop_the_file(tmp_path: pathlib.Path) -> None:
    assert write_output(tmp_path / "f", "a\ud800b") == 3
    assert (tmp_path / "f").read_text() == "a?b"


def test_a_folder_that_is_missing_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*/no") as raised:
        write_output(tmp_path / "no" / "f", "x")
    assert "\n" not in str(raised.value)


def test_a_folder_in_place_of_the_file_is_an_error_of_the_user(tmp_path: pathlib.Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_output(tmp_path / "f", "x")
    assert list((tmp_path / "f").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["f"], "nothing half-written stays"

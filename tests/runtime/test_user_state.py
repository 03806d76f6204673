"""What this user sealed is told from what anybody else wrote."""

import os
import pathlib
import stat

import pytest

from surefoot.runtime.user_state import is_sealed, seal, state_folder


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_only_the_same_values_of_the_same_user(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"a": 1, "b": ["x"]}
    text = seal(values)
    assert is_sealed({"b": ["x"], "a": 1}, text)
    assert not is_sealed({"a": 2, "b": ["x"]}, text)
    assert not is_sealed(values, "")
    assert not is_sealed(values, text[:-1] + "\ud800")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "another"))
    assert not is_sealed(values, text)
    assert seal(values) not in ("", text)


def test_the_key_is_the_users_alone(home: pathlib.Path) -> None:
    seal("x")
    assert state_folder() == home / "state" / "surefoot"
    (key,) = state_folder().iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700


def test_without_a_place_for_a_key_nothing_is_sealed_and_nothing_believed(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "file"))
    assert seal("x") == ""
    assert not is_sealed("x", "")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(home))
    assert state_folder() == home / ".local" / "state" / "surefoot"
    assert not os.path.exists("relative")

"""The authentication mode that an earlier Ray of the process left behind is read again; no Ray is started."""

import sys
import types

import pytest

from surefoot.runtime.worker.own_ray import read_mode_again


@pytest.mark.parametrize(("connected", "expected"), [(False, [""]), (True, [])])
def test_the_mode_is_read_again_where_an_earlier_ray_set_it(
    connected: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while one lives: what its core was told holds for it."""
    read: list[str] = []
    ray, private = types.ModuleType("ray"), types.ModuleType("ray._private")
    parent = types.ModuleType("ray._private.authentication")
    setup = types.ModuleType("ray._private.authentication.authentication_token_setup")
    vars(ray)["is_initialized"] = lambda: connected
    vars(setup)["Config"] = types.SimpleNamespace(initialize=read.append)
    vars(parent)["authentication_token_setup"] = setup
    for module in (ray, private, parent, setup):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    read_mode_again()
    assert read == expected


def test_where_there_was_no_ray_or_it_knows_no_tokens_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    read_mode_again()
    assert "ray" not in sys.modules
    older, private = types.ModuleType("ray"), types.ModuleType("ray._private")
    vars(older)["is_initialized"] = lambda: False
    monkeypatch.setitem(sys.modules, "ray", older)
    monkeypatch.setitem(sys.modules, "ray._private", private)
    monkeypatch.delitem(sys.modules, "ray._private.authentication", raising=False)
    read_mode_again()

"""From a user's folder comes the module that was named and what lies beside it; never an installed package's name."""

import importlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.task_modules import import_from, lies_in, place_of


@pytest.fixture(autouse=True)
def same_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_may_import_what_lies_beside_it(tmp_path: pathlib.Path) -> None:
    (tmp_path / "chores_here").mkdir()
    (tmp_path / "chores_here" / "helpers.py").write_text("word = 'beside'\n")
    (tmp_path / "errand_here.py").write_text("from chores_here.helpers import word\n")
    module = import_from(tmp_path, "errand_here")
    assert module.word == "beside"
    assert place_of(module) == str(tmp_path / "errand_here.py")
    assert import_from(tmp_path, "chores_here.helpers").word == "beside"
    assert sys.path[-1] == str(tmp_path)
    assert lies_in(tmp_path, "chores_here.helpers")
    assert not lies_in(tmp_path, "nothing_here")


def test_packages_of_general_names_are_the_users_own(tmp_path: pathlib.Path) -> None:
    """Ours lie below ``surefoot``; nothing of a checkout is on the path of an installed command."""
    for name in ("scripts", "runtime", "voting"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "helpers.py").write_text(f"whose = '{name} of the user'\n")
    (tmp_path / "countdown_here.py").write_text("from scripts.helpers import whose\nimport surefoot.scripts\n")
    program = (
        "import pathlib, sys; from surefoot.runtime.task_modules import import_from\n"
        f"print(import_from(pathlib.Path({str(tmp_path)!r}), 'countdown_here').whose)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.stdout == "scripts of the user\n", done.stderr


@pytest.mark.parametrize("name", ["jinja2", "json", "tomllib", "surefoot"])
def test_installed_packages_are_not_shadowed(tmp_path: pathlib.Path, name: str) -> None:
    ran = tmp_path / "ran"
    (tmp_path / f"{name}.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (tmp_path / "errand_there.py").write_text(f"import {name}\n")
    import_from(tmp_path, "errand_there")
    assert not ran.exists()
    # The placebo: the folder in front of the others, as Python itself puts it.
    if name in ("jinja2", "tomllib"):
        kept = {one: sys.modules.pop(one) for one in list(sys.modules) if one.partition(".")[0] == name}
        sys.path.insert(0, str(tmp_path))
        importlib.import_module(name)
        assert ran.exists()
        sys.modules.update(kept)


def test_two_modules_of_one_name_are_told_apart(tmp_path: pathlib.Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twice_here.py").touch()
    first = import_from(tmp_path / "a", "twice_here")
    assert import_from(tmp_path / "a", "twice_here") is first
    with pytest.raises(ConfigurationError, match="twice_here was imported already"):
        import_from(tmp_path / "b", "twice_here")


def test_a_module_that_fails_is_not_half_there(tmp_path: pathlib.Path) -> None:
    (tmp_path / "half_there.py").write_text("x = 1\nraise ValueError('not today')\n")
    for _ in range(2):
        with pytest.raises(ValueError, match="not today"):
            import_from(tmp_path, "half_there")
    with pytest.raises(ImportError):
        import_from(tmp_path, "missing_there")

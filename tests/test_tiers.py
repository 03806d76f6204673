"""Quick, slow and long: which tests run when nothing is said, with an option, and where a file is named."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

HOOKS = """
import pathlib
from tests import conftest
from tests.conftest import pytest_addoption, pytest_collection_modifyitems, pytest_configure
conftest.ROOT = pathlib.Path(__file__).parent
"""
SUITE = """
import pytest
def test_quick(): pass
@pytest.mark.slow
def test_slow(): pass
@pytest.mark.ray
def test_with_a_cluster(): pass
@pytest.mark.long
def test_long(): pass
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "tests" / "chaos").mkdir(parents=True)
    (folder / "pytest.ini").write_text(
        f"[pytest]\ntestpaths = tests\npythonpath = {ROOT}\nmarkers =\n ray:\n slow:\n long:\n"
    )
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "tests" / "test_it.py").write_text(SUITE)
    (folder / "tests" / "chaos" / "test_attack.py").write_text("def test_attack(): pass\n")
    return folder


@pytest.mark.parametrize(
    ("options", "run"),
    [
        ([], "quick"),
        (["--slow"], "quick slow with_a_cluster attack"),
        (["--slow", "-m", "slow"], "slow with_a_cluster attack"),
        (["tests/chaos"], "attack"),
        (["tests/test_it.py", "--long"], "quick slow with_a_cluster long"),
        (["-n", "1"], "quick"),
    ],
    ids=str,
)
def test_a_tier_runs_where_it_is_asked_for(suite: pathlib.Path, options: list[str], run: str) -> None:
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "--import-mode=importlib", *options]
    done = subprocess.run(
        command, cwd=suite, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout
    assert set(re.findall(r"test_(\w+) PASSED|PASSED \S+::test_(\w+)", done.stdout)) == {
        pair for name in run.split() for pair in ((name, ""), ("", name)) if ("-n" in options) == (pair[0] == "")
    }

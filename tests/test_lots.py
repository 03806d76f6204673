"""Two processes share the tests by lots: what must not run at the same time is in one of them."""

import pathlib
import re
import subprocess
import sys
from collections import defaultdict

from tests.conftest import ROOT, lot_of

MARK = "mark." + "ray"  # in two parts, or this file would be one of those it looks for


def shared(folder: pathlib.Path, *files: str) -> dict[str, set[str]]:
    """Which processes ran tests of each file."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "-vv", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout
    found = defaultdict(set)
    for process, file in re.findall(r"\[(gw\d)\].* PASSED (\S+?)::", done.stdout):
        found[file].add(process)
    return found


def test_every_file_that_starts_a_ray_is_in_one_lot() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    with_ray = {file for file in files if MARK in (ROOT / file).read_text()}
    assert len(with_ray) > 5
    assert {file for file in files if lot_of(file) == "ray"} == with_ray


def test_a_lot_stays_with_one_process() -> None:
    found = shared(ROOT, "tests/runtime/execution/test_priority_semaphore.py", "tests/voting/test_ballot.py")
    assert sorted(map(len, found.values())) == [1, 1]
    assert len(set.union(*found.values())) == 2


def test_without_our_lots_a_file_is_shared_out(tmp_path: pathlib.Path) -> None:
    """The placebo's arm."""
    (tmp_path / "test_any.py").write_text(
        "import pytest\n@pytest.mark.parametrize('n', range(40))\ndef test_it(n): pass\n"
    )
    assert len(shared(tmp_path, "test_any.py")["test_any.py"]) == 2

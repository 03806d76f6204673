"""What a plain run imports: everything that takes long to import is left out unless the run needs it."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
PROGRAM = """
import json, sys
from surefoot.scripts.commands.cli import main
try:
    main(["run", "hanoi", "--disks", "1", "--run-dir", sys.argv[1]])
except SystemExit as ended:
    print(json.dumps([ended.code, sorted(sys.modules)]))
"""
HEAVY = {
    "aiohttp", "jinja2", "litellm", "numpy", "openai", "pyarrow", "pydantic", "ray", "requests", "rich", "scipy",
    "stamina", "structlog", "torch", "transformers", "xllamacpp",
}  # fmt: skip
"""Of other people, beyond what a run of the bundled model needs: click, msgspec, ctranslate2, uvloop, tomli-w."""
OWN = {
    "surefoot.decompose.methods.table", "surefoot.decompose.tasks.pddl", "surefoot.decompose.tasks.pddl_collections",
    "surefoot.runtime.measurement.measure", "surefoot.runtime.models.litellm_model", "surefoot.runtime.report.page",
    "surefoot.runtime.session.asking", "surefoot.runtime.session.tune", "surefoot.runtime.tools.python_cell",
    "surefoot.runtime.tuning.setup", "surefoot.runtime.worker.ray_pool", "surefoot.scripts.commands.map",
    "surefoot.scripts.commands.progress_bar",
}  # fmt: skip
"""Of ours, what other commands, tasks, models and places of work need."""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all modules after a run of one step by the bundled model, in a fresh process."""
    place = tmp_path_factory.mktemp("start") / "run"
    command = [sys.executable, "-c", PROGRAM, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT)
    code, names = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(names)


def test_a_plain_run_imports_no_library_that_it_does_not_use(imported: set[str]) -> None:
    assert not HEAVY & imported
    assert {"click", "ctranslate2", "msgspec"} <= imported


def test_a_plain_run_imports_nothing_of_other_commands(imported: set[str]) -> None:
    assert not OWN & imported
    assert {"surefoot.runtime.coordinator.coordinator", "surefoot.decompose.tasks.hanoi"} <= imported


def test_the_names_looked_for_are_those_of_modules() -> None:
    """A module that was renamed would never be found among those imported."""
    for name in OWN:
        assert (ROOT / pathlib.Path(*name.split(".")[1:])).with_suffix(".py").is_file(), name

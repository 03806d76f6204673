"""Where no isolation is to be had, a run that needs it says so before it starts, unless it is told to do without."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.tasks.ask import AskedQuestion
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime import api
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.policy import segment_policy_of
from surefoot.runtime.session.sandbox_check import check_sandbox, needs_sandbox
from surefoot.runtime.tools import python_cell
from surefoot.runtime.tools.named import SANDBOXED, WITHOUT_PLACE, tool_named
from surefoot.runtime.tools.sandbox import isolation
from surefoot.runtime.tools.sandbox.isolation import Found
from surefoot.runtime.tools.sandbox.limits import Isolation
from tests.decompose.methods.worlds import answers_of_all
from tests.runtime.execution.models import QUIET, Counted

ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]
TASK = Generated(family="ledger", length=60, method="recursive")


@pytest.fixture
def nothing_isolates(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found() -> Found:
        return Found(Isolation.NONE, {Isolation.NAMESPACES: "no", Isolation.SECCOMP: "neither"})

    monkeypatch.setattr(isolation, "find_isolation", found)
    monkeypatch.setattr(python_cell, "find_isolation", found)


@pytest.mark.parametrize("method", ASKING)
def test_what_needs_it_is_known_by_the_method(method: str) -> None:
    task = Hanoi(disks=2) if method == "modular" else Generated(family="chains", length=3, method=method)
    assert needs_sandbox(task) == method.startswith("recursive")


def test_what_needs_it_is_known_by_the_tools() -> None:
    for use, needed in (("calc", False), ("python", True), ("calc,cells", True), ("", False)):
        assert needs_sandbox(AskedQuestion(text="What is 3 + 4?", use=use, method="self-ask")) == needed
    assert set(WITHOUT_PLACE) >= SANDBOXED


@pytest.mark.usefixtures("nothing_isolates")
def test_it_is_refused_in_one_line_before_anything_is_asked(tmp_path: pathlib.Path) -> None:
    model = Counted(answers_of_all)
    with pytest.raises(ConfigurationError) as error:
        api.run(TASK, model, run_dir=tmp_path / "r", **QUIET)
    assert str(error.value) == (
        "this machine cannot isolate Python code (namespaces: no; seccomp: neither); unsafe_local=True, or "
        "--unsafe-local, runs it all the same, with all that you may do"
    )
    assert (model.asked, (tmp_path / "r").exists()) == ([], False)
    check_sandbox(RunConfig(task="problems"), AskedQuestion(text="What is 3 + 4?"))  # which needs none


@pytest.mark.usefixtures("nothing_isolates")
def test_told_to_do_without_it_runs(tmp_path: pathlib.Path) -> None:
    run = api.run(TASK, Counted(answers_of_all), run_dir=tmp_path / "r", unsafe_local=True, **QUIET)
    assert run.status == "solved"


def test_the_option_reaches_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    for name in ("python_cell", "python_program"):
        real = getattr(python_cell, name)
        monkeypatch.setattr(python_cell, name, lambda real=real, **given: made.append(given) or real(**given))
    for unsafe in (False, True):
        config = RunConfig(task="problems", unsafe_local=unsafe)
        assert segment_policy_of(config).unsafe_local is unsafe
        for name in sorted(SANDBOXED):
            tool_named(name, unsafe_local=unsafe)
    assert made == [{"unsafe_local": unsafe} for unsafe in (False, False, True, True)]
    assert not RunConfig(task="problems").unsafe_local

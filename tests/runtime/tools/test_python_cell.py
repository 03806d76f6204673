"""Python of a model as a tool, and the refusal where the machine cannot isolate it."""

import pathlib
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools import python_cell as module
from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.python_cell import python_cell, python_program
from surefoot.runtime.tools.sandbox.cells import IsolationRefused, request_key
from surefoot.runtime.tools.sandbox.isolation import Found
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits


@pytest.fixture
def isolated(refusals: dict[Isolation, str | None]) -> None:
    """Skips where this machine offers no isolation."""
    if all(refusals[isolation] is not None for isolation in (Isolation.NAMESPACES, Isolation.SECCOMP)):
        pytest.skip(f"nothing isolates here: {refusals}")


@pytest.mark.usefixtures("isolated")
async def test_a_cell_gives_a_value(value: Any, failure: Any) -> None:
    tool = python_cell()
    answer = await value(tool, code="print('hi')\nsum(xs)", variables={"xs": [1, 2, 3]})
    assert answer == {"value": 6, "shown": "6", "printed": "hi\n"}
    failed = await failure(tool, code="import nothing_like_it")
    assert (failed.kind, failed.detail.partition(": ")[0]) == (FailureKind.CRASHED, "cell 1:1")
    assert (await failure(tool, code="ask(1)")).kind is FailureKind.REFUSED
    assert (await failure(tool, code="1", variables={"x": float("nan")})).kind is FailureKind.BAD_ARGUMENTS
    assert (await failure(tool, code=1)).kind is FailureKind.BAD_ARGUMENTS


@pytest.mark.usefixtures("isolated")
async def test_limits_are_those_given(failure: Any) -> None:
    failed = await failure(python_cell(limits=Limits(wall_s=0.2)), code="while True: pass")
    assert (failed.kind, failed.detail) == (FailureKind.TIMEOUT, "not done after 0.2 s")


@pytest.mark.usefixtures("isolated")
async def test_a_program_asks_and_is_run_again(value: Any, failure: Any) -> None:
    tool = python_program()
    cells = ["def llm(text): return ask({'llm': text})", "llm('a') + llm('b')"]
    first = await value(tool, cells=cells)
    assert first == {"state": "asks", "requests": [{"llm": "a"}]}
    answers = {request_key({"llm": "a"}): {"value": "A"}}
    second = await value(tool, cells=cells, answers=answers)
    assert second == {"state": "asks", "requests": [{"llm": "b"}]}
    answers[request_key({"llm": "b"})] = {"value": "B"}
    ended = await value(tool, cells=cells, answers=answers)
    assert (ended["state"], ended["value"]) == ("ended", "AB")
    answers[request_key({"llm": "b"})] = {"failed": "over budget"}
    assert (await failure(tool, cells=cells, answers=answers)).detail == "cell 1:1: CallFailed: over budget"
    assert (await failure(tool, cells=cells, answers={"k": {"failed": 3}})).kind is FailureKind.BAD_ARGUMENTS


@pytest.fixture
def nothing_isolates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that refuses every isolation."""

    async def found() -> Found:
        reasons = {Isolation.NAMESPACES: "unshare: Operation not permitted", Isolation.SECCOMP: "unknown machine 'vax'"}
        return Found(Isolation.NONE, reasons)

    monkeypatch.setattr(module, "find_isolation", found)


@pytest.mark.usefixtures("nothing_isolates")
async def test_where_nothing_isolates_it_is_refused_in_one_line(failure: Any) -> None:
    failed = await failure(python_cell(), code="1 + 1")
    assert failed.kind is FailureKind.REFUSED
    assert failed.detail == (
        "this machine cannot isolate Python code (namespaces: unshare: Operation not permitted; "
        "seccomp: unknown machine 'vax'); unsafe_local=True, or --unsafe-local, runs it all the same, "
        "with all that you may do"
    )


async def test_files_that_cells_are_to_read_are_not_left_out_in_silence(
    failure: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    async def found() -> Found:
        return Found(Isolation.SECCOMP, {Isolation.NAMESPACES: "no"})

    monkeypatch.setattr(module, "find_isolation", found)
    failed = await failure(python_cell(readable=(str(tmp_path),)), code="1")
    assert failed.kind is FailureKind.REFUSED
    assert failed.detail == f"cells can read no files on this machine, and are to read {tmp_path} (namespaces: no)"
    with pytest.raises(ConfigurationError, match="does not exist"):
        python_cell(readable=(str(tmp_path / "none"),))


@pytest.mark.usefixtures("nothing_isolates")
async def test_unless_it_is_said_that_it_may_run_without(value: Any) -> None:
    tool = python_cell(unsafe_local=True)
    assert (await value(tool, code="import os; os.path.exists('/') and dict(os.environ)"))["value"] == {}


async def test_unsafe_local_does_not_turn_isolation_off(value: Any, refusals: dict[Isolation, str | None]) -> None:
    if refusals[Isolation.SECCOMP] is not None:
        pytest.skip(f"nothing isolates here: {refusals}")
    code = "import os\ntry: os.open('/etc', 0); found = True\nexcept OSError: found = False\nfound"
    assert (await value(python_cell(unsafe_local=True), code=code))["value"] is False


async def test_a_refusal_after_it_worked_is_a_failure(failure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*details: Any) -> Any:
        raise IsolationRefused("no more namespaces")

    monkeypatch.setattr(module, "run_cells", refuses)
    failed = await failure(python_cell(unsafe_local=True), code="1")
    assert (failed.kind, failed.detail) == (
        FailureKind.REFUSED,
        "this machine refused the sandbox: no more namespaces",
    )

"""Cells that mean well: values, what they print, what they ask, and that a repeated run is the same run."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox import process as process_module
from surefoot.runtime.tools.sandbox.cells import (
    Answer,
    CellProgram,
    CellsAsk,
    CellsEnded,
    CellsFailed,
    IsolationRefused,
    request_key,
    run_cells,
)
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox


async def ended(isolation: Isolation, *cells: str, **variables: Any) -> Any:
    return await run_cells(CellProgram(cells, variables), Sandbox(isolation))


async def test_the_last_expression_is_the_value(isolation: Isolation) -> None:
    assert await ended(isolation, "x = 2", "print('hi')\nx * n", n=21) == CellsEnded(42, True, "42", "hi\n")
    assert (await ended(isolation, "x = 2")).value is None
    assert (await ended(isolation, "")).value is None
    assert (await ended(isolation, "(1, {'a': None})")).value == [1, {"a": None}]


async def test_what_was_printed_is_that_of_the_last_cell(isolation: Isolation) -> None:
    assert (await ended(isolation, "print('first ä')", "print('second')")).printed == "second\n"


async def test_a_value_that_is_not_json_is_shown(isolation: Isolation) -> None:
    end = await ended(isolation, "{1, 2}")
    assert (end.value, end.is_value, end.shown) == (None, False, "{1, 2}")
    for code in ("float('nan')", "x = []\nx.append(x)\nx", "b'x'"):
        assert (await ended(isolation, code)).is_value is False


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (("x = 1", "y = 2\n1 / 0"), "cell 2:2: ZeroDivisionError: division by zero"),
        (("def f():\n  return {}['a']\n", "f()"), "cell 1:2: KeyError: 'a'"),
        (("x =",), "cell 1:1: SyntaxError: invalid syntax"),
        (("import json\njson.loads('{')",), "cell 1:2: JSONDecodeError: "),
        (("\0",), "cell 1:0: "),
    ],
)
async def test_an_error_names_its_cell_and_line(cells: tuple[str, ...], line: str, isolation: Isolation) -> None:
    failed = await ended(isolation, *cells)
    assert isinstance(failed, CellsFailed)
    assert failed.kind is FailureKind.CRASHED
    assert failed.detail.startswith(line)


async def test_the_standard_library_that_people_use_is_there(isolation: Isolation) -> None:
    code = (
        "import collections, csv, datetime, decimal, functools, io, itertools, json, math, re, statistics, string\n"
        "rows = list(csv.reader(io.StringIO('a,1\\nb,2')))\n"
        "[datetime.datetime.strptime('2026-11-28', '%Y-%m-%d').day, str(decimal.Decimal('0.1') * 3),"
        " statistics.median(int(row[1]) for row in rows), 'ä'.encode('latin-1').hex(), re.sub('a', 'b', 'aa')]"
    )
    assert (await ended(isolation, code)).value == [28, "0.3", 1.5, "e4", "bb"]


ASKING = """
import random
first = ask({"q": "a", "n": 1})
both = ask_all([{"n": 1, "q": "a"}, f"then {first}", random.random()])
[first, both[1]]
"""


async def test_a_program_is_run_again_with_the_answers_it_asked_for(isolation: Isolation) -> None:
    sandbox, answers, rounds = Sandbox(isolation), dict[str, Answer](), list[Any]()
    while True:
        end = await run_cells(CellProgram((ASKING,), answers=answers), sandbox)
        if not isinstance(end, CellsAsk):
            break
        rounds.append(list(end.requests))
        answers |= {request_key(request): Answer(f"<{number}>") for number, request in enumerate(end.requests)}
    assert isinstance(end, CellsEnded), end
    assert end.value == ["<0>", "<0>"]
    assert rounds[0] == [{"q": "a", "n": 1}]
    assert rounds[1] == ["then <0>", 0.8444218515250481]  # the second time the first is known, whatever its key order
    assert len(rounds) == 2


async def test_a_failed_answer_is_an_error_of_its_own_place(isolation: Isolation) -> None:
    code = "[type(a).__name__ if isinstance(a, Exception) else a for a in ask_all(['x', 'y'])]"

    async def answering(requests: Sequence[Any]) -> list[Answer]:
        return [Answer(failed="no money") if request == "x" else Answer(1) for request in requests]

    end = await run_cells(CellProgram((code,)), Sandbox(isolation), answering)
    assert end == CellsEnded(["CallFailed", 1], True, "['CallFailed', 1]", "")
    failed = await run_cells(CellProgram(("ask('x')",)), Sandbox(isolation), answering)
    assert isinstance(failed, CellsFailed)
    assert failed.detail == "cell 1:1: CallFailed: no money"


@pytest.mark.parametrize("stops", [True, False])
async def test_time_spent_on_answers_does_not_count(
    stops: bool, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answering takes 1,000 seconds by the loop's clock, and a cell may take 60."""
    loop = asyncio.get_running_loop()
    real = loop.time
    if not stops:
        monkeypatch.setattr(process_module.SandboxProcess, "stop_clock", lambda self: None)

    async def answering(requests: Sequence[Any]) -> list[Answer]:
        monkeypatch.setattr(loop, "time", lambda: real() + 1000, raising=False)
        return [Answer(7)]

    end = await run_cells(CellProgram(("ask(1)",)), Sandbox(isolation, Limits(wall_s=60)), answering)
    monkeypatch.undo()
    assert isinstance(end, CellsEnded) if stops else isinstance(end, CellsFailed), end


async def test_sets_have_the_same_order_in_every_run(isolation: Isolation) -> None:
    code = "list({f'word {n}' for n in range(50)})"
    first, second = [(await ended(isolation, code)).value for _ in range(2)]
    assert first == second


async def test_a_large_input_is_a_variable(isolation: Isolation) -> None:
    lines = [f"label {n % 7}" for n in range(200_000)]
    assert (await ended(isolation, "sum(line == 'label 3' for line in lines)", lines=lines)).value == 28_571


async def test_variables_that_are_not_json_are_said(isolation: Isolation) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        await ended(isolation, "1", x={1, 2})


async def test_a_refused_isolation_runs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A launcher that the kernel refuses its namespaces; here because it is asked for a machine that is not known."""
    monkeypatch.setattr(
        process_module,
        "_START",
        f"import os\nos.uname = lambda: os.uname_result(('', '', '', '', 'riscv64'))\n{process_module._START}",
    )
    with pytest.raises(IsolationRefused, match="unknown machine 'riscv64'"):
        await ended(Isolation.SECCOMP, f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert list(tmp_path.iterdir()) == []


async def test_cancelling_kills_the_process(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    started = asyncio.Event()
    seen: list[Any] = []
    real = process_module.SandboxProcess.start_clock

    def noted(self: Any) -> None:
        seen.append(self._process)
        started.set()
        real(self)

    monkeypatch.setattr(process_module.SandboxProcess, "start_clock", noted)
    running = asyncio.ensure_future(ended(isolation, "while True: pass"))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert seen[0].returncode is not None

"""Runs single cells."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.cells import CellProgram, CellsEnded, CellsFailed, run_cells
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox

Ended = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
def ended() -> Ended:
    """How one cell ends; keyword arguments are its variables."""

    async def run(code: str, isolation: Isolation, limits: Limits | None = None, **variables: Any) -> Any:
        return await run_cells(
            CellProgram((code,), variables), Sandbox(isolation, limits or Limits(wall_s=20, cpu_s=1))
        )

    return run


@pytest.fixture
def reaches(ended: Ended) -> Ended:
    """Whether the value of a cell is true; an error in the cell counts as no."""

    async def run(code: str, isolation: Isolation, **variables: Any) -> bool:
        end = await ended(code, isolation, **variables)
        if isinstance(end, CellsFailed):
            assert end.kind is FailureKind.CRASHED, end
            assert "Error" in end.detail, end
            return False
        assert isinstance(end, CellsEnded)
        return bool(end.value)

    return run

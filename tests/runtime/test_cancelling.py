"""A ``CancelledError`` that nobody of the run asked for is an error, and no question of a run is lost to it."""

import asyncio
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

import surefoot
from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.cancelling import WholeGroup, is_being_cancelled
from surefoot.runtime.errors import ConfigurationError, UserCodeError
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.user_code import CANCELLED, blamed
from tests.data.own.row_tasks import Next, answers
from tests.runtime.execution.models import QUIET, Counted

NUMBERS = [{"number": number} for number in range(6)]


async def of_a_closed_client() -> None:
    """Wait for what somebody else has cancelled."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def of_its_own_task() -> None:
    """Cancel the task of whoever asks."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


class Cancelled(Counted):
    """Is cancelled at its fourth question, in some way."""

    name = "cancelled"

    def __init__(self, key: Any, way: Callable[[], Any], at: int = 4) -> None:
        super().__init__(key)
        self.way, self.at, self.questions = way, at, 0

    async def ask(self, request: Request) -> list[Reply]:
        self.questions += 1
        if self.questions == self.at:
            await self.way()
        return await super().ask(request)


async def test_who_asked_for_it_is_told_apart() -> None:
    with pytest.raises(UserCodeError, match="CancelledError") as error, blamed(Cancelled, "ask"):
        await of_a_closed_client()
    assert error.value.context["hint"] == CANCELLED
    waiting = asyncio.create_task(_blamed_for_ever())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not is_being_cancelled()


async def _blamed_for_ever() -> None:
    with blamed(Cancelled, "ask"):
        await asyncio.Event().wait()


def test_outside_of_any_task_nobody_is_being_cancelled() -> None:
    assert not is_being_cancelled()


async def fails() -> None:
    raise ValueError("this")


async def _together(*works: Any) -> None:
    async with WholeGroup() as group:
        for work in works:
            group.create_task(work)


async def test_a_group_tells_of_a_task_that_is_gone() -> None:
    with pytest.raises(ConfigurationError, match="1 of the run's questions were cancelled, and not by the run"):
        await _together(of_a_closed_client(), asyncio.sleep(0))


async def test_a_group_that_fails_says_why_it_fails() -> None:
    with pytest.raises(ExceptionGroup) as error:
        await _together(asyncio.Event().wait(), fails())
    assert [str(one) for one in error.value.exceptions] == ["this"], "the other one was cancelled by the group"


@pytest.mark.parametrize("way", [of_a_closed_client, of_its_own_task])
def test_a_table_is_never_solved_with_a_row_that_has_no_end(way: Any, tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "r"
    with pytest.raises(ConfigurationError, match="cancel"):
        _map(Cancelled(answers, way), directory)
    assert surefoot.open(directory).status == "failed"
    again = _map(Counted(answers), directory)
    assert (again.status, again.output) == ("solved", list(range(1, 7))), "what was lost is asked again"


def test_a_pilots_question_is_not_dropped(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserCodeError, match=r"Cancelled.ask, .*CancelledError"):
        _map(Cancelled(answers, of_a_closed_client, at=2), tmp_path / "r", k="auto")


def test_a_plan_fails_as_by_any_other_error(tmp_path: pathlib.Path) -> None:
    model: Model = Cancelled(hanoi.answers, of_a_closed_client)
    with pytest.raises(UserCodeError, match=r"Cancelled.ask, .*CancelledError"):
        surefoot.run(Hanoi(disks=3), model, run_dir=tmp_path / "r", **QUIET)


def _map(model: Model, directory: pathlib.Path, **options: Any) -> Any:
    return surefoot.map(NUMBERS, Next(), model, run_dir=directory, **{**QUIET, **options})

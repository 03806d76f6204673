"""Tables in which a few rows are hard and answers come faster than a run learns: rows are asked on at the end."""

import hashlib
import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.records import LARGER
from surefoot.runtime.session.mapping import MapRun
from tests.runtime.execution.models import QUIET

ROWS = 1_500


class Hard(Model):
    """Says the number of a row; one more in 40 of 100 replies to every twentieth row, in one of 200 to the others."""

    name = "hard"
    dialect = "chat"

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def ask(self, request: Request) -> list[Reply]:
        number = int(request.prompt.user.partition("Number ")[2].split()[0])
        return [Reply(str(self._said(number, draw)), tokens_in=1, tokens_out=1) for draw in request.draws]

    def _said(self, number: int, draw: int) -> int:
        self.asked.append((number, draw))
        share = int.from_bytes(hashlib.sha256(f"{number}/{draw}".encode()).digest()[:4]) / 2**32
        return number + (share < (0.005 if number % 20 else 0.4))


def table(directory: pathlib.Path, model: Model, **options: Any) -> MapRun:
    rows = [{"number": str(number)} for number in range(ROWS)]
    settings: dict[str, Any] = {**QUIET, "k": "auto", "flush_steps": 2048, "seed": 3, "ladder": False, **options}
    return surefoot.map(rows, "Number {number} .", model, output=int, run_dir=directory, **settings)


def wrong(run: MapRun) -> int:
    return sum(one.answer not in (None, one.row) for one in run.results())


def test_fewer_hard_rows_are_wrong_than_without_asking_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placebo: the same table, where rows that disagree stand as they were decided."""
    held = table(tmp_path / "held", Hard())
    assert held.status == "solved"
    monkeypatch.setattr(Coordinator, "_learns_from_rows", lambda _: False)
    placebo = table(tmp_path / "placebo", Hard())
    assert wrong(held) <= 4 < 8 <= wrong(placebo)
    assert held.counts.steps == ROWS
    assert held.counts.escalations == held.counts.climbed.get(LARGER, 0), "also of races that were counted before"


@pytest.mark.parametrize("calls", [3_000, 8_500])
def test_a_pause_before_or_after_they_are_held_back_loses_no_answer(tmp_path: pathlib.Path, calls: int) -> None:
    first, second = Hard(), Hard()
    paused = table(tmp_path, first, max_calls=calls)
    assert paused.status == "paused"
    done = table(tmp_path, second, max_calls=1_000_000)
    assert done.status == "solved"
    assert wrong(done) <= 6
    assert done.counts.steps == ROWS
    assert ROWS - done.counts.failed_nodes <= sum(done.counts.races.values()) <= ROWS
    asked = [*first.asked, *second.asked]
    assert len(asked) == done.counts.calls

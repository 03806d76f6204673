"""A map spread over the workers of a Ray of its own: every row once, in order, and bad rows beside the others."""

import pathlib
from typing import Any

import pytest

import surefoot
from tests.data.own.row_tasks import Next


@pytest.mark.ray
@pytest.mark.timeout(300)
def test_rows_spread_over_ray(tmp_path: pathlib.Path) -> None:
    rows: list[Any] = [{"number": number} for number in range(400)]
    rows[7], rows[200] = {"other": 7}, {"number": None}
    found = surefoot.map(
        rows, Next(), "simulated:p_error=0.02", run_dir=tmp_path / "r", address="local", workers=2, k=2
    )
    assert found.status == "solved", found.message
    wanted = [number + 1 for number in range(400)]
    bad = {7, 200}
    assert [one for row, one in enumerate(found.output) if row not in bad] == [
        one for row, one in enumerate(wanted) if row not in bad
    ]
    assert {one.row for one in found.results() if one.error} == bad
    assert len(found.counts.by_worker) == 2, "one worker did all of it"

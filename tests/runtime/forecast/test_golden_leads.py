"""What is chosen and forecast stays what it was, and is found without going to and fro between files."""

import json
import pathlib
import sys
from types import FrameType
from typing import Any

import pytest

from surefoot.runtime.config import open_task
from surefoot.runtime.forecast.lead_choice import choose_leads
from tests.runtime.forecast.golden_leads import cases, chosen

GOLDEN = pathlib.Path(__file__).with_name("golden_leads.json")


def test_leads_and_forecasts_are_those_of_the_golden_file() -> None:
    """Numbers exactly; figures to 9 digits, as linear algebra differs in the last ones from machine to machine."""
    golden = json.loads(GOLDEN.read_text())
    assert len(golden) > 50
    for name, config, estimate in cases(50):
        found, known = chosen(config, estimate), golden[name]
        if len(known) == 1:
            assert found == known, name
            continue
        assert found[:2] == known[:2], name
        for mine, theirs in zip(found[2:], known[2:], strict=True):
            figures = [float.fromhex(figure) for figure in theirs]
            assert [float.fromhex(figure) for figure in mine] == pytest.approx(figures, rel=1e-9, abs=1e-12), name


def files_in_reading_order(call: Any) -> list[str]:
    """Files of the forecast in which functions are first entered, in that order; neighbours that are alike are one."""
    seen: set[Any] = set()
    files: list[str] = []

    def enter(frame: FrameType, event: str, _: Any) -> None:
        place = pathlib.Path(frame.f_code.co_filename)
        name = frame.f_code.co_name
        if event != "call" or place.parent.name != "forecast" or name.startswith("<") or frame.f_code in seen:
            return
        seen.add(frame.f_code)
        if not files or files[-1] != place.stem:
            files.append(place.stem)

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        call()
    finally:
        sys.setprofile(before)
    return files


def test_choosing_leads_returns_to_a_file_at_most_twice() -> None:
    for _, config, estimate in list(cases(40)):
        task = open_task(config)
        if config.seams and config.strategy == "tree" and estimate.p_error_high < 0.1:
            files = files_in_reading_order(lambda: choose_leads(config, task, estimate))  # noqa: B023
            assert files[0] == "lead_choice"
            assert len(files) - len(set(files)) <= 2, files

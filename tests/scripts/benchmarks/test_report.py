"""The report's cost: written and measured really, the browser stands aside."""

import pathlib
import shutil
import sys

import pytest

from surefoot.scripts.benchmarks import report
from surefoot.scripts.benchmarks.journal import write_run
from surefoot.scripts.benchmarks.report import EMPTY, PROBE, dumped, main, opened


def loads(page: pathlib.Path, profile: pathlib.Path) -> str:
    assert PROBE in page.read_text()
    return f"<html><title>loaded in {len(page.read_text())} ms</title></html>"


def test_a_line_for_each_run_and_one_for_no_content(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "run", 4)
    monkeypatch.setattr(report, "dumped", loads)
    monkeypatch.setattr(sys, "argv", ["x", str(tmp_path / "run")])
    main()
    head, empty, run = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "page"
    assert empty.startswith("(an empty page)")
    assert " 15 " in run
    sizes = [int(line.split()[-2]) for line in (empty, run)]
    assert sizes[0] == len(EMPTY) + len(PROBE)
    assert sizes[1] > 10 * sizes[0]


def test_a_page_that_does_not_load_has_no_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "dumped", lambda page, profile: "<html></html>")
    assert opened(EMPTY) == "no title"


def test_without_a_browser_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="no chromium"):
        dumped(tmp_path / "page.html", tmp_path)

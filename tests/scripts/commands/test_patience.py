"""A command that takes long says what it does, and one that is quick says nothing."""

import pathlib
import threading

import pytest

from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.runtime.config import RunConfig, open_task
from surefoot.scripts.commands import options, patience

DATA = pathlib.Path(__file__).parents[2] / "data" / "pddl"


def test_a_line_where_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told = threading.Event(), []

    def tell(text: str) -> None:
        told.append(text)
        said.set()

    monkeypatch.setattr(patience, "tell", tell)
    with patience.saying(patience.looking_for("openai/m"), after_s=0):
        assert said.wait(30)
    assert told == ["loading what openai/m needs, and looking whether it can be asked"]


def test_no_line_where_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(patience, "tell", told.append)
    with patience.saying("never", after_s=3600):
        waiting = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        assert waiting
        assert all(one.daemon for one in waiting), "nothing waits for it at the end of the program"
    for one in waiting:
        one.join(30)
    assert told == []


def test_no_line_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(patience, "tell", told.append)
    with pytest.raises(ValueError, match="wrong"), patience.saying("never", after_s=3600):
        raise ValueError("wrong")
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.finished.is_set()]


def test_a_long_file_is_announced_before_anything_is_made_of_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A megabyte of PDDL takes seconds on a busy machine; who waits is told why. Work is counted here, not time."""
    said: list[str] = []

    def opened(config: RunConfig) -> object:
        said.append(capsys.readouterr().err)
        return open_task(config)

    monkeypatch.setattr(options, "open_task", opened)
    domain, problem = ((DATA / f"ferry-{kind}.pddl").read_text() for kind in ("domain", "problem"))
    for name, blanks in (("short", 1000), ("long", 1_000_000)):
        (tmp_path / name).write_text(problem + "\n" * blanks)
        options.build_config("pddl", PddlPlanning, {"domain": domain, "problem": str(tmp_path / name)})
    assert said == ["", f"reading {tmp_path / 'long'}: 1.0 million characters\n"]


def test_a_long_text_in_place_of_a_file_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    options.read_option("(" + "x" * 300_000)
    assert capsys.readouterr().err == "reading a text: 0.3 million characters\n"

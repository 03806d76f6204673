"""What a program sees that Ctrl-C stops while it waits for a run."""

import pathlib
from types import SimpleNamespace
from typing import Any

import pytest

from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.config import RunConfig
from surefoot.runtime.records import Counts
from surefoot.runtime.session.at_work import unless_interrupted
from surefoot.runtime.session.interruption import Interrupted, Interruption
from surefoot.runtime.session.mapping import MapRun
from surefoot.runtime.session.work import with_known_speed


class Ended:
    """A run as far as this looks at it."""

    def __init__(self, status: str) -> None:
        self.status, self.run_dir = status, pathlib.Path("runs/it's")


class EndedMap(Ended, MapRun):
    """The same of a table."""

    status = ""  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (Ended("paused"), 'surefoot.resume("runs/it\'s") goes on with it'),
        (EndedMap("paused"), 'the same call with run_dir="runs/it\'s" goes on with it'),
        (Ended("solved"), 'came to its end all the same: surefoot.open("runs/it\'s") has its answer'),
    ],
)
def test_the_text_says_how_to_go_on(run: Any, says: str) -> None:
    asked = Interruption()
    asked.ask("interrupted by SIGTERM")
    assert unless_interrupted(run, asked) is run, "a signal that the command line handles is none of Python's"
    asked.by_keyboard = True
    with pytest.raises(KeyboardInterrupt) as raised:
        unless_interrupted(run, asked)
    assert isinstance(raised.value, Interrupted)
    assert says in str(raised.value)
    assert raised.value.run_dir == run.run_dir


@pytest.mark.parametrize(
    ("model", "steps", "address", "here"),
    [
        ("m:M", 694, "auto", True),
        ("m:M", 5, "auto", False),  # too few to say
        ("m:M", 694, "local", False),  # as was asked for
        ("simulated", 694, "auto", False),  # its speed is known anyway
    ],
)
def test_a_run_that_goes_on_knows_its_speed(
    model: str, steps: int, address: str, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds of work were guessed to take two minutes, and a Ray was started for them."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    told: list[str] = []
    config = RunConfig(task="map", model=model, address=address, workers=2)
    journal: Any = SimpleNamespace(totals=Counts(steps=steps), wall_s=0.6)
    found = with_known_speed(config, MapRows(question="{text}?", total_rows=3000), journal, told.append)
    assert (found.address == "none") is here
    assert [line.split(" (")[0] for line in told] == [
        "no Ray: the work takes about 2 s in one process, at the speed so far, 11 s with starting one"
    ] * here

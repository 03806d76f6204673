"""What a program sees that Ctrl-C stops while it waits for a run."""

import pathlib
from typing import Any

import pytest

from surefoot.runtime.session.at_work import unless_interrupted
from surefoot.runtime.session.interruption import Interrupted, Interruption
from surefoot.runtime.session.mapping import MapRun


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

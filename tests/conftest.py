"""Property tests draw the same examples on every machine and in every run; tests are in three tiers.

The quick tier runs where nothing else is asked for. The slow tier, whatever starts a Ray or attacks real processes and
servers, runs with ``--slow`` or where its files are named. The long sets, minutes or hours each, run with ``--long``.

With ``-n 2`` two processes share the tests, a file at a time; the files that start a Ray are one lot, so that there is
one Ray at a time: each has both cores, and says how many workers fit.
"""

import functools
import os
import pathlib
import signal
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("deterministic")

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="session")
def no_home() -> Iterator[None]:
    """What commands keep for their user goes to a folder of the tests', also from processes that they start."""
    before = os.environ.get("XDG_STATE_HOME")
    with tempfile.TemporaryDirectory(prefix="state") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        yield
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tier as well: Ray, attacks on real processes")
    parser.addoption("--long", action="store_true", help="run the long sets as well, and the slow tier")


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the tests in the background, or ``nohup``, has them ignore signals that some tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Whoever names a file wants its tests. Workers are told by the process that started them.
    if not hasattr(config, "workerinput") and config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        config.option.slow = True
    config.option.loadscopereorder = False  # lots are handed out in the order below, not those of most tests first


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    # Not ``--dist loadgroup``: with pytest 9.2 xdist 3.8 loses the groups of its marker on the way, and every test is a
    # lot of its own.
    from xdist.scheduler import LoadScopeScheduling

    class Lots(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return lot_of(nodeid.partition("::")[0])

    return Lots(config, log)


@functools.cache
def lot_of(file: str) -> str:
    """The lot of a test file, by its path from the root."""
    return "ray" if "pytest.mark.ray" in (ROOT / file).read_text() else file


@pytest.hookimpl(tryfirst=True)  # before ``-m slow`` chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unsteady = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if unsteady:  # two processes would not agree on which tests there are
        raise pytest.UsageError(f"a test is named by an address in memory: give it ids: {unsteady[0]}")
    # The longest first, so that both processes end at about the same time.
    items.sort(key=lambda item: 0 if _lot(item) == "ray" else 1 if "chaos" in item.path.parts else 2)
    for item in items:
        if "ray" in item.keywords or "chaos" in item.path.parts:
            item.add_marker("slow")
        if "long" in item.keywords and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="the long sets run with --long"))
        elif "slow" in item.keywords and not (config.getoption("--slow") or config.getoption("--long")):
            item.add_marker(pytest.mark.skip(reason="the slow tier runs with --slow"))


def _lot(item: pytest.Item) -> str:
    return lot_of(item.nodeid.partition("::")[0])

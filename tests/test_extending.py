"""A task, rule, method, model and journal from outside the package: the files of ``docs/extending.md``, at work.

They are saved in a folder that is not the package's; a small plan is run with each, and is not what it is without it.
"""

import asyncio
import importlib
import pathlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import surefoot
from surefoot.decompose.methods.table import METHODS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.voting.rules import RULES
from tests.docs.blocks import ROOT, blocks_of

PAGE = ROOT / "docs" / "extending.md"
FILES = {
    block.marker.removeprefix("file "): block.text
    for block in blocks_of(PAGE.read_text())
    if block.marker.startswith("file ")
}
ERRING = "simulated:p_error=0.1"


@pytest.fixture
def outside(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """A folder with the page's files, on Python's path."""
    names = [name.removesuffix(".py") for name in FILES]
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in names:
        sys.modules.pop(name, None)


def module(name: str) -> ModuleType:
    return importlib.import_module(name)


def hanoi(**options: Any) -> surefoot.Run:
    options = {"disks": 6, "address": "none", "model": "bundled", **options}
    return surefoot.run("hanoi", **options)


def test_the_page_has_one_file_for_each_thing() -> None:
    assert set(FILES) == {"countdown.py", "quorum.py", "shallow.py", "echo.py", "memory.py"}


@pytest.mark.usefixtures("outside")
def test_a_task_by_its_name() -> None:
    run = surefoot.run("countdown:Countdown", model=ERRING, start=9, k=3, address="none")
    assert (run.status, run.output, run.counts.steps) == ("solved", 0, 9)
    unchecked = module("countdown").Countdown(start=9).check
    step = surefoot.Step("less", surefoot.Role.ACTOR, reads=3)
    assert unchecked(step, "4") is not None
    assert unchecked(step, "2") is None


@pytest.mark.usefixtures("outside")
def test_a_voting_rule_decides_races() -> None:
    assert "quorum:Quorum" not in RULES
    own, placebo = (hanoi(model=ERRING, k=3, rule=rule, seams=False) for rule in ("quorum:Quorum", "first-to-ahead-by"))
    assert (own.status, placebo.status) == ("solved", "solved")
    # Two against one is a quorum of three, and no lead of three: such races end earlier.
    assert own.counts.calls < placebo.counts.calls
    assert any(sorted(map(len, _votes(step))) == [1, 2] for step in own.steps(disputed=True))


def _votes(step: Any) -> list[list[str]]:
    """The valid ballots of a step by candidate."""
    named = [ballot.candidate for ballot in step.ballots if ballot.candidate is not None]
    return [[one for one in named if one == candidate] for candidate in dict.fromkeys(named)]


@pytest.mark.usefixtures("outside")
def test_a_method_decides_what_is_split() -> None:
    assert "shallow:Shallow" not in METHODS
    own, deep, chain = (hanoi(k=2, leaf_steps=1, strategy=name) for name in ("shallow:Shallow", "tree", "chain"))
    assert {one.status for one in (own, deep, chain)} == {"solved"}
    assert own.counts.decompositions == 3
    assert deep.counts.decompositions > 3 > chain.counts.decompositions
    assert list(own.output) == list(chain.output)


@pytest.mark.usefixtures("outside")
def test_a_method_that_lacks_something_is_refused_before_anything_starts() -> None:
    for name, said in (
        ("nowhere", "it takes chain|tree, or my_module:MyMethod"),
        ("nowhere:Method", "No module named 'nowhere'"),
        ("countdown:answers", "countdown has no class answers"),
        ("countdown:Countdown", "it has no in_order, retries_chains, splits, sample"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            hanoi(strategy=name)
        assert said in str(caught.value)
    assert not pathlib.Path("runs").exists()


@pytest.mark.usefixtures("outside")
def test_a_model_is_asked() -> None:
    task, model = module("countdown").Countdown(start=6), module("echo").Echo()
    run = surefoot.run(task, model, k=2)
    assert (run.status, run.output) == ("solved", 0)
    assert set(run.counts.by_model) == {"echo"}
    assert 0 < run.counts.tokens_in < 8 * run.counts.calls, "the prompt of several draws is read once"
    assert run.counts.tokens_in % 8 == 0


@pytest.mark.usefixtures("outside")
def test_a_journal_keeps_a_run_that_goes_on() -> None:
    config = RunConfig(task="countdown:Countdown", k=2, dialect="chat", flush_steps=1)
    journal = module("memory").MemoryJournal()
    assert asyncio.run(_session(config, journal, max_calls=6)) == "paused"
    asked = journal.totals.calls
    assert 0 < asked < 18
    assert asyncio.run(_session(config, journal)) == "solved"
    assert journal.totals.steps == 9
    # The placebo: one that was not there before has everything asked.
    fresh = module("memory").MemoryJournal()
    assert asyncio.run(_session(config, fresh)) == "solved"
    assert fresh.totals.calls > journal.totals.calls - asked


async def _session(config: RunConfig, journal: Any, **limits: Any) -> str:
    import msgspec

    task, config = module("countdown").Countdown(start=9), msgspec.structs.replace(config, **limits)
    pool = LocalPool(config, task, [module("echo").Echo()])
    try:
        return await Coordinator(config, task, journal, pool).run()
    finally:
        await pool.close()


@pytest.mark.usefixtures("outside")
def test_looking_at_a_run_of_a_users_method_executes_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """What the method alone can say is not claimed: the report counts ballots, and no seams."""
    hanoi(k=2, strategy="shallow:Shallow", run_dir="own")
    known = surefoot.open("own").certificate
    del sys.modules["shallow"]
    pathlib.Path("shallow.py").write_text("raise RuntimeError('executed')\n")
    run = surefoot.open("own")
    assert run.status == "solved"
    assert "whose code is not run here" in run.preview().line
    assert run.certificate.bound > known.bound
    assert run.report().exists()
    with pytest.raises(ConfigurationError, match="was not loaded"):
        _ = run.output
    assert "shallow" not in sys.modules
    assert capsys.readouterr().err == ""

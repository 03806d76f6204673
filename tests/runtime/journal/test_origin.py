"""A user's task is run, and a server asked, only where the user stands for it; a forged note is not believed."""

import pathlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError, JournalError, ResumeMismatch
from surefoot.runtime.journal.configuration_drift import admit
from surefoot.runtime.journal.origin import (
    Origin,
    admit_hosts,
    hosts_of,
    known_origin,
    load_known,
    note_origin,
    open_known_task,
    outside_of,
)
from surefoot.runtime.journal.task_shape import RecordedTask, known_shape, shape_of, task_without_code
from surefoot.runtime.own_code import own_code, own_models
from surefoot.runtime.user_code import load_named
from tests.runtime.journal.in_memory import InMemoryJournal

Configured = Callable[..., RunConfig]

TASK = """
import pathlib
import re
from surefoot.decompose.step import Done, Prompt, Role, Step
from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task
pathlib.Path(__file__).with_name("ran").touch()

class Errand(Task, frozen=True):
    def root(self):
        return Node((), 0, ("",), "aaa")
    def next_step(self, goal, state):
        return Done(state) if len(state) == 3 else Step("letter", Role.ACTOR, state)
    def advance(self, goal, state, candidate):
        return state + candidate
    def prompt(self, step, dialect, wording=0):
        return Prompt("", step.reads)
    def parse(self, step, text, dialect):
        return "a"
    def size(self, goal, inputs):
        return 3
"""


@pytest.fixture
def errand(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """A folder with the module of a user's task, and a state folder of a user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "errand_mine.py").write_text(TASK)
    yield folder
    sys.modules.pop("errand_mine", None)


def started(folder: pathlib.Path, **values: Any) -> tuple[InMemoryJournal, RunConfig]:
    """A run of the user's task, as its first session leaves it; the module is forgotten, as in a new process."""
    journal = InMemoryJournal()
    config = RunConfig(task="errand_mine:Errand", model="simulated", address="none", **values)
    admit(journal, folder, config, open_task(config, folder))
    forget(folder)
    return journal, config


def forget(folder: pathlib.Path) -> None:
    sys.modules.pop("errand_mine", None)
    (folder / "ran").unlink(missing_ok=True)


def test_the_task_is_found_where_the_run_was_started(errand: pathlib.Path) -> None:
    journal, config = started(errand)
    told: list[str] = []
    task = open_known_task(journal, config, None, told.append)
    assert type(task).__name__ == "Errand"
    assert told == [f"task errand_mine:Errand from {errand / 'errand_mine.py'}"]
    forget(errand)
    with (errand / "errand_mine.py").open("a") as file:
        file.write("# another line\n")
    open_known_task(journal, config, None, told.append)
    assert told[-1].endswith("changed since the run was started")


def forged(journal: InMemoryJournal, **values: Any) -> None:
    journal.set_meta(origin={**journal.meta("origin"), **values})


@pytest.mark.parametrize(
    "forge",
    [
        lambda journal, folder: journal.set_meta(origin=None),
        lambda journal, folder: forged(journal, folder=str(folder), file=str(folder / "errand_mine.py")),
        lambda journal, folder: forged(journal, digest="0" * 64),
        lambda journal, folder: forged(journal, seal=""),
        lambda journal, folder: forged(journal, seal="0" * 64),
    ],
    ids=["nothing", "another folder", "another digest", "no seal", "another seal"],
)
def test_a_forged_note_runs_nothing(
    errand: pathlib.Path, tmp_path: pathlib.Path, forge: Callable[[InMemoryJournal, pathlib.Path], None]
) -> None:
    journal, config = started(errand)
    theirs = tmp_path / "received"
    theirs.mkdir()
    (theirs / "errand_mine.py").write_text(TASK)
    forge(journal, theirs)
    with pytest.raises(ConfigurationError, match="--task-path"):
        open_known_task(journal, config, None, print)
    assert not (theirs / "ran").exists()
    assert not (errand / "ran").exists()
    # Named by the user now, it is run.
    open_known_task(journal, config, theirs, lambda text: None)
    assert (theirs / "ran").exists()


def test_another_users_seal_is_none(errand: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, config = started(errand)
    assert known_origin(journal) is not None
    monkeypatch.setenv("XDG_STATE_HOME", str(errand / "another"))
    assert known_origin(journal) is None
    with pytest.raises(ConfigurationError, match="not started by you"):
        open_known_task(journal, config, None, print)


def test_a_note_for_one_task_does_not_stand_for_another(errand: pathlib.Path) -> None:
    journal, config = started(errand)
    other = msgspec.structs.replace(config, task="errand_mine:Other")
    with pytest.raises(ConfigurationError, match="--task-path"):
        open_known_task(journal, other, None, print)


@pytest.mark.parametrize("module", ["json", "surefoot.runtime.api", "antigravity", "nothing_here", "../errand_mine"])
def test_only_what_lies_in_the_named_folder_is_run(errand: pathlib.Path, module: str) -> None:
    journal, config = started(errand)
    other = msgspec.structs.replace(config, task=f"{module}:Errand")
    with pytest.raises(ConfigurationError, match="no module"):
        open_known_task(journal, other, errand, print)
    assert not (errand / "ran").exists()


def test_readers_need_no_code(errand: pathlib.Path) -> None:
    journal, config = started(errand)
    shape = known_shape(journal, config)
    assert (shape.total_steps, shape.splits, shape.promised, shape.one_way) == (3, False, True, False)
    task = task_without_code(journal, config)
    assert isinstance(task, RecordedTask)
    assert shape_of(task) == shape
    assert not (errand / "ran").exists()
    # Journals of earlier versions have no shape.
    del journal.named["shape"]
    assert known_shape(journal, config).total_steps == 0
    assert known_shape(journal, RunConfig(task="hanoi", task_options={"disks": 5})).total_steps == 31
    for bad in ({}, 7, {"total_steps": -1}, {"total_steps": 10**30}):
        journal.set_meta(shape=bad if bad != {} else [])
        with pytest.raises(JournalError, match="shape"):
            known_shape(journal, config)


def hosted(**values: Any) -> RunConfig:
    return RunConfig(task="hanoi", task_options={"disks": 3}, model="openai/m", **values)


def first_session(config: RunConfig) -> InMemoryJournal:
    journal = InMemoryJournal()
    admit(journal, pathlib.Path("run"), config, open_task(config))
    return journal


def test_a_key_goes_only_to_hosts_that_were_named(errand: pathlib.Path) -> None:
    config = hosted(api_base="http://a:1/v1,http://b:2/v1", address="none")
    journal, place = first_session(config), pathlib.Path("run")
    task = open_task(config)
    admit(journal, place, config, task)
    admit(journal, place, hosted(api_base="http://B:2/v2", address="none"), task)
    evil = hosted(api_base="http://a:1/v1,http://evil:1/v1", address="none")
    with pytest.raises(ResumeMismatch, match="http://evil:1"):
        admit(journal, place, evil, task)
    admit(journal, place, evil, task, named=["api_base"])
    # What was named once is known from then on; what was accepted too.
    admit(journal, place, evil, task)
    other = hosted(api_base="http://other/v1", address="none")
    admit(journal, place, other, task, accept=True)
    admit(journal, place, other, task)


def test_a_cluster_is_joined_only_if_it_was_named(errand: pathlib.Path) -> None:
    journal, place = first_session(hosted()), pathlib.Path("run")
    config = hosted(address="10.0.0.1:6379")
    with pytest.raises(ResumeMismatch, match=r"10\.0\.0\.1:6379"):
        admit(journal, place, config, open_task(config))
    admit(journal, place, config, open_task(config), named=["address"])
    admit(journal, place, config, open_task(config))
    assert hosts_of(hosted(address="none")) == hosts_of(hosted(address="local")) == ()


def test_a_received_run_knows_no_hosts(errand: pathlib.Path) -> None:
    """Whatever its journal says: a stranger began it, and chose whom the key would go to."""
    config = hosted(api_base="http://evil/v1", address="none")
    journal = first_session(config)
    journal.set_meta(origin=Origin("hanoi", hosts=("http://evil",), seal="0" * 64))
    with pytest.raises(ResumeMismatch, match="--accept-change"):
        admit(journal, pathlib.Path("run"), config, open_task(config))


def test_without_the_seal_anything_would_be_believed(errand: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The placebo."""
    config = hosted(api_base="http://evil/v1", address="none")
    journal = first_session(config)
    journal.set_meta(origin=Origin("hanoi", hosts=("http://evil",), seal="0" * 64))
    monkeypatch.setattr("surefoot.runtime.journal.origin.is_sealed", lambda values, text: True)
    admit(journal, pathlib.Path("run"), config, open_task(config))


def test_where_no_key_can_be_kept_it_is_said(errand: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(errand / "errand_mine.py"))
    warned: list[str] = []
    monkeypatch.setattr("surefoot.runtime.journal.origin.events_of", lambda run: Logger(warned))
    config = hosted(api_base="http://a/v1")
    note_origin(InMemoryJournal(), config, open_task(config))
    note_origin(InMemoryJournal(), hosted(), open_task(config))
    assert len(warned) == 1


class Logger:
    def __init__(self, told: list[str]) -> None:
        self.told = told

    def warning(self, event: str, **_: object) -> None:
        self.told.append(event)


def test_a_models_module_is_imported_only_where_its_user_named_it(errand: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A built-in task with a model of the user's: the same rules as for a task of the user's."""
    config = RunConfig(task="hanoi", model="errand_mine:Errand", rule="errand_mine:Errand", address="none")
    journal = InMemoryJournal()
    load_named("--model", "errand_mine:Errand", errand)
    note_origin(journal, config, open_task(RunConfig(task="hanoi")))
    forget(errand)
    load_known(journal, own_code(config), None)
    assert (errand / "ran").exists()
    forget(errand)
    (errand / "received").mkdir()
    (errand / "received" / "errand_mine.py").write_text(TASK)
    journal.set_meta(origin=None)
    with pytest.raises(ConfigurationError, match=r"errand_mine:Errand is code of a user's.*--task-path"):
        load_known(journal, own_models(config), None)
    with pytest.raises(ConfigurationError, match="--task-path"):
        open_known_task(journal, config, None, print)  # for the rule, which a plan is read back with
    assert "errand_mine" not in sys.modules
    load_known(journal, own_models(config), errand / "received")
    assert (errand / "received" / "ran").exists()


OUTSIDE = {
    "write a copy to": ({"mirror": "/home/ann/.ssh"}, "mirror"),
    "execute": ({"task": "pddl", "task_options": {"engine": "sh -c evil {domain} {problem}"}}, ""),
    "let a model read": ({"task": "ask", "task_options": {"text": "what?", "use": "calc,search:/home/ann"}}, ""),
}


@pytest.mark.parametrize("does", OUTSIDE)
def test_what_lies_outside_a_run_is_touched_only_where_the_user_named_it(does: str) -> None:
    """Of a received run, ``--mirror ~/.ssh`` would lay its files there, and a planner's command be executed."""
    values, option = OUTSIDE[does]
    config = RunConfig(**{"task": "hanoi", "model": "simulated", "address": "none", **values})
    what = outside_of(config)[0].partition(": ")[2]
    assert what in (config.mirror, *config.task_options.values())
    received = InMemoryJournal()
    with pytest.raises(ResumeMismatch, match=re.escape(f"would {does} {what}, which you have not named")):
        admit_hosts(received, config, (), accept=False)
    admit_hosts(received, config, (), accept=True)
    if option:
        admit_hosts(received, config, (option,), accept=False)
    mine = InMemoryJournal()
    note_origin(mine, config, open_task(RunConfig(task="hanoi")))
    admit_hosts(mine, config, (), accept=False)
    inner = msgspec.structs.replace(config, mirror="/elsewhere")
    with pytest.raises(ResumeMismatch, match="would write a copy to /elsewhere"):
        admit_hosts(mine, inner, (), accept=False)


def test_all_that_is_strange_is_named_before_it_is_accepted() -> None:
    config = hosted(api_base="http://a.example", mirror="/home/ann: x", address="none")
    said = r"key .* to http://a\S+ and write a copy to /home/ann: x, which .* or --mirror$"
    with pytest.raises(ResumeMismatch, match=said):
        admit_hosts(InMemoryJournal(), config, (), accept=False)


def test_what_names_nothing_outside_asks_nothing() -> None:
    """Placebo arm."""
    plain = RunConfig(task="ask", task_options={"text": "a: b?", "use": "calc,python"}, model="simulated")
    assert outside_of(plain) == ()
    admit_hosts(InMemoryJournal(), plain, (), accept=False)


def test_the_task_of_a_script_is_that_of_the_script_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of a notebook goes on in the notebook; anywhere else a person is told what to give."""
    config, journal = RunConfig(task="__main__:Errand", model="simulated", address="none"), InMemoryJournal()
    with pytest.raises(ConfigurationError, match=r"was written in a script or a notebook: .*resume\(RUN_DIR, task"):
        open_known_task(journal, config, None, print)
    scope: dict[str, Any] = {"__file__": "/nowhere/mine.py", "__name__": "__main__"}
    exec(TASK.replace('pathlib.Path(__file__).with_name("ran").touch()', ""), scope)
    monkeypatch.setattr(sys.modules["__main__"], "Errand", scope["Errand"], raising=False)
    assert isinstance(open_known_task(journal, config, None, print), scope["Errand"])

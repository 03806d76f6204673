"""A session goes on with what the run was set up with, or is refused with the difference."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import JournalError, ResumeMismatch
from surefoot.runtime.journal.configuration_drift import (
    FIXED,
    FREE,
    Change,
    Setup,
    admit,
    differences,
    settle,
    setup_of,
)
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.run_directory import read_config, write_config
from tests.runtime.journal.in_memory import InMemoryJournal


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "task_options": {"disks": 4}, "model": "simulated", **options})


def begun(tmp_path: pathlib.Path, **options: Any) -> InMemoryJournal:
    journal = InMemoryJournal()
    write_config(tmp_path, config(**options))
    admit(journal, tmp_path, config(**options), Hanoi(disks=4))
    return journal


def test_the_same_setup_is_admitted_again(tmp_path: pathlib.Path) -> None:
    journal = begun(tmp_path)
    kept = dict(journal.named)
    admit(journal, tmp_path, config(), Hanoi(disks=4))
    assert journal.named == kept


@pytest.mark.parametrize("name", ["max_cost_usd", "flush_steps", "workers", "chains_in_flight"])
def test_what_no_answer_depends_on_may_change(tmp_path: pathlib.Path, name: str) -> None:
    admit(begun(tmp_path), tmp_path, config(**{name: 7}), Hanoi(disks=4))


@pytest.mark.parametrize("options", [{"temperature": 0.3}, {"k": 3}, {"red_flags": "none"}, {"seed": 9}])
def test_anything_else_is_refused_with_the_difference(tmp_path: pathlib.Path, options: dict[str, Any]) -> None:
    journal = begun(tmp_path)
    ((name, value),) = options.items()
    with pytest.raises(ResumeMismatch, match=rf"{name}: .* -> {value}.*--accept-change goes on"):
        admit(journal, tmp_path, config(**options), Hanoi(disks=4))
    assert journal.meta("changes") is None


def test_an_accepted_change_is_journalled_with_how_far_the_run_was(tmp_path: pathlib.Path) -> None:
    journal = begun(tmp_path)
    journal.totals.steps, journal.totals.calls = 5, 12
    journal.set_meta(leads={"guarded": 1, "leaf_steps": 7})
    admit(journal, tmp_path, config(temperature=0.3), Hanoi(disks=4), accept=True)
    changes = read_meta(journal, "changes", list[Change])
    assert changes is not None
    ((steps, calls, lines),) = [(one.steps, one.calls, one.differences) for one in changes]
    assert (steps, calls) == (5, 12)
    assert lines[0].startswith("temperature: ")
    assert read_config(tmp_path).temperature == 0.3
    assert journal.meta("leads") is None, "leads are chosen anew"
    assert journal.meta("leaf_steps") == 7, "the plan so far is read back with the old leaves"
    admit(journal, tmp_path, config(temperature=0.3), Hanoi(disks=4))
    admit(journal, tmp_path, config(temperature=0.5), Hanoi(disks=4), accept=True)
    assert len(journal.meta("changes")) == 2


@pytest.mark.parametrize("name", FIXED)
def test_what_the_plan_is_read_back_with_cannot_change_at_all(tmp_path: pathlib.Path, name: str) -> None:
    others: dict[str, Any] = {"task": "multiply", "task_options": {"disks": 5}, "leaf_steps": 3, "segment_steps": 9}
    journal = begun(tmp_path)
    journal.set_meta(setup=changed(journal, name, others.get(name, "other")))
    with pytest.raises(ResumeMismatch, match=rf"{name}: .*start a new run"):
        admit(journal, tmp_path, config(), Hanoi(disks=4), accept=True)


def changed(journal: InMemoryJournal, name: str, value: Any) -> Any:
    setup = journal.meta("setup")
    return {**setup, "config": {**setup["config"], name: value}}


class Reworded(Hanoi, frozen=True, kw_only=True):
    """Asks in other words."""

    def prompt(self, step: Any, dialect: Any, wording: int = 0) -> Prompt:
        """Put a word before the question."""
        return Prompt(f"now: {Hanoi.prompt(self, step, dialect, wording).user}")


def test_a_task_whose_prompts_changed_is_another(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ResumeMismatch, match=r"prompts of (\d+) of \1 sampled steps: '.*' -> '.*now: "):
        admit(begun(tmp_path), tmp_path, config(), Reworded(disks=4))


def test_a_key_that_an_old_journal_does_not_know_had_todays_default() -> None:
    new = setup_of(config(), Hanoi(disks=4))
    old = Setup({key: value for key, value in new.config.items() if key != "rule"}, new.prompts, new.texts)
    assert differences(old, new) == []
    assert differences(old, setup_of(config(rule="first-to"), Hanoi(disks=4))) == [
        "rule: first-to-ahead-by -> first-to"
    ]


def test_free_and_fixed_options_are_told_apart_and_exist() -> None:
    assert not set(FREE) & set(FIXED)
    assert {*FREE, *FIXED} <= set(RunConfig.__struct_fields__)


def test_a_kill_between_the_two_writes_is_put_right_by_the_next_session(tmp_path: pathlib.Path) -> None:
    journal = begun(tmp_path)
    journal.set_meta(setup=changed(journal, "temperature", 0.7), rewrite=True)
    settle(journal, tmp_path)
    assert read_config(tmp_path).temperature == 0.7
    write_config(tmp_path, config())
    settle(journal, tmp_path)
    assert read_config(tmp_path).temperature == config().temperature, "done once"


def test_a_named_value_of_another_type_is_an_error_of_the_journal() -> None:
    journal = InMemoryJournal("r")
    journal.set_meta(setup={"config": 3}, nothing=None)
    assert read_meta(journal, "missing", Setup) is read_meta(journal, "nothing", Setup) is None
    with pytest.raises(JournalError, match="r: what its journal says of setup cannot be read"):
        read_meta(journal, "setup", Setup)

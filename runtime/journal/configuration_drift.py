"""What a run was set up with, and whether a later session may go on with something else.

The journal keeps the configuration and what the task's code makes of it: the prompts of some sampled steps. A resume
that differs in either is refused with the difference, unless it is told to accept the change; then the journal says
from which step on. What the plan in the journal is read back with cannot change at all.
"""

import difflib
import hashlib
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from surefoot.decompose.step import Step
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ResumeMismatch
from surefoot.runtime.journal.kept_inputs import with_references
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.origin import admit_hosts, note_origin
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.run_directory import LIMITS, write_config
from surefoot.runtime.journal.task_shape import shape_of

FIXED = ("task", "task_options", "strategy", "state_by", "rule", "leaf_steps", "segment_steps")
"""What the committed part of a plan is read back with."""

FREE = (*LIMITS, "flush_steps", "flush_s", "worker_silence_s", "worker_losses", "chains_in_flight")
"""What no answer depends on."""

SAMPLED_STEPS = 32
TEXTS = 4
"""Sampled prompts that are kept in full, to show a difference."""


class Setup(msgspec.Struct, frozen=True):
    """What the answers of a run depend on: its configuration, and the prompts that the task's code makes.

    Attributes:
        config: The configuration, as builtin values.
        prompts: A hash for each sampled step's prompt, in the run's dialect.
        texts: The first of these prompts in full.
    """

    config: dict[str, Any]
    prompts: tuple[str, ...]
    texts: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """A change of a run's setup that its user accepted, and how far the run was by then.

    Attributes:
        steps: Steps of the plan that had been decided before it.
        calls: Calls that had been made before it.
        differences: One line each.
    """

    steps: int
    calls: int
    differences: tuple[str, ...]


def setup_of(config: RunConfig, task: Task) -> Setup:
    """Work out the setup that a configuration and the task's code at hand give."""
    dialect = dialect_of(config)
    steps = _sampled(task)
    root = task.root()
    split = task.decomposition_step(root.goal, root.inputs)
    prompts = [task.prompt(step, dialect) for step in ([split] if isinstance(split, Step) else []) + steps]
    texts = [f"{prompt.system}\n\n{prompt.user}" for prompt in prompts]
    hashes = [hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest() for text in texts]
    values = _with_references(msgspec.to_builtins(config))
    return Setup(values, tuple(hashes), tuple(text[:4000] for text in texts[:TEXTS]))


def _sampled(task: Task) -> list[Step]:
    """Steps whose prompts are compared; none of a task that asks nothing at its start, which is a task like others."""
    try:
        if type(task).sample_step is Task.sample_step:  # one and the same for all numbers, and it may be much work
            return [task.sample_step(0)] * SAMPLED_STEPS
        return [task.sample_step(number) for number in range(SAMPLED_STEPS)]
    except NothingToAsk:
        return []


def differences(old: Setup, new: Setup) -> list[str]:
    """List what differs between two setups, one line each."""
    # A key that a journal does not know yet had the value that is now the default.
    before = {**_defaults(), **_with_references(old.config)}
    keys = [key for key in new.config if key not in FREE and before.get(key) != new.config[key]]
    lines = [f"{key}: {_shown(before.get(key))} -> {_shown(new.config[key])}" for key in keys]
    changed = [i for i, (a, b) in enumerate(zip(old.prompts, new.prompts, strict=False)) if a != b]
    if changed or len(old.prompts) != len(new.prompts):
        lines.append(f"prompts of {len(changed)} of {len(new.prompts)} sampled steps{_first_line(old, new)}")
    return lines


def admit(
    journal: JournalStore,
    directory: pathlib.Path,
    config: RunConfig,
    task: Task,
    accept: bool = False,
    named: Collection[str] = (),
) -> None:
    """Let a session begin, or refuse it; what its user stands for is journalled.

    Args:
        journal: Open for writing.
        directory: Its run directory; ``run.toml`` is replaced when a change is accepted.
        config: What the session would run with.
        task: The task of that configuration.
        accept: Whether a change is accepted.
        named: Options that the user gives now, with this session.

    Raises:
        ResumeMismatch: The run was set up with something else, or would ask a server that its user has not named.
    """
    new = setup_of(config, task)
    kept = read_meta(journal, "setup", Setup)
    if kept is None:
        journal.set_meta(setup=new, shape=shape_of(task))
        note_origin(journal, config, task)
        return
    admit_hosts(journal, config, named, accept)
    lines = differences(kept, new)
    fixed = [line for line in lines if line.partition(":")[0] in FIXED]
    if fixed:
        raise ResumeMismatch(f"{directory}: {'; '.join(fixed)}: the plan so far cannot go on so; start a new run")
    if lines and not accept:
        raise ResumeMismatch(f"{directory} was set up with something else: {'; '.join(lines)}; --accept-change goes on")
    if lines:
        change = Change(journal.totals.steps, journal.totals.calls, tuple(lines))
        changes = [*(journal.meta("changes") or []), msgspec.to_builtins(change)]
        leaf_steps = (journal.meta("leads") or {}).get("leaf_steps", journal.meta("leaf_steps"))
        journal.set_meta(setup=new, changes=changes, leads=None, leaf_steps=leaf_steps, rewrite=True)
        settle(journal, directory)
    note_origin(journal, config, task)


def settle(journal: JournalStore, directory: pathlib.Path) -> None:
    """Bring ``run.toml`` in line with a change that was accepted; also after a kill between the two writes."""
    if journal.meta("rewrite"):
        setup = read_meta(journal, "setup", Setup)
        if setup is not None:
            write_config(directory, msgspec.convert(setup.config, RunConfig))
        journal.set_meta(rewrite=False)


def _with_references(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with references in place of what is kept in files; earlier versions journalled it whole."""
    own = config.get("task_options")
    return {**config, "task_options": with_references(own)} if isinstance(own, dict) else config


def _defaults() -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(RunConfig(task="")).items() if key != "task"}


def _shown(value: Any) -> str:
    """A value on one line; a text of several lines, such as that of a wordings file, by its hash."""
    if isinstance(value, str) and "\n" in value:
        return f"text {hashlib.blake2b(value.encode(errors='surrogatepass'), digest_size=4).hexdigest()}"
    return "default" if value is None else str(value)


def _first_line(old: Setup, new: Setup) -> str:
    for before, after in zip(old.texts, new.texts, strict=False):
        lines: Sequence[str] = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))
        if lines:
            was = next((line[1:] for line in lines[2:] if line.startswith("-")), "")
            now = next((line[1:] for line in lines[2:] if line.startswith("+")), "")
            return f": {was[:200]!r} -> {now[:200]!r}"
    return ""

"""A run directory: ``run.toml`` (the frozen configuration, no secrets), ``journal.sqlite``, and what is derived."""

import datetime
import pathlib
from typing import Any

import msgspec
import tomli_w

from runtime.config import RunConfig, open_task
from runtime.errors import ConfigurationError, RunDirectoryError
from runtime.journal import is_locked, open_journal

LIMITS = ("max_calls", "max_cost_usd", "max_wall_s", "workers", "address", "patience_s", "timeout_s", "calls_in_flight")
"""What ``resume`` may change without asking: limits and places, nothing that an answer depends on."""


class Standing(msgspec.Struct, frozen=True):
    """Where a run stands; the JSON of ``run``, ``resume`` and ``show``. Keys are added, never renamed.

    Attributes:
        run_dir: The run directory.
        status: ``solved``, ``failed``, ``paused`` (can be resumed) or ``running``.
        message: Why it is not solved, in one line.
        task: Its name.
        model: Its name.
        strategy: Its name.
        state_by: Who stated the next states.
        total_steps: Steps that the task itself expects of the whole plan, at most.
        calls_per_step: ``None`` before the first step.
        red_flags: Spoiled ballots.
        cost_usd: ``None`` if the price of some call is unknown.
        k: Lead of a step whose mistake would be final.
        leads: All leads by protection, and the length of leaves.
        why: What was chosen and why, for people.
    """

    run_dir: str
    status: str
    message: str
    task: str
    task_options: dict[str, Any]
    model: str
    strategy: str
    state_by: str
    steps: int
    total_steps: int
    decompositions: int
    calls: int
    calls_per_step: float | None
    red_flags: int
    red_flags_by_name: dict[str, int]
    failed_calls: int
    disagreements: int
    escalations: int
    seam_retries: int
    broken_promises: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    wall_s: float
    k: int | None
    leads: dict[str, int]
    why: str
    target: float


def new_run_directory(chosen: pathlib.Path | None, task: str) -> pathlib.Path:
    """Where a new run will live; made when it is written to.

    Raises:
        RunDirectoryError: It exists and is not empty.
    """
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
    directory = chosen or pathlib.Path("runs") / f"{task.replace(':', '.')}-{stamp}"
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise RunDirectoryError(f"{directory} exists and is not empty; use another --run-dir, or surefoot resume")
    return directory


def write_config(directory: pathlib.Path, config: RunConfig) -> None:
    """Write ``run.toml``; the directory is made."""
    directory.mkdir(parents=True, exist_ok=True)
    values = {key: value for key, value in msgspec.to_builtins(config).items() if value is not None}
    path = directory / "run.toml"
    draft = path.with_suffix(".draft")
    draft.write_text(tomli_w.dumps(values))
    draft.replace(path)


def read_config(directory: pathlib.Path) -> RunConfig:
    """The configuration a run was started with.

    Raises:
        RunDirectoryError: Not a run directory.
        ConfigurationError: ``run.toml`` cannot be read.
    """
    path = directory / "run.toml"
    if not path.is_file():
        raise RunDirectoryError(f"{directory} is not a run directory: it has no run.toml")
    return parse_config(path)


def parse_config(path: pathlib.Path) -> RunConfig:
    """A configuration file.

    Raises:
        ConfigurationError: It cannot be read, or has an unknown key or a value out of range.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=RunConfig)
    except (msgspec.DecodeError, OSError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def standing(directory: pathlib.Path) -> Standing:
    """Where a run stands, also while it runs.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    config = read_config(directory)
    task = open_task(config)
    root = task.root()
    journal = open_journal(directory, write=False)
    try:
        status = "running" if is_locked(directory) else journal.meta("status") or "paused"
        counts, leads = journal.totals, journal.meta("leads") or {}
        message, why = journal.meta("message") or "", journal.meta("why") or ""
        wall_s = journal.wall_s
    finally:
        journal.close()
    return Standing(
        run_dir=str(directory),
        status=status,
        message="" if status in ("running", "solved") else message,
        task=config.task,
        task_options=config.task_options,
        model=config.model,
        strategy=config.strategy,
        state_by=config.state_by,
        total_steps=task.size(root.goal, root.inputs),
        calls_per_step=round(counts.calls / counts.steps, 4) if counts.steps else None,
        red_flags=sum(counts.red_flags.values()),
        red_flags_by_name=counts.red_flags,
        cost_usd=None if counts.unpriced_calls else round(counts.cost_usd, 6),
        wall_s=round(wall_s, 3),
        k=leads.get("unguarded"),
        leads=leads,
        why=why,
        target=config.target,
        steps=counts.steps,
        decompositions=counts.decompositions,
        calls=counts.calls,
        failed_calls=counts.failed_calls,
        disagreements=counts.disagreements,
        escalations=counts.escalations,
        seam_retries=counts.seam_retries,
        broken_promises=counts.broken_promises,
        tokens_in=counts.tokens_in,
        tokens_out=counts.tokens_out,
    )

"""A run directory: ``run.toml`` (the frozen configuration, no secrets), ``journal.sqlite``, and what is derived."""

import datetime
import pathlib
import secrets
from typing import Any, Literal, NamedTuple

import msgspec
import tomli_w

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, RunDirectoryError
from surefoot.runtime.journal.fault_points import faults_from_environment
from surefoot.runtime.journal.journal import Journal, create_journal, open_journal
from surefoot.runtime.journal.kept_inputs import FILE, keep_inputs, read_inputs, with_references
from surefoot.runtime.journal.learned_leads import learned_leads, told
from surefoot.runtime.journal.lock import is_locked, take_lock
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.task_shape import TaskShape, known_shape
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.records import AGAIN, LARGER, Counts, Usage
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.whole_files import DRAFT, write_whole

LIMITS = ("max_calls", "max_cost_usd", "max_wall_s", "workers", "address", "mirror", "patience_s", "timeout_s",
    "calls_in_flight", "api_base", "price_in", "price_out", "retry_share", "hedge", "review", "batch",
    "batch_price", "batch_hours", "batch_size", "batch_quiet_s", "batch_poll_s")  # fmt: skip
"""What ``resume`` may change without asking: limits and places, nothing that an answer depends on."""

Status = Literal["solved", "failed", "paused", "running"]

CHANCE = 3
"""Bytes that nobody can foresee in the name of a run that nobody named."""
LARGEST_CONFIG = 16 << 20
"""Bytes of the largest ``run.toml`` that is read; earlier versions kept files given as task options in it."""


class Rung(msgspec.Struct, frozen=True):
    """What one rung of the ladder did.

    Attributes:
        asked: How often.
        put_right: How often a mistake or an undecided race was put right by it.
    """

    asked: int
    put_right: int


class Standing(msgspec.Struct, frozen=True):
    """Where a run stands; the JSON of ``run``, ``resume`` and ``show``. Keys are added, never renamed.

    Attributes:
        run_dir: The run directory.
        status: ``solved``, ``failed``, ``paused`` (can be resumed) or ``running``.
        message: Why it is not solved, in one line.
        task: Its name.
        task_options: Options of its own; in place of a large one, the file that it is kept in.
        model: Its name.
        strategy: Its name.
        state_by: Who stated the next states.
        total_steps: Steps that the task itself expects of the whole plan, at most.
        calls_per_step: Without the pilot's calls; ``None`` before the first step.
        red_flags: Spoiled ballots.
        cost_usd: ``None`` if the price of some call is unknown.
        k: Lead of a step whose mistake would be final, as it was learned last.
        leads: All leads by protection, and the length of leaves, as first chosen.
        why: What was chosen and why, for people.
        tokens_cached: Prompt tokens that the provider had in its cache.
        tokens_reasoning: Reply tokens that were thinking before an answer.
        cost_at_most_usd: ``cost_usd`` and what calls may have cost whose end nobody saw; ``None`` if unknown.
        accounts: Calls, tokens and money by ``kind`` of question, ``model`` and ``worker``.
        alarms: Alarms that answers go wrong together, by kind; see ``surefoot.voting.alarms``.
        rungs: Rungs of the ladder that were asked: how often, and how often they put something right.
        pilot_calls: Answers drawn by the pilot; among ``calls``, and in no step.
        hedged_calls: Calls made beside others that were late, for the same answers.
        missing_batches: Batches that were committed and are not in this copy: the write-ahead log was not copied.
        waiting: Steps that wait for a person; see ``surefoot review``.
        looks: Looks that steps were decided by; see ``voting/looks.py``.
        fresh_looks: Distinct ones, which were asked of the model; kept ones answered the others.
        has_referee: Whether ``surefoot verify`` has something to check the finished plan with.
        open_ended: Whether nobody says how many steps the plan has: ``total_steps`` only ends it then.
        failed_nodes: Nodes, or rows, whose failure is their result.
        evidence: Reports about what plans take for granted.
        doubted_evidence: Answers with evidence that other ways to ask did not confirm.
        revisions: Versions of plans that were given up.
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
    tokens_cached: int
    tokens_reasoning: int
    cost_at_most_usd: float | None
    accounts: dict[str, dict[str, Usage]]
    alarms: dict[str, int] = {}
    rungs: dict[str, Rung] = {}
    hedged_calls: int = 0
    pilot_calls: int = 0
    missing_batches: int = 0
    waiting: int = 0
    looks: int = 0
    fresh_looks: int = 0
    has_referee: bool = True
    open_ended: bool = False
    failed_nodes: int = 0
    evidence: int = 0
    doubted_evidence: int = 0
    revisions: int = 0


def new_run_directory(chosen: pathlib.Path | None, task: str) -> pathlib.Path:
    """Choose the directory of a new run; it is made when it is written to.

    Where nobody named one it is called after the task and the time, with something by chance behind: runs that one
    script begins together do so within a millisecond.

    Raises:
        RunDirectoryError: It exists and is not empty.
    """
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
    directory = chosen or pathlib.Path("runs") / f"{task.replace(':', '.')}-{stamp}-{secrets.token_hex(CHANCE)}"
    _check_empty(directory)
    return directory


def create_run(directory: pathlib.Path, config: RunConfig) -> Journal:
    """Make the directory, its configuration and its journal, under the lock: of two at once, one is refused.

    Raises:
        RunDirectoryError: There is a run already, or another process is making one.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot make {directory}: {error.strerror}") from error
    lock = take_lock(directory)
    faults = faults_from_environment()
    try:
        _check_empty(directory)
        faults.reach("create.before")
        write_config(directory, config)
        faults.reach("create.configured")
    except BaseException:
        lock.release()
        raise
    return create_journal(directory, lock)


def _check_empty(directory: pathlib.Path) -> None:
    """What a run that was killed before it had a configuration leaves behind does not count."""
    if directory.exists() and not directory.is_dir():
        raise RunDirectoryError(f"{directory} is not a directory")
    left = [entry.name for entry in directory.iterdir()] if directory.exists() else []
    if any(name != "lock" and not DRAFT.fullmatch(name) and not FILE.fullmatch(name) for name in left):
        raise RunDirectoryError(f"{directory} exists and is not empty; use another --run-dir, or surefoot resume")


def write_config(directory: pathlib.Path, config: RunConfig) -> None:
    """Write ``run.toml``, whole or not at all, and before it the large values of the task's options.

    Raises:
        RunDirectoryError: The disk does not take it.
        ConfigurationError: A value is too large to be kept.
    """
    values = {key: value for key, value in msgspec.to_builtins(config).items() if value is not None}
    values["task_options"] = keep_inputs(directory, values["task_options"])
    path = directory / "run.toml"
    try:
        write_whole(path, tomli_w.dumps(values))
    except OSError as error:
        raise RunDirectoryError(f"cannot write {path}: {error.strerror}") from error


def read_config(directory: pathlib.Path, *, whole: bool = True) -> RunConfig:
    """The configuration a run was started with.

    Args:
        directory: Its run directory.
        whole: Whether large values of the task's options are read as well; else references stand in their place.

    Raises:
        RunDirectoryError: Not a run directory.
        ConfigurationError: ``run.toml``, or a large value, cannot be read.
    """
    path = directory / "run.toml"
    if not path.is_file():
        raise RunDirectoryError(f"{directory} is not a run directory: it has no run.toml")
    config = parse_config(path)
    if not whole:
        return config
    return msgspec.structs.replace(config, task_options=read_inputs(directory, config.task_options))


def parse_config(path: pathlib.Path) -> RunConfig:
    """Read a configuration file, such as ``run.toml``.

    Raises:
        ConfigurationError: It cannot be read, or has an unknown key or a value out of range.
    """
    try:
        with open_plain(path) as file:
            text = file.read(LARGEST_CONFIG + 1)
        if len(text) > LARGEST_CONFIG:
            raise ConfigurationError(f"{path} has more than {LARGEST_CONFIG:,} bytes")
        return msgspec.toml.decode(text, type=RunConfig)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except UNREADABLE as error:
        raise ConfigurationError(f"{path}: {error}") from error


class _Noted(NamedTuple):
    """What a run's journal says of where the run stands."""

    status: Status
    message: str
    counts: Counts
    wall_s: float
    missing: int
    k: int | None
    leads: dict[str, int]
    why: str
    pilot_calls: int
    shape: TaskShape


def standing(directory: pathlib.Path) -> Standing:
    """Where a run stands, also while it runs; nothing of its task's code is executed.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """
    config = read_config(directory)
    journal = open_journal(directory, write=False)
    try:
        noted = _noted(directory, journal, config)
    finally:
        journal.close()
    return _standing(directory, config, noted)


def _noted(directory: pathlib.Path, journal: Journal, config: RunConfig) -> _Noted:
    status: Status = read_meta(journal, "status", Status) or "running"  # type: ignore[arg-type]
    message = read_meta(journal, "message", str) or ""
    if is_locked(directory):
        status = "running"
    elif status == "running":
        status, message = (
            "paused",
            "its process ended without a word: it was killed, or its disk was full",
        )
    pilot, asked = read_meta(journal, "pilot", dict) or {}, read_meta(journal, "pilot_calls", int)
    if asked is None:  # in journals of earlier versions every ballot of a pilot was a call
        asked = 0 if pilot.get("measured") else int(pilot.get("ballots", 0)) + int(pilot.get("spoiled", 0))
    leads = {name: k for name, k in (read_meta(journal, "leads", dict) or {}).items() if isinstance(k, int)}
    why, learned = read_meta(journal, "why", str) or "", learned_leads(journal)
    if learned is not None:
        now = {"guarded": learned.guarded, "unguarded": learned.unguarded, "suspect": learned.suspect}
        if any(leads.get(name) != k for name, k in now.items()):
            why = f"{why}; {told(learned, 'row' if config.task == 'map' else 'step', journal.totals.races)}"
    return _Noted(
        status=status,
        message="" if status == "solved" else message,
        counts=journal.totals,
        wall_s=journal.wall_s,
        missing=journal.missing,
        k=leads.get("unguarded") if learned is None else learned.unguarded,
        leads=leads,
        why=why,
        pilot_calls=asked,
        shape=known_shape(journal, config),
    )


def _standing(directory: pathlib.Path, config: RunConfig, noted: _Noted) -> Standing:
    counts = noted.counts
    return Standing(
        run_dir=str(directory),
        status=noted.status,
        message=noted.message,
        task=config.task,
        task_options=with_references(config.task_options),
        model=config.model,
        strategy=config.strategy,
        state_by=config.state_by,
        total_steps=noted.shape.total_steps,
        calls_per_step=round((counts.calls - noted.pilot_calls) / counts.steps, 4) if counts.steps else None,
        red_flags=sum(counts.red_flags.values()),
        red_flags_by_name=counts.red_flags,
        cost_usd=None if counts.unpriced_calls else round(counts.cost_usd, 6),
        wall_s=round(noted.wall_s, 3),
        k=noted.k,
        leads=noted.leads,
        why=noted.why,
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
        tokens_cached=counts.tokens_cached,
        tokens_reasoning=counts.tokens_reasoning,
        cost_at_most_usd=_at_most(counts),
        alarms=counts.alarms,
        rungs=_rungs(counts),
        accounts={"kind": counts.by_kind, "model": counts.by_model, "worker": counts.by_worker},
        pilot_calls=noted.pilot_calls,
        hedged_calls=counts.hedged_calls,
        missing_batches=noted.missing,
        waiting=counts.waiting,
        looks=counts.looks,
        fresh_looks=counts.fresh_looks,
        has_referee=noted.shape.has_referee,
        open_ended=noted.shape.open_ended,
        failed_nodes=counts.failed_nodes,
        evidence=counts.evidence,
        doubted_evidence=counts.doubted_evidence,
        revisions=counts.revisions,
    )


def _at_most(counts: Counts) -> float | None:
    if counts.unpriced_calls and not counts.granted_usd:
        return None
    return round(max(counts.cost_usd + counts.uncertain_usd, counts.granted_usd), 6)


def _rungs(counts: Counts) -> dict[str, Rung]:
    """The rungs in the order climbed."""
    asked = {**counts.climbed, AGAIN: counts.broken_promises}
    names = [LARGER, *sorted({*asked, *counts.caught} - {LARGER, AGAIN}), AGAIN]
    rungs = {name: Rung(asked.get(name, 0), counts.caught.get(name, 0)) for name in names}
    return {name: rung for name, rung in rungs.items() if rung.asked or rung.put_right}

"""One session of work on a run: opens the workers and the journal, runs the coordinator, and closes all of them."""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.coordinator.rate_sharing import RateSharing
from surefoot.runtime.errors import ConfigurationError, UserCodeError
from surefoot.runtime.forecast.alone import CALL_S, is_guessed, seconds_alone, seconds_left
from surefoot.runtime.journal.mirror import mirror_of, mirrored, take_over
from surefoot.runtime.journal.port import JournalReader, JournalStore
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Counts
from surefoot.runtime.session.answers import answer_of_plan
from surefoot.runtime.session.interruption import Interruption, Pause
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.ray_address import means_local, named_cluster
from surefoot.runtime.worker.ray_decision import IN_PROCESS, wants_ray
from surefoot.runtime.worker.worker_pool import WorkerPool, default_workers


async def work(
    config: RunConfig,
    task: Task,
    open_it: Callable[[], JournalStore],
    watcher: Watcher,
    interruption: Interruption,
    models: Sequence[Model] = (),
    drive: Callable[[JournalStore], Callable[[Coordinator], Awaitable[str]]] = lambda journal: Coordinator.run,
) -> str:
    """Work on a run until it is ``solved``, ``failed`` or ``paused``; the journal says so by then.

    Args:
        config: The run's configuration.
        task: The task.
        open_it: Opens the journal for writing, once there are workers.
        watcher: Is told how it goes.
        interruption: Stops the run politely when it is asked to.
        drive: Given the journal, what has a coordinator do the work; by default it runs one plan.
        models: Model objects to ask instead of those that the configuration names, one for each worker; they cannot
            leave this process.

    Raises:
        ConfigurationError: Workers cannot be had as configured.
        JournalError: The journal cannot be written.
    """
    watcher.say("starting workers")
    pool = await asyncio.to_thread(open_pool, config, task, models, watcher.note)
    try:
        if pool.origin:
            watcher.note(f"workers run on {pool.origin}")
        journal = open_it()
        try:
            async with _mirrored(config, journal, watcher), RateSharing(pool, config.calls_in_flight):
                coordinator = Coordinator(
                    config, task, journal, pool, _observer(watcher, pool), watcher.note, watcher.say
                )
                interruption.started(_pauser(coordinator))
                status = await drive(journal)(coordinator)
            if status == "solved" and config.task not in BUILT_IN_TASKS and type(task).answer is not Task.answer:
                _keep_answer(journal, config, task)
            return status
        finally:
            journal.close()
    finally:
        await pool.close()


def _keep_answer(journal: JournalStore, config: RunConfig, task: Task) -> None:
    """Keep what a task of somebody's own makes of its plan: readers do without its code.

    Raises:
        UserCodeError: The task's code fails at that. The run is failed then; once that is mended, ``resume`` asks
            nothing again and keeps the answer.
    """
    try:
        answer = answer_of_plan(journal, config, task)
    except UserCodeError as error:
        journal.set_meta(status="failed", message=error.message)
        raise
    journal.set_meta(answer={"made": answer})


def open_pool(
    config: RunConfig, task: Task, models: Sequence[Model] = (), on_note: Callable[[str], None] = lambda text: None
) -> WorkerPool:
    """Open the workers of a run: on a cluster, on a Ray of the run's own, or in this process where that is sooner.

    Args:
        config: The run's configuration; its ``address`` decides where it is not ``auto``.
        task: The task.
        models: Model objects to ask; they stay in this process.
        on_note: Told in one line where the work is done and why, if ``auto`` was to find out.

    Raises:
        ConfigurationError: There is no cluster, or model objects are to be asked elsewhere.
    """
    if models and config.address not in ("none", "auto"):
        raise ConfigurationError(f"a model object stays in this process: --address {config.address} cannot have it")
    if models or config.address == "none":
        return LocalPool(config, task, list(models) or None)
    if _may_choose(config):
        decision = IN_PROCESS
        if not any(map(is_local, members_of(config.model))):
            guess = f"guessed at {CALL_S:g} s a call" if is_guessed(config) else ""
            decision = wants_ray(seconds_alone(config, task), config.workers or default_workers(), "auto", guess)
        on_note(decision.reason)
        if not decision.wanted:
            return LocalPool(config, task)
    from surefoot.runtime.worker.ray_pool import RayPool

    return RayPool(config, task)


def _may_choose(config: RunConfig) -> bool:
    """Whether nobody said where the work is to be done."""
    return config.address == "auto" and not means_local("auto") and named_cluster("auto") is None


def with_known_speed(
    config: RunConfig, task: Task, journal: JournalReader, on_note: Callable[[str], None]
) -> RunConfig:
    """Have the rest of a run done in this process where, at the speed so far, it is over before a Ray has started.

    Args:
        config: The run's configuration.
        task: The task.
        journal: Says what was done so far and how long it took.
        on_note: Told in one line why.
    """
    left = seconds_left(task, journal.totals, journal.wall_s) if is_guessed(config) and _may_choose(config) else None
    if left is None:
        return config
    decision = wants_ray(left, config.workers or default_workers(), "auto", "at the speed so far")
    if decision.wanted:
        return config
    on_note(decision.reason)
    return msgspec.structs.replace(config, address="none")


@asynccontextmanager
async def _mirrored(config: RunConfig, journal: JournalStore, watcher: Watcher) -> AsyncIterator[None]:
    """Keep the mirror that a configuration names; say what a run that is resumed from one may lack."""
    directory = pathlib.Path(journal.run)
    if said := take_over(directory):
        watcher.note(said)
    folder = mirror_of(directory, config.mirror)
    if folder is None:
        if config.mirror is not None:
            watcher.note("no mirror is kept: the run goes on in the folder that was one; --mirror names another")
        yield
        return
    async with mirrored(directory, folder, watcher.note):
        yield


def _pauser(coordinator: Coordinator) -> Pause:
    """What stops a coordinator politely, from any thread."""
    loop = asyncio.get_running_loop()
    pausing: list[asyncio.Task[None]] = []

    def pause(reason: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the run came to its end meanwhile
            loop.call_soon_threadsafe(lambda: pausing.append(loop.create_task(coordinator.pause(reason))))

    return pause


def _observer(watcher: Watcher, pool: WorkerPool) -> Callable[[Counts, float], None]:
    def update(counts: Counts, wall_s: float) -> None:
        watcher.update(counts, wall_s)
        pool.observe(counts, wall_s)

    return update

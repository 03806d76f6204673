"""Models that say what they are told to, and runs in this process, on a journal in a temporary directory."""

import asyncio
import logging
import pathlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import structlog

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.step import Dialect, Prompt
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.execution.policy import CurrentLeads, StepPolicy
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.journal import writer as journal_writer
from surefoot.runtime.journal.journal import Journal, create_journal, open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.leads import NO_LIMITS, Leads
from surefoot.runtime.models.factory import answer_key
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.local_pool import LocalPool

Key = Callable[[Prompt], Answers]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Events go nowhere."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def prompt_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is committed at once and in this thread: many commits, and the same ones every time."""

    async def here(function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    monkeypatch.setattr(journal_writer, "PAUSE_S", 0)
    monkeypatch.setattr(journal_writer.asyncio, "to_thread", here)


class Scripted(Model):
    """Gives its replies one after the other, whatever it is asked."""

    def __init__(self, *replies: Reply | str, dialect: Dialect = "compact") -> None:
        self.dialect = dialect
        self.replies = [Reply(reply, tokens_out=1) if isinstance(reply, str) else reply for reply in replies]
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        assert len(self.replies) >= len(request.draws), "asked for more than the script has"
        said, self.replies = self.replies[: len(request.draws)], self.replies[len(request.draws) :]
        return said

    async def close(self) -> None:
        pass


class Planted(Model):
    """Answers rightly, except where ``say`` (prompt text, how often it was asked before) gives something else.

    Every request takes a few turns of the event loop, so that whatever may run at the same time does.
    """

    dialect: Dialect = "compact"

    def __init__(self, key: Key | None, say: Callable[[str, int], str | None] = lambda text, nth: None) -> None:
        self.key, self.say = key, say
        self.times: Counter[str] = Counter()
        self.draws: list[int] = []
        self.inside = self.most = 0
        self.closed = False

    @property
    def asked(self) -> int:
        return len(self.draws)

    async def ask(self, request: Request) -> list[Reply]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            for _ in range(3):
                await asyncio.sleep(0)
        finally:
            self.inside -= 1
        return [self._answer(request, draw) for draw in request.draws]

    def _answer(self, request: Request, draw: int) -> Reply:
        text = request.prompt.user
        said = self.say(text, self.times[text])
        if said is None:
            assert self.key is not None, f"nothing to say to {text!r}"
            said = self.key(request.prompt).right[0]
        self.times[text] += 1
        self.draws.append(draw)
        return Reply(said, Stop.END, 1, 1)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture
def planted() -> type[Planted]:
    return Planted


@pytest.fixture
def step_runner() -> Callable[..., StepRunner]:
    """A step runner with settings that do nothing special."""

    def make(task: Task, model: Any, **options: Any) -> StepRunner:
        heat = options.pop("temperature", 1.0)
        settings = RoleSettings(model, "", model.dialect, heat, options.pop("first_temperature", heat))
        sequential = tuple(options.pop("sequential", {}).items())
        suspect, limits = options.pop("suspect", 1), options.pop("limits", NO_LIMITS)
        unguarded, disputed = options.pop("unguarded", 1), options.pop("disputed", 0)
        leads = CurrentLeads(Leads(1, unguarded, suspect, sequential=sequential, limits=limits, disputed=disputed))
        fallback = options.pop("fallback", None)
        policy = StepPolicy(**{"max_ballots": 20, "max_reply_tokens": 50, **options})
        return StepRunner(task, settings, policy, leads, fallback=fallback)

    return make


@pytest.fixture
def configured() -> Callable[..., RunConfig]:
    """A configuration of a small run in this process."""

    def make(task: str = "hanoi", options: dict[str, Any] | None = None, **values: Any) -> RunConfig:
        options = {"disks": 6} if task == "hanoi" and options is None else options or {}
        small = {"model": "simulated", "k": 1, "leaf_steps": 3, "address": "none", "flush_steps": 4}
        return msgspec.convert({"task": task, "task_options": options, **small, **values}, RunConfig)

    return make


class Run:
    """A run directory and the sessions that work on it."""

    def __init__(self, directory: pathlib.Path, config: RunConfig) -> None:
        self.directory, self.config, self.task = directory, config, open_task(config)
        self.message = ""
        self.totals = Counts()
        self.coordinator: Coordinator | None = None

    def journal(self, *, write: bool = False) -> Journal:
        if write and not (self.directory / "journal.sqlite").exists():
            return create_journal(self.directory)
        return open_journal(self.directory, write=write)

    async def session(
        self, *models: Any, on_progress: Callable[[Counts, float], None] = lambda counts, wall_s: None, **changes: Any
    ) -> str:
        """Work until the run is solved, failed or paused; ``changes`` are to the configuration."""
        config = msgspec.structs.replace(self.config, **changes)
        journal = self.journal(write=True)
        pool = LocalPool(config, self.task, models)
        self.coordinator = Coordinator(config, self.task, journal, pool, on_progress)
        try:
            return await self.coordinator.run()
        finally:
            await pool.close()
            self.message, self.totals = journal.meta("message") or "", journal.totals
            journal.close()

    def plan(self) -> tuple[list[PlanStep], Any]:
        """The finished plan, as it is read back from the journal, and its output."""
        journal = self.journal()
        steps: list[PlanStep] = []
        try:
            reader = PlanReader(journalled_plan(journal, self.config, self.task)).steps()
            while True:
                try:
                    steps.append(next(reader))
                except StopIteration as end:
                    return steps, end.value
        finally:
            journal.close()


@pytest.fixture
def new_run(tmp_path: pathlib.Path, configured: Callable[..., RunConfig]) -> Callable[..., Run]:
    """Makes runs, each in a directory of its own; arguments as for ``configured``."""

    def make(task: str = "hanoi", options: dict[str, Any] | None = None, **values: Any) -> Run:
        directory = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        directory.mkdir()
        return Run(directory, configured(task, options, **values))

    return make


@pytest.fixture
def key() -> Callable[[str], Key]:
    """The answer key of a task by its name."""
    return answer_key

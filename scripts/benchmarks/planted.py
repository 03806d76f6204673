"""Runs of a simulated model that knows where it planted errors, and single steps of such runs, for benchmarks.

Nothing in a run knows what was planted: it is looked up afterwards, in the model's own dice. Red flags are off, so
that no check but votes and seams can help.
"""

import asyncio
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import msgspec

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.policy import CurrentLeads
from surefoot.runtime.journal.journal import Journal, create_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.factory import answer_key
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import Contested, Counts, Entry, Record
from surefoot.runtime.report.questions import Questions
from surefoot.runtime.report.suspicious_steps import Place
from surefoot.runtime.worker.control import Message, R, UseLeads
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.worker import Worker
from surefoot.scripts.commands.verify import verification


class ObservedStep(msgspec.Struct, frozen=True):
    """A step asked in its task's first wording, with what was planted there and whether its verdict is right.

    Attributes:
        planted: What was wrong with its prompt.
        entry: Its ballots.
        right: Whether its verdict is right; no verdict is not.
        stands: Whether its run of the chain is the one that stands.
    """

    planted: str
    entry: Entry
    right: bool
    stands: bool = True

    @property
    def first_race(self) -> int:
        """Number of ballots of the step's first race; 0 where all agreed at once."""
        if isinstance(self.entry, str):
            return 0
        return len(self.entry.before or self.entry.ballots)

    def disputed(self, first: int = 2) -> bool:
        """Whether the first ballots of the step name more than one candidate."""
        if isinstance(self.entry, str):
            return False
        return len({b.candidate for b in (self.entry.before or self.entry.ballots)[:first]}) > 1

    @property
    def flagged(self) -> bool:
        """Whether the step raised an alarm."""
        return isinstance(self.entry, Contested) and bool(self.entry.raised)


class Ended(msgspec.Struct, frozen=True):
    """A finished run: whether its plan is right, its counts, its last leads, and its steps if looked up."""

    solved: bool
    valid: bool
    counts: Counts
    leads: Leads
    steps: list[ObservedStep]


class Overheard(LocalPool):
    """A worker pool that remembers the leads it was told last."""

    leads = Leads(1, 1, 1)

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Pass a message on and remember the leads in it."""
        if isinstance(message, UseLeads):
            self.leads = message.leads
        return await super().tell(worker, message)


def config_of(profile: str, seed: int, *, disks: int, **options: Any) -> RunConfig:
    """The configuration of a Hanoi run with a simulated model in this process."""
    return RunConfig(
        task="hanoi",
        task_options={"disks": disks},
        model=f"simulated:{profile}",
        seed=seed,
        red_flags="none",
        address="none",
        workers=1,
        **options,
    )


def several(runs: int, profile: str, look_up: bool = True, **options: Any) -> list[Ended]:
    """Run one configuration with seeds 1, 2, ... and return every run's end."""
    ends = []
    for seed in range(1, runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            ends.append(asyncio.run(one_run(pathlib.Path(folder), config_of(profile, seed, **options), look_up)))
    return ends


async def one_run(folder: pathlib.Path, config: RunConfig, look_up: bool) -> Ended:
    """Run one configuration in this process, to its end."""
    task = open_task(config)
    write_config(folder, config)
    pool, journal = Overheard(config, task), create_journal(folder)
    try:
        status = await Coordinator(config, task, journal, pool).run()
        steps = list(looked_up(journal, config, task)) if look_up else []
        counts = journal.totals
    finally:
        journal.close()
        await pool.close()
    valid = status == "solved" and verification(folder, config).valid
    return Ended(status == "solved", valid, counts, pool.leads, steps)


def looked_up(journal: Journal, config: RunConfig, task: Task) -> Iterator[ObservedStep]:
    """Read every step that was asked in the first wording from a run's journal."""
    model = model_of(config)
    questions = Questions(journalled_plan(journal, config, task))
    for segment in journal.segments():
        records = [record for payload in journal.payloads(segment) for record in unpack(payload)]
        last: dict[Any, int] = {}
        for record in records:
            last[record.path, record.part] = max(record.attempt, last.get((record.path, record.part), 0))
        for record in sorted((r for r in records if _first_way(r)), key=lambda r: (r.path, r.attempt, r.first)):
            for offset, entry in enumerate(record.entries):
                step = questions.find(Place(record.path, record.part, record.attempt, record.first + offset))
                if step is not None:
                    stands = last[record.path, record.part] == record.attempt
                    yield _observed(task, model, config, step, entry, winner(entry, config.rule), stands)


async def asked(config: RunConfig, leads: Leads, planted: str, count: int) -> list[ObservedStep]:
    """Decide a number of planted steps one by one, sampled over the whole run, as a worker would.

    Args:
        config: As of a run.
        leads: The leads, rules and limits that steps are decided with: those of a run that went before.
        planted: What is wrong with the prompts that are taken.
        count: How many.
    """
    task, model = open_task(config), model_of(config)
    worker = Worker(config, task)
    runner = worker.step_runner(CurrentLeads(leads))
    found: list[ObservedStep] = []
    number = 0
    while len(found) < count:
        step = task.sample_step(number)
        number += 1
        if model.planted(task.prompt(step, "compact"), config.seed) != planted:
            continue
        try:
            said, entry = await runner.decide(step, leads.unguarded, draws_of(((number,), "run", 0)))
        except StepDeadlocked as undecided:
            said, entry = "", undecided.context["entry"]
        found.append(_observed(task, model, config, step, entry, said))
    await worker.close()
    return found


def model_of(config: RunConfig) -> SimulatedModel:
    """The simulated model of a configuration, to look up what it planted."""
    return SimulatedModel(answer_key(config.task), parse_profile(config.model.partition(":")[2]))


def _first_way(record: Record) -> bool:
    return record.part in ("run", "split") and record.attempt == 0


def _observed(
    task: Task, model: SimulatedModel, config: RunConfig, step: Step, entry: Entry, said: str, stands: bool = True
) -> ObservedStep:
    prompt = task.prompt(step, "compact")
    right = said in {task.parse(step, text, "compact") for text in answer_key(config.task)(prompt).right}
    return ObservedStep(model.planted(prompt, config.seed), entry, right, stands)


def caught_of(ends: list[Ended], planted: str, *, agreed: bool = False) -> tuple[int, int]:
    """Count the wrong verdicts on planted steps that do not stand in a right plan, and all wrong ones.

    Args:
        ends: The runs.
        planted: What was wrong with the prompts.
        agreed: Only those that no ballot disputed.
    """
    those = [
        (ended, step)
        for ended in ends
        for step in ended.steps
        if step.planted == planted and not step.right and not (agreed and step.disputed(99))
    ]
    return sum(ended.valid and not step.stands for ended, step in those), len(those)

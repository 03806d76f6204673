"""Errors that travel together, in whole runs of a simulated model that knows where it planted them.

    python -m scripts.bench_correlation                            # some twenty minutes on one core
    python -m scripts.bench_correlation --claim hard --runs 3 --disks 12

Every claim has an arm in which what is claimed to help is off; the same measure must fail there. Nothing in a run
knows what was planted: it is looked up afterwards, in the model's own dice.
"""

import argparse
import asyncio
import logging
import pathlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import structlog

from decompose.answer_keys.hanoi import answers
from decompose.step import Step
from decompose.task import Task
from runtime.config import RunConfig, open_task
from runtime.coordinator import Coordinator
from runtime.crew import LocalCrew
from runtime.journal.journal import Journal, create_journal
from runtime.leads import Leads
from runtime.models.simulated import SimulatedModel, parse_profile
from runtime.records import Contested, Counts, Entry, Record, unpack, winner
from runtime.report.gather import Place
from runtime.report.questions import Questions
from runtime.run_directory import write_config
from runtime.worker import strategy_of
from scripts.verify import verification

EASY, HARD, SHARED = "p_error=0.001", "p_error=0.001,p_hard=0.001", "p_error=0.001,p_shared=0.0005"


class Met(msgspec.Struct, frozen=True):
    """A step that was asked in the first way at first, as the journal has it.

    Attributes:
        planted: What was wrong with its prompt.
        entry: Its ballots.
        said: Its verdict.
        right: Whether that is right.
        stands: Whether its run of the chain is the one that stands.
    """

    planted: str
    entry: Entry
    said: str
    right: bool
    stands: bool


class Ended(msgspec.Struct, frozen=True):
    """A run: whether its plan is right, what it counted, and its steps, if they were looked up."""

    solved: bool
    valid: bool
    counts: Counts
    steps: list[Met]


def main() -> None:
    """Print one line for each arm of each claim."""
    claims = {"hard": hard, "chance": chance, "shared": shared, "false": false_alarms}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claim", choices=list(claims), action="append")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--disks", type=int, default=13)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for name in given.claim or claims:
        for line in claims[name](given.runs, given.disks):
            print(f"{name:7} {line}", flush=True)


def hard(runs: int, disks: int) -> Iterator[str]:
    """Hard steps in chains, where only votes can help: wrong verdicts where ballots disagree, and alarms."""
    chain: dict[str, Any] = {"disks": disks, "strategy": "chain"}
    for name, profile, options in (
        ("--rule sequential", HARD, {"rule": "sequential", "target": 0.99}),
        ("placebo: --k 3 --no-ladder", HARD, {"k": 3, "ladder": False}),
        ("placebo: easy steps instead", EASY, {"rule": "sequential", "target": 0.99}),
    ):
        steps = [step for ended in several(runs, profile, **chain, **options) for step in ended.steps]
        those = [step for step in steps if step.planted == "hard"] or [s for s in steps if disputed(s)]
        disagreed = [step for step in those if disputed(step)]
        long = [step for step in those if first_race(step) >= 6 and disputed(step, first_race(step))]
        flagged = sum(bool(raised(step)) for step in long)
        wrong = sum(not step.right for step in disagreed)
        yield (
            f"{name:28} {len(those)} steps of {len(steps):,}; where the first two ballots disagree "
            f"{wrong} of {len(disagreed)} wrong (wanted 1 %); disputed over six or more ballots: "
            f"{flagged} of {len(long)} raise an alarm (wanted 80 %)"
        )


def chance(runs: int, disks: int) -> Iterator[str]:
    """Hard steps whose first ballots agree on a wrong answer: no rule can see it, the seam must."""
    profile = "p_error=0.001,p_hard=0.002"
    arms: list[tuple[str, dict[str, Any]]] = [("seams", {}), ("placebo: --no-seams", {"seams": False, "k": 1})]
    for name, options in arms:
        ends = several(runs, profile, disks=disks, **options)
        caught, agreed = caught_of(ends, lambda s: s.planted == "hard" and not s.right and not disputed(s, 99))
        right = sum(ended.valid for ended in ends)
        yield (
            f"{name:28} {caught} of {agreed} wrong verdicts that nobody disputed were caught (wanted 95 %); "
            f"{right} of {runs} plans right"
        )


def shared(runs: int, disks: int) -> Iterator[str]:
    """Prompts at which every draw is wrong alike: votes cannot see it."""
    limits = {"seam_retries": 2, "re_decompositions": 0}
    for name, options in (
        ("seams and ladder", {}),
        ("and --fallback-model", {"fallback_model": "simulated:p_error=0.01"}),
        ("placebo: --no-ladder", {"ladder": False, **limits}),
        ("placebo: --no-seams", {"seams": False}),
    ):
        ends = several(runs, SHARED, disks=disks, **options)
        caught, wrong = caught_of(ends, lambda s: s.planted == "shared" and not s.right)
        rungs = Counter[str]()
        for ended in ends:
            rungs.update(ended.counts.caught)
        told = ", ".join(f"{rung} {count}" for rung, count in rungs.most_common()) or "none"
        alarms = sum(ended.counts.alarms.get("same-wrong-answer", 0) for ended in ends)
        yield (
            f"{name:28} {caught} of {wrong} caught (wanted 95 %), {alarms} of them called shared; "
            f"put right by: {told}; {sum(ended.valid for ended in ends)} of {runs} plans right"
        )


def false_alarms(runs: int, disks: int) -> Iterator[str]:
    """Runs in which any alarm is raised; ``pytest --long -s -m long tests/voting`` has a thousand races-only runs."""
    chain = {"strategy": "chain", "k": 3}
    for name, profile, options in (
        ("independent, tree", "p_error=0.002,p_format=0.01", {}),
        ("independent, chain, k = 3", "p_error=0.002,p_format=0.01", chain),
        ("placebo: shared, tree", "p_error=0.002,p_format=0.01,p_shared=0.001", {}),
        ("placebo: hard, chain, k = 6", "p_error=0.002,p_format=0.01,p_hard=0.002", {**chain, "k": 6}),
    ):
        counts = [ended.counts for ended in several(runs, profile, look_up=False, disks=disks + 1, **options)]
        kinds = Counter[str]()
        for one in counts:
            kinds.update(one.alarms)
        yield (
            f"{name:28} {sum(bool(one.alarms) for one in counts)} of {runs} runs of {2 ** (disks + 1) - 1:,} steps "
            f"raise any alarm (independent: at most 1 %){'; ' if kinds else ''}"
            + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        )


def several(runs: int, profile: str, look_up: bool = True, **options: Any) -> list[Ended]:
    """Runs of seeds 1, 2, ... with red flags off, so that no check but votes and seams can help."""
    ends = []
    for seed in range(1, runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            ends.append(asyncio.run(one_run(pathlib.Path(folder), profile, seed, look_up, **options)))
    return ends


async def one_run(folder: pathlib.Path, profile: str, seed: int, look_up: bool, *, disks: int, **options: Any) -> Ended:
    """One run in this process, to its end."""
    config = RunConfig(
        task="hanoi",
        task_options={"disks": disks},
        model=f"simulated:{profile}",
        seed=seed,
        red_flags="none",
        address="none",
        workers=1,
        **options,
    )
    task = open_task(config)
    write_config(folder, config)
    crew, journal = LocalCrew(config, task), create_journal(folder)
    try:
        status = await Coordinator(config, task, journal, crew).run()
        steps = list(looked_up(journal, config, task, profile)) if look_up else []
        counts = journal.totals
    finally:
        journal.close()
        await crew.close()
    valid = status == "solved" and verification(folder, config).valid
    return Ended(status == "solved", valid, counts, steps)


def looked_up(journal: Journal, config: RunConfig, task: Task, profile: str) -> Iterator[Met]:
    """Every step that was asked in the first way, from the journal."""
    model = SimulatedModel(answers, parse_profile(profile))
    leads = msgspec.convert(journal.meta("leads"), Leads)
    questions = Questions(journal, task, strategy_of(config, leads), config.rule, config.segment_steps)
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
                    yield _met(task, model, config, step, entry, stands)


def _first_way(record: Record) -> bool:
    return record.part in ("run", "split") and record.attempt == 0


def _met(task: Task, model: SimulatedModel, config: RunConfig, step: Step, entry: Entry, stands: bool) -> Met:
    prompt = task.prompt(step, "compact")
    said = winner(entry, config.rule)
    right = said in {task.parse(step, text, "compact") for text in answers(prompt).right}
    return Met(model.planted(prompt, config.seed), entry, said, right, stands)


def caught_of(ends: list[Ended], which: Callable[[Met], bool]) -> tuple[int, int]:
    """Such verdicts that do not stand in a plan that came out right, and all such verdicts."""
    those = [(ended, step) for ended in ends for step in ended.steps if which(step)]
    return sum(ended.valid and not step.stands for ended, step in those), len(those)


def first_race(step: Met) -> int:
    """Ballots of the first race; 0 where all agreed at once."""
    if isinstance(step.entry, str):
        return 0
    return len(step.entry.before or step.entry.ballots)


def disputed(step: Met, first: int = 2) -> bool:
    """Whether the first ballots name more than one candidate."""
    if isinstance(step.entry, str):
        return False
    return len({b.candidate for b in (step.entry.before or step.entry.ballots)[:first]}) > 1


def raised(step: Met) -> tuple[Any, ...]:
    """Alarms of the step."""
    return step.entry.raised if isinstance(step.entry, Contested) else ()


if __name__ == "__main__":
    main()

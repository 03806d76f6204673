"""Plans with hidden facts: revised at once, at the end of a pass, never, and ADaPT's as-needed splits beside them.

``python -m surefoot.scripts.benchmarks.coupling --runs 100`` runs every arm on the same worlds with the same model, and
prints for each how many runs a referee finds right, the voted steps they took, and what the journal says of revisions.
``--guesses right`` has a planner whose guesses are right, so that nothing is there to revise; ``--shared 0.05`` makes
that share of the prompts of scouts ones at which all draws agree on a wrong answer.
"""

import argparse
import asyncio
import hashlib
import pathlib
import statistics
import tempfile
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.decompose.answer_keys import gates as key
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.referees.gates import fault_at
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.gates import Gates, open_side
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.report.switching import Switching, switching_in
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.scripts.commands.output import aligned

ARMS = {"coupled": "at-once", "end-of-pass": "end-of-pass", "fixed": "never", "as-needed": "at-once"}
"""By arm: when evidence revises the plan; ``as-needed`` has none."""
AS_NEEDED = "surefoot.scripts.benchmarks.gates_as_needed:GatesAsNeeded"


class Setting(msgspec.Struct, frozen=True):
    """What is run: worlds, error rates and votes."""

    runs: int = 100
    gates: int = 8
    disks: int = 4
    p_error: float = 0.1
    k: int = 6
    shared: float = 0.0
    chains: int = 256
    right: bool = False


class Result(msgspec.Struct, frozen=True):
    """One run: whether it is right, its calls, and how its plan changed."""

    right: bool
    calls: int
    doubted: int
    switching: Switching


class Key:
    """The key of the gates, with what a setting plants: a lucky planner, and mistakes that all draws share."""

    def __init__(self, setting: Setting, world: int) -> None:
        self.setting, self.world = setting, world

    def __call__(self, prompt: Prompt) -> Answers:
        """Return the answers to a prompt."""
        known = key.answers(prompt)
        kind = prompt.user.partition(" ")[0]
        if kind == "route" and self.setting.right and "chosen before: nothing" in prompt.user:
            route = " ".join(open_side(self.world, gate) for gate in range(1, self.setting.gates + 1))
            return Answers((f"answer = {route}",), known.wrong)
        if kind == "look" and self._is_shared(prompt):
            return Answers(known.wrong, known.wrong)
        return known

    def _is_shared(self, prompt: Prompt) -> bool:
        text = f"{self.world}\0{prompt.system}\0{prompt.user}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest()) < self.setting.shared * 2**48


def run_one(arm: str, world: int, setting: Setting, directory: pathlib.Path) -> Result:
    """Run one world by one arm; the run directory stays."""
    options: dict[str, Any] = {"world": world, "gates": setting.gates, "disks": setting.disks}
    config = RunConfig(
        task=AS_NEEDED if arm == "as-needed" else "gates", task_options=options, model="simulated", dialect="chat",
        address="none", workers=1, k=setting.k, seed=world, chains_in_flight=setting.chains, revise=ARMS[arm],  # type: ignore[arg-type]
    )  # fmt: skip
    write_config(directory, config)
    status = asyncio.run(_work(config, directory, Key(setting, world), setting))
    journal = open_journal(directory, write=False)
    try:
        right = status == "solved" and _is_right(Gates(**options), journal.meta("output"))
        switching, counts = switching_in(journal), journal.totals
        return Result(right, counts.calls, counts.doubted_evidence, switching)
    finally:
        journal.close()


async def _work(config: RunConfig, directory: pathlib.Path, answers: Key, setting: Setting) -> str:
    task = open_task(config)
    model = SimulatedModel(answers, Profile(p_error=setting.p_error), "chat")
    pool, journal = LocalPool(config, task, [model]), create_journal(directory)
    try:
        return await Coordinator(config, task, journal, pool).run()
    finally:
        journal.close()
        await pool.close()


def _is_right(task: Gates, output: Any) -> bool:
    """Whether the referee of the gates, who knows the world as no run does, finds nothing wrong with an output."""
    width = 1 + task.towers
    parts = [output[gate * width : (gate + 1) * width] for gate in range(task.gates)]
    return all(fault_at(task, gate, part) is None for gate, part in enumerate(parts, start=1))


COLUMNS = (
    "arm",
    "right",
    "steps",
    "dropped",
    "late",
    "moved",
    "revised",
    "most",
    "revisions",
    "latency",
    "doubted",
    "calls",
)


def table(results: dict[str, Sequence[Result]]) -> str:
    """Format the arms, one line each: means of steps, dropped steps, revisions, latency and calls; sums of the rest."""
    return aligned([COLUMNS, *(row(arm, found) for arm, found in results.items())], right=range(1, len(COLUMNS)))


def row(arm: str, found: Sequence[Result]) -> tuple[str, ...]:
    """Return the line of one arm."""
    changed = [one.switching for one in found]
    latency = [steps for one in changed for steps in one.latency]
    return (
        arm,
        f"{sum(one.right for one in found)}/{len(found)}",
        f"{statistics.mean(one.steps for one in changed):.1f}",
        f"{statistics.mean(one.dropped_steps for one in changed):.1f}",
        str(sum(one.late_steps for one in changed)),
        str(sum(one.moved for one in changed)),
        str(sum(one.revisions > 0 for one in changed)),
        str(max(one.revisions for one in changed)),
        f"{statistics.mean(one.revisions for one in changed):.2f}",
        f"{statistics.mean(latency):.1f}" if latency else "",
        str(sum(one.doubted for one in found)),
        f"{statistics.mean(one.calls for one in found):.0f}",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the arms and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arm", action="append", choices=list(ARMS))
    parser.add_argument("--guesses", choices=["blind", "right"], default="blind")
    for name, value in msgspec.structs.asdict(Setting()).items():
        if name != "right":
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    asked = parser.parse_args(arguments)
    values = {name: getattr(asked, name) for name in Setting.__struct_fields__ if name != "right"}
    setting = Setting(**values, right=asked.guesses == "right")
    results: dict[str, Sequence[Result]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for arm in asked.arm or ARMS:
            places = [pathlib.Path(folder) / arm / str(world) for world in range(setting.runs)]
            for place in places:
                place.mkdir(parents=True)
            results[arm] = [run_one(arm, world, setting, place) for world, place in enumerate(places)]
    print(table(results))


if __name__ == "__main__":
    main()

"""Plans with hidden facts: revised at once, at the end of a pass, never, and ADaPT's as-needed splits beside them.

``python -m surefoot.scripts.benchmarks.coupling --runs 100`` runs every arm on the same worlds with the same model, and
prints for each how many runs a referee finds right, the voted steps they took, and what the journal says of revisions.
``--guesses right`` has a planner whose guesses are right, so that nothing is there to revise; ``--shared 0.05`` makes
that share of the prompts of scouts ones at which all draws agree on a wrong answer: *misled* runs have a false verdict,
*flagged* ones had each of them doubted, *held* ones revised nothing; ``--wordings 1`` switches the flag off.
``--family crafting`` has as many ingredients as ``--gates`` says, and batches of as many pieces as towers have moves;
``as-needed`` is for gates only.
"""

import argparse
import hashlib
import pathlib
import statistics
import tempfile
from collections.abc import Sequence
from typing import cast

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.trace.level_events import Levels
from surefoot.runtime.trace.level_reader import levels_in
from surefoot.scripts.benchmarks.coupling_families import FAMILIES
from surefoot.scripts.benchmarks.kept_run import kept_run
from surefoot.scripts.commands.output import aligned

ARMS = {"coupled": "at-once", "end-of-pass": "end-of-pass", "fixed": "never", "as-needed": "at-once"}
"""By arm: when evidence revises the plan; ``as-needed`` has none."""
AS_NEEDED = "surefoot.scripts.benchmarks.gates_as_needed:GatesAsNeeded"


class Setting(msgspec.Struct, frozen=True):
    """What is run: worlds, error rates, votes; steps of a part that travels whole and wordings, 0 for the usual."""

    runs: int = 100
    gates: int = 8
    disks: int = 4
    p_error: float = 0.1
    k: int = 6
    shared: float = 0.0
    chains: int = 256
    right: bool = False
    family: str = "gates"
    segment_steps: int = 0
    wordings: int = 0


class Result(msgspec.Struct, frozen=True):
    """One run: whether it is right, its calls, its doubted evidence, how its plan changed, and the steps that stand."""

    right: bool
    calls: int
    doubted: int
    levels: Levels
    standing: int
    misled: int = 0

    @property
    def flagged(self) -> bool:
        """Whether every false verdict raised the flag."""
        return self.doubted >= self.misled

    @property
    def held(self) -> bool:
        """Whether nothing was revised although verdicts were false: for planners whose guesses are right."""
        return not self.levels.revisions

    @property
    def dropped(self) -> int:
        """Voted steps of parts that the newest versions do not hold."""
        return self.levels.steps - self.standing


class Key:
    """The key of a family, with what a setting plants: a lucky planner, and mistakes that all draws share."""

    def __init__(self, setting: Setting, world: int) -> None:
        self.setting, self.world = setting, world
        self._first: dict[str, str] = {}
        self.misled: set[str] = set()
        """Looks whose usual way to ask misleads every draw: verdicts that are false however many votes they have."""

    def __call__(self, prompt: Prompt) -> Answers:
        """Return the answers to a prompt."""
        family = FAMILIES[self.setting.family]
        known = family.answers(prompt)
        kind = prompt.user.partition(" ")[0]
        if kind == family.plan and self.setting.right and "chosen before: nothing" in prompt.user:
            return Answers((f"answer = {family.luck(self.world, self.setting.gates)}",), known.wrong)
        if kind == "look" and self._is_shared(prompt):
            if self._first.setdefault(prompt.user, prompt.system) == prompt.system:
                self.misled.add(prompt.user)
            return Answers(known.wrong, known.wrong)
        self._first.setdefault(prompt.user, prompt.system)
        return known

    def _is_shared(self, prompt: Prompt) -> bool:
        text = f"{self.world}\0{prompt.system}\0{prompt.user}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest()) < self.setting.shared * 2**48


def run_one(arm: str, world: int, setting: Setting, directory: pathlib.Path) -> Result:
    """Run one world by one arm; the run directory stays."""
    family = FAMILIES[setting.family]
    options = family.options(world, setting.gates, setting.disks)
    config = RunConfig(
        task=AS_NEEDED if arm == "as-needed" else setting.family, task_options=options, model="simulated",
        dialect="chat", address="none", workers=1, k=setting.k, seed=world, chains_in_flight=setting.chains,
        revise=ARMS[arm], segment_steps=setting.segment_steps or "auto",  # type: ignore[arg-type]
    )  # fmt: skip
    key = Key(setting, world)
    task = with_wordings(open_task(config), setting.wordings) if setting.wordings else None
    status = kept_run(config, directory, task, [SimulatedModel(key, Profile(p_error=setting.p_error), "chat")])
    journal = open_journal(directory, write=False)
    try:
        right = status == "solved" and family.is_right(options, journal.meta("output"))
        counts = journal.totals
        levels = levels_in(journal, config.rule)
        return Result(right, counts.calls, counts.doubted_evidence, levels, counts.steps, len(key.misled))
    finally:
        journal.close()


def with_wordings(task: Task, count: int) -> Task:
    """Return a task that has no more wordings than so many; with one, evidence is not confirmed in other ways."""

    few = {"wordings": min(count, task.wordings)}
    kind = msgspec.defstruct("Fewer", [], bases=(type(task),), namespace=few, frozen=True, kw_only=True)
    return cast(Task, kind(**{name: getattr(task, name) for name in task.__struct_fields__}))


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
    "misled",
    "flagged",
    "held",
    "calls",
)


def table(results: dict[str, Sequence[Result]]) -> str:
    """Format the arms, one line each: means of steps, dropped steps, revisions, latency and calls; sums of the rest."""
    return aligned([COLUMNS, *(row(arm, found) for arm, found in results.items())], right=range(1, len(COLUMNS)))


def row(arm: str, found: Sequence[Result]) -> tuple[str, ...]:
    """Return the line of one arm."""
    changed = [one.levels for one in found]
    latency = [one.latency for one in changed if one.latency is not None]
    return (
        arm,
        f"{sum(one.right for one in found)}/{len(found)}",
        f"{statistics.mean(one.steps for one in changed):.1f}",
        f"{statistics.mean(one.dropped for one in found):.1f}",
        str(sum(one.stale_steps for one in changed)),
        str(sum(one.replaced for one in changed)),
        str(sum(one.revisions > 0 for one in changed)),
        str(max(one.revisions for one in changed)),
        f"{statistics.mean(one.revisions for one in changed):.2f}",
        f"{statistics.mean(latency):.1f}" if latency else "",
        str(sum(one.doubted for one in found)),
        str(sum(one.misled > 0 for one in found)),
        str(sum(one.misled > 0 and one.flagged for one in found)),
        str(sum(one.misled > 0 and one.held for one in found)),
        f"{statistics.mean(one.calls for one in found):.0f}",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the arms and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arm", action="append", choices=list(ARMS))
    parser.add_argument("--family", choices=list(FAMILIES), default="gates")
    parser.add_argument("--guesses", choices=["blind", "right"], default="blind")
    for name, value in msgspec.structs.asdict(Setting()).items():
        if name not in ("right", "family"):
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    asked = parser.parse_args(arguments)
    if asked.family != "gates" and "as-needed" in (asked.arm or ()):
        parser.error("--arm as-needed is there for --family gates only")
    values = {name: getattr(asked, name) for name in Setting.__struct_fields__ if name != "right"}
    setting = Setting(**values, right=asked.guesses == "right")
    results: dict[str, Sequence[Result]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for arm in asked.arm or [one for one in ARMS if one != "as-needed" or setting.family == "gates"]:
            places = [pathlib.Path(folder) / arm / str(world) for world in range(setting.runs)]
            for place in places:
                place.mkdir(parents=True)
            results[arm] = [run_one(arm, world, setting, place) for world, place in enumerate(places)]
    print(table(results))


if __name__ == "__main__":
    main()

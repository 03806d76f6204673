"""Alarms in whole runs, while they go on. Each kind is planted, raised and journalled; its placebo errs as often.

Seeds are fixed; independent errors raise any alarm in one run of a hundred at most.
"""

import pathlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.execution.escalation.prompt_variants import asked, variants_of
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import standing, write_config
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Contested, Record
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render
from surefoot.scripts.commands.progress import summary
from tests.runtime.simulated_runs import checked, run


def records(directory: pathlib.Path) -> list[Record]:
    journal = open_journal(directory, write=False)
    try:
        return [r for key in journal.segments() for payload in journal.payloads(key) for r in unpack(payload)]
    finally:
        journal.close()


def flagged(directory: pathlib.Path) -> list[Contested]:
    entries = [entry for record in records(directory) for entry in record.entries]
    return [entry for entry in entries if isinstance(entry, Contested) and entry.raised]


def test_a_hard_step_is_flagged_journalled_and_put_right(tmp_path: pathlib.Path) -> None:
    chain: dict[str, Any] = {"strategy": "chain", "k": 6, "red_flags": "none"}
    status, counts = run(tmp_path / "hard", "p_error=0.001,p_hard=0.008", **chain)
    assert status == "solved"
    assert checked(tmp_path / "hard").valid
    entries = flagged(tmp_path / "hard")
    assert counts.alarms["disagreement"] == len(entries) > 0
    assert {entry.way for entry in entries} <= {"a larger lead", "other names"}
    assert counts.climbed["a larger lead"] == len(entries) >= counts.climbed["other names"] > 0
    assert all(entry.before for entry in entries if entry.way == "other names")
    status, counts = run(tmp_path / "easy", "p_error=0.01", **chain)
    assert (status, counts.alarms, flagged(tmp_path / "easy")) == ("solved", {}, [])


def test_an_answer_that_all_draws_share_is_flagged(tmp_path: pathlib.Path) -> None:
    status, counts = run(tmp_path / "shared", "p_error=0.001,p_shared=0.004", seed=1, red_flags="none")
    entries = flagged(tmp_path / "shared")
    assert status == "solved"
    assert counts.alarms["same-wrong-answer"] == counts.shared == len(entries) > 0
    # The evidence: fresh ballots that repeat the refuted answer.
    assert all(Counter(b.candidate for b in entry.before).most_common(1)[0][1] >= 4 for entry in entries)
    # As many chains that do not return their promise, of a model whose mistakes are independent.
    status, counts = run(tmp_path / "apart", "p_error=0.01", seed=1, red_flags="none", k=1)
    assert (status, counts.alarms) == ("solved", {})
    assert counts.seam_retries > 3


def test_spoiled_ballots_that_come_back_are_flagged(tmp_path: pathlib.Path) -> None:
    status, counts = run(tmp_path / "back", "p_error=0.001,p_shared=0.01", seed=1)  # wrong alike is illegal alike
    assert status == "solved"
    kinds = Counter(one.kind for entry in flagged(tmp_path / "back") for one in entry.raised)
    assert counts.alarms["spoiled-again"] == kinds["spoiled-again"] > 0
    status, counts = run(tmp_path / "apart", "p_format=0.03", seed=1)
    assert (status, counts.alarms) == ("solved", {})
    assert sum(counts.red_flags.values()) > 20


class Changing(SimulatedModel):
    """A simulated model that is exchanged for another after so many requests."""

    def __init__(self, before: str, after: str, at: int) -> None:
        super().__init__(answers, parse_profile(before))
        self.after, self.at, self.requests = parse_profile(after), at, 0

    async def ask(self, request: Request) -> list[Reply]:
        self.requests += 1
        if self.requests == self.at:
            self.profile = self.after
        return await super().ask(request)


async def test_drift_is_noticed_and_the_rest_of_the_run_gets_a_larger_lead(new_run: Any) -> None:
    options = {"strategy": "chain", "k": 3, "flush_steps": 64, "red_flags": "none"}
    drifting = new_run(options={"disks": 11}, **options)
    assert await drifting.session(Changing("p_error=0.002", "p_error=0.04", 500)) == "solved"
    assert "drift" in drifting.totals.alarms
    leads = [record.k for record in records(drifting.directory) if record.part == "run"]
    assert (leads[0], leads[-1]) == (3, 5)
    steady = new_run(options={"disks": 11}, **options)
    assert await steady.session(Changing("p_error=0.03", "p_error=0.03", 500)) == "solved"
    assert steady.totals.alarms == {}
    assert {record.k for record in records(steady.directory) if record.part == "run"} == {3}
    write_config(drifting.directory, drifting.config)
    page = render(facts_of(drifting.directory))
    assert "drift" in page
    assert "assumptions were violated" in page


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize(("after", "alarms"), [("p_error=0.12", {"drift"}), ("p_error=0.005", set())])
async def test_drift_is_noticed_between_the_segments_of_a_tree(new_run: Any, after: str, alarms: set[str]) -> None:
    """Leaves whose promise guards them hold no races: refuted ones are counted, segment by segment, as they were sent.

    The placebo's model stays as it was. Nothing is kept of segments that ended.
    """
    tree = new_run(options={"disks": 10}, k=1, leaf_steps=3, segment_steps=15, chains_in_flight=4)
    assert await tree.session(Changing("p_error=0.005", after, 700)) == "solved"
    assert set(tree.totals.alarms) == alarms
    monitor = tree.coordinator._alarm_monitor
    assert (monitor._pieces, len(monitor._order._sent)) == ({}, 0)


class Spoiling(SimulatedModel):
    """Spoils three of four replies at one prompt in 25; or as many replies, at any prompt."""

    def __init__(self, together: bool) -> None:
        super().__init__(answers, parse_profile(""))
        self.together = together

    def reply(self, request: Request, draw: int) -> Reply:
        odd, spoils = hash_of(request.prompt.user) % 25 == 0, hash_of(f"{request.prompt.user}{draw}") % 100
        bad = odd and spoils < 75 if self.together else spoils < 4
        return Reply("?", tokens_out=1) if bad else super().reply(request, draw)


def hash_of(text: str) -> int:
    return sum(ord(c) * 31**i for i, c in enumerate(text)) % 1_000_003


async def test_spoiled_ballots_that_cluster(new_run: Any) -> None:
    options = {"strategy": "chain", "k": 2, "max_ballots": 400, "ladder": False}
    together, apart = new_run(options={"disks": 10}, **options), new_run(options={"disks": 10}, **options)
    assert await together.session(Spoiling(together=True)) == "solved"
    assert await apart.session(Spoiling(together=False)) == "solved"
    assert "spoiled-cluster" in together.totals.alarms
    assert apart.totals.alarms == {}


def test_disagreements_that_cluster(tmp_path: pathlib.Path) -> None:
    chain: dict[str, Any] = {"strategy": "chain", "k": 6, "red_flags": "none", "ladder": False, "disks": 9}
    _, counts = run(tmp_path / "together", "p_error=0.001,p_hard=0.03", seed=2, **chain)
    assert "disagreements-cluster" in counts.alarms
    _, counts = run(tmp_path / "apart", "p_error=0.02", seed=2, **chain)
    assert counts.alarms == {}
    assert counts.disagreements > 20


class FailingTogether(SimulatedModel):
    """Wrong at some steps in the first way to ask, and under the first other names at those or at other steps."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(answers, parse_profile(""))
        self.wrong = wrong

    def reply(self, request: Request, draw: int) -> Reply:
        said = self.wrong.get(request.prompt.user)
        return Reply(said, tokens_out=1) if said is not None else super().reply(request, draw)


def astray(task: Hanoi, steps: list[Step], number: int) -> Iterator[tuple[str, str]]:
    """Prompts of steps in one way to ask, each with a wrong answer: the same one in every way."""
    ways = variants_of(task, "compact", False)
    for step in steps:
        first, other = (asked(task, step, way, "compact") for way in (ways[0], ways[number]))
        wanted = answers(first.prompt).wrong[0]
        yield (
            other.prompt.user,
            next(text for text in answers(other.prompt).wrong if other.read(text, frozenset()) == wanted),
        )


@pytest.mark.parametrize("together", [True, False])
async def test_ways_that_fail_together(new_run: Any, together: bool) -> None:
    tower = new_run(options={"disks": 9}, red_flags="none", leaf_steps=7)
    assert await tower.session(SimulatedModel(answers, parse_profile(""))) == "solved"
    moves = [Step(one.kind, tower.task.sample_step(0).role, one.reads) for one in tower.plan()[0] if one.kind == "move"]
    mine, others = moves[5::50], moves[8::50]
    wrong = dict(astray(tower.task, mine, 0)) | dict(astray(tower.task, mine if together else others, 1))
    again = new_run(options={"disks": 9}, red_flags="none", leaf_steps=7)
    assert await again.session(FailingTogether(wrong)) == "solved"
    assert again.plan()[0] == tower.plan()[0]
    assert ("ways-fail-together" in again.totals.alarms) is together


def test_what_people_and_programs_are_told(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.001,p_hard=0.008", strategy="chain", k=6, red_flags="none")
    told = standing(tmp_path / "run")
    assert told.alarms["disagreement"] > 0
    assert told.rungs["a larger lead"].asked == told.escalations > 0
    lines = summary(told)
    assert "alarms    disagreement" in lines
    assert f"put right {told.rungs['a larger lead'].put_right} of {told.escalations} by a larger lead" in lines
    page = render(facts_of(tmp_path / "run"))
    for text in ("disagreement</b> at", "listed under", "before that, or asked afresh", "decided by other names"):
        assert text in page, text


async def test_a_resumed_run_knows_what_it_saw_and_counts_alarms_once(new_run: Any) -> None:
    """Killed after its alarm: the next session starts with the rates that were learned, and does not raise it again."""
    one = new_run(options={"disks": 10}, strategy="chain", k=6, flush_steps=64, red_flags="none", max_calls=5000)
    model: Callable[[], SimulatedModel] = lambda: SimulatedModel(answers, parse_profile("p_error=0.001,p_hard=0.03"))  # noqa: E731
    assert await one.session(model()) == "paused"
    before = dict(one.totals.alarms)
    assert before.get("disagreements-cluster") == 1
    await one.session(model(), max_calls=None)
    assert one.totals.alarms["disagreements-cluster"] == 1
    assert sum(one.totals.races.values()) == 1_023

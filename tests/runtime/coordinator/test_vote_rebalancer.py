"""Runs that share their votes out again while they go on: what is journalled, what a resumed run decides, and drift."""

import asyncio
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import open_task
from surefoot.runtime.coordinator import vote_rebalancer
from surefoot.runtime.coordinator.vote_rebalancer import VoteRebalancer
from surefoot.runtime.forecast import rebalanced_votes
from surefoot.runtime.forecast.rebalanced_votes import Left, Levels
from surefoot.runtime.journal.learned_leads import LEADS
from surefoot.runtime.leads import LeadChange, Leads
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Counts
from surefoot.scripts.commands.verify import verification
from surefoot.voting.vote_split import other_split

UNGUARDED = {
    "model": "simulated", "seams": False, "red_flags": "none", "k": 3, "leaf_steps": 3, "workers": 1,
    "chains_in_flight": 1, "flush_steps": 8,
}  # fmt: skip
"""Nothing but votes protects the run."""


class Swapping(SimulatedModel):
    """Errs in decompositions at first and in single steps later, or the other way round, with a gradual change.

    Args:
        plan: Error of decompositions at first and at last.
        steps: Error of single steps, likewise.
        calls: Over so many the one becomes the other.
    """

    def __init__(self, plan: tuple[float, float], steps: tuple[float, float], calls: int) -> None:
        super().__init__(hanoi.answers, Profile())
        self.rates, self.calls = (plan, steps), calls

    async def ask(self, request: Request) -> list[Reply]:
        first, last = self.rates[not request.prompt.user.startswith("split")]
        self.profile = Profile(p_error=first + (last - first) * min(1.0, self.asked / self.calls))
        return await super().ask(request)


def swapping(calls: int = 900) -> Swapping:
    return Swapping((0.3, 0.01), (0.01, 0.25), calls)


def checkpoints(run: Any) -> list[LeadChange]:
    journal = run.journal()
    try:
        records = [record for payload in journal.payloads(LEADS) for record in unpack(payload)]
    finally:
        journal.close()
    return [record.learned for record in records if record.learned is not None]


def splits(run: Any) -> list[tuple[int, int]]:
    return [(one.plan, one.unguarded) for one in checkpoints(run)]


def test_each_checkpoint_is_journalled_and_votes_follow_the_level_that_errs(new_run: Callable[..., Any]) -> None:
    run = new_run(options={"disks": 7}, rebalance_votes=True, **UNGUARDED)
    asyncio.run(run.session(swapping()))
    found = checkpoints(run)
    assert [one.steps for one in found] == sorted({one.steps for one in found})
    assert all(one.levels["calls"] > 240 and one.levels["plan/valid"] for one in found)
    assert found[0].plan > found[0].unguarded
    assert found[-1].unguarded > found[0].unguarded
    assert max(one.unguarded for one in found) >= 3


@pytest.mark.usefixtures("prompt_commits")
def test_a_run_that_is_killed_anywhere_decides_the_same(new_run: Callable[..., Any], tmp_path: pathlib.Path) -> None:
    """Each step is a batch, so that what a checkpoint counted does not depend on where batches are cut."""
    values: dict[str, Any] = {"options": {"disks": 7}, "rebalance_votes": True, **UNGUARDED, "flush_steps": 1}
    values |= {"model": "simulated:p_error=0.05", "modules": "TaskDecomposer.model=simulated:p_error=0.2"}
    whole, copies = new_run(**values), list[pathlib.Path]()

    def copy(counts: Counts, wall_s: float) -> None:
        if counts.steps in (40, 70) and len(copies) < 2:
            copies.append(tmp_path / f"killed{len(copies)}")
            shutil.copytree(whole.directory, copies[-1])

    asyncio.run(whole.session(on_progress=copy))
    expected = splits(whole)
    assert len(expected) > 2
    assert len(copies) == 2
    for killed_at in copies:
        killed = new_run(**values)
        shutil.copytree(killed_at, killed.directory, dirs_exist_ok=True)
        asyncio.run(killed.session())
        assert splits(killed) == expected
        assert killed.plan() == whole.plan()


def test_what_was_journalled_is_decided_again_from_the_same(configured: Callable[..., Any]) -> None:
    config = configured("hanoi", {"disks": 8}, k=4, leaf_steps=3, rebalance_votes=True)
    task, leads = open_task(config), Leads(2, 2, 8, 3, plan=6)
    pilot = Levels(rebalanced_votes.Seen(120, 120, 36), rebalanced_votes.Seen(120, 120, 0))
    whole = VoteRebalancer(config, task, leads, pilot, 240)
    noted = [known for n in range(1, 9) if (known := whole.look(seen(40 * n))) is not None]
    assert len({one.unguarded for one in noted}) > 1
    for cut in range(len(noted) + 1):
        resumed = VoteRebalancer(config, task, leads, pilot, 240, noted[:cut])
        again = [known for n in range(1, 9) if (known := resumed.look(seen(40 * n))) is not None]
        assert again == noted[cut:]
        assert resumed.leads == whole.leads


def seen(steps: int) -> Counts:
    """Counts of a run in which, from the eightieth step on, single steps err and decompositions do not."""
    late = max(0, steps - 80)
    levels = {"plan": (2 * steps, min(steps, 80) // 3), "steps": (4 * steps, late)}
    counted = {f"{name}/{what}": n for name, (n, _) in levels.items() for what in ("answers", "valid")}
    counted |= {f"{name}/dissent": n for name, (_, n) in levels.items()}
    return Counts(steps=steps, decompositions=steps // 4, calls=240 + 5 * steps, levels=counted)


def test_no_checkpoint_comes_before_its_step(configured: Callable[..., Any]) -> None:
    config = configured("hanoi", {"disks": 8}, k=4, leaf_steps=3, rebalance_votes=True)
    found = VoteRebalancer(config, open_task(config), Leads(4, 4, 6, 3), Levels(), 0)
    assert found.look(seen(vote_rebalancer.STRETCH - 1)) is None
    assert found.look(seen(vote_rebalancer.STRETCH)) is not None
    assert found.look(seen(vote_rebalancer.STRETCH + 1)) is None


def test_a_run_that_is_not_told_to_counts_no_levels_and_audits_nothing(new_run: Callable[..., Any]) -> None:
    run = new_run(options={"disks": 5}, **{**UNGUARDED, "k": 1})
    asyncio.run(run.session())
    assert run.totals.levels == {}
    assert set(run.totals.races) == {"1"}
    assert run.totals.calls == run.totals.steps + run.totals.decompositions


Runs = tuple[int, float]


def outcomes(new_run: Callable[..., Any], seeds: int, disks: int, calls: int, **more: Any) -> Runs:
    """Runs that reach the goal, and their mean calls without the pilot's."""
    right = asked = 0
    for seed in range(seeds):
        run = new_run(options={"disks": disks}, seed=seed, **UNGUARDED, **more)
        solved = asyncio.run(run.session(swapping(calls))) == "solved"
        found = verification(run.directory, run.config) if solved else None
        right += found is not None and found.valid and found.reached_goal
        asked += run.totals.calls - (240 if more else 0)
    return right, asked / seeds


def the_other_way(leads: Leads, asked: int, left: Left, seen: Levels, saved: float = 0.0) -> Leads:
    first, second = rebalanced_votes._voted(left, seen, asked)
    allowed = rebalanced_votes.calls_of(asked, left, seen) + saved
    return rebalanced_votes.with_split(leads, other_split(first, second, allowed))


@pytest.mark.long
def test_where_the_levels_swap_their_errors_one_decision_fails_and_many_do_not(
    new_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten disks; decompositions err in 30 % of the ballots at first and in 1 % at last, single steps 1 % and 25 %."""
    never = outcomes(new_run, 20, 10, 4500)
    on = outcomes(new_run, 20, 10, 4500, rebalance_votes=True)
    with monkeypatch.context() as patched:
        patched.setattr(VoteRebalancer, "look", lambda self, totals: None)
        once = outcomes(new_run, 20, 10, 4500, rebalance_votes=True)
    monkeypatch.setattr(vote_rebalancer, "rebalanced_again", the_other_way)
    other = outcomes(new_run, 20, 10, 4500, rebalance_votes=True)
    print(f"right of 20, calls: never {never}, once {once}, again and again {on}, the other way {other}")
    assert on[0] >= 2 * max(1, once[0])
    assert on[0] > other[0]
    assert on[1] <= 1.1 * never[1]

"""Runs that share their votes out anew: what is journalled and resumed, what it prevents, and the other way round."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig, check_options
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast import rebalanced_votes
from surefoot.runtime.payloads import unpack
from surefoot.scripts.benchmarks.calls import one_run
from surefoot.voting.vote_split import other_split

PLANS_ERR = {
    "model": "simulated:p_error=0.0005", "modules": "TaskDecomposer.model=simulated:p_error=0.3",
    "seams": False, "red_flags": "none", "k": 3, "leaf_steps": 3, "workers": 1,
}  # fmt: skip
"""Nothing but votes protects the run, and only decompositions are often wrong."""


def leads_of(run: Any) -> dict[str, int]:
    with_journal = run.journal()
    try:
        found: dict[str, int] = with_journal.meta("leads")
    finally:
        with_journal.close()
    return found


def splits_in(run: Any) -> set[int]:
    """Leads that decompositions were decided with."""
    journal = run.journal()
    try:
        payloads = [payload for key in journal.segments() for payload in journal.payloads(key)]
        records = [record for payload in payloads for record in unpack(payload)]
    finally:
        journal.close()
    return {record.k for record in records if record.part == "split" and record.attempt == 0 and record.k}


def test_a_run_goes_on_with_the_shared_out_votes_and_a_resumed_one_does_the_same(new_run: Callable[..., Any]) -> None:
    whole, cut = (new_run(options={"disks": 5}, rebalance_votes=True, **PLANS_ERR) for _ in range(2))
    assert asyncio.run(whole.session()) == "solved"
    chosen = leads_of(whole)
    assert chosen["plan"] > 3 > chosen["unguarded"] == chosen["guarded"]
    assert splits_in(whole) >= {chosen["plan"]}
    asyncio.run(cut.session(max_calls=260))
    calls = cut.totals.calls
    assert leads_of(cut) == chosen
    assert asyncio.run(cut.session()) == "solved"
    assert leads_of(cut) == chosen
    assert splits_in(cut) == splits_in(whole)
    assert cut.plan() == whole.plan()
    assert cut.totals.calls - calls < whole.totals.calls - 240, "the pilot was asked again"


def test_a_run_that_is_not_told_to_has_one_lead_for_all(new_run: Callable[..., Any]) -> None:
    run = new_run(options={"disks": 4}, **PLANS_ERR)
    asyncio.run(run.session())
    assert leads_of(run)["plan"] == 0
    assert splits_in(run) == {3}


@pytest.mark.parametrize("more", [{"k": "auto"}, {"k": 3, "rule": "first-to"}])
def test_it_is_refused_where_there_is_no_lead_to_move(
    more: dict[str, Any], configured: Callable[..., RunConfig]
) -> None:
    with pytest.raises(ConfigurationError, match="--rebalance-votes moves votes between leads: it needs --k N"):
        check_options(configured(rebalance_votes=True, **more))


def test_a_task_without_decompositions_is_refused(new_run: Callable[..., Any]) -> None:
    run = new_run("sort", rebalance_votes=True, k=2)
    with pytest.raises(ConfigurationError, match="too few decompositions"):
        asyncio.run(run.session())


def failures(seeds: int, **more: Any) -> tuple[int, float]:
    """Runs that do not reach the goal, and mean calls without the pilot's."""
    base = {"task": "hanoi", "task_options": {"disks": 7}, "address": "none", **PLANS_ERR, "k": 2, **more}
    found = [one_run({**base, "seed": seed}) for seed in range(seeds)]
    pilot = 240 if more else 0
    return sum(not one.right for one in found), sum(one.calls - pilot for one in found) / seeds


@pytest.mark.long
def test_the_votes_prevent_failures_where_they_are_told_to_go_and_nothing_the_other_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, calls = failures(40)
    told, told_calls = failures(40, rebalance_votes=True)
    monkeypatch.setattr(rebalanced_votes, "best_split", other_split)
    other, other_calls = failures(40, rebalance_votes=True)
    print(f"failures of 40: asked {now}, told {told}, the other way {other}")
    print(f"calls: asked {calls:.0f}, told {told_calls:.0f}, the other way {other_calls:.0f}")
    assert max(told_calls, other_calls) <= 1.05 * calls
    assert now >= 2 * told
    assert other > 0.7 * now

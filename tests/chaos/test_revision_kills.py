"""The process dies while evidence revises the plan; the next ones end with the same versions of the same plan."""

import pathlib
import random
from typing import Any

import pytest

from surefoot.decompose.plan import Path
from surefoot.decompose.revision import VersionChain
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.plan_versions import version_chains
from tests.chaos.harness import Run, Usage, survive

TASK = ("gates", "--gates", "5", "--disks", "2", "--towers", "1", "--world", "3", "--address", "none", "--workers", "1")
SMALL = (*TASK, "--k", "3", "--flush-steps", "1", "--model", "simulated:p_error=0.05,latency_s=0.002")
PLACES = ("commit.before", "commit.during", "commit.written", "commit.after", "batch.received")
WAYS = [("--segment-steps", "1024"), ("--segment-steps", "3")]
"""All in one segment; and every part a segment of its own, planned by the coordinator."""


def chains(run: Run) -> dict[Path, VersionChain]:
    journal = open_journal(run.path, write=False)
    try:
        return version_chains(journal)
    finally:
        journal.close()


def moment(rng: random.Random) -> dict[str, Any]:
    """A kill at a draw or at a place, early enough that the run is not over by then."""
    if rng.random() < 0.5:
        return {"kill_at": rng.randint(5, 40)}
    return {"fault": f"{rng.choice(PLACES)}:{rng.randint(1, 4)}=kill"}


@pytest.mark.parametrize("revise", ["at-once", "end-of-pass"])
@pytest.mark.parametrize("size", WAYS)
def test_killed_while_the_plan_is_revised(
    size: tuple[str, str], revise: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account, rng = Usage(), random.Random(f"revisions {revise} {size}")
    options = (*SMALL, *size, "--revise", revise)
    whole, run = Run(tmp_path / "whole", *options), Run(tmp_path / "killed", *options)
    expected = survive(whole, [], Usage())
    end = survive(run, [{"kill_at": 70}, *(moment(rng) for _ in range(5))], account)
    with capsys.disabled():
        print(f"\nrevisions {revise}, {' '.join(size)}: {account}")
    assert account.kills >= 4
    assert (account.lost, account.repeated) == (0, 0)
    assert run.plan() == whole.plan()
    assert [len(chain.versions) for chain in chains(whole).values()] == [5 if revise == "at-once" else 2]
    assert chains(run) == chains(whole)
    assert (end["revisions"], end["k"]) == (expected["revisions"], expected["k"])

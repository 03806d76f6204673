"""The coordinator dies at every named place and at seeded moments; nothing committed is lost or asked again."""

import pathlib
import random
from typing import Any

import pytest

from surefoot.runtime.journal.fault_points import POINTS
from tests.chaos.harness import Run, Usage, survive

TASK = ("hanoi", "--disks", "7", "--address", "none", "--workers", "1", "--flush-steps", "4", "--leaf-steps", "7")
SLOW = ("--chains-in-flight", "2", "--model", "simulated:p_error=0.05,p_format=0.03,latency_s=0.003")
SMALL = (*TASK, *SLOW, "--segment-steps", "31")
OFTEN = ("commit.before", "commit.during", "commit.written", "commit.after", "batch.received", "segment.ended")
KILLS_A_RUN = 8


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Run, dict[str, Any]]]:
    """Runs that nobody kills, by seed."""
    runs = {}
    for seed in (1, 2, 3):
        run = Run(tmp_path_factory.mktemp("unbroken"), *SMALL, "--seed", str(seed))
        runs[seed] = (run, survive(run, [], Usage()))
    return runs


def compare(run: Run, end: dict[str, Any], unbroken: tuple[Run, dict[str, Any]]) -> None:
    """The same plan, and counts that count every committed step once."""
    other, other_end = unbroken
    assert run.plan() == other.plan()
    assert run.committed().keys() == other.committed().keys()
    for key in ("steps", "decompositions", "k", "leads"):
        assert end[key] == other_end[key], key


def random_session(rng: random.Random) -> dict[str, Any]:
    """A kill at a moment counted in draws, or at a place."""
    if rng.random() < 0.5:
        return {"kill_at": rng.randint(10, 150)}
    return {"fault": f"{rng.choice(OFTEN)}:{rng.randint(1, 6)}=kill"}


# ``batch.awaited`` is reached by once-only tools alone, which Hanoi has none of: see test_tool_kills.py.
@pytest.mark.parametrize("point", [point for point in POINTS if point != "batch.awaited"])
def test_killed_at_every_place(
    point: str, tmp_path: pathlib.Path, unbroken: dict[int, tuple[Run, dict[str, Any]]]
) -> None:
    account = Usage()
    run = Run(tmp_path, *SMALL, "--seed", "1")
    end = survive(run, [{"fault": f"{point}=kill"}, {"fault": "commit.during:3=kill"}], account)
    assert account.kills >= 1, "the place was never reached"
    assert (account.lost, account.repeated) == (0, 0)
    compare(run, end, unbroken[1])


def test_killed_again_and_again(
    tmp_path: pathlib.Path, unbroken: dict[int, tuple[Run, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    account = Usage()
    for seed in (1, 2, 3):
        rng = random.Random(f"kills {seed}")
        run = Run(tmp_path / str(seed), *SMALL, "--seed", str(seed))
        end = survive(run, [random_session(rng) for _ in range(KILLS_A_RUN)], account)
        compare(run, end, unbroken[seed])
    with capsys.disabled():
        print(f"\ncoordinator: {account}")
    assert (account.lost, account.repeated) == (0, 0)
    assert account.kills >= 12
    assert account.committed > 500


@pytest.mark.parametrize("several", ["8", "auto"])
def test_killed_while_one_reply_states_several_steps(several: str, tmp_path: pathlib.Path) -> None:
    """A kill may come between two steps of one reply: those in the journal stand, and the rest is asked for anew."""
    account = Usage()
    rng = random.Random(f"several {several}")
    options = (*SMALL[: SMALL.index("--leaf-steps")], *SLOW, "--seed", "1", "--steps-per-call", several)
    run, whole = Run(tmp_path / "killed", *options), Run(tmp_path / "whole", *options)
    # In the pilot, and wherever that leaves the run; then at places that a session may not reach before it ends.
    moments = [{"kill_at": count} for count in (60, 20, 4, 3)]
    places = [{"fault": f"{rng.choice(OFTEN)}:{rng.randint(1, 3)}=kill"} for _ in range(6)]
    end = survive(run, [*moments, *places], account)
    assert (account.lost, account.repeated) == (0, 0)
    assert account.kills >= 3
    other = survive(whole, [], Usage())
    assert run.plan() == whole.plan(), "the right plan, whichever replies stated it"
    assert end["steps"] == other["steps"] == 127


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_kills(
    tmp_path: pathlib.Path, unbroken: dict[int, tuple[Run, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    account, number = Usage(), 0
    while account.kills < 200:
        rng, seed = random.Random(f"long kills {number}"), 1 + number % 3
        run = Run(tmp_path / str(number), *SMALL, "--seed", str(seed))
        end = survive(run, [random_session(rng) for _ in range(KILLS_A_RUN)], account)
        compare(run, end, unbroken[seed])
        number += 1
        assert account.kills >= 4 * number
    with capsys.disabled():
        print(f"\ncoordinator, long: {account}")
    assert (account.lost, account.repeated) == (0, 0)


def test_the_account_sees_a_journal_that_forgets(tmp_path: pathlib.Path) -> None:
    """The placebo: without its journal a run starts over, and the account must say so."""
    account = Usage()
    run = Run(tmp_path, *SMALL, "--seed", "1")
    assert run.session(fault="commit.after:6=kill").returncode == -9
    before = run.committed()
    for file in run.path.glob("journal*"):
        file.unlink()
    original, run.committed = run.committed, lambda: before  # type: ignore[method-assign]
    survive(run, [], account)
    assert account.repeated == len(before) > 0
    run.committed = original  # type: ignore[method-assign]

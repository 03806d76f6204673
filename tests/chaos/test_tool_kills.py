"""Rows with once-only tools, killed at seeded moments: no row lost, none twice, no call made twice."""

import pathlib
import random
from collections import Counter
from typing import Any

import pytest

from surefoot.runtime import api
from tests.chaos.harness import Run, Usage, killed, result, survive
from tests.data.own.paying import Ledger, Paying

PARTS = 12
TASK = ("tests.data.own.paying:Paying", "--parts", str(PARTS), "--may-fail")
SMALL = ("--address", "none", "--workers", "1", "--flush-steps", "2", "--chains-in-flight", "3", "--k", "2")
MODEL = ("--model", "simulated:p_error=0.02,latency_s=0.003", "--seed", "1")
PLACES = ("commit.before", "commit.during", "commit.written", "commit.after", "batch.received", "batch.awaited")


class Tools(Usage):
    """What a set of runs with tools came to."""

    rows_lost: int = 0
    rows_twice: int = 0
    called_twice: int = 0


def paying(directory: pathlib.Path, *more: str) -> tuple[Run, Ledger]:
    directory.mkdir(parents=True, exist_ok=True)
    ledger = directory / "ledger"
    return Run(directory, *TASK, "--ledger", str(ledger), *SMALL, *MODEL, *more), Ledger(str(ledger))


def settle(run: Run, ledger: Ledger, account: Tools) -> None:
    """Hold the rows of a solved run, and what the bank knows, against what there had to be."""
    paid = [line.split() for line in ledger.lines()]
    keys, numbers = Counter(key for key, _ in paid), Counter(number for _, number in paid)
    account.called_twice += sum(count - 1 for count in (keys | numbers).values() if count > 1)
    output = api.open(run.path).output
    account.rows_lost += max(0, PARTS - len(output)) + sum(one not in output for one in Paying(parts=PARTS).wanted())
    account.rows_twice += sum(count - 1 for count in Counter(map(str, output)).values())


def moment(rng: random.Random, ledger: Ledger) -> dict[str, Any]:
    """A kill counted in questions, at a named place, or after a payment and before its receipt."""
    kind = rng.randrange(3)
    kill = ledger.path.with_suffix(".kill")
    kill.write_text("0")
    if kind == 0:
        return {"kill_at": rng.randint(2, 20)}
    if kind == 1:
        return {"fault": f"{rng.choice(PLACES)}:{rng.randint(1, 5)}=kill"}
    kill.write_text(str(min(PARTS, len(ledger.lines()) + rng.randint(1, 3))))
    return {}


def attacked(directory: pathlib.Path, seed: int, kills: int) -> Tools:
    """One run that is killed so many times, and then left alone."""
    account, rng = Tools(), random.Random(f"tools {seed}")
    run, ledger = paying(directory)
    account.runs += 1
    before = run.committed()
    for number in range(4 * kills + 1):
        last = account.kills == kills or number == 4 * kills
        session = {} if last else moment(rng, ledger)
        if last:
            ledger.path.with_suffix(".kill").write_text("0")
        ended = run.session(**session)
        after = run.committed()
        account.lost += sum(after.get(step) != entry for step, entry in before.items())
        before = after
        if killed(ended):
            account.kills += 1
            account.committed += len(after)
        elif ended.returncode == 0 and result(ended)["status"] == "solved":
            break
        else:
            raise AssertionError((ended.returncode, ended.stdout, ended.stderr))
    settle(run, ledger, account)
    return account


def hold(accounts: list[Tools], kills: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(
            f"\ntools: {sum(one.kills for one in accounts)} kills, {sum(one.committed for one in accounts)} entries "
            f"committed before a kill, {sum(one.lost for one in accounts)} lost; rows lost "
            f"{sum(one.rows_lost for one in accounts)}, rows twice {sum(one.rows_twice for one in accounts)}, "
            f"called twice {sum(one.called_twice for one in accounts)}"
        )
    for one in accounts:
        assert (one.lost, one.rows_lost, one.rows_twice, one.called_twice) == (0, 0, 0, 0)
    assert sum(one.kills for one in accounts) >= kills


@pytest.mark.timeout(600)
def test_killed_at_ten_moments(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    accounts: list[Tools] = []
    while sum(one.kills for one in accounts) < 10:
        accounts.append(attacked(tmp_path / str(len(accounts)), len(accounts), 5))
        assert len(accounts) < 12
    hold(accounts, 10, capsys)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(5))
def test_killed_at_fifty_moments(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], part: int) -> None:
    """In five parts of ten kills and more, so that they can be run one by one: ``-k "fifty and 0"``."""
    accounts: list[Tools] = []
    while sum(one.kills for one in accounts) < 10:
        accounts.append(attacked(tmp_path / str(len(accounts)), 100 + 20 * part + len(accounts), 5))
        assert len(accounts) < 12
    hold(accounts, 10, capsys)


def test_the_account_sees_a_payment_that_is_made_again(tmp_path: pathlib.Path) -> None:
    """The placebo: the same tool, said to be repeatable, is called again after a kill between payment and receipt."""
    run, ledger = paying(tmp_path, "--repeatable")
    ledger.path.with_suffix(".kill").write_text("3")
    assert killed(run.session())
    account = Tools()
    survive(run, [], account)
    settle(run, ledger, account)
    assert (account.rows_lost, account.rows_twice) == (0, 0)
    assert account.called_twice >= 1


def test_a_tool_that_cannot_tell_pauses_the_run_with_one_line(tmp_path: pathlib.Path) -> None:
    run, ledger = paying(tmp_path, "--no-checked")
    ledger.path.with_suffix(".kill").write_text("3")
    assert killed(run.session())
    paid = len(ledger.lines())
    for _ in range(2):
        ended = run.session()
        assert ended.returncode == 3, ended.stderr
        message = result(ended)["message"]
        assert "nobody can tell whether the once-only tool pay was called" in message
        assert "\n" not in message
    keys = [line.split()[0] for line in ledger.lines()]
    assert len(set(keys)) == len(keys) >= paid


@pytest.mark.ray
@pytest.mark.timeout(300)
def test_with_ray_as_well(tmp_path: pathlib.Path) -> None:
    """The worker that pays is killed; another one looks back, and goes on."""
    task = ("--address", "local", "--workers", "2", "--flush-steps", "2", "--k", "2")
    ledger = Ledger(str(tmp_path / "ledger"))
    run = Run(tmp_path, *TASK, "--ledger", str(ledger.path), *task, *MODEL)
    ledger.path.with_suffix(".kill").write_text("3")
    ended = run.session()
    assert ended.returncode == 0, ended.stderr
    account = Tools()
    settle(run, ledger, account)
    assert (account.rows_lost, account.rows_twice, account.called_twice) == (0, 0, 0)

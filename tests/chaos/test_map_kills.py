"""A map is killed at seeded moments and gone on with: no row lost, none twice, none asked again that was kept."""

import pathlib
import random
from collections import Counter
from typing import Any

import pytest

from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Entry
from surefoot.runtime.session.mapping import MapRun
from tests.chaos.harness import REPOSITORY, Run, Usage, draws, killed, step_of
from tests.data.own.row_tasks import Next

ROWS = 160
PLACES = ("commit.before", "commit.during", "commit.written", "commit.after", "batch.received", "segment.ended")
Row = tuple[tuple[int, ...], str, int, int]


class MapProcess(Run):
    """A map, its processes, and what its model was asked."""

    def command(self) -> list[str]:
        return [*self.python(), str(REPOSITORY / "tests/chaos/launched_map.py"), str(self.path), str(ROWS)]

    def rows(self) -> list[tuple[Row, Entry]]:
        """Every answer of a row in the journal, as often as it is there."""
        if not (self.path / "journal.sqlite").exists():
            return []
        journal = open_journal(self.path, write=False)
        try:
            records = [
                r for key in sorted(journal.begun()) for payload in journal.payloads(key) for r in unpack(payload)
            ]
        finally:
            journal.close()
        rows = [record for record in records if record.part == "rows"]
        return [
            ((r.path, "rows", 0, row), entry) for r in rows for row, entry in zip(r.children, r.entries, strict=True)
        ]


def moment(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {"kill_at": rng.randint(10, 120)}
    return {"fault": f"{rng.choice(PLACES)}:{rng.randint(1, 6)}=kill"}


def attacked(run: MapProcess, seed: int, kills: int) -> Usage:
    """Kill a map so many times, leave it alone, and hold its rows against what there had to be."""
    account, rng = Usage(runs=1), random.Random(f"map {seed}")
    before: dict[Row, Entry] = {}
    for number in range(4 * kills + 1):
        asked_before = len(run.asked())
        last = account.kills == kills or number == 4 * kills
        ended = run.session(**({} if last else moment(rng)))
        found = run.rows()
        assert max(Counter(row for row, _ in found).values(), default=1) == 1, "a row is there twice"
        after = dict(found)
        account.lost += sum(after.get(row) != entry for row, entry in before.items())
        asked = {step_of(draw) for draw in run.asked()[asked_before:]}
        account.repeated += sum(step_of(draws(row).start) in asked for row in before)
        before = after
        if not killed(ended):
            assert ended.returncode == 0, ended.stderr
            break
        account.kills += 1
        account.committed += len(after)
    results = list(MapRun(run.path, Next()).results())
    assert [one.row for one in results] == list(range(ROWS))
    assert [one.answer for one in results if one.answer != one.row + 1] == []
    return account


def hold(accounts: list[Usage], kills: int, capsys: pytest.CaptureFixture[str]) -> None:
    whole = Usage(*(sum(getattr(one, name) for one in accounts) for name in Usage.__struct_fields__))
    with capsys.disabled():
        print(f"\nmap: {whole}")
    assert (whole.lost, whole.repeated) == (0, 0)
    assert whole.kills >= kills
    assert whole.committed > 20 * kills


@pytest.mark.timeout(600)
def test_killed_at_ten_moments(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    hold([attacked(MapProcess(tmp_path / str(seed)), seed, 7) for seed in range(2)], 10, capsys)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(5))
def test_killed_at_fifty_moments(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], part: int) -> None:
    """In five parts of ten kills and more, so that they can be run one by one: ``-k "fifty and 0"``."""
    accounts: list[Usage] = []
    while sum(one.kills for one in accounts) < 10:
        seed = 100 + 20 * part + len(accounts)
        accounts.append(attacked(MapProcess(tmp_path / str(seed)), seed, 7))
        assert len(accounts) < 12
    hold(accounts, 10, capsys)


def test_the_account_sees_a_journal_that_forgets(tmp_path: pathlib.Path) -> None:
    """The placebo: rows that are asked again are noticed."""
    run = MapProcess(tmp_path)
    assert killed(run.session(kill_at=200))
    known = run.rows()
    for file in run.path.glob("*"):
        file.unlink()
    asked_before = len(run.asked())
    assert run.session().returncode == 0
    asked = {step_of(draw) for draw in run.asked()[asked_before:]}
    assert sum(step_of(draws(row).start) in asked for row, _ in known) == len(known) > 0

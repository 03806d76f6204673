"""A journal whose checksums are right and whose content is anything: readers say so, in an error of Surefoot's."""

import pathlib
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import open_task
from surefoot.runtime.errors import SurefootError
from surefoot.runtime.journal.file import crc_of
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.retracted import steps_below
from surefoot.runtime.journal.run_directory import read_config, standing, write_config
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Record
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render
from surefoot.scripts.commands.progress import summary
from tests.runtime.journal.in_memory import InMemoryJournal

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 4096, 2**31, 2**63, -(2**63), float("nan"), float("inf"), 1e308, "",
    "\x1b[2J", "[/1]", "x" * 500, [], [[]], {}, {"a": 1}, b"\xff", [0] * 50, "<script>", "0.0.0", "/", "#",
)  # fmt: skip


async def solved(new_run: Any, planted: Any) -> pathlib.Path:
    run = new_run(k=2, options={"disks": 4}, flush_steps=2)
    write_config(run.directory, run.config)
    wrong = planted(hanoi.answers, lambda text, nth: "nonsense" if nth == 1 else None)
    assert await run.session(wrong) == "solved"
    return pathlib.Path(run.directory)


def mutate(value: Any, rng: random.Random) -> Any:
    """The same with something odd in one place, or with one place missing or twice."""
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        how = rng.random()
        if how < 0.1:
            return value[:place] + value[place + 1 :]
        if how < 0.2:
            return [*value, value[place]]
        return [*value[:place], mutate(value[place], rng), *value[place + 1 :]]
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        return {**value, key: mutate(value[key], rng)}
    return rng.choice(ODD)


def forge(db: sqlite3.Connection, rng: random.Random) -> None:
    """Change one row, and give it the checksum of what it holds now."""
    table, key, column = rng.choice(
        [
            ("batch", "segment", "payload"),
            ("segment", "key", "outcome"),
            ("totals", "id", "counts"),
            ("meta", "key", "value"),
        ]
    )
    rows = db.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
    name, blob = rng.choice([row for row in rows if row[0] != "format"])
    if table == "meta":
        data: Any = msgspec.json.encode(mutate(msgspec.json.decode(blob), rng))
    elif table == "batch":
        data = zlib.compress(msgspec.msgpack.encode(mutate(msgspec.msgpack.decode(zlib.decompress(blob)), rng)))
    else:
        data = msgspec.msgpack.encode(mutate(msgspec.msgpack.decode(blob), rng))
    crc = crc_of("totals" if table == "totals" else name, data)
    content = data.decode(errors="replace") if table == "meta" else data
    db.execute(f"UPDATE {table} SET {column} = ?, crc = ? WHERE {key} = ? AND {column} = ?", (content, crc, name, blob))
    db.commit()


def readers() -> dict[str, Callable[[pathlib.Path], object]]:
    def show(directory: pathlib.Path) -> object:
        text = summary(standing(directory))
        assert all(line.isprintable() for line in text.split("\n"))
        return text

    def plan(directory: pathlib.Path) -> object:
        config, journal = read_config(directory), open_journal(directory, write=False)
        try:
            return list(PlanReader(journalled_plan(journal, config, open_task(config))).steps())
        finally:
            journal.close()

    def resume(directory: pathlib.Path) -> object:
        journal = open_journal(directory, write=True)
        try:
            journal.check()
            return journal.outcomes()
        finally:
            journal.close()

    return {"show": show, "plan": plan, "resume": resume, "report": lambda directory: render(facts_of(directory))}


@pytest.mark.parametrize("times", [15, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("reader", ["show", "plan", "resume", "report"])
async def test_readers_of_forged_journals(
    reader: str, times: int, new_run: Any, planted: Any, tmp_path: pathlib.Path
) -> None:
    directory = await solved(new_run, planted)
    rng = random.Random(f"{times} forged for {reader}")
    look, refused = readers()[reader], 0
    for _ in range(times):
        shutil.rmtree(tmp_path / "forged", ignore_errors=True)
        shutil.copytree(directory, tmp_path / "forged")
        with sqlite3.connect(tmp_path / "forged" / "journal.sqlite") as db:
            forge(db, rng)
        db.close()
        try:
            look(tmp_path / "forged")
        except SurefootError as error:
            refused += str(error) != ""
    assert 0 < refused < times


def test_keys_of_segments_may_be_anything() -> None:
    journal = InMemoryJournal()
    payload = pack([Record((0, 1), "run", 0, 0, 1, ("c",), steps=1)])
    keys = ["/", "/0.1", "/0.x", "/ 0", "/-1", f"/{'9' * 5000}", "/\u0661", "pilot", "", "/0..1", "/0.1#x"]
    journal.batches = {key: [payload] for key in keys}
    assert steps_below(journal, (0,)) == {1: 2}

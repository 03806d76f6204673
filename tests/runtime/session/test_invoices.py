"""The plainest use, as a user writes it: four typed fields from 500 invoices, with votes, a limit and a file."""

import datetime
import json
import pathlib
import re
from decimal import Decimal
from typing import Any

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.runtime.models.simulated import Profile, SimulatedModel

PROGRAM = """
import datetime, decimal, msgspec, surefoot
from typing import Literal
class Invoice(msgspec.Struct):
    vendor: str
    total: decimal.Decimal
    day: datetime.date
    kind: Literal["goods", "services"]
run = surefoot.map("invoices.jsonl", "Read the fields of this invoice.\\n{text}", MODEL, output=Invoice,
                   max_cost_usd=2, run_dir="runs/invoices")
run.write("invoices.parquet")
"""
COUNT = 500
TEXT = re.compile(r"No (\d+)\. (\w+) Ltd bills ([\d.]+) for (goods|services) on (\S+)\.")


def text(number: int) -> str:
    day = datetime.date(2026, 1, 1) + datetime.timedelta(number % 300)
    kind = ("goods", "services")[number % 2]
    return f"No {number}. Ash{number % 7} Ltd bills {number}.50 for {kind} on {day}. Thank you for your custom."


def fields(text: str) -> dict[str, Any]:
    match = TEXT.search(text)
    assert match is not None
    return {"vendor": match[2], "total": match[3], "day": match[5], "kind": match[4]}


def answers(prompt: Prompt) -> Answers:
    right = fields(prompt.user)
    wrong = [{**right, "total": "1.00"}, {**right, "vendor": "Ash"}, {**right, "day": "2020-01-01"}]
    return Answers((json.dumps(right),), tuple(map(json.dumps, wrong)))


def test_at_most_twelve_lines(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in PROGRAM.splitlines() if line.strip()]
    assert len(lines) <= 12
    monkeypatch.chdir(tmp_path)
    (tmp_path / "invoices.jsonl").write_text("".join(json.dumps({"text": text(n)}) + "\n" for n in range(COUNT)))
    model = SimulatedModel(answers, Profile(p_error=0.02), dialect="chat")
    program = compile(PROGRAM, "program", "exec", dont_inherit=True)
    found: dict[str, Any] = {"MODEL": model, "__name__": "program"}
    exec(program, found)
    rows = pytest.importorskip("pyarrow.parquet").read_table("invoices.parquet").to_pylist()
    assert [row["row"] for row in rows] == list(range(COUNT))
    wanted = [fields(text(number)) for number in range(COUNT)]
    assert [(row["vendor"], Decimal(row["total"]), str(row["day"]), row["kind"]) for row in rows] == [
        (one["vendor"], Decimal(one["total"]), one["day"], one["kind"]) for one in wanted
    ]
    assert found["run"].output[3].total == Decimal("3.50")
    asked = model.asked
    exec(program, found)  # the same program again goes on with its run, which is at its end
    assert model.asked == asked

"""Maps whose questions are with a provider are killed, for real: no line of a batch is ever paid for twice."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.runtime.journal.fault_points import POINTS, VARIABLE
from surefoot.runtime.models.batches.ledger import in_flight
from tests.forked import Forked
from tests.runtime.models.batch_server import BatchServer, serving

pytestmark = pytest.mark.timeout(300)  # processes that load LiteLLM, on whatever machine

ROOT = pathlib.Path(__file__).parents[2]
ROWS = 30
COMMAND = [sys.executable, "-m", "surefoot.scripts.commands.cli"]
ONCE_BEGUN = ("commit.", "batch.", "segment.")
"""Places of a map that has begun: one whose rows are not all kept is started again."""
PLACES = [f"{point}:{arrival}" for point in POINTS if point.startswith(ONCE_BEGUN) for arrival in (1, 2, 4)]
FEW = ("commit.written:2",)
"""Places of the slow tier: the middle of a round that is being made durable; the others belong to the long sets."""


def echo(body: dict[str, Any]) -> str | list[str]:
    """What a row asks for; of every fifth row the first three answers are not alike."""
    text = body["messages"][-1]["content"].partition("again: ")[2].partition("\n")[0]
    right, n = f"Answer: {text}", body.get("n") or 1
    return [right, "Answer: other", right] if n == 3 and int(text.partition(" ")[2]) % 5 == 0 else right


@pytest.fixture
def provider() -> Iterator[BatchServer]:
    with serving(echo) as server:
        yield server


class Map:
    """A map over a table, by the console command, in a folder."""

    def __init__(self, provider: BatchServer, folder: pathlib.Path) -> None:
        self.provider, self.table, self.run_dir = provider, folder / "rows.csv", folder / "run"
        with self.table.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([["text"], *([f"row {number}"] for number in range(ROWS))])

    def start(self, **environment: str) -> "subprocess.Popen[Any]":
        """A process that begins the map, or goes on with it."""
        options = [
            "--question", "Say it again: {text}", "--model", "openai/gpt-4.1-mini", "--api-base", self.provider.base,
            "--batch", "--batch-quiet", "0.1", "--batch-poll", "0.01", "--k", "3", "--flush-steps", "8",
        ]  # fmt: skip
        begun = (self.run_dir / "run.toml").exists()
        words = (
            ["resume", str(self.run_dir), "--api-base", self.provider.base]
            if begun
            else ["map", str(self.table), *options]
        )
        words += ["--json", *([] if begun else ["--run-dir", str(self.run_dir)])]
        own = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "none", **environment}
        return Forked([*COMMAND, *words], env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ended(self) -> dict[str, Any]:
        """Go on until the end, and what the command printed last."""
        with self.start() as process:
            out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err.decode()
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found

    def check(self) -> None:
        """The map comes to its end, every row has its answer, and every line was paid for once."""
        ended = self.ended()
        assert (ended["status"], ended["rows"], ended["rows_failed"]) == ("solved", ROWS, 0)
        answers = [json.loads(line)["answer"] for line in (self.run_dir / "output.jsonl").read_text().splitlines()]
        assert answers == [f"row {number}" for number in range(ROWS)]
        assert self.provider.paid_twice == 0
        assert not in_flight(self.run_dir)


def test_a_process_that_is_killed_while_the_provider_takes_its_batch(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    """Killed once the batch is made and before the answer arrives; the list hides the batch at first."""
    asked = Map(provider, tmp_path)
    process = asked.start()
    provider.on_create = lambda: os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=100)
    assert process.returncode == -signal.SIGKILL
    assert len(provider.sizes) == 1
    provider.on_create, provider.hidden = lambda: None, 1
    asked.check()
    assert provider.sizes[0] == ROWS


def test_ctrl_c_pauses_with_exit_3_and_leaves_the_batch_in_flight(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    asked, provider.looks = Map(provider, tmp_path), 10**9
    process = asked.start()
    provider.on_look = lambda: os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 3, err.decode()
    assert [batch.id for batch in in_flight(asked.run_dir)] == ["batch_0"]
    provider.on_look, provider.looks = lambda: None, 1
    asked.check()


@pytest.mark.parametrize(
    "place", [pytest.param(place, marks=() if place in FEW else pytest.mark.long) for place in PLACES]
)
def test_a_kill_at_a_journal_event_pays_nothing_twice(
    provider: BatchServer, tmp_path: pathlib.Path, place: str
) -> None:
    asked = Map(provider, tmp_path)
    for _ in range(2):  # the second session may be killed at the same place
        process = asked.start(**{VARIABLE: f"{place}=kill"})
        process.communicate(timeout=100)
        assert process.returncode in (-signal.SIGKILL, 0)
        if process.returncode == 0:
            break
    asked.check()

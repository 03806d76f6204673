"""Measures what one step costs outside the model.

    python -m surefoot.scripts.benchmarks.step

Prints the pure-Python cost of a verdict, and of a whole step (prompt, parse, flags, race, journal) with a model that
answers at once from a table, beside what that model costs alone.
"""

import asyncio
import pathlib
import statistics
import tempfile
import time

import click

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race


class Table(Model):
    """A model that answers at once from a table, so that only the runtime's cost remains."""

    dialect: Dialect = "compact"

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.seconds = 0.0

    async def ask(self, request: Request) -> list[Reply]:
        """Return the right reply for each draw."""
        started = time.perf_counter()
        text = request.prompt.user
        reply = self.replies.get(text)
        if reply is None:
            said = answers(Prompt(text)).right[0]
            reply = self.replies[text] = Reply(said, tokens_in=8, tokens_out=len(said.split()) + 1)
        self.seconds += time.perf_counter() - started
        await asyncio.sleep(0)
        return [reply] * len(request.draws)

    async def close(self) -> None:
        """Do nothing, as the table holds no resources."""


def verdict_us(rounds: int = 20_000) -> float:
    """Measure one verdict with k = 3 and three ballots, in microseconds, the ballots included."""
    rule = FirstToAheadBy(3)
    started = time.perf_counter()
    for _ in range(rounds):
        race = Race(rule, 100)
        for draw in range(3):
            race.cast(Ballot(draw, "1ab"))
    return (time.perf_counter() - started) / rounds * 1e6


async def step_us(disks: int, strategy: str) -> tuple[float, int]:
    """Measure one step of a journalled run outside the model, in microseconds; also return the number of steps."""
    config = RunConfig(task="hanoi", task_options={"disks": disks}, address="none", workers=1, k=1, strategy=strategy)
    task, model = open_task(config), Table()
    pool = LocalPool(config, task, [model])
    with tempfile.TemporaryDirectory() as directory:
        journal = create_journal(pathlib.Path(directory))
        started = time.perf_counter()
        status = await Coordinator(config, task, journal, pool).run()
        seconds = time.perf_counter() - started - model.seconds
        steps = journal.totals.steps
        journal.close()
    assert status == "solved", status
    return seconds / steps * 1e6, steps


@click.command()
@click.option("--disks", default=10, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(disks: int, rounds: int) -> None:
    """Measure a verdict and a step several times, and print the medians."""
    configure_logs("none")
    print(f"one verdict, k = 3, three ballots: {statistics.median(verdict_us() for _ in range(rounds)):.2f} us")
    for strategy in ("tree", "chain"):
        found = [asyncio.run(step_us(disks, strategy)) for _ in range(rounds)]
        median = statistics.median(us for us, _ in found)
        print(f"one step outside the model, {strategy}, {disks} disks, {found[0][1]:,} steps: {median:.0f} us")


if __name__ == "__main__":
    main()

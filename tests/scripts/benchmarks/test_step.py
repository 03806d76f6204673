"""What a step costs outside the model: a table answers rightly, and both costs are printed."""

import asyncio
from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.models.port import Request
from surefoot.scripts.benchmarks import step
from surefoot.scripts.benchmarks.step import Table, main, step_us, verdict_us


def test_it_prints_a_verdict_and_a_step_of_each_strategy(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "verdict_us", lambda: 1.5)
    lines = printed(main, "--disks", "3", "--rounds", "1").splitlines()
    assert lines[0] == "one verdict, k = 3, three ballots: 1.50 us"
    assert lines[1].startswith("one step outside the model, tree, 3 disks, 7 steps: ")
    assert lines[2].startswith("one step outside the model, chain, 3 disks, 7 steps: ")


async def test_the_table_gives_the_right_reply_for_each_draw_and_keeps_it() -> None:
    task, table = Hanoi(disks=4), Table()
    prompt = task.prompt(task.sample_step(3), "compact")
    replies = await table.ask(Request(prompt, (0, 1, 2), 1.0, 50, 0))
    assert [reply.text for reply in replies] == [answers(Prompt(prompt.user)).right[0]] * 3
    await table.ask(Request(prompt, (3,), 1.0, 50, 0))
    assert list(table.replies) == [prompt.user]
    assert table.seconds > 0
    await table.close()


def test_steps_are_counted_and_cost_something() -> None:
    cost, steps = asyncio.run(step_us(4, "chain"))
    assert steps == 15
    assert cost > 0
    assert verdict_us(10) > 0


def test_the_models_own_time_is_no_part_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Table):
        """Says that it took an hour."""

        async def ask(self, request: Request) -> list:  # type: ignore[type-arg]
            replies = await super().ask(request)
            self.seconds += 3600.0
            return replies

    monkeypatch.setattr(step, "Table", Slow)
    cost, _ = asyncio.run(step_us(3, "chain"))
    assert cost < 0

"""What a server keeps of prompts: its own counters are added up, beside the most that any server could keep."""

import asyncio
import json
from collections.abc import Callable

import pytest

from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.scripts.benchmarks.prefixes import TASKS, Kept, alike, main, measured, prompts_of


class Keeps(Model):
    """Keeps the first half of every prompt, a token a character."""

    name: str = "keeps"

    async def ask(self, request: Request) -> list[Reply]:
        size = len(request.prompt.user)
        return [Reply("", tokens_in=size, tokens_cached=size // 2) for _ in request.draws]


def test_what_the_server_says_is_added_up() -> None:
    kept = asyncio.run(measured("t", Keeps(), [Prompt("abcd"), Prompt("abcdef")]))
    assert (kept.prompts, kept.tokens_in, kept.tokens_cached, kept.share) == (2, 10, 5, 0.5)
    assert Kept("t", 0, 0, 0, 0.0).share == 0


@pytest.mark.parametrize(
    ("users", "share"),
    [(["abcd"], 0), (["abcd", "abcd"], 0.5), (["abcd", "xbcd"], 0.1), (["abcd", "zzzz", "abcd"], 6 / 15), ([], 0)],
)
def test_the_most_that_can_be_kept_is_what_prompts_begin_with_like_any_before(users: list[str], share: float) -> None:
    """A character between system and user text belongs to a prompt as well."""
    assert alike([Prompt(user) for user in users]) == pytest.approx(share)


@pytest.mark.parametrize("name", TASKS.split(","))
def test_what_is_fixed_comes_first_in_the_prompts_of_built_in_tasks(name: str) -> None:
    """Half of the characters of fifteen chat prompts begin like an earlier one; planning domains differ in each."""
    dialect: Dialect = "chat"
    least = 0.3 if name in ("pddl", "dictionary-sum") else 0.5
    assert alike(prompts_of(RunConfig(task=name, dialect=dialect), 15)) > least


def test_a_line_for_each_task_is_printed(printed: Callable[..., str]) -> None:
    out = printed(main, "--model", "bundled", "--dialect", "compact", "--tasks", "hanoi,multiply", "--prompts", "3")
    assert [line.split()[0] for line in out.splitlines()] == ["task", "hanoi", "multiply"]
    out = printed(main, "--model", "bundled", "--dialect", "compact", "--tasks", "hanoi", "--prompts", "3", "--json")
    (found,) = json.loads(out.splitlines()[-1])["tasks"]
    assert (found["task"], found["prompts"], found["tokens_cached"], found["share"]) == ("hanoi", 3, 0, 0.0)

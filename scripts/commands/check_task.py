"""``surefoot test``: holds a task of somebody's own against what a run relies on, in seconds and without a model."""

import pathlib
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import click
import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.task import Task
from surefoot.runtime.checked_task import checked_closely
from surefoot.runtime.config import RunConfig, dialect_of, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.factory import answer_key
from surefoot.runtime.report.journal_steps import steps_of
from surefoot.scripts.commands.options import build_config, json_option, struct_options
from surefoot.scripts.commands.output import FAILED, OK, print_json, printable
from surefoot.scripts.commands.run import ByTask
from surefoot.scripts.commands.task_checks import Check, Subject
from surefoot.scripts.commands.task_checks import check_task as checks_of
from surefoot.scripts.commands.task_walk import AnswerKey, Walk
from surefoot.scripts.commands.tool_results import ToolResults
from surefoot.scripts.commands.verify import referee_of


def _command(name: str, cls: type[Task]) -> click.Command:
    def check(as_json: bool, call_tools: bool, **values: Any) -> int:
        replies, most = values.pop("replies"), values.pop("most")
        config = build_config(name, cls, {**values, "model": "simulated"})
        found = list(checks_of(subject_of(config, replies, most, call_tools)))
        _print(name, found, as_json)
        return FAILED if any(one.state == "failed" for one in found) else OK

    command = click.Command(name, callback=check, help=f"{cls.summary}\n\nCheck the task.")
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        click.Option(["--replies"], type=path, help="A run directory whose kept replies stand in for an answer key."),
        click.Option(["--call-tools"], is_flag=True, help="Call tools that may be repeated; else a walk ends there."),
        click.Option(["--most"], type=click.IntRange(1), default=1000, show_default=True, help="Questions at most."),
        click.Option(["--dialect"], type=click.Choice(["chat", "compact", "micro"]), help="How steps are worded."),
        click.Option(["--k"], type=click.IntRange(1), help="Lead that runs will be given: no steps need be sampled."),
    ]
    return json_option(command)


@click.group("test", cls=ByTask, of=_command, subcommand_metavar="TASK [OPTIONS]")
def check_task() -> None:
    """Check a task: that right answers lead to the goal, and that a run of it can be voted on, killed and resumed.

    TASK is my_module:MyTask. Beside the class there is a function answers(prompt) with right and wrong replies, or
    --replies names a run whose kept replies stand in for it (surefoot run ... --keep-replies all).
    """


def subject_of(config: RunConfig, replies: pathlib.Path | None, most: int, call_tools: bool) -> Subject:
    """Gather what is checked: the task, what answers, and what a walk with right answers meets.

    Raises:
        ConfigurationError: There is nothing that answers.
        UserCodeError: The task fails on the walk.
    """
    task = checked_closely(open_task(config))
    dialect = dialect_of(config)
    key = recorded(replies) if replies is not None else answer_key(config.task, config.task_options)
    tools = ToolResults(task, call_tools)
    walked = Walk(task, key, dialect, most, tools).run()
    k = None if config.k == "auto" else config.k
    return Subject(task, key, dialect, walked, _referee(config.task), most, tools, k)


def recorded(run_dir: pathlib.Path) -> AnswerKey:
    """Make an answer key of the replies that a run kept: right is what was voted for most.

    Raises:
        ConfigurationError: The run kept none.
    """
    rule = read_config(run_dir).rule
    by_prompt: dict[tuple[str, str], tuple[str, Counter[str]]] = {}
    readings: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    journal = open_journal(run_dir, write=False)
    try:
        for step in steps_of(journal, rule):
            place = (step.system, step.prompt)
            for reply in step.replies:
                if not reply.flag:
                    _, votes = by_prompt.setdefault(place, (step.answer or "", Counter()))
                    votes[reply.read] += 1
                    readings[place].setdefault(reply.read, reply.text)
    finally:
        journal.close()
    if not by_prompt:
        raise ConfigurationError(f"{run_dir} kept no replies: surefoot run ... --keep-replies all keeps them")

    def answers(prompt: Prompt) -> Answers | None:
        place = (prompt.system, prompt.user)
        if place not in by_prompt:
            return None
        won, votes = by_prompt[place]
        right = won if won in votes else votes.most_common(1)[0][0]
        texts = readings[place]
        return Answers((texts[right],), tuple(text for read, text in texts.items() if read != right))

    return answers


def _referee(task: str) -> Callable[..., Any] | None:
    """The function ``verify`` that judges plans of a task, or ``None`` where there is none."""
    try:
        found = referee_of(task)
    except ConfigurationError:
        return None
    return found if callable(found) else None


def _print(name: str, found: list[Check], as_json: bool) -> None:
    failed = sum(one.state == "failed" for one in found)
    if as_json:
        print_json({"task": name, "passed": not failed, "checks": msgspec.to_builtins(found)})
        return
    for one in found:
        print(printable(f"{one.state:<7} {one.name:<18} {one.text}"))
    print(f"{failed} of {len(found)} checks failed" if failed else f"{len(found)} checks, none failed")

"""``surefoot bench`` of problems with one answer: methods beside each other, with guesses and an oracle."""

import asyncio
import importlib
import json
import pathlib
import random
import sys
import time
from typing import Any

import click
import msgspec

from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.auto import advice_of
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.plan import Node
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.problems.families import FAMILIES
from surefoot.runtime.config import RunConfig, dialect_of, open_task, task_class
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.records import Finished
from surefoot.runtime.report.journal_steps import steps_of
from surefoot.runtime.report.lost_ballots import lost_by_kind
from surefoot.runtime.session.answers import reader_of
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.setup import Setup
from surefoot.scripts.commands.bench_directory import text_of
from surefoot.scripts.commands.bench_flags import hard_together, plans_apart
from surefoot.scripts.commands.bench_run import LIMITS, METHOD_OPTIONS, UNPAID, prepared, run_nodes
from surefoot.scripts.commands.bench_table import BY_METHOD, METHODS_TABLE, Score, page_of, print_table
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.output import OK, PAUSED, print_json
from surefoot.scripts.commands.output_file import write_output

USUAL = ("direct", "chain-of-thought", "self-ask")
"""Rows of the table where no --method is given."""
ALWAYS = ("random", "oracle")
"""Rows that stand in every table: answers by chance, and the first method with exact answers to all its questions."""
GUESSES = 50
"""Guesses at each problem in the row random."""


def by_method(name: str) -> click.Command:
    """Return the command of one family of generated problems, or of a problem class of the user's own."""
    task = "problems" if name in FAMILIES else name
    cls = task_class(task)
    if not issubclass(cls, Problem):
        raise ConfigurationError(f"bench: {name} is no suite, and its class is no Problem")

    def start(method: tuple[str, ...], repeats: int, run_dir: pathlib.Path | None, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        given = {"k": "3", **{key: value for key, value in values.items() if value is not None}}
        if task != name:
            given["family"] = name
        rows = [*dict.fromkeys(method or USUAL), *ALWAYS]
        configs = {row: _configured(task, cls, row, rows[0], given) for row in rows}
        for row, config in configs.items():
            if row not in ALWAYS:
                setup = checked(Setup(config, open_task(config)))
                assert isinstance(setup.task, Problem)
                _right_answers(config.task, setup.task)  # before anything is asked
        directory = prepared(run_dir, name.replace(":", "-"))
        scores = []
        for row, config in configs.items():
            print(f"{row}: {name}", file=sys.stderr, flush=True)
            scores.append(_score(directory / row, row, config, repeats))
        return _end(directory, name, scores, as_json)

    own = [field for field in cls.__struct_fields__ if field not in ("state_by", "method", "number", "family")]
    command = click.Command(name, callback=start, short_help=text_of(name), help=f"{text_of(name)}\n\n{_help()}")
    command.params = [
        click.Option(["--method"], multiple=True, metavar="M", help="A row of the table; may be given several times."),
        click.Option(["--repeats"], type=click.IntRange(1), default=1, show_default=True, help="Runs of each problem."),
        *struct_options(cls, own),
        *struct_options(RunConfig, METHOD_OPTIONS),
        click.Option(["--run-dir"], type=click.Path(path_type=pathlib.Path), help="Where it is kept, and resumed."),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


def _help() -> str:
    known = ", ".join(name for name, make in METHODS.items() if isinstance(make(0), Asking))
    rows = f"random and oracle stand in every table. Give the same --run-dir to resume. {LIMITS}"
    return f"METHOD: {known}. {rows} Each row's folder holds answers.jsonl: every answer, and whether it is right."


def _configured(task: str, cls: type[Problem], row: str, first: str, given: dict[str, Any]) -> RunConfig:
    """The run configuration of a row; the oracle is the first method with a model that never errs."""
    config = build_config(task, cls, {**given, "method": first if row in ALWAYS else row})
    return (
        config
        if row not in ALWAYS
        else msgspec.structs.replace(config, model="simulated", modules="", k=1, batch=False, **UNPAID)
    )


def _score(directory: pathlib.Path, row: str, config: RunConfig, repeats: int) -> Score:
    """Run a row, or go on with it, and compare its answers with the exact ones."""
    task = open_task(config)
    assert isinstance(task, Problem)
    referee, right = _right_answers(config.task, task)
    if row == "random":
        return _guessed(referee, task, right, config.seed)
    started = time.monotonic()
    questions = list(task.questions())
    nodes = [task.posed(n, text, (n, again)) for again in range(repeats) for n, text in enumerate(questions)]
    status, ends, counts = asyncio.run(run_nodes(directory, config, task, nodes))
    score = Score(row, config.model, sum(end is not None for end in ends), status=status)
    told = []
    for node, end in zip(nodes, ends, strict=True):
        if end is not None:
            ended = _add(score, end, right[node.goal.number])
            told.append(_answer_line(node, end, ended))
    write_output(directory / "answers.jsonl", "".join(told))
    solved = [node for node, end in zip(nodes, ends, strict=True) if isinstance(end, Finished)]
    _measure(score, directory, config, task, solved)
    score.calls, score.tokens_in, score.tokens_out = counts.calls, counts.tokens_in, counts.tokens_out
    score.red_flags, score.cost_usd = sum(counts.red_flags.values()), counts.known_cost_usd
    score.wall_s = round(time.monotonic() - started, 3)
    return score


def _right_answers(name: str, problem: Problem) -> tuple[Any, list[str]]:
    """The referee of a problem, and the right answers to its questions."""
    referee = _referee(name)
    try:
        return referee, list(referee.right_answers(problem))
    except ValueError as error:  # a file without answers, or with those of another form
        raise ConfigurationError(str(error)) from error


def _referee(task: str) -> Any:
    module = f"surefoot.decompose.referees.{task}" if ":" not in task else task.partition(":")[0]
    found = importlib.import_module(module)
    if not hasattr(found, "right_answers"):
        raise ConfigurationError(f"bench: {module} has no function right_answers(problem), so nothing can be scored")
    return found


def _answer_line(node: Node, end: Any, ended: str) -> str:
    """One problem's answer as a line of JSON: question, answer, how it ended."""
    answer = end.output if isinstance(end, Finished) else None
    number, repeat = node.path
    told = {"name": f"question {number + 1}", "repeat": repeat, "question": node.goal.text, "answer": answer}
    return json.dumps({**told, "ended": ended, "right": ended == "right"}) + "\n"


def _add(score: Score, end: Any, right: str) -> str:
    """Count how one problem ended, and return it: ``right``, ``wrong``, or why there is no answer."""
    score.moves += 1
    if isinstance(end, Finished):
        score.solved += end.output == right
        ended = "right" if end.output == right else "wrong"
    else:
        score.invalid += 1
        ended = getattr(end, "context", {}).get("kind") or type(end).__name__
    score.ends[ended] = score.ends.get(ended, 0) + 1
    return str(ended)


def _measure(score: Score, directory: pathlib.Path, config: RunConfig, task: Problem, solved: list[Node]) -> None:
    """Read from the journal how long the longest prompt and the longest chain of dependent questions are."""
    journal = open_journal(directory, write=False)
    dialect = dialect_of(config)
    try:
        reader, apart = reader_of(journal, config, task), 0
        for node in solved:
            steps = list(reader.steps_of(node))
            apart += plans_apart([steps])
            advice = advice_of(task, steps)
            if advice is not None:
                score.chosen[advice.way] = score.chosen.get(advice.way, 0) + 1
            for step in steps:
                prompt = task.prompt(Step(step.kind, Role.ACTOR, step.reads), dialect)
                score.largest_prompt = max(score.largest_prompt, len(f"{prompt.system} {prompt.user}".split()))
            score.longest_chain = max(score.longest_chain, reader.longest)
        found = lost_by_kind(steps_of(journal, config.rule), journal.totals.by_kind)
        score.lost_ballots = {one.kind: round(one.share, 4) for one in found}
        score.flags = hard_together(steps_of(journal, config.rule), config.k if isinstance(config.k, int) else 0)
        if apart:
            score.flags.append(
                f"the plans of {apart:,} of {len(solved):,} answered problems depend on how they are asked for"
            )
    finally:
        journal.close()


def _guessed(referee: Any, task: Problem, right: list[str], seed: int) -> Score:
    """Answers by chance, among those that a problem may have; no model."""
    score = Score("random", "none", GUESSES * len(right), moves=GUESSES * len(right))
    for number, answer in enumerate(right):
        chances = referee.chance_answers(task, number) if hasattr(referee, "chance_answers") else ("",)
        rng = random.Random(f"guess {seed} {number}")
        score.solved += sum(rng.choice(chances) == answer for _ in range(GUESSES))
    score.ends = {"right": score.solved, "wrong": score.problems - score.solved}
    return score


def _end(directory: pathlib.Path, name: str, scores: list[Score], as_json: bool) -> int:
    found = {
        "suite": name,
        "table": METHODS_TABLE,
        "run_dir": str(directory),
        "rows": [score.shown() for score in scores],
        "published": [],
    }
    title = f"{name}: {text_of(name)}"
    write_output(directory / "bench.json", json.dumps(found, indent=1))
    write_output(directory / "bench.html", page_of(title, scores, (), BY_METHOD))
    print_table(title, scores, (), sys.stderr if as_json else sys.stdout, BY_METHOD)
    if as_json:
        print_json(found)
    return PAUSED if any(score.status == "paused" for score in scores) else OK

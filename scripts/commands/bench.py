"""``surefoot bench``: a suite of problems by several methods, in parallel, scored by simulation, in one table."""

import asyncio
import importlib
import json
import pathlib
import random
import sys
import time
from collections import Counter
from typing import Any

import click
import msgspec

from surefoot.decompose.suite import Posed, SuiteTask
from surefoot.decompose.tasks.items import as_text
from surefoot.decompose.tasks.problems.families import FAMILIES
from surefoot.runtime.config import RunConfig, open_task, task_class
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.factory import check_model
from surefoot.runtime.records import Counts, Finished
from surefoot.scripts.commands.bench_directory import FILE
from surefoot.scripts.commands.bench_methods import by_method
from surefoot.scripts.commands.bench_run import LIMITS, OPTIONS, UNPAID, prepared, run_nodes
from surefoot.scripts.commands.bench_suites import ALWAYS, SUITES, Row, Suite, row_of
from surefoot.scripts.commands.bench_table import Score, page_of, print_table
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.output import OK, PAUSED, print_json
from surefoot.scripts.commands.output_file import write_output

WALKS, WALKED, LONGEST = 4000, 20_000, 1000
"""Random walks of the row random-legal, over all problems, the actions they may take, and the longest walk; at least
five for each."""


class _BySuite(click.Group):
    """A group that has a command for each suite of problems."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the suites of problems that can be run."""
        return [*SUITES, *FAMILIES, FILE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one suite, with its task's options."""
        suite = SUITES.get(cmd_name)
        if suite is not None:
            return _command(cmd_name, suite)
        return by_method(cmd_name) if cmd_name in (*FAMILIES, FILE) or ":" in cmd_name else None


def _command(name: str, suite: Suite) -> click.Command:
    cls = task_class(suite.task)

    def start(method: tuple[str, ...], repeats: int, run_dir: pathlib.Path | None, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        without = values.pop("without") or ""
        methods = dict.fromkeys((*(method or ("surefoot", "paper")), *ALWAYS, *suite.always))
        given = {**suite.options, "k": "3", **{key: value for key, value in values.items() if value is not None}}
        rows = [row_of(name, without) for name in methods]
        configs = [_configured(suite, cls, row, given) for row in rows]
        for config, row in zip(configs, rows, strict=True):
            if row.method != "random-legal" and not row.plan:
                check_model(config)
        directory = prepared(run_dir, name)
        scores = []
        for config, row in zip(configs, rows, strict=True):
            print(f"{row.method}: {suite.text}", file=sys.stderr, flush=True)
            scores.append(_score(directory / row.method.replace(":", "-"), config, row, repeats))
        return _end(directory, name, suite, scores, as_json)

    own = [field for field in cls.__struct_fields__ if field not in ("state_by", "method", "preset")]
    command = click.Command(name, callback=start, short_help=suite.text, help=f"{suite.text}\n\n{_HELP}\n{LIMITS}")
    command.params = [
        click.Option(["--method"], multiple=True, metavar="M", help="A row of the table; may be given several times."),
        click.Option(["--repeats"], type=click.IntRange(1), default=1, show_default=True, help="Runs of each problem."),
        *struct_options(cls, own),
        *struct_options(RunConfig, OPTIONS),
        click.Option(["--run-dir"], type=click.Path(path_type=pathlib.Path), help="Where it is kept, and resumed."),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


_HELP = """\
METHOD: surefoot, paper (presets of MAP; -monitor, -decomposer, -search, -orchestrator, -votes behind them switch
something off; so do -history, -feedback, -resort, -phases, -description behind paper and -visited, -climbing, -light,
-recovery behind surefoot), zero-shot, in-context, cot, debate, tot, best-of-n, oracle:MODULE (one module answered
exactly). random-legal and oracle (all modules exact) stand in every table. Give the same --run-dir to resume.
Each row's folder holds answers.jsonl: every answer or plan, and whether it is right."""


@click.group(cls=_BySuite, subcommand_metavar="SUITE [OPTIONS]")
def bench() -> None:
    """Run a suite of problems by several methods and print one table, scored exactly.

    SUITE is one of those below, or my_module:MyProblem for problems of your own.
    """


def _configured(suite: Suite, cls: type[Any], row: Row, given: dict[str, Any]) -> RunConfig:
    """The run configuration of one row of the table."""
    values = {**given, **row.options}
    if not row.votes:
        values["k"] = "1"
    config = build_config(suite.task, cls, values)
    if not row.oracles:
        return config
    dialect = "chat" if config.dialect == "chat" else "compact"
    exact = "; ".join(f"{name}.model=simulated" for name in row.oracles)
    own = "; ".join(part for part in config.modules.split(";") if part.strip().partition(".")[0] not in row.oracles)
    modules = "; ".join(filter(None, (own.strip(), exact)))
    whole = len(row.oracles) > 1
    config = msgspec.structs.replace(config, modules="" if whole else modules)
    return msgspec.structs.replace(config, model="simulated", dialect=dialect, **UNPAID) if whole else config


def _score(directory: pathlib.Path, config: RunConfig, row: Row, repeats: int) -> Score:
    """Run a row, or go on with it, and let the referee judge its plans."""
    task = open_task(config)
    if not isinstance(task, SuiteTask):
        raise ConfigurationError(f"task {config.task} has no suite")
    problems = list(task.suite())
    referee = _referee(config.task, task)
    if row.method == "random-legal":
        return _walked(task, referee, problems, config.seed)
    if row.plan:
        return _constant(row, referee, problems)
    started = time.monotonic()
    asked = [((number, repeat), problem) for repeat in range(repeats) for number, problem in enumerate(problems)]
    nodes = [task.node(path, problem) for path, problem in asked]
    status, ends, counts = asyncio.run(run_nodes(directory, config, task, nodes))
    answering = f"{config.model}, oracles" if row.oracles else config.model
    score = Score(row.method, answering, sum(end is not None for end in ends), status=status)
    answers = []
    for ((_, repeat), problem), end in zip(asked, ends, strict=True):
        if end is not None:
            plan, ended = _plan_of(end)
            right = _add(score, referee, problem, plan, ended)
            cost = task.plan_cost(problem, plan) if right else None
            score.add_cost(cost)
            answers.append(answer_line(problem, repeat, plan, ended, right, cost))
    write_output(directory / "answers.jsonl", "".join(answers))
    score.wall_s = round(time.monotonic() - started, 3)
    return _costs(score, counts)


def _referee(name: str, task: SuiteTask) -> Any:
    """What judges the plans of a task: its referee's functions, or what they make of the task's own file."""
    referee = importlib.import_module(f"surefoot.decompose.referees.{name.replace('-', '_')}")
    if not hasattr(referee, "of_task"):
        return referee
    try:
        return referee.of_task(task)
    except ValueError as error:  # the file has no answers to score by
        raise ConfigurationError(str(error)) from error


def _constant(row: Row, referee: Any, problems: list[Any]) -> Score:
    """The same plan for every problem; no model."""
    score = Score(row.method, "none", len(problems))
    for problem in problems:
        _add(score, referee, problem, row.plan, "constant")
    return score


def _plan_of(end: Any) -> tuple[tuple[str, ...], str]:
    """The actions that a problem ended with, and how it ended. The predicted states stay where they are."""
    output = end.output if isinstance(end, Finished) else end.context.get("output")
    if isinstance(output, dict):
        return tuple(output["plan"]), str(output["ended"])
    if isinstance(end, Finished):  # an answer that is no plan: as text, as it would be written into a file
        return (as_text(output),), "answered"
    return (), type(end).__name__


def answer_line(
    problem: Posed, repeat: int, plan: tuple[str, ...], ended: str, right: bool, cost: float | None = None
) -> str:
    """A problem's answer or plan as one line of JSON, with what the referee says of it, and its cost if it has one."""
    told: dict[str, Any] = {"name": problem.name, "repeat": repeat}
    for name in ("identity", "text"):  # of questions: the file's own id, and the question
        if getattr(problem, name, ""):
            told[{"identity": "id", "text": "question"}[name]] = getattr(problem, name)
    single = len(plan) == 1 and len(told) > 2  # of a question that the file names
    told |= {"answer": plan[0] if single else list(plan), "ended": ended, "right": right}
    return json.dumps(told if cost is None else {**told, "cost": cost}) + "\n"


def _add(score: Score, referee: Any, problem: Posed, plan: tuple[str, ...], ended: str) -> bool:
    found = referee.judge(problem, plan)
    score.moves += found.steps + (not found.valid)
    score.invalid += not found.valid
    score.ends[ended] = score.ends.get(ended, 0) + 1
    if found.valid and found.reached_goal:
        score.solved += 1
        optimal = referee.optimal(problem)
        score.optimal_known += optimal is not None
        score.optimal += optimal is not None and len(plan) <= optimal
    return bool(found.valid and found.reached_goal)


def _costs(score: Score, counts: Counts) -> Score:
    score.calls, score.borrowed_calls = counts.calls, counts.borrowed_calls
    score.tokens_in, score.tokens_out = counts.tokens_in, counts.tokens_out
    score.red_flags, score.cost_usd = sum(counts.red_flags.values()), counts.known_cost_usd
    return score


def _walked(task: SuiteTask, referee: Any, problems: list[Any], seed: int) -> Score:
    """Random valid actions until the goal or the cap; no model. The walk stops at the goal, which flatters it."""
    cap = max(map(task.cap_of, problems))
    walks = max(5, min(WALKS, WALKED // cap) // len(problems))
    score = Score("random-legal", "none", len(problems) * walks)
    for problem in problems:
        rng = random.Random(f"walk {seed} {problem.name} {problem.start}")
        for _ in range(walks):
            state = problem.start
            plan: list[str] = []
            while not referee.at_goal(problem, state) and len(plan) < min(task.cap_of(problem), LONGEST):
                choices = referee.legal_actions(problem, state)
                if not choices:
                    break
                plan.append(rng.choice(choices))
                state = referee.after(problem, state, plan[-1])
            _add(score, referee, problem, tuple(plan), "walked")
    return score


def _end(directory: pathlib.Path, name: str, suite: Suite, scores: list[Score], as_json: bool) -> int:
    found = {
        "suite": name,
        "run_dir": str(directory),
        "rows": [score.shown() for score in scores],
        "published": [
            {"method": method, "solved_percent": solved, "invalid_percent": invalid}
            for method, solved, invalid in suite.published
        ],
    }
    write_output(directory / "bench.json", json.dumps(found, indent=1))
    write_output(directory / "bench.html", page_of(f"{name}: {suite.text}", scores, suite.published))
    print_table(f"{name}: {suite.text}", scores, suite.published, sys.stderr if as_json else sys.stdout)
    if as_json:
        print_json(found)
    paused = Counter(score.status for score in scores)["paused"]
    return PAUSED if paused else OK

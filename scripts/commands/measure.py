"""``surefoot measure``: how often a model errs per step, and what a whole run would need and cost."""

import asyncio
import pathlib
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.forecast.measurement_file import KindRate, Measurement, Saved, recommended
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.measure import measure
from surefoot.runtime.measurement.take_sample import take_sample
from surefoot.runtime.models.factory import answer_key, check_model
from surefoot.scripts.commands.cli import OK, print_json, printable
from surefoot.scripts.commands.durations import duration
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.run import ByTask

OPTIONS = (
    "api_base", "dialect", "strategy", "state_by", "target", "red_flags", "leaf_steps", "seams", "seed",
    "temperature", "max_reply_tokens", "timeout_s", "patience_s", "calls_in_flight", "k", "workers",
)  # fmt: skip


def _measure_command(name: str, cls: type[Task]) -> click.Command:
    def sample(samples: int, draws: int, save: pathlib.Path | None, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        models = values.pop("model") or (None,)
        found = []
        for model in models:
            config = build_config(name, cls, {**values, "model": model, "address": "none"})
            task = open_task(config)
            check_model(config)
            found.append(asyncio.run(_measured(config, task, samples, draws)))
            if not as_json:
                _print(config, found[-1])
        best = recommended(found)
        if save is not None:
            _save(save, found, best)
        if as_json:
            told = msgspec.to_builtins(best or found[0])
            if len(found) > 1:
                told |= {"models": msgspec.to_builtins(found), "recommended": best.model if best else None}
            print_json(told)
        elif len(found) > 1:
            _compare(found, best)
        return OK

    command = click.Command(name, callback=sample, help=f"{cls.summary}\n\nMeasure a model on it.")
    model = click.Option(
        ["--model"], multiple=True, metavar="TEXT", help="Model to measure; several give one table.  [default: bundled]"
    )
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        click.Option(["--samples"], type=click.IntRange(1), default=500, show_default=True, help="Steps to sample."),
        click.Option(
            ["--draws"], type=click.IntRange(1), default=PILOT_DRAWS, show_default=True, help="Answers to each step."
        ),
        click.Option(["--save"], type=path, help="A directory for measure.json and the plot measure.html."),
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        model,
        *struct_options(RunConfig, OPTIONS),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group("measure", cls=ByTask, of=_measure_command, subcommand_metavar="TASK [OPTIONS]")
def measure_command() -> None:
    """Measure a model's error rate per step before spending money on a whole run.

    Steps are sampled over the whole range of states that a run visits and scored against an answer key.
    """


async def _measured(config: RunConfig, task: Task, samples: int, draws: int) -> Measurement:
    return measure(
        config, task, answer_key(config.task, config.task_options), await take_sample(config, task, samples, draws)
    )


def _save(directory: pathlib.Path, found: list[Measurement], best: Measurement | None) -> None:
    """Write what was measured, as JSON and as a page with a plot."""
    from surefoot.runtime.report.figures import intervals
    from surefoot.runtime.report.page import plain_page

    directory.mkdir(parents=True, exist_ok=True)
    told = Saved(found, best.model if best else None)
    (directory / "measure.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)))
    rows = [
        (f"{m.model} {kind.kind}", kind.p_error_low, kind.p_error, kind.p_error_high) for m in found for kind in m.kinds
    ]
    page = plain_page("Error rate by model and kind of question, 95 % intervals", intervals(rows))
    (directory / "measure.html").write_text(page, encoding="utf-8")


def _compare(found: list[Measurement], best: Measurement | None) -> None:
    """One table of several models, and which to take."""
    console = rich.console.Console(highlight=False)
    table = rich.table.Table(
        rich.table.Column("model", overflow="fold"), "error, %", "valid", "lead,\nby spread", "calls", "cost", "time",
        "P(success),\nby spread", box=None,
    )  # fmt: skip
    for m in found:
        calls, cost = _short(m.predicted_calls), _short(m.predicted_cost_usd)
        table.add_row(
            printable(m.model), f"{100 * m.p_error:.3g}\n{_range(m)}", f"{m.valid_rate:.1%}",
            f"{m.k_min or '-'}\n{m.k_min_beta_binomial or '-'}", calls, cost,
            "-" if m.predicted_wall_s is None else duration(m.predicted_wall_s),
            f"{_short(m.predicted_p_success)}\n{_short(m.predicted_p_success_spread)}",
        )  # fmt: skip
    console.print(table)
    if best is None:
        console.print("none reaches the target")
        return
    console.print(f"take {printable(best.model)}: the cheapest for the target")
    if not best.even:
        console.print("but its errors are uneven: for the spread that fits them it does not reach the target")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _range(rate: Measurement | KindRate) -> str:
    """The 95 % interval of an error rate, in per cent."""
    return f"{100 * rate.p_error_low:.2g} to {100 * rate.p_error_high:.2g}"


def _print(config: RunConfig, m: Measurement) -> None:
    console = rich.console.Console(highlight=False)
    console.print(f"{config.task} with {printable(config.model)}: {m.samples:,} steps x {m.draws} draws, seed {m.seed}")
    console.print(_errors(m))
    console.print(_work(m))
    console.print(
        f"collisions {m.collisions} (the first two answers wrong; {m.collisions_alike} of them alike), "
        f"{m.collisions_expected:.3g} expected if errors were independent"
    )
    if m.latency_s is not None and m.seconds_per_answer:
        console.print(
            f"one call takes {m.latency_s:.3g} s alone; {1 / m.seconds_per_answer:,.0f} answers a second together"
        )
    if m.spread is not None:
        console.print(
            f"spread over steps: draws on one step correlate by {m.spread.correlation:.3f}; at {m.spread.lost:.4%} of "
            f"steps a wrong answer is likelier; {_needs(m)}"
        )
    if m.leads is None or m.predicted_calls is None or m.predicted_p_success is None:
        console.print("the model may be wrong more often than right: no lead can be chosen")
        return
    money = "price unknown" if m.predicted_cost_usd is None else f"${m.predicted_cost_usd:,.4f}"
    console.print(
        f"for a whole run without error with probability {m.target}: {_said(m.leads)}; predicted "
        f"{m.predicted_calls:,.0f} calls, {m.predicted_tokens_in:,.0f} tokens in, {m.predicted_tokens_out:,.0f} out, "
        f"{money}, {duration(m.predicted_wall_s or 0)}, probability {m.predicted_p_success:.4f}"
    )
    if m.double_mistakes >= 0.005:
        console.print(
            f"that is, unless two mistakes in one chain cancel out: some {m.double_mistakes:,.2g} chains will have two "
            "or more, and a seam may miss them where no red flag checks each step"
        )
    if config.k == "auto":
        console.print(
            "surefoot run begins with these leads when it is given --measurement DIR/measure.json (--save DIR)"
        )
    if config.k == "auto" and m.pilot_leads is not None:
        console.print(f"without it, a pilot that sees what was seen here chooses {_said(m.pilot_leads)}")


def _needs(m: Measurement) -> str:
    """The lead for the spread of the steps whose mistakes are final."""
    if m.spread_final is None:
        return "none was wrong of those whose mistakes are final"
    lead = "no lead" if m.k_min_beta_binomial is None else f"lead {m.k_min_beta_binomial}"
    return f"{lead} would do for the steps whose mistakes are final"


def _said(leads: Leads) -> str:
    return (
        f"lead {leads.unguarded} where a mistake is final, {leads.guarded} before a seam, "
        f"leaves of {leads.leaf_steps} steps"
    )


def _errors(m: Measurement) -> rich.table.Table:
    """Error rate and spread by kind of question."""
    table = rich.table.Table(
        "question", "unspoiled", "wrong", "error, %", "95 % interval", "collide", "expected", "lost steps", box=None
    )
    for kind in m.kinds:
        table.add_row(
            kind.kind, f"{kind.valid:,} of {kind.answers:,}", f"{kind.wrong:,}", f"{100 * kind.p_error:.3g}",
            _range(kind), f"{kind.collisions}", f"{kind.collisions_expected:.2g}",
            f"{kind.spread.lost:.2%}" if kind.spread else "-",
        )  # fmt: skip
    valid, wrong = sum(kind.valid for kind in m.kinds), sum(kind.wrong for kind in m.kinds)
    table.add_row(
        "all", f"{valid:,} of {m.samples * m.draws:,}", f"{wrong:,}", f"{100 * m.p_error:.3g}", _range(m),
        f"{m.collisions}", f"{m.collisions_expected:.2g}", f"{m.spread.lost:.2%}" if m.spread else "-",
    )  # fmt: skip
    return table


def _work(m: Measurement) -> rich.table.Table:
    """Red flags, time and tokens by kind of question."""
    table = rich.table.Table("question", "red flags", "seconds", "tokens in", "out", box=None)
    for kind in m.kinds:
        flags = ", ".join(f"{name} {count / kind.answers:.2%}" for name, count in sorted(kind.red_flags.items()))
        table.add_row(
            kind.kind, flags or "none", f"{kind.seconds:.3g}", f"{kind.tokens_in:.1f}", f"{kind.tokens_out:.1f}"
        )
    return table

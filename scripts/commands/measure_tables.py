"""Prints what ``surefoot measure`` found: tables by question and by state, examples, verdicts, and a run's needs.

Replies and answers are untrusted: they are shown on one line, without anything that a terminal would obey.
"""

from collections.abc import Iterable

import rich.console
import rich.table
import rich.text

from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.measured import KindRate, Mix, MixNeed, ReplyExample, SeveralRates, StateRate
from surefoot.runtime.forecast.measurement_file import Measurement, Saved
from surefoot.runtime.leads import Leads
from surefoot.runtime.report.number_text import short
from surefoot.scripts.commands.durations import duration
from surefoot.scripts.commands.output import one_line, printable

STATES = 10
"""States in the table of the worst."""
WIDE = 60
"""Characters of an answer or a reply that are shown."""
ONE_QUESTION = "all of them are one question, and the rates are of that one: a sample_step() of the task draws others"


def print_measurement(config: RunConfig, m: Measurement) -> None:
    """Print what was measured of one model, what it means, and what a whole run would need."""
    console = rich.console.Console(highlight=False, markup=False)
    console.print(f"{config.task} with {printable(config.model)}: {m.samples:,} steps x {m.draws} draws, seed {m.seed}")
    if m.states_asked == 1 < m.samples:
        console.print(ONE_QUESTION)
    console.print(_errors(m))
    console.print("error: wrong ones of the readable answers, after red flags; not right: wrong or discarded, of all")
    console.print(_work(m))
    if m.states:
        console.print(_states(m))
    for line in _examples(m.examples):
        console.print(line)
    for line in m.verdicts:
        console.print(printable(line))
    if m.next_steps:
        console.print(f"what to try next: {'; '.join(m.next_steps)}")
    for line in _together(m):
        console.print(line)
    if m.several is not None:
        console.print(_along(m.several))
        console.print(_grow(m.several))
    for line in _needed(config, m):
        console.print(line)


def _errors(m: Measurement) -> rich.table.Table:
    """Error rate by kind of question, after red flags and before."""
    table = rich.table.Table("question", "readable", "wrong", "error, %", "95 % interval", "not right, %", box=None)
    for kind in m.kinds:
        table.add_row(
            rich.text.Text(one_line(kind.kind)), f"{kind.valid:,} of {kind.answers:,}", f"{kind.wrong:,}",
            _per_cent(kind.p_error), _range(kind), _per_cent(kind.p_not_right),
        )  # fmt: skip
    valid, wrong = sum(kind.valid for kind in m.kinds), sum(kind.wrong for kind in m.kinds)
    total = f"{valid:,} of {sum(kind.answers for kind in m.kinds):,}"
    table.add_row("all", total, f"{wrong:,}", _per_cent(m.p_error), _range(m), _per_cent(m.p_not_right))
    return table


def _along(several: SeveralRates) -> rich.table.Table:
    """Errors and red flags along replies to several steps, of answers that were right until then."""
    table = rich.table.Table(
        "steps a call", "place", "reached", "wrong", "flagged", "failed, %", "95 % interval", box=None
    )
    for one in several.places:
        place = f"{one.first + 1}" if one.first == one.last else f"{one.first + 1} to {one.last + 1}"
        interval = f"{100 * one.p_failed_low:.3g} to {100 * one.p_failed_high:.3g}"
        table.add_row(
            f"{one.steps_per_call}", place, f"{one.asked:,}", f"{one.wrong:,}", f"{one.spoiled:,}",
            f"{100 * one.p_failed:.3g}", interval,
        )  # fmt: skip
    return table


def _grow(several: SeveralRates) -> str:
    """How errors grow along a reply, and what ``--steps-per-call auto`` would ask for."""
    grow = f"have doubled after {several.doubling:g} steps of a reply" if several.doubling else "stay along a reply"
    if several.leads is None or several.predicted_calls is None:
        return f"errors {grow}"
    leads = several.leads
    return (
        f"errors {grow}; with --steps-per-call auto: {leads.steps_per_call} steps a call, leaves of "
        f"{leads.leaf_steps}, {several.predicted_calls:,.0f} calls"
    )


def _work(m: Measurement) -> rich.table.Table:
    """Red flags, time, tokens, and how unequal the steps are, by kind of question."""
    table = rich.table.Table(
        "question", "red flags", "seconds", "tokens in", "out", "collide", "expected", "lost steps", box=None
    )
    for kind in m.kinds:
        flags = ", ".join(f"{name} {count / kind.answers:.2%}" for name, count in sorted(kind.red_flags.items()))
        table.add_row(
            rich.text.Text(one_line(kind.kind)), flags or "none", f"{kind.seconds:.3g}", f"{kind.tokens_in:.1f}",
            f"{kind.tokens_out:.1f}", f"{kind.collisions}", short(kind.collisions_expected),
            f"{kind.spread.lost:.2%}" if kind.spread else "-",
        )  # fmt: skip
    return table


def _states(m: Measurement) -> rich.table.Table:
    """The worst states: the right answer and the best wrong one, with their shares of the readable answers."""
    told = m.states[:STATES]
    table = rich.table.Table(
        "question", "readable", "right answer", "share", "best wrong one", "share", "asked with", box=None,
        title=f"worst {len(told)} of {m.states_asked:,} states", title_justify="left",
    )  # fmt: skip
    for state in told:
        table.add_row(
            rich.text.Text(one_line(state.kind)), f"{state.readable:,} of {state.answers:,}", _short_text(state.right),
            _share(state.right_share, state), _short_text(state.wrong or "-"), _share(state.wrong_share, state),
            _short_text(_end(state.question)),
        )  # fmt: skip
    return table


def _examples(examples: Iterable[ReplyExample]) -> Iterable[str]:
    """A line for each example of a wrong or a discarded reply."""
    for one in examples:
        said, kind = _cut(one.reply, 2 * WIDE), one_line(one.kind)
        if one.flag:
            reason = f" ({_cut(one.reason, WIDE)})" if one.reason else ""
            yield f"discarded, {kind}: {one_line(one.flag)}{reason}: {said!r}"
        else:
            yield f"wrong, {kind}: read as {_cut(one.read, WIDE)}, right is {_cut(one.right, WIDE)}: {said!r}"


def _together(m: Measurement) -> Iterable[str]:
    """How far answers go wrong together."""
    yield (
        f"collisions {m.collisions} (the first two answers wrong; {m.collisions_alike} of them alike), "
        f"{short(m.collisions_expected)} expected if errors were independent"
    )
    if m.latency_s is not None and m.seconds_per_answer:
        yield f"one call takes {m.latency_s:.3g} s alone; {1 / m.seconds_per_answer:,.0f} answers a second together"
    if m.spread is not None:
        yield (
            f"spread over steps: draws on one step correlate by {m.spread.correlation:.3f}; at {m.spread.lost:.4%} of "
            f"steps a wrong answer is likelier; {_needs(m)}"
        )


def _needed(config: RunConfig, m: Measurement) -> Iterable[str]:
    """What a whole run would need."""
    if m.leads is None or m.predicted_calls is None or m.predicted_p_success is None:
        yield "the model may be wrong more often than right: no lead can be chosen"
        return
    money = "price unknown" if m.predicted_cost_usd is None else f"${m.predicted_cost_usd:,.4f}"
    most = "at most " if m.length_is_bound else ""
    yield (
        f"for a whole run without error with probability {m.target}: {_said(m.leads)}; predicted {most}"
        f"{m.predicted_calls:,.0f} calls, {m.predicted_tokens_in:,.0f} tokens in, {m.predicted_tokens_out:,.0f} out, "
        f"{money}, {duration(m.predicted_wall_s or 0)}, probability {m.predicted_p_success:.4f}"
    )
    if m.length_is_bound:
        yield f"at most, as {printable(config.task)} does not say how many steps are usual (its usual_steps or outline)"
    if m.double_mistakes >= 0.005:
        yield (
            f"that is, unless two mistakes in one chain cancel out: some {m.double_mistakes:,.2g} chains will have two "
            "or more, and a seam may miss them where no red flag checks each step"
        )
    if config.k == "auto":
        yield "surefoot run begins with these leads when it is given --measurement DIR/measure.json (--save DIR)"
        if m.pilot_leads is not None:
            yield f"without it, a pilot that sees what was seen here chooses {_said(m.pilot_leads)}"


def _needs(m: Measurement) -> str:
    """The lead for the spread of the steps whose mistakes are final."""
    if m.spread_final is None:
        return "of the steps whose mistakes are final none was wrong, or there are none"
    lead = "no lead" if m.k_min_beta_binomial is None else f"lead {m.k_min_beta_binomial}"
    return f"{lead} would do for the steps whose mistakes are final"


def print_mix(mix: Mix) -> None:
    """Print how the errors of several models go together, and what a run in which they take turns would need."""
    console = rich.console.Console(highlight=False, markup=False)
    table = rich.table.Table(
        rich.table.Column("pair", overflow="fold"), "both wrong, %", "if unrelated, %", "same answer, %", "correlation",
        box=None,
    )  # fmt: skip
    for pair in mix.pairs:
        table.add_row(
            rich.text.Text(one_line(f"{pair.first} and {pair.second}")), _per_cent(pair.both_wrong),
            _per_cent(pair.both_wrong_expected), _per_cent(pair.alike),
            "-" if pair.correlation is None else f"{pair.correlation:.3f}",
        )  # fmt: skip
    console.print(table)
    for need in (*mix.alone, mix.together):
        who = f"{printable(need.name)} taking turns" if need is mix.together else f"{printable(need.name)} alone"
        console.print(f"{who}: {_need(need)}")


def _need(need: MixNeed) -> str:
    """What a run by these models would need, if every mistake were final."""
    if need.p_error is None:
        return "no answer was readable"
    rate = f"error {100 * need.p_error:.3g} %, {need.lost:,} steps mostly wrong"
    if need.lead is None:
        return f"{rate}; " + ("nothing was wrong" if not need.p_error else "no lead holds the target over such steps")
    return f"{rate}; without seams lead {need.lead}, {need.calls_per_step:.3g} ballots a step"


def print_comparison(told: Saved) -> None:
    """Print one table of several models, and which to take."""
    console = rich.console.Console(highlight=False, markup=False)
    table = rich.table.Table(
        rich.table.Column("model", overflow="fold"), "error, %", "valid", "lead,\nby spread", "calls", "cost", "time",
        "P(success),\nby spread", box=None,
    )  # fmt: skip
    for m in told.models:
        table.add_row(
            rich.text.Text(printable(m.model)), f"{_per_cent(m.p_error)}\n{_range(m)}", f"{m.valid_rate:.1%}",
            f"{m.k_min or '-'}\n{m.k_min_beta_binomial or '-'}", _short(m.predicted_calls),
            _short(m.predicted_cost_usd), "-" if m.predicted_wall_s is None else duration(m.predicted_wall_s),
            f"{_short(m.predicted_p_success)}\n{_short(m.predicted_p_success_spread)}",
        )  # fmt: skip
    console.print(table)
    best = next((m for m in told.models if m.model == told.recommended), None)
    if best is None:
        console.print("none reaches the target")
        return
    console.print(f"take {printable(best.model)}: the cheapest for the target")
    if not best.even:
        console.print("but its errors are uneven: for the spread that fits them it does not reach the target")


def _said(leads: Leads) -> str:
    return (
        f"lead {leads.unguarded} where a mistake is final, {leads.guarded} before a seam, "
        f"leaves of {leads.leaf_steps} steps"
    )


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _per_cent(rate: float | None) -> str:
    return "unknown" if rate is None else f"{100 * rate:.3g}"


def _share(share: float, state: StateRate) -> str:
    return f"{share:.0%}" if state.readable else "-"


def _range(rate: Measurement | KindRate) -> str:
    """The 95 % interval of an error rate, in per cent."""
    return "-" if rate.p_error is None else f"{short(100 * rate.p_error_low)} to {short(100 * rate.p_error_high)}"


def _end(question: str) -> str:
    """The last line of a question that says anything: where most prompts ask what they ask."""
    return next((line for line in reversed(question.splitlines()) if line.strip()), "")


def _cut(text: str, most: int = WIDE) -> str:
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _short_text(text: str) -> rich.text.Text:
    return rich.text.Text(_cut(text))

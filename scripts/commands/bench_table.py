"""The table of ``surefoot bench``: on the terminal, as JSON and as a page."""

import html
from collections.abc import Callable, Iterable
from typing import Any, TextIO

import msgspec
import rich.console
import rich.table

from surefoot.scripts.commands.output import money, printable
from surefoot.voting.error_rate import wilson

Published = tuple[tuple[str, float, float | None], ...]


class Score(msgspec.Struct):
    """One row of the table: how one method did on all problems of a suite.

    Attributes:
        method: Its name.
        model: What answered.
        problems: Problems times repeats.
        solved: Plans that the referee found valid and at the goal.
        optimal: Solved plans that no plan is shorter than.
        optimal_known: Solved plans of problems whose shortest length is known; others are not counted in ``optimal``.
        moves: Actions of all plans, up to the first invalid one of each.
        invalid: Plans with an invalid action; what follows such an action has no meaning and is not counted.
        calls: Answers drawn; over all problems.
        borrowed_calls: Calls saved because an earlier problem had paid for the answer.
        ends: How plans ended, by reason.
        status: ``solved`` if all problems came to an end, or ``paused``.
        plan_cost: Cost of all solved plans of problems whose actions have costs.
        plans_with_cost: How many these are.
        largest_prompt: Words of the longest prompt of a solved problem, where a table has it.
        lost_ballots: Share of the ballots to each kind of question that lost or were discarded, where a table has it.
        chosen: How often each way was chosen, where a method chooses one.
        longest_chain: Most questions of a solved problem that wait for each other, where a table has it.
        flags: Lines on mistakes that may have a common cause, which votes do not see.
    """

    method: str
    model: str
    problems: int
    solved: int = 0
    optimal: int = 0
    moves: int = 0
    invalid: int = 0
    calls: int = 0
    borrowed_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    red_flags: int = 0
    cost_usd: float | None = 0.0
    wall_s: float = 0.0
    ends: dict[str, int] = {}
    status: str = "solved"
    optimal_known: int = 0
    plan_cost: float = 0.0
    plans_with_cost: int = 0
    largest_prompt: int = 0
    longest_chain: int = 0
    lost_ballots: dict[str, float] = {}
    chosen: dict[str, int] = {}
    flags: list[str] = []

    def add_cost(self, cost: float | None) -> None:
        """Count what the actions of one more solved plan cost, where they have costs."""
        if cost is not None:
            self.plan_cost += cost
            self.plans_with_cost += 1

    def shown(self) -> dict[str, Any]:
        """The row with its rates; 95 % Wilson interval."""
        interval = wilson(self.solved, self.problems)
        count = max(self.problems, 1)
        return {
            **msgspec.to_builtins(self),
            "solved_percent": round(100 * self.solved / count, 2),
            "low_percent": round(100 * interval.low, 2),
            "high_percent": round(100 * interval.high, 2),
            "invalid_percent": round(100 * self.invalid / max(self.moves, 1), 2),
            "calls_per_problem": round(self.calls / count, 2),
            "calls_per_problem_alone": round((self.calls + self.borrowed_calls) / count, 2),
            "tokens_in_per_problem": round(self.tokens_in / count, 1),
            "tokens_out_per_problem": round(self.tokens_out / count, 1),
            "cost_per_solved_plan": round(self.plan_cost / self.plans_with_cost, 3) if self.plans_with_cost else None,
        }


class Columns(msgspec.Struct, frozen=True):
    """What a table shows of each row: the heads of its columns, the first three of which stand before the bar.

    Attributes:
        head: Names of the columns.
        cells: The texts of one row, as many as there are heads.
        note: One line below the table.
    """

    head: tuple[str, ...]
    cells: Callable[[Score], tuple[str, ...]]
    note: str


HEAD = (
    "method", "model", "solved", "95 % interval", "n", "optimal", "invalid moves", "calls", "alone", "tokens in/out",
)  # fmt: skip
METHODS_TABLE = "methods"
"""What ``bench.json`` says of the table of a bench that holds methods beside each other."""
NOTE = "calls: paid for each problem; alone: without answers that earlier problems paid for"


def first_cells(score: Score) -> tuple[str, ...]:
    """Return the cells with which every table begins: method, model, share solved, its interval, and how many."""
    row = score.shown()
    chosen = ", ".join(f"{way} {count}" for way, count in score.chosen.items())
    return (
        f"{score.method} ({chosen})" if chosen else score.method,
        score.model,
        f"{row['solved_percent']:.1f} %" + ("" if score.status == "solved" else f" ({score.status})"),
        f"{row['low_percent']:.1f} to {row['high_percent']:.1f}",
        f"{score.problems:,}",
    )


def tokens_cell(score: Score) -> str:
    """Return the cell of tokens in and out, means over the problems."""
    row = score.shown()
    return f"{row['tokens_in_per_problem']:,.0f}/{row['tokens_out_per_problem']:,.0f}"


def cells(score: Score) -> tuple[str, ...]:
    """Return the cells of one row of the table of planning problems, as text."""
    row = score.shown()
    return (
        *first_cells(score),
        f"{score.optimal:,}" if score.optimal_known or not score.solved else "unknown",
        f"{row['invalid_percent']:.2f} %",
        f"{row['calls_per_problem']:,.1f}",
        f"{row['calls_per_problem_alone']:,.1f}",
        tokens_cell(score),
    )


PLANS = Columns(HEAD, cells, NOTE)
"""The columns of tables of planning problems."""


def _cells_with_cost(score: Score) -> tuple[str, ...]:
    cost = score.shown()["cost_per_solved_plan"]
    return (*cells(score), "" if cost is None else f"{cost:,.1f}")


PLANS_WITH_COSTS = Columns(
    (*HEAD, "plan cost"),
    _cells_with_cost,
    f"{NOTE}; plan cost: of the solved plans, whose actions were not weighed by it",
)
"""The columns where the actions of some problem have costs."""


def _cells_by_method(score: Score) -> tuple[str, ...]:
    failures = ", ".join(f"{kind} {count}" for kind, count in sorted(score.ends.items()) if kind != "right")
    return (
        *first_cells(score),
        f"{score.invalid:,}",
        f"{score.shown()['calls_per_problem']:,.1f}",
        tokens_cell(score),
        f"{score.largest_prompt:,}",
        f"{score.longest_chain:,}",
        money(score.cost_usd),
        next((f"{kind} {share:.1%}" for kind, share in score.lost_ballots.items() if share), ""),
        failures,
    )


BY_METHOD = Columns(
    (
        "method", "model", "right", "95 % interval", "n", "invalid", "calls", "tokens in/out", "largest prompt",
        "longest chain", "money", "hardest", "not right",
    ),
    _cells_by_method,
    "calls and tokens: means over the problems; invalid: no answer; largest prompt: words; longest chain: questions "
    "that wait for each other; hardest: the kind of question most of whose ballots lost, and how many did",
)  # fmt: skip
"""The columns of tables that hold methods beside each other, over questions with one answer."""


def columns_of(scores: Iterable[Score]) -> Columns:
    """Return the columns of a table of planning problems: with the plans' cost where there is one."""
    return PLANS_WITH_COSTS if any(score.plans_with_cost for score in scores) else PLANS


def _published(row: tuple[str, float, float | None]) -> tuple[str, ...]:
    method, solved, invalid = row
    shown = "" if invalid is None else f"{invalid:g} %"
    return (method, "published", f"{solved:g} %", "", "", "", shown, "", "", "")


def print_table(
    title: str, scores: list[Score], published: Published, out: TextIO, columns: Columns | None = None
) -> None:
    """Print the table of a suite; calls and tokens are means over the problems."""
    columns = columns or columns_of(scores)
    console = rich.console.Console(file=out, highlight=False, width=None if out.isatty() else 150)
    table = rich.table.Table(*columns.head, box=None, title=title, title_justify="left")
    for score in scores:
        table.add_row(*(printable(cell).replace("[", "\\[") for cell in columns.cells(score)))
    for row in published:
        table.add_row(*_published(row))
    console.print(table)
    console.print(columns.note, style="dim")
    for line in flags_of(scores):
        console.print(printable(line), markup=False)


def page_of(title: str, scores: list[Score], published: Published, columns: Columns | None = None) -> str:
    """Format the table of a suite as a self-contained page, with a bar and its interval for each row."""
    columns = columns or columns_of(scores)
    rows = []
    for score in scores:
        shown = score.shown()
        bar = _bar(shown["solved_percent"], (shown["low_percent"], shown["high_percent"]))
        rows.append(_row(columns, columns.cells(score), bar, ""))
    rows += [_row(columns, _published(row), _bar(row[1]), "published") for row in published]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in (*columns.head[:3], BAR, *columns.head[3:]))
    from surefoot.runtime.report.page import plain_page

    table = f'<table class="bench"><tr>{head}</tr>\n{"".join(rows)}</table><p class="soft">{columns.note}</p>'
    flags = "".join(f"<p>{html.escape(line)}</p>" for line in flags_of(scores))
    return plain_page(title, table + flags)


def flags_of(scores: Iterable[Score]) -> list[str]:
    """Return the lines that stand below a table: what its rows were flagged for."""
    return [f"{score.method}: {line}" for score in scores for line in score.flags]


BAR = "0 to 100 %"
"""Head of the column of bars."""


def _row(columns: Columns, texts: tuple[str, ...], bar: str, kind: str) -> str:
    """A row whose cells name their columns: on a narrow screen they stand below each other, without the head."""
    # The published rows have fewer cells than some tables.
    told = [_cell(name, html.escape(text)) for name, text in zip(columns.head, texts, strict=False)]
    return f'<tr class="{kind}">{"".join(told[:3])}{_cell(BAR, bar)}{"".join(told[3:])}</tr>\n'


def _cell(name: str, inner: str) -> str:
    return f'<td data-head="{html.escape(" ".join(name.split()))}">{inner}</td>'


def _bar(percent: float, interval: tuple[float, float] | None = None) -> str:
    inner = f'<i class=at style="left:{percent:g}%"></i>'
    if interval is not None:
        inner = f'<i class=interval style="left:{interval[0]:g}%;right:{100 - interval[1]:g}%"></i>{inner}'
    return f"<div class=scale>{inner}</div>"

"""Compares what ``surefoot plan map`` says of a table with what ``surefoot map`` then takes.

    python -m surefoot.scripts.benchmarks.table_plan

Twenty settings: five rates of wrong replies, on rows that are alike or of which one in ten is hard, with votes on whole
answers or field by field, over tables of 200 to 5,000 rows. A reply in fifty is discarded, and later rows are longer.
The model is a pure function: forecast and run see the same replies to the same questions, unless ``--fresh``
has the run ask a model of the same rates that answers otherwise, as one that samples does when it is asked again.
"""

import asyncio
import hashlib
import itertools
import json
import pathlib
import statistics
import tempfile
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime import api
from surefoot.runtime.forecast.table_plan import TablePlan
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.session.mapping import ROW_TARGET
from surefoot.runtime.session.setup import set_up_rows
from surefoot.runtime.session.table_plan import plan_table

RATES = (0.005, 0.01, 0.02, 0.05, 0.1)
SIZES = (200, 500, 1000, 2000, 5000)
HARD_SHARE, HARDER, HARDEST = 0.1, 7.75, 0.45
"""Of uneven rows one in ten is so many times as hard as the mean, as far as its rate is at most the last."""
DISCARDED = 0.02
RIVALS = 4
FIELDS = 3
PRICES = (0.4e-6, 1.6e-6)
"""USD for a prompt token and a generated one: gpt-4.1-mini's."""
TOKENS_OUT = 12
WITHIN = 0.15


class Clerk(Model):
    """Reads three numbers of a row, at a known rate wrongly.

    Args:
        name: Another one has other replies.
        p_error: Mean rate of wrong replies.
        even: Whether all rows have it.
    """

    dialect: Dialect = "chat"

    def __init__(self, name: str, p_error: float, even: bool) -> None:
        self.name, self._even = name, even
        self._hard = p_error if even else min(HARDEST, HARDER * p_error)
        self._easy = p_error if even else (p_error - HARD_SHARE * self._hard) / (1 - HARD_SHARE)

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a row once for each draw; the prompt is paid once."""
        await asyncio.sleep(0)
        words = request.prompt.user.split()
        row, prices = int(words[0]), PRICES
        found = []
        for number, draw in enumerate(request.draws):
            tokens_in = 0 if number else len(words)
            cost = tokens_in * prices[0] + TOKENS_OUT * prices[1]
            found.append(Reply(self._said(row, draw), tokens_in=tokens_in, tokens_out=TOKENS_OUT, cost_usd=cost))
        return found

    def prices(self) -> tuple[float, float] | None:
        """Return what a prompt token and a generated one cost."""
        return PRICES

    def rate(self, row: int) -> float:
        """Return the rate of wrong replies to a row: which are hard depends on the row alone."""
        hard = not self._even and _dice("hard", row)[0] < HARD_SHARE
        return self._hard if hard else self._easy

    def _said(self, row: int, draw: int) -> str:
        lost, wrong, which, how = _dice(self.name, row, draw)
        if lost < DISCARDED:
            return "I am not sure."
        values = [row, row, row]
        if wrong < self.rate(row):
            more = 1 + int(which * RIVALS)
            for field in range(FIELDS):  # one field in two replies of three, two fields in the third
                if int(how * FIELDS) == field or (
                    how * FIELDS % 1 < 1 / 3 and int(how * FIELDS) == (field + 1) % FIELDS
                ):
                    values[field] += more
        return json.dumps(dict(zip("abc", values, strict=True)))


def _dice(*of: Any) -> tuple[float, float, float, float]:
    digest = hashlib.blake2b(repr(of).encode(), digest_size=16).digest()
    first, second, third, fourth = (int.from_bytes(digest[n : n + 4]) / 2**32 for n in range(0, 16, 4))
    return first, second, third, fourth


class Case(msgspec.Struct, frozen=True):
    """A setting: rate of wrong replies, whether rows are alike, votes by field or not, number of rows."""

    p_error: float
    even: bool
    field_wise: bool
    rows: int

    def options(self, seed: int) -> dict[str, Any]:
        """Return the options of forecast and run."""
        return {"seed": seed, "target": ROW_TARGET}

    def task(self) -> MapRows:
        """Return the question."""
        return MapRows(question="{row} {text}", fields="a: integer, b: integer, c: integer", field_wise=self.field_wise)

    def table(self) -> Iterator[dict[str, Any]]:
        """Yield the rows; later ones are longer."""
        return ({"row": n, "text": "word " * (20 + 200 * n // self.rows)} for n in range(self.rows))

    def model(self, name: str) -> Clerk:
        """Return a model of this rate."""
        return Clerk(name, self.p_error, self.even)


def cases() -> list[Case]:
    """Return the twenty settings, the sizes taking turns."""
    kinds = itertools.product(RATES, (True, False), (False, True))
    return [Case(rate, even, wise, SIZES[n % len(SIZES)]) for n, (rate, even, wise) in enumerate(kinds)]


def planned(case: Case, seed: int, samples: int | None) -> TablePlan:
    """The forecast that ``surefoot plan map`` prints for a setting."""
    setup = set_up_rows(case.task(), case.model(f"m{seed}"), case.options(seed))
    return asyncio.run(plan_table(setup, case.table(), samples, lambda text: None))


def compared(case: Case, seed: int, samples: int | None, fresh: bool) -> tuple[TablePlan, tuple[float, ...]]:
    """The forecast of a setting; and calls, tokens in, tokens out and USD of the run over it, in this order."""
    ahead = planned(case, seed, samples)
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "run"
        model = case.model(f"again{seed}" if fresh else f"m{seed}")
        run = api.map(case.table(), case.task(), model, run_dir=place, **case.options(seed))
        took = run.counts
        return ahead, (took.calls, took.tokens_in, took.tokens_out, took.cost_usd)


@click.command()
@click.option("--samples", type=int, help="Rows that a forecast asks  [default: as surefoot plan map]")
@click.option("--seeds", default=1, show_default=True, help="Forecasts and runs of each setting; ratios are medians.")
@click.option("--fresh", is_flag=True, help="The run asks a model that answers otherwise.")
def main(samples: int | None, seeds: int, fresh: bool) -> None:
    """Print planned divided by measured for each setting, and in how many all four lie within 15 %."""
    configure_logs("none")
    print("p_error  rows      votes         table   calls  tokens in  tokens out  money  in interval   sample/run")
    within = covered = each = 0
    for case in cases():
        both = [compared(case, seed, samples, fresh) for seed in range(seeds)]
        said = [(one.calls, one.tokens_in, one.tokens_out, one.cost_usd or 0.0) for one, _ in both]
        ratios = [
            [a / b for a, b in zip(ahead, took, strict=True)] for ahead, (_, took) in zip(said, both, strict=True)
        ]
        middle = [statistics.median(column) for column in zip(*ratios, strict=True)]
        held = sum(one.calls_low <= took[0] <= one.calls_high for one, took in both)
        within += all(abs(one - 1) <= WITHIN for one in middle)
        covered, each = covered + held, each + sum(all(abs(r - 1) <= WITHIN for r in ratio) for ratio in ratios)
        share = statistics.fmean(one.sample_calls / took[0] for one, took in both)
        kind = f"{'even' if case.even else 'uneven':9} {'by field' if case.field_wise else 'whole':10}"
        took = f"{middle[0]:7.3f} {middle[1]:10.3f} {middle[2]:11.3f} {middle[3]:6.3f}"
        print(f"{case.p_error:7}  {kind} {case.rows:8,} {took} {held:6} of {seeds} {share:12.2f}", flush=True)
    count = len(cases())
    print(f"within 15 %: {within} of {count} settings, {each} of {count * seeds} forecasts; ", end="")
    print(f"the calls lay within their interval in {covered} of {count * seeds}")


if __name__ == "__main__":
    main()

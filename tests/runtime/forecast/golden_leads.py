"""The grid of configurations and estimates whose leads and forecasts are pinned in ``golden_leads.json``."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.forecast import double_mistakes
from surefoot.runtime.forecast.lead_choice import choose_again, choose_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.rate_table import rate_table

TASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hanoi", {"disks": 6}), ("hanoi", {"disks": 12}), ("hanoi", {"disks": 20}), ("multiply", {"digits": 4}),
    ("multiply", {"digits": 12}), ("digit-hanoi", {}),
)  # fmt: skip
SETTINGS = tuple(itertools.product(("tree", "chain"), (True, False), ("all", "none"), ("auto", 7), (0.5, 0.95, 0.9999)))
RATES = ((0.0005, 0.004), (0.004, 0.01), (0.02, 0.06), (0.08, 0.15), (0.2, 0.45), (0.3, 0.6))


def estimates() -> Iterator[Estimate]:
    """What may be known of a model: without kinds, with kinds alike, and with one kind that is worse for sure."""
    for p_error, p_high in RATES:
        plain = Estimate(600, round(600 * p_error), 30, p_error, p_high, votes=((3, 0, 190), (2, 1, 7)))
        yield plain
        for bad in ("", "split", "plus", "carry"):
            rows = [(kind, 200, round(200 * (0.4 if kind == bad else p_error)), 220) for kind in KINDS]
            kinds = tuple(KindEstimate(kind, n, wrong, asked, 9.5, 4.25) for kind, n, wrong, asked in rows)
            yield msgspec.structs.replace(plain, kinds=kinds, trials=600, errors=float(plain.dissenting))


KINDS = ("move", "split", "carry", "plus", "times")


def cases(count: int = 600) -> Iterator[tuple[str, RunConfig, Estimate]]:
    """A fixed sample of the grid, each case with a name."""
    known = list(estimates())
    every = list(itertools.product(range(len(TASKS)), range(len(SETTINGS)), range(len(known))))
    for task, setting, estimate in random.Random(20261128).sample(every, count):
        strategy, seams, flags, leaf_steps, target = SETTINGS[setting]
        for rule in ("first-to-ahead-by", "sequential") if estimate % 5 == 0 else ("first-to-ahead-by",):
            told = {"strategy": strategy, "seams": seams, "red_flags": flags, "leaf_steps": leaf_steps}
            name, options = TASKS[task]
            every_option = {"task": name, "task_options": options, "model": "simulated", "target": target, **told}
            config = msgspec.convert({**every_option, "rule": rule}, RunConfig)
            yield f"{task}.{setting}.{estimate}.{rule}", config, known[estimate]


def chosen(config: RunConfig, estimate: Estimate) -> list[Any]:
    """What is chosen, what it is expected to take and what it becomes later; every digit counts."""
    task = open_task(config)
    try:
        leads = choose_leads(config, task, estimate)
    except ConfigurationError as error:
        return [error.message]
    expected = forecast_run(config, task, leads, estimate)
    later = msgspec.structs.replace(estimate, p_error=estimate.p_error / 3, p_error_high=estimate.p_error_high / 2)
    again = choose_again(config, task, leads, later, {"5-0": 900, "6-1": 3})
    numbers = [[one.guarded, one.unguarded, one.suspect, one.leaf_steps] for one in (leads, again)]
    budgets = [rule.budget.hex() for _, rule in leads.sequential]
    drawn = msgspec.structs.astuple(expected)[:5]  # the rest is of looks: see test_look_forecast.py
    figures = [*drawn, double_mistakes(basis_of(config, task, rate_table(estimate)), leads)]
    return [*numbers, budgets, [figure.hex() for figure in figures]]

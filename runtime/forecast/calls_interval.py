"""Between which numbers the calls of a run lie whose steps share calls: what a pilot, and luck, leave open.

A pilot sees few of the answers that spoil a long reply, and the run then meets a random number of them itself. For both
together the rate is as uncertain as one seen in n answers, with 1 / n = 1 / pilot + 1 / run: the variances of two
independent binomial shares with the same rate add up. Wilson's interval for such a sample gives two rates, and the
forecast with each of them the two numbers. Wrong answers and red flags keep their proportion; that steps fail
independently of each other is assumed, as in the forecast.
"""

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import expected_calls
from surefoot.runtime.forecast.rate_table import Rates, RateTable, rate_table
from surefoot.runtime.leads import Leads
from surefoot.voting.error_rate import middle_rate, wilson

CONFIDENCE = 0.95

WORST = 0.99
"""Largest share of answers that is reckoned with as wrong or flagged: with all of them no run would end."""


def calls_interval(config: RunConfig, task: Task, leads: Leads, seen: Estimate) -> tuple[float, float] | None:
    """Return the ends of a 95 % interval for the calls of a run, without its pilot.

    Args:
        config: The run's configuration.
        task: The task.
        leads: Of the run.
        seen: What its pilot or measurement saw.

    Returns:
        ``None`` where each step is asked alone: a forecast is hardly moved by the rate then.
    """
    if leads.steps_per_call < 2 or not seen.kinds:
        return None
    answers = sum(kind.answers for kind in seen.kinds)
    failed = sum(kind.answers - kind.trials + kind.errors for kind in seen.kinds)
    root = task.root()
    size = max(1, task.usual_steps(root.goal, root.inputs))
    table = rate_table(seen)

    def calls(by: float) -> float:
        basis = basis_of(config, task, _scaled(table, by), leads.leaf_steps)
        return expected_calls(basis, leads)

    low, high = factors_of(failed, answers, size)
    return calls(low), calls(high)


def factors_of(failed: float, answers: float, steps: float) -> tuple[float, float]:
    """Return by how much the rate at which answers fail may be lower and higher in a run than in a sample.

    Args:
        failed: Answers of the sample that were wrong or flagged.
        answers: Of the sample, 1 or more.
        steps: Of the run, 1 or more.
    """
    both = answers * steps / (answers + steps)
    rate, middle = wilson(failed / answers * both, both, CONFIDENCE), middle_rate(failed, round(answers))
    return rate.low / middle, rate.high / middle


def _scaled(table: RateTable, by: float) -> RateTable:
    """A table in which wrong answers and red flags are so many times as frequent."""

    def scaled(rates: Rates) -> Rates:
        wrong, flagged = min(WORST, by * (1 - rates.p)), min(WORST, by * (1 - rates.valid))
        return msgspec.structs.replace(rates, p=1 - wrong, valid=1 - flagged)

    return RateTable({kind: scaled(rates) for kind, rates in table.by_kind.items()}, scaled(table.all), table.p_error)

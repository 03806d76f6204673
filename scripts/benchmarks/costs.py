"""Computes on paper what a million honest steps cost: list prices, tokens of real prompts, forecasts of calls.

    python -m surefoot.scripts.benchmarks.costs

20 disks, the default tree, ``--shown tower``. Nothing is asked of a model: tokens are those of the prompts and of
replies that hold the answer lines and nothing else (a model that explains itself writes more); prices are those of
LiteLLM's offline table; error rates are given, and said to be constant along a reply. The published projection for this
run is $3,500 (MAKER, arXiv 2511.09030), for replies of 538 tokens and three votes a step.
"""

from collections.abc import Callable
from typing import Any

import click
import msgspec
import rich.console
import rich.table

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, PlaceCount
from surefoot.runtime.forecast.forecast import Forecast, forecast
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.litellm_setup import load

DISKS, LEAF = 20, 63
SAMPLED = 10**6
"""Answers behind the error rates: so many that nothing is left to chance."""
Count = Callable[[str], int]


class Costed(msgspec.Struct, frozen=True):
    """A forecast with its leads, and what it costs in USD at list prices."""

    leads: Leads
    expected: Forecast
    usd: float


def estimate_of(p_error: float, flagged: float, tokens: dict[str, tuple[float, float]]) -> Estimate:
    """Return what a long measurement would say of a model.

    Args:
        p_error: Rate of wrong answers before red flags.
        flagged: Share of them that raise a flag.
        tokens: Of a prompt and of a reply, by kind of question.
    """
    spoiled, wrong = round(SAMPLED * p_error * flagged), round(SAMPLED * p_error * (1 - flagged))
    kinds = tuple(KindEstimate(kind, SAMPLED - spoiled, wrong, SAMPLED, *each) for kind, each in sorted(tokens.items()))
    ballots, n = len(kinds) * (SAMPLED - spoiled), len(kinds)
    rate = wrong / (SAMPLED - spoiled)
    return Estimate(
        ballots, n * wrong, n * spoiled, rate, 1.05 * rate, (), kinds, ballots, float(n * wrong), measured=True,
        places=(PlaceCount(0, 1, 0, 0, 64),),
    )  # fmt: skip


def tokens_of(task: Hanoi, leaf_steps: int, count: Count) -> dict[str, tuple[float, float]]:
    """Return the tokens of a prompt and of its answer lines, by kind of question, as means over a few dozen steps."""
    seen: dict[str, list[tuple[int, int]]] = {}
    for number in range(160):
        step = task.sample_leaf(number, leaf_steps)
        prompt = task.prompt(step, "chat")
        said = answers(prompt).right[0].partition("\n")[2] if step.kind != "split" else answers(prompt).right[0]
        seen.setdefault(step.kind, []).append((count(prompt.system + prompt.user), count(said)))
    return {
        kind: (sum(a for a, _ in those) / len(those), sum(b for _, b in those) / len(those))
        for kind, those in seen.items()
    }


def costed(
    task: Hanoi, model: str, prices: tuple[float, float], several: Any, rates: tuple[float, float], count: Count
) -> Costed:
    """Forecast a run of a million steps and what it costs.

    Args:
        task: The tower.
        model: Its name.
        prices: USD for a prompt token and a generated one.
        several: Steps a call, or ``auto``.
        rates: Rate of wrong answers, and the share of them that raise a flag.
        count: Counts the tokens of a text.
    """
    config = RunConfig(
        task="hanoi", model=model, state_by=task.state_by, steps_per_call=several, minimize="money",
        price_in=1e6 * prices[0], price_out=1e6 * prices[1],
    )  # fmt: skip
    leads = choose_leads(config, task, estimate_of(*rates, tokens_of(task, LEAF, count)))
    known = estimate_of(*rates, tokens_of(task, leads.leaf_steps, count))  # shorter leaves show fewer disks
    expected = forecast(basis_of(config, task, rate_table(known), leads.leaf_steps), leads)
    return Costed(leads, expected, expected.tokens_in * prices[0] + expected.tokens_out * prices[1])


@click.command()
@click.option("--models", default="gpt-4.1-mini,gpt-4.1-nano,deepseek/deepseek-chat", show_default=True)
@click.option("--rates", default="0.05,0.01,0.001", show_default=True, help="Wrong answers before red flags.")
@click.option("--flagged", default=0.65, show_default=True, help="Share of the wrong answers that raise a red flag.")
@click.option("--state-by", type=click.Choice(["model", "task"]), default="model", show_default=True)
def main(models: str, rates: str, flagged: float, state_by: Any) -> None:
    """Print what 20 disks cost, one step a call and with several, without and with batch prices."""
    litellm = load()
    table = rich.table.Table(
        "model", "error", "one a call: calls a step", "USD", "several: steps x leaf", "calls a step", "USD",
        "in a batch", box=None,
    )  # fmt: skip
    for name in models.split(","):
        listed = litellm.model_cost[name]
        prices = listed["input_cost_per_token"], listed["output_cost_per_token"]
        for rate in map(float, rates.split(",")):

            def count(text: str, name: str = name) -> int:
                return int(litellm.token_counter(name, text=text))

            task = Hanoi(disks=DISKS, shown="tower", state_by=state_by)
            one, many = (costed(task, name, prices, several, (rate, flagged), count) for several in (1, "auto"))
            size = 2**DISKS - 1
            table.add_row(
                name, f"{rate:.1%}", f"{one.expected.calls / size:.3f}", f"{one.usd:,.0f}",
                f"{many.leads.steps_per_call} x {many.leads.leaf_steps}", f"{many.expected.calls / size:.3f}",
                f"{many.usd:,.0f}", f"{many.usd / 2:,.0f}",
            )  # fmt: skip
    rich.console.Console(width=140).print(table)


if __name__ == "__main__":
    main()

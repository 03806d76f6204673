"""Choice scoring against sampling: calls for a verdict of the same quality at the states where the model is least sure.

``python -m surefoot.scripts.benchmarks.looks`` takes one look at every number of 20..99 in the ``micro`` dialect, picks
the thinnest states, and asks each for a verdict that may be wrong with probability ``--budget``:

- by looks, counting every call that the wordings, each from another offset, took until the posterior was sure;
- by drawn answers, at temperature 1: the smallest lead whose wrong verdicts are within the budget, and the ballots that
  it takes, exactly, from the distribution that answers are drawn from (the look at the first wording).

The placebo arms stand beside: the likeliest of one look, and copies of one look put to the same rule.
"""

import argparse
import asyncio
import statistics
from collections.abc import Sequence

import msgspec

from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.micro_prompts import LOOKS, next_number, number_in, shift_of
from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Look, Model, Request
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.looks import LookRace, Looks, replay_looks
from surefoot.voting.race import Won

NUMBERS = range(20, 99)
ERROR = 0.02
"""Rate of misleading wordings that looks are held to: that of a pilot of 48 looks without dissent."""

OPEN = 0.05
"""Share of a distribution that may be missing where drawn answers are worked out from it."""


class State(msgspec.Struct, frozen=True):
    """One state: what it takes by looks and by drawn answers.

    Attributes:
        number: The number whose successor is asked for.
        right: Share of the right answer, among readable ones.
        rival: Share of the likeliest wrong one.
        once_calls: Calls of the first look.
        calls: Calls of all looks until the posterior was sure.
        looks: Those looks; negative if it stayed unsure.
        lead: Lead that drawn answers need; 0 if none is enough.
        ballots: Answers drawn, in the mean, unreadable ones included.
        won: Whether the verdict by looks is right.
        once: Whether the likeliest answer of the first look is right.
        copies: Whether copies of the first look decide, and for the right answer.
    """

    number: int
    right: float
    rival: float
    once_calls: int
    calls: int
    looks: int
    lead: int
    ballots: float
    won: bool
    once: bool
    copies: bool


def shares_of(look: Look) -> dict[str, float]:
    """Shares of the numbers that a look names; what cannot be read is left out."""
    found: dict[str, float] = {}
    for text, share in look.answers:
        number = number_in(text)
        if number is not None:
            found[str(number)] = found.get(str(number), 0.0) + share
    told = sum(found.values()) + max(0.0, 1 - look.unread - sum(share for _, share in look.answers))
    return {name: share / told for name, share in found.items()}


def ballot_of(number: int, shares: dict[str, float]) -> Ballot:
    """A look as the voting rule takes it."""
    ranked = tuple(sorted(shares.items(), key=lambda one: (-one[1], one[0])))
    return Ballot(number, ranked[0][0], None, ranked)


async def look_at(model: Model, prompt: Prompt, most_open: float = 1.0) -> Look:
    """One look in raw text."""
    request = Request(prompt, (0,), 1.0, 6, 0, raw=prompt.raw, stop=prompt.stop, open=most_open)
    return await model.look(request)


def sampled(right: float, rival: float, valid: float, budget: float) -> tuple[int, float]:
    """The smallest lead whose wrong verdicts are within the budget at one state, and its mean ballots.

    Ballots for other answers than the two are counted as unreadable ones, which favours drawing.
    """
    p = right / (right + rival) if right + rival else 0.0
    for lead in range(1, 65) if p > 0.5 else ():
        rule = FirstToAheadBy(lead)
        if 1 - rule.p_step(p) <= budget:
            return lead, rule.expected_ballots(p, valid * (right + rival))
    return 0, float("inf")


async def state(model: Model, number: int, whole: Look, budget: float) -> State:
    """Ask one state for a verdict, in as many wordings as it takes.

    Args:
        model: That gives looks.
        number: The number whose successor is asked for.
        whole: The distribution that answers are drawn from, at most ``OPEN`` of it missing.
        budget: Chance that the verdict may be wrong.
    """
    rule, truth = Looks(budget, ERROR), str(number + 1)
    first, drawn = await look_at(model, next_number(number)), shares_of(whole)
    seen = [shares_of(first)]
    race, calls = LookRace(rule, LOOKS), first.calls
    race.cast(ballot_of(0, seen[0]))
    while race.verdict is None:
        less = shift_of(len(seen))  # as the counts of products and ledgers are looked at: other numbers each time
        look = await look_at(model, next_number(number - less, len(seen)))
        seen.append({str(int(name) + less): share for name, share in shares_of(look).items()})
        calls += look.calls
        race.cast(ballot_of(len(seen) - 1, seen[-1]))
    right = drawn.get(truth, 0.0)
    rival = max((share for name, share in drawn.items() if name != truth), default=0.0)
    lead, ballots = sampled(right, rival, 1 - whole.unread, budget)
    copied = replay_looks(rule, LOOKS, [ballot_of(at, seen[0]) for at in range(LOOKS)])
    won = isinstance(race.verdict, Won)
    return State(
        number, right, rival, first.calls, calls, len(seen) if won else -len(seen), lead, ballots,
        isinstance(race.verdict, Won) and race.verdict.candidate == truth,
        max(seen[0], key=lambda name: seen[0][name]) == truth,
        isinstance(copied, Won) and copied.candidate == truth,
    )  # fmt: skip


async def compare(name: str, numbers: Sequence[int], thinnest: int, budget: float) -> list[State]:
    """Look at every number once, and compare both ways of voting at the thinnest states."""
    model = open_model(RunConfig(task="hanoi", model=name, dialect="micro"))
    try:
        firsts = {number: await look_at(model, next_number(number), OPEN) for number in numbers}
        margin = {number: _margin(shares_of(look), str(number + 1)) for number, look in firsts.items()}
        print(f"likeliest right at {sum(value > 0 for value in margin.values())} of {len(margin)} states", flush=True)
        chosen = sorted(margin, key=lambda number: margin[number])[:thinnest]
        return [await state(model, number, firsts[number], budget) for number in chosen]
    finally:
        await model.close()


def _margin(shares: dict[str, float], truth: str) -> float:
    return shares.get(truth, 0.0) - max((share for name, share in shares.items() if name != truth), default=0.0)


def main(argv: list[str] | None = None) -> None:
    """Compare at the states that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--numbers", type=int, nargs="+", default=list(NUMBERS), help="states to look at")
    parser.add_argument("--thinnest", type=int, default=20)
    parser.add_argument("--budget", type=float, default=1e-3)
    given = parser.parse_args(argv)
    states = asyncio.run(compare(given.model, given.numbers, given.thinnest, given.budget))
    for one in states:
        print(
            f"{one.number}: right {one.right:.3f}, rival {one.rival:.3f}; {one.calls} calls in {one.looks} looks, "
            f"{'right' if one.won else 'not right'}; drawn: lead {one.lead}, {one.ballots:.1f} calls"
        )
    drawn = sum(one.ballots for one in states)
    for what, calls in (("one look", [one.once_calls for one in states]), ("looks", [one.calls for one in states])):
        ratios = [number / one.ballots for number, one in zip(calls, states, strict=True)]
        print(f"calls by {what} over drawn ones: median {statistics.median(ratios):.2f}, all {sum(calls) / drawn:.2f}")
    print(
        "right by looks "
        f"{sum(one.won for one in states)} of {len(states)}, likeliest once {sum(one.once for one in states)}, copies "
        f"of one look {sum(one.copies for one in states)}"
    )


if __name__ == "__main__":
    main()

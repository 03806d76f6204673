"""Choice scoring against sampling: calls for a verdict of the same quality at the states where the model is least sure.

``python -m surefoot.scripts.benchmarks.looks`` takes one look at every number of 20..99 in the ``micro`` dialect, picks
the thinnest states, and asks each for a verdict that may be wrong with probability ``--budget``:

- by looks, counting every call that the wordings, each from another offset, took until the posterior was sure. How far
  looks are believed was learned before, from ``--pilot`` other states in three wordings each, as a run's pilot does it;
- by looks whose shares are taken as they stand;
- by drawn answers, at temperature 1: the smallest lead whose wrong verdicts are within the budget, and the ballots that
  it takes, exactly, from the distribution that answers are drawn from (the look at the first wording).

The placebo arms stand beside: the likeliest of one look, copies of one look put to the same rule, and a sharpness
that was learned from the pilot's looks with their outcomes in another order.
"""

import argparse
import asyncio
import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.micro_prompts import LOOKS, next_number, number_in, shift_of
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import LookSample
from surefoot.runtime.forecast.look_agreement import agreement
from surefoot.runtime.forecast.look_forecast import PILOT_LOOKS
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Look, Model, Request
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.looks import Looks, misleading_rate, replay_looks
from surefoot.voting.race import Won
from surefoot.voting.sharpness import learned_sharpness

NUMBERS = range(20, 99)
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
        plain_calls: Calls of all looks if shares are taken as they stand.
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
    plain_calls: int
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


class Taken(NamedTuple):
    """Looks at one number, in one wording after the other, with the calls that each took."""

    ballots: list[Ballot]
    calls: list[int]


async def taken(model: Model, number: int, count: int) -> Taken:
    """Take looks at the successor of a number, each from another offset: other numbers are shown each time.

    Args:
        model: That gives looks.
        number: The number whose successor is asked for.
        count: Looks that are wanted.
    """
    found = Taken([], [])
    for at in range(count):
        less = shift_of(at)  # as the counts of products and ledgers are looked at
        look = await look_at(model, next_number(number - less, at))
        shares = {str(int(name) + less): share for name, share in shares_of(look).items()}
        found.ballots.append(ballot_of(at, shares))
        found.calls.append(look.calls)
    return found


def decided(rule: Looks, looks: Taken) -> tuple[str | None, int]:
    """Put looks to a rule, one after the other.

    Returns:
        The winner, ``None`` if all of them leave it unsure, and the looks that were used.
    """
    verdict = replay_looks(rule, len(looks.ballots), looks.ballots)
    return (verdict.candidate, verdict.ballots) if isinstance(verdict, Won) else (None, len(looks.ballots))


def learned_rule(budget: float, looks: Sequence[Taken], *, shuffled: bool = False) -> Looks:
    """Learn from the looks of a pilot what looks are worth, without knowing what is right.

    Args:
        budget: Chance that a verdict may be wrong.
        looks: At some states.
        shuffled: The placebo: outcomes stand beside the shares of other looks, and a fifth of them disagree.
    """
    samples = [LookSample("next", 1, tuple(ballot.shares for ballot in one.ballots)) for one in looks]
    seen = [one for sample in samples for one in agreement(sample)]
    missed = sum(not agreed for _, agreed in seen)
    if shuffled:
        shares = sorted(share for share, _ in seen)
        seen = [(share, at < 0.8 * len(seen)) for at, share in enumerate(shares)]
    return Looks(budget, misleading_rate({(len(seen) - missed, missed): 1}), sharpness=learned_sharpness(seen))


async def state(model: Model, number: int, whole: Look, rule: Looks) -> State:
    """Ask one state for a verdict, in as many wordings as it takes.

    Args:
        model: That gives looks.
        number: The number whose successor is asked for.
        whole: The distribution that answers are drawn from, at most ``OPEN`` of it missing.
        rule: Learned before, from other states.
    """
    looks, truth = await taken(model, number, LOOKS), str(number + 1)
    winner, used = decided(rule, looks)
    _, plain = decided(msgspec.structs.replace(rule, sharpness=1.0), looks)
    drawn = shares_of(whole)
    right = drawn.get(truth, 0.0)
    rival = max((share for name, share in drawn.items() if name != truth), default=0.0)
    lead, ballots = sampled(right, rival, 1 - whole.unread, rule.budget)
    copied = Taken([msgspec.structs.replace(looks.ballots[0], draw=at) for at in range(LOOKS)], [])
    return State(
        number, right, rival, looks.calls[0], sum(looks.calls[:used]), used if winner is not None else -used,
        sum(looks.calls[:plain]), lead, ballots, winner == truth, looks.ballots[0].candidate == truth,
        decided(rule, copied)[0] == truth,
    )  # fmt: skip


async def compare(name: str, numbers: Sequence[int], thinnest: int, pilot: int, budget: float) -> list[State]:
    """Look at every number once, learn from some that are not thin, and compare both ways of voting at the thinnest."""
    model = open_model(RunConfig(task="hanoi", model=name, dialect="micro"))
    try:
        firsts = {number: await look_at(model, next_number(number), OPEN) for number in numbers}
        margin = {number: _margin(shares_of(look), str(number + 1)) for number, look in firsts.items()}
        print(f"likeliest right at {sum(value > 0 for value in margin.values())} of {len(margin)} states", flush=True)
        chosen = sorted(margin, key=lambda number: margin[number])[:thinnest]
        others = [number for number in NUMBERS if number not in chosen]
        asked = random.Random(0).sample(others, min(pilot, len(others)))
        seen = [await taken(model, number, PILOT_LOOKS) for number in asked]
        rule, placebo = learned_rule(budget, seen), learned_rule(budget, seen, shuffled=True)
        print(
            f"pilot of {len(seen)} states, {sum(sum(one.calls) for one in seen)} calls: wordings mislead at most "
            f"{rule.error:.4f}, sharpness {rule.sharpness:.2f}; placebo {placebo.sharpness:.2f}",
            flush=True,
        )
        return [await state(model, number, firsts[number], rule) for number in chosen]
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
    parser.add_argument("--pilot", type=int, default=59, help="states, others than the thinnest, that are learned from")
    parser.add_argument("--budget", type=float, default=1e-3)
    given = parser.parse_args(argv)
    states = asyncio.run(compare(given.model, given.numbers, given.thinnest, given.pilot, given.budget))
    for one in states:
        print(
            f"{one.number}: right {one.right:.3f}, rival {one.rival:.3f}; {one.calls} calls in {one.looks} looks, "
            f"{'right' if one.won else 'not right'}; drawn: lead {one.lead}, {one.ballots:.1f} calls"
        )
    drawn = sum(one.ballots for one in states)
    for what, calls in (
        ("one look", [one.once_calls for one in states]),
        ("looks", [one.calls for one in states]),
        ("looks, shares as they stand", [one.plain_calls for one in states]),
    ):
        ratios = [number / one.ballots for number, one in zip(calls, states, strict=True)]
        print(f"calls by {what} over drawn ones: median {statistics.median(ratios):.2f}, all {sum(calls) / drawn:.2f}")
    print(
        "right by looks "
        f"{sum(one.won for one in states)} of {len(states)}, likeliest once {sum(one.once for one in states)}, copies "
        f"of one look {sum(one.copies for one in states)}"
    )


if __name__ == "__main__":
    main()

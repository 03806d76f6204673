"""How long one chain takes: drawn at random, with replies that are cut and runs that do not keep their promise.

Assumption: steps go wrong, and are flagged, each by itself (``shared_calls.py``, ``chains.py``); a call takes its
seconds and those of the tokens that its reply states.
"""

import math
import random

import msgspec

from surefoot.runtime.forecast.basis import Basis, ChainGroup
from surefoot.runtime.forecast.forecast import shared_run_of
from surefoot.runtime.forecast.shared_calls import Along, along_reply
from surefoot.runtime.leads import Leads


class Pace(msgspec.Struct, frozen=True):
    """How long a call to a model takes, by the tokens of its reply.

    Attributes:
        call_s: Of a call, without the tokens of its reply.
        token_s: Of each token of a reply.
    """

    call_s: float
    token_s: float = 0.0

    def of(self, tokens: float) -> float:
        """Return the seconds of a call whose reply has so many tokens."""
        return self.call_s + self.token_s * tokens


class ChainTime(msgspec.Struct, frozen=True):
    """Draws the seconds of a chain, its further runs included.

    Attributes:
        length: Steps.
        wrong: Probability that a step of a run is wrong, 0 to 1.
        most: Further runs that it is given; 0 where no promise guards it.
        mean_s: Seconds of a run, on average.
        along: Rates along a reply, where each question for several steps has one reply, which decides how many runs
            take; ``None`` where the mean is taken.
        count: Steps that one question asks for.
        alone_s: Seconds of a step that is asked alone, its races included.
        call_s: Seconds of a question for several steps, without what it states.
        stated_s: Seconds of each step that it states.
        again_s: Seconds that each further run takes beside its own: the suspect's.
    """

    length: int
    wrong: float
    most: int
    mean_s: float
    along: Along | None
    count: int
    alone_s: float
    call_s: float
    stated_s: float
    again_s: float

    def draw(self, dice: random.Random) -> float:
        """Return the seconds of one chain."""
        seconds, place = self._run_s(dice), -1
        for _ in range(self.most):
            place += 1 + _right_before(dice, self.wrong)
            if place >= self.length:
                break
            seconds += self.again_s + self._run_s(dice)
        return seconds

    def in_vain_s(self, retries: int) -> float:
        """Return the mean seconds until a chain says that its promise cannot be kept: once two runs took the same.

        Args:
            retries: Further runs that it is given.
        """
        right = (1 - self.wrong) ** self.length
        runs = min(retries + 1.0, 1 + 1 / right) if right else retries + 1.0
        return runs * self.mean_s

    def _run_s(self, dice: random.Random) -> float:
        if self.along is None:
            return self.mean_s
        left, seconds = self.length, 0.0
        while left:
            asked = min(self.count, left)
            if asked < 2:
                return seconds + self.alone_s
            kept = _kept(dice, self.along, asked)
            seconds += self.call_s + asked * self.stated_s
            if not kept:
                seconds, kept = seconds + self.alone_s, 1
            left -= kept
        return seconds


def chain_time(basis: Basis, leads: Leads, chains: ChainGroup, pace: Pace) -> ChainTime:
    """Work out how long chains of a group take.

    Args:
        basis: Of the run.
        leads: Of the run.
        chains: The group.
        pace: Of the model.
    """
    rates, rule = chains.rates, basis.rule.with_lead(leads.guarded if basis.seams else leads.unguarded)
    shared = shared_run_of(rates, rule, leads, chains.length)
    single_s, stated_s = pace.of(rates.reply_tokens), pace.token_s * rates.several_tokens[1]
    alone_s = single_s * rule.expected_requests(rates.p, rates.valid)
    again_s = single_s * (
        basis.rule.with_lead(leads.suspect).expected_requests(rates.p, rates.valid) + basis.config.ladder
    )
    if shared and leads.guarded == 1:  # a third reply decides, to what is left of the chain on average
        half = min(leads.steps_per_call, chains.length / 2)
        again_s = (1 + basis.config.ladder) * (pace.call_s + half * stated_s)
    return ChainTime(
        chains.length,
        shared.wrong / chains.length if shared else 1 - rule.p_step(rates.p),
        # Where calls are shared, runs that get further are not counted against the limit.
        (chains.length if shared else basis.config.seam_retries) if basis.seams else 0,
        # Replies that are drawn together are written together.
        shared.requests * pace.call_s + shared.stated / rule.agreeing * stated_s if shared else chains.length * alone_s,
        along_reply(rates) if shared and rule.agreeing == 1 else None,
        leads.steps_per_call,
        alone_s,
        pace.call_s,
        stated_s,
        again_s,
    )


def _right_before(dice: random.Random, wrong: float) -> int:
    """Steps that are right before the next that is wrong."""
    if wrong <= 0:
        return 1 << 62
    return 0 if wrong >= 1 else int(math.log(1.0 - dice.random()) / math.log(1.0 - wrong))


def _kept(dice: random.Random, along: Along, asked: int) -> int:
    """Steps of a reply before the first that raises a flag."""
    if len(along.spoiled) == 1:
        return min(asked, _right_before(dice, along.spoiled[0]))
    return next((place for place in range(asked) if dice.random() < along.at(place)[0]), asked)

"""Examples of one question each: the final path, verified decompositions, pairs of replies, replies with their role."""

from collections import Counter
from collections.abc import Iterator

from surefoot.runtime.trace.advantages import ALPHA, group_advantages, planning_advantages
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import (
    Example,
    Message,
    Pair,
    digest_of,
    learned,
    level_of,
    prompt_digest,
    prompt_messages,
)
from surefoot.runtime.trace.races import Race
from surefoot.runtime.trace.traced_run import TracedRun

NO_PROMPT = "the journal has no whole prompt of the step"
NO_REPLY = "no whole reply of the answer that won was kept"
UNDECIDED = "undecided"
ABANDONED = "the run did not go on with it"
NO_DISPUTE = "nothing was outvoted or discarded, or no such reply was kept"
PILOT = "a pilot's question, which nobody decided"
NOT_A_PLAN = "no question about how to split"
NOT_VERIFIED = "what became of it is not verified"
"""Why a question gives no example."""


def polished(run: TracedRun, left_out: Counter[str]) -> Iterator[Example]:
    """Yield the final path: each decided question that the run went on with, and the reply that won.

    Args:
        run: To read.
        left_out: Counts what gives no example, by the reason.
    """
    for race in run.races():
        won = _final(run, race, left_out)
        if won is not None:
            yield _example(run, race, won)


def decompositions(run: TracedRun, left_out: Counter[str], judged: str | None = None) -> Iterator[Example]:
    """Yield questions of how to split with the reply that won, where what became of it was verified.

    Nothing is taken as verified in a run without seams, or whose certificate finds its assumptions contradicted.

    Args:
        run: To read.
        left_out: Counts what gives no example, by the reason.
        judged: Why a judge outside does not take the run as verified, empty where it does; ``None`` to go by the run's
            seams, for which no ground truth is asked.
    """
    why = run.unverified() if judged is None else judged
    for race in run.races():
        if level_of(race) != "plan":
            left_out[NOT_A_PLAN] += 1
        elif why:
            left_out[f"{NOT_VERIFIED}: {why}"] += 1
        else:
            won = _final(run, race, left_out)
            if won is not None:
                yield _example(run, race, won)


def preferences(run: TracedRun, left_out: Counter[str]) -> Iterator[Pair]:
    """Yield pairs of replies to one prompt: the one that won, and each different one that was outvoted or discarded."""
    for race in run.races():
        won = _final(run, race, left_out)
        if won is None:
            continue
        rejected = {one.text: one for one in race.told if one.candidate is None or one.candidate != race.candidate}
        rejected.pop(won.text, None)
        left_out[NO_DISPUTE] += not rejected
        for text, one in rejected.items():
            yield Pair(prompt_messages(race), str(won.text), str(text), one.flag or "outvoted", run.provenance(race))


def roles(run: TracedRun, left_out: Counter[str], alpha: float = ALPHA) -> Iterator[Example]:
    """Yield every kept reply with its level, its reward from the race, and its advantage with and without planning.

    ``placebo`` is the advantage with as many levels given by chance: what a trainer gains by ``hicra`` and not by it
    comes from planning. A reply of a negative advantage has a weight below 0 and is not for supervised training.

    Args:
        run: To read.
        left_out: Counts what gives no example, by the reason.
        alpha: Share by which advantages of planning grow.
    """
    for race in run.races():
        if _unusable(race, left_out) or not _has(race.told, NO_REPLY, left_out):
            continue
        stands = run.stands(race)
        rewards = [float(stands and one.candidate is not None and one.candidate == race.candidate) for one in race.told]
        grpo = group_advantages(rewards)
        plans = level_of(race) == "plan"
        chance = [_by_chance(run, race, number) for number in range(len(grpo))]
        hicra = planning_advantages(grpo, [plans] * len(grpo), alpha)
        placebo = planning_advantages(grpo, chance, alpha)
        for number, one in enumerate(race.told):
            scores = {
                "reward": rewards[number],
                "grpo": grpo[number],
                "hicra": hicra[number],
                "placebo": placebo[number],
            }
            message = Message("assistant", str(one.text), train=hicra[number] > 0, weight=hicra[number])
            messages = (*prompt_messages(race), message)
            yield Example(messages, run.provenance(race), (prompt_digest(race),), scores | {"level": level_of(race)})


def _has(found: object, why: str, left_out: Counter[str]) -> bool:
    left_out[why] += not found
    return bool(found)


def _unusable(race: Race, left_out: Counter[str]) -> bool:
    """Whether a question gives no example of any kind; why is counted."""
    why = PILOT if race.question.part == "sample" else "" if race.asked else NO_PROMPT
    left_out[why] += bool(why)
    return bool(why)


def _final(run: TracedRun, race: Race, left_out: Counter[str]) -> Event | None:
    """The reply that won a question which the run went on with; ``None``, and why is counted, if there is none."""
    if _unusable(race, left_out):
        return None
    why = UNDECIDED if race.candidate is None else "" if run.stands(race) else ABANDONED
    won = race.winning
    why = why or ("" if won is not None else NO_REPLY)
    left_out[why] += bool(why)
    return None if why else won


def _example(run: TracedRun, race: Race, won: Event) -> Example:
    messages = (*prompt_messages(race), learned(str(won.text)))
    return Example(messages, run.provenance(race), (prompt_digest(race),))


def _by_chance(run: TracedRun, race: Race, number: int) -> bool:
    """Whether the placebo takes a reply for planning: as often as replies plan, and whatever they say."""
    drawn = int(digest_of(run.name, str(race.question.id), str(number)), 16)
    return drawn < run.plan_share * 2**64

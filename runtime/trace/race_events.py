"""The events of one step from its journalled entry: the question, its ballots with the replies kept, its verdict."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import Contested, Entry
from surefoot.voting.alarms import Kind
from surefoot.voting.ballot import Ballot

Fields = dict[str, object]
"""Fields of an event, without its place and id."""


class StepEntry(msgspec.Struct, frozen=True):
    """A journalled step that was voted on.

    Attributes:
        entry: Its ballots.
        lead: Lead that its record was decided with.
        decided: Whether it has a verdict, as far as the part of its record says; ``None`` if nobody was to decide.
        kept: Prompts and replies that were kept of it; several where its race was run again.
    """

    entry: Entry
    lead: int
    decided: bool | None
    kept: tuple[KeptStep, ...]


def race_events(step: StepEntry, rule: str) -> Iterator[Fields]:
    """Yield the events of a step as fields of ``Event``, in causal order; places and ids are the caller's.

    A ballot is given the first reply that reads as it does. Replies that no ballot belongs to come first: the race they
    were given in was run again, and the journal has the ballots of the last one only.

    Args:
        step: The step.
        rule: Name of the run's rule.
    """
    contested = step.entry if isinstance(step.entry, Contested) else None
    lead = contested.k if contested else step.lead
    yield {"what": "question", "lead": lead, **_asked(step.kept)}
    replies = [reply for kept in step.kept for reply in kept.replies]
    if contested is None and not replies:
        yield {"what": "ballot", "candidate": step.entry, "count": max(1, lead)}
        yield from _ended(step, None, lead, rule)
        return
    before, own = _ballots(step.entry, step.lead)
    given = _matched([*before, *own], replies)
    yield from ({"what": "reply", **_heard(reply)} for reply in replies)
    if contested is None:
        yield from _agreed(step, given)
    else:
        yield from _disputed(contested, given[: len(before)], given[len(before) :])
    yield from _ended(step, contested, lead, rule)


def _asked(kept: Sequence[KeptStep]) -> Fields:
    if not kept:
        return {}
    last = kept[-1]
    return {"kind": last.kind, "role": last.role, "system": last.system, "prompt": last.user}


def _heard(reply: KeptReply) -> Fields:
    if reply.flag:
        return {"text": reply.text, "flag": reply.flag, "why": reply.read}
    return {"text": reply.text, "candidate": reply.read}


def _ballots(entry: Entry, lead: int) -> tuple[Sequence[Ballot], Sequence[Ballot]]:
    """Ballots of lower levels of the escalation, and those that the verdict counts."""
    if isinstance(entry, Contested):
        return entry.before, entry.ballots
    return (), [Ballot(number, entry) for number in range(max(1, lead))]


def _matched(ballots: Iterable[Ballot], replies: list[KeptReply]) -> list[KeptReply | None]:
    """The reply of each ballot, taken out of ``replies``; ``None`` where none was kept."""
    found: list[KeptReply | None] = []
    for ballot in ballots:
        reply = next((one for one in replies if _belongs(one, ballot)), None)
        if reply is not None:
            replies.remove(reply)
        found.append(reply)
    return found


def _belongs(reply: KeptReply, ballot: Ballot) -> bool:
    return reply.flag == ballot.spoiled_by if ballot.candidate is None else reply.read == ballot.candidate


def _agreed(step: StepEntry, replies: Sequence[KeptReply | None]) -> Iterator[Fields]:
    """Ballots that all agree: one event for all of them, unless a reply to one was kept."""
    if not any(replies):
        yield {"what": "ballot", "candidate": step.entry, "count": len(replies)}
        return
    ballots = [Ballot(number, str(step.entry)) for number in range(len(replies))]
    yield from _drawn(ballots, replies, ())


def _disputed(entry: Contested, below: Sequence[KeptReply | None], own: Sequence[KeptReply | None]) -> Iterator[Fields]:
    """Ballots in the order drawn, with the alarms raised and the level of the escalation that decided."""
    kinds = tuple(str(one.kind) for one in entry.raised)
    alarms: list[Fields] = [{"what": "alarm", "alarms": kinds}] if kinds else []
    level: Fields = {"what": "escalation", "way": entry.way}
    before = _drawn(entry.before, below, entry.details[len(entry.ballots) :])
    counted = _drawn(entry.ballots, own, entry.details)
    if any(one.kind is Kind.SAME_WRONG for one in entry.raised):
        yield from (*counted, *before, *alarms)  # the step was asked again, as before, once it was decided
    elif entry.before or entry.way:
        yield from (*before, *alarms, level, *counted)
    else:
        yield from (*counted, *alarms)


def _drawn(ballots: Sequence[Ballot], replies: Sequence[KeptReply | None], details: Sequence[str]) -> Iterator[Fields]:
    """Ballots with their replies; details may be missing."""
    every = (*details, *("" for _ in ballots))
    for ballot, reply, why in zip(ballots, replies, every, strict=False):
        told: Fields = {"what": "ballot"} if reply is None else {"what": "ballot", "text": reply.text}
        if ballot.candidate is not None:
            yield {**told, "candidate": ballot.candidate}
        else:
            yield {**told, "flag": str(ballot.spoiled_by), "why": why}


def _ended(step: StepEntry, entry: Contested | None, lead: int, rule: str) -> Iterator[Fields]:
    """The verdict, or that there is none; nothing where nobody was to decide."""
    if step.decided is None:
        return
    told: Fields = {"lead": lead}
    if entry is not None:
        told |= {"way": entry.way, "remembered": entry.remembered, "by_person": entry.decided is not None}
    try:
        candidate = winner(step.entry, rule) if step.decided else None
    except ValueError:  # a journal that was tampered with
        candidate = None
    yield {"what": "undecided", **told} if candidate is None else {"what": "verdict", "candidate": candidate, **told}

"""Conversations that show how a node came to its answers: what was discarded, outvoted, given up and tried again.

One conversation for each node, cut where it gets long. Replies stand as the model gave them. Between them stand the
events that were recorded, in brackets and in the order in which they happened; nothing else is said, and nothing stands
before it was known: a reply that lost looks like any other until the verdict. The loss counts the reply that decided a
question with which the run went on, and no other.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator

import msgspec

from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import Example, Message, Provenance, learned, prompt_digest
from surefoot.runtime.trace.races import Race
from surefoot.runtime.trace.single_steps import NO_PROMPT, NO_REPLY, PILOT
from surefoot.runtime.trace.traced_run import TracedRun

LONGEST_TALK = 64
"""Messages after which a conversation is cut."""
MOST_OPEN = 4096
"""Nodes whose conversations are open at the same time; the one that was silent longest is closed."""
NOTHING_LEARNED = "a conversation in which the run went on with nothing"


class _Talk(msgspec.Struct):
    """A conversation that is open.

    Attributes:
        system: Its system prompt.
        first: Where its first question comes from.
        messages: So far.
        lines: Events since the last message.
        prompts: Digests of its prompts.
        last: Id of the last event.
    """

    system: str
    first: Provenance
    messages: list[Message] = []
    lines: list[str] = []
    prompts: list[str] = []
    last: int = 0


def conversations(run: TracedRun, left_out: Counter[str]) -> Iterator[Example]:
    """Yield the conversations of a run.

    Args:
        run: To read.
        left_out: Counts what gives no example, by the reason.
    """
    open_ones: OrderedDict[str, _Talk] = OrderedDict()
    for told in run.told():
        node = told.question.node if isinstance(told, Race) else told.node
        talk = open_ones.get(node)
        if isinstance(told, Event):
            if talk is not None and (line := line_of(told)):
                talk.lines.append(line)
                talk.last = told.id
            continue
        if not _usable(told, left_out):
            continue
        if talk is not None and (talk.system != told.question.system or len(talk.messages) >= LONGEST_TALK):
            yield from _closed(open_ones.pop(node), left_out)
            talk = None
        if talk is None:
            talk = open_ones[node] = _Talk(told.question.system, run.provenance(told))
        open_ones.move_to_end(node)
        _add(talk, told, run.stands(told))
        if len(open_ones) > MOST_OPEN:
            yield from _closed(open_ones.popitem(last=False)[1], left_out)
    for talk in open_ones.values():
        yield from _closed(talk, left_out)


def _usable(race: Race, left_out: Counter[str]) -> bool:
    why = PILOT if race.question.part == "sample" else NO_PROMPT if not race.asked else "" if race.told else NO_REPLY
    left_out[why] += bool(why)
    return not why


def _add(talk: _Talk, race: Race, stands: bool) -> None:
    """Put a question with its replies at the end of a conversation."""
    lines = [line for note in race.notes if note.what == "escalation" and (line := line_of(note))]
    said = "\n".join([*talk.lines, *lines, race.question.prompt])
    replies = race.told if race.disputed else race.told[:1]
    for number, reply in enumerate(replies):
        talk.messages.append(Message("user", said))
        counts = stands and reply is (race.winning if race.disputed else reply) and race.candidate is not None
        talk.messages.append(learned(str(reply.text)) if counts else Message("assistant", str(reply.text)))
        said = f"[discarded as {reply.flag}: {reply.why}]" if reply.flag else "[another ballot]"
        last = number + 1 == len(replies)
        talk.lines = [said] if last and reply.flag else []
    talk.prompts.append(prompt_digest(race))
    if race.end is not None:
        talk.last = race.end.id
        talk.lines += [line_of(race.end)] if race.disputed else []


def _closed(talk: _Talk, left_out: Counter[str]) -> Iterator[Example]:
    if not any(message.train for message in talk.messages):
        left_out[NOTHING_LEARNED] += 1
        return
    system = [Message("system", talk.system)] if talk.system else []
    first = talk.first
    shown = msgspec.structs.replace(first, events=(first.events[0], talk.last))
    yield Example((*system, *talk.messages), shown, tuple(talk.prompts))


def line_of(event: Event) -> str:
    """Return the line that stands for an event between two replies; empty for events that have none."""
    lines = {
        "verdict": f"[decided, with a lead of {event.lead}]",
        "undecided": "[undecided]",
        "escalation": f"[asked again: {event.way}]",
        "seam broke": f"[run {event.attempt + 1} did not return what was promised]",
        "retry": f"[run {event.attempt + 1}]",
        "conviction": f"[decomposition {event.attempt + 1} did not hold]",
        "mended": f"[decomposition {event.attempt + 1} held]",
        "failure": f"[failed: {event.candidate}]",
        "aside": "[waits for a person]",
        "review": f"[a person answered: {event.candidate}]",
        "contradiction": f"[contradiction: {event.why}]",
        "evidence": f"[evidence: {event.why}]",
        "revision": f"[version {event.attempt + 1} of the plan is given up: {event.why}]",
        "result": f"[result of {event.tool or 'the parts'}: {event.candidate}]",
    }
    return lines.get(event.what, "")

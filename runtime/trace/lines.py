"""JSON lines of events and of examples, in the forms that trainers load as they are, and events read back from them."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import Example, Message, Pair
from surefoot.runtime.unreadable import UNREADABLE

Form = Literal["events", "chat", "trl"]
"""``events``: the event graph. ``chat``: messages with loss masks, as axolotl reads them. ``trl``: prompt and
completion, or prompt, chosen and rejected."""

EVENTS_A_LINE = 256
"""Events that one line of a graph holds: a run of a million steps is as many lines as it takes."""

_encode = msgspec.json.Encoder().encode


class Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of the events of a run, one line of a file; the stretches of one run are one graph.

    Attributes:
        run: Name and digest of the run.
        task: Its name.
        model: Its name.
        settings: What else the answers depend on.
        events: Consecutive ones, in causal order.
    """

    run: str
    task: str
    model: str
    settings: dict[str, Any]
    events: tuple[Event, ...]


_decode = msgspec.json.Decoder(Graph).decode


def graphs_of(origin: dict[str, Any], events: Iterable[Event]) -> Iterator[Graph]:
    """Yield the events of a run as stretches that fit a line each.

    Args:
        origin: What all events of the run have in common.
        events: In causal order.
    """
    rest = iter(events)
    while stretch := tuple(itertools.islice(rest, EVENTS_A_LINE)):
        yield Graph(**origin, events=stretch)


def read_graphs(lines: Iterable[bytes | str]) -> Iterator[Graph]:
    """Read the stretches of event graphs from the lines that hold them.

    Raises:
        ConfigurationError: A line is none; says which.
    """
    for number, line in enumerate(lines, 1):
        try:
            yield _decode(line)
        except UNREADABLE as error:
            raise ConfigurationError(f"line {number} is no stretch of an event graph: {error}") from error


def line_of(told: Graph | Example | Pair, form: Form) -> Iterator[bytes]:
    """Yield the lines of a stretch of events, or of an example in one form; most are one line.

    Where the form has one loss mask for the whole completion, each reply that is learned becomes a line of its own,
    with all that came before it as the prompt.
    """
    if isinstance(told, Graph):
        yield _encode(told)
    elif isinstance(told, Pair):
        yield _encode(_pair(told, form))
    elif form == "chat":
        yield _encode({"messages": told.messages, **_scores(told), "provenance": told.provenance})
    else:
        yield from (_encode(one) for one in _completions(told))


def _pair(pair: Pair, form: Form) -> dict[str, Any]:
    chosen, rejected = ({"role": "assistant", "content": text} for text in (pair.chosen, pair.rejected))
    prompt, more = _plain(pair.prompt), {"why": pair.why, "provenance": pair.provenance}
    if form == "chat":
        return {"messages": prompt, "chosen": chosen, "rejected": rejected, **more}
    return {"prompt": prompt, "chosen": [chosen], "rejected": [rejected], **more}


def _completions(example: Example) -> Iterator[dict[str, Any]]:
    for number, message in enumerate(example.messages):
        # Replies with scores go to a trainer that weighs them; without, a reply that is not learned is context only.
        if message.role == "assistant" and (message.train or example.scores):
            before, completion = _plain(example.messages[:number]), _plain((message,))
            yield {
                "prompt": before, "completion": completion, **_scores(example), "provenance": example.provenance,
            }  # fmt: skip


def _plain(messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _scores(example: Example) -> dict[str, Any]:
    return {"scores": example.scores} if example.scores else {}

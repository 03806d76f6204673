"""Conversations that show how a node came to its answers, and what the loss counts of them."""

import math
from collections import Counter

from surefoot.runtime.trace.causality import leaks_in_example
from surefoot.runtime.trace.events import Event
from surefoot.runtime.trace.examples import Example
from surefoot.runtime.trace.process import LONGEST_TALK, conversations, line_of
from surefoot.runtime.trace.races import Race
from surefoot.runtime.trace.single_steps import PILOT, polished
from surefoot.runtime.trace.traced_run import TracedRun


def talks(run: TracedRun) -> list[Example]:
    return list(conversations(run, Counter()))


def test_what_the_loss_counts_is_what_the_run_went_on_with(run: TracedRun) -> None:
    learned = Counter(one.content for talk in talks(run) for one in talk.messages if one.train)
    final = Counter(one.messages[-1].content for one in polished(run, Counter()))
    assert learned
    assert learned == final


def test_a_retried_chain_shows_the_run_that_failed_without_learning_it(run: TracedRun) -> None:
    retried = [talk for talk in talks(run) if any("[run 2]" in one.content for one in talk.messages)]
    assert retried
    for talk in retried:
        at = next(number for number, one in enumerate(talk.messages) if "[run 2]" in one.content)
        assert "[run 1 did not return what was promised]" in talk.messages[at].content
        before = [one for one in talk.messages[:at] if one.role == "assistant"]
        assert before
        assert not any(one.train for one in before)
        assert any(one.train for one in talk.messages[at:])


def test_each_reply_that_was_discarded_is_said_to_be(run: TracedRun) -> None:
    flagged = [e for e in run.events() if e.what == "ballot" and e.flag and e.part != "sample"]
    shown = [one.content for talk in talks(run) for one in talk.messages if "[discarded as" in one.content]
    assert flagged
    assert len(shown) > 0.6 * len(flagged)
    assert all(f"[discarded as {event.flag}: {event.why}]" in "\n".join(shown) for event in flagged[:3])


def test_nothing_is_said_that_was_not_recorded_nor_before_it_was(run: TracedRun) -> None:
    events = {event.id: event for event in run.events()}
    for talk in talks(run):
        assert list(leaks_in_example(talk, events)) == []


def test_a_reply_that_lost_looks_like_any_other_until_the_verdict(run: TracedRun) -> None:
    lines = {
        line for talk in talks(run) for one in talk.messages if one.role == "user" for line in one.content.split("\n")
    }
    said = {line.partition(" ")[0] for line in lines if line.startswith("[")}
    assert said <= {"[discarded", "[another", "[decided,", "[run", "[asked", "[undecided]", "[decomposition"}
    assert not any("outvoted" in line or "wrong" in line for line in lines)


def test_speakers_take_turns_and_conversations_are_cut(run: TracedRun) -> None:
    for talk in talks(run):
        roles = [one.role for one in talk.messages if one.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert len(roles) <= LONGEST_TALK + 20
    assert len({talk.provenance.node for talk in talks(run)}) > 3


def test_what_is_left_out_is_counted(run: TracedRun) -> None:
    left_out = Counter[str]()
    list(conversations(run, left_out))
    pilots = sum(isinstance(one, Race) and one.question.part == "sample" for one in run.told())
    assert left_out[PILOT] == pilots


def test_masked_tokens_have_no_gradient(run: TracedRun) -> None:
    """Cross-entropy over characters, as a trainer weighs it by the mask: its derivative by each logit, written out."""
    talk = next(one for one in talks(run) if any(not m.train and m.role == "assistant" for m in one.messages))
    symbols = sorted({c for message in talk.messages for c in message.content})
    learned = 0.0
    for message in talk.messages:
        for place, symbol in enumerate(message.content):
            logits = [math.sin(place + number) for number in range(len(symbols))]
            total = sum(map(math.exp, logits))
            gradient = [
                message.weight * (math.exp(one) / total - (symbol == c)) for one, c in zip(logits, symbols, strict=True)
            ]
            size = sum(map(abs, gradient))
            assert message.train or size == 0
            learned += size
    assert learned > 0


def test_events_without_a_line_say_nothing() -> None:
    assert line_of(Event(0, "intent")) == ""
    assert line_of(Event(0, "conviction", attempt=0)) == "[decomposition 1 did not hold]"
    assert line_of(Event(0, "result", tool="calc", candidate="4")) == "[result of calc: 4]"

"""The events of one step: each ballot with its reply where that was kept, in the order in which they were drawn."""

from typing import Any

from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.records import Contested
from surefoot.runtime.trace.race_events import StepEntry, race_events
from surefoot.voting.alarms import Kind, Raised
from surefoot.voting.ballot import Ballot

BAD, A, B = Ballot(0, None, "illegal"), Ballot(0, "a"), Ballot(1, "b")
REPLIES = (KeptReply("I say ?", "illegal", "no"), KeptReply("I say a", "", "a"), KeptReply("I say b", "", "b"))


def kept(*replies: KeptReply) -> KeptStep:
    return KeptStep("move", "Actor", "system", "prompt", replies)


def told(entry: Any, *steps: KeptStep, decided: bool | None = True, lead: int = 1) -> list[dict[str, Any]]:
    return list(race_events(StepEntry(entry, lead, decided, steps), "first-to-ahead-by"))


def said(events: list[dict[str, Any]]) -> list[Any]:
    return [one.get("text", one["what"]) for one in events]


def test_ballots_get_the_replies_that_read_as_they_do() -> None:
    entry = Contested(1, (BAD, Ballot(1, "a")), ("no peg", ""))
    events = told(entry, kept(*REPLIES[:2]))
    assert said(events) == ["question", "I say ?", "I say a", "verdict"]
    assert events[0]["prompt"] == "prompt"
    assert (events[1]["flag"], events[1]["why"]) == ("illegal", "no peg")
    assert events[-1]["candidate"] == "a"


def test_a_reply_of_a_race_that_was_run_again_is_told_before_the_ballots() -> None:
    events = told(Contested(1, (A,)), kept(*REPLIES))
    assert said(events) == ["question", "I say ?", "I say b", "I say a", "verdict"]
    assert [one["what"] for one in events] == ["question", "reply", "reply", "ballot", "verdict"]


def test_agreeing_ballots_are_one_event_unless_a_reply_was_kept() -> None:
    assert [(one["what"], one.get("count")) for one in told("a", lead=3)][1] == ("ballot", 3)
    events = told("a", kept(REPLIES[1]), lead=2)
    assert said(events) == ["question", "I say a", "ballot", "verdict"]


def test_ballots_of_a_lower_level_come_before_the_escalation() -> None:
    entry = Contested(1, (A,), ("", "no peg"), way="another wording", before=(BAD,))
    events = told(entry)
    assert [one["what"] for one in events] == ["question", "ballot", "escalation", "ballot", "verdict"]
    assert (events[1]["why"], events[2]["way"], events[-1]["way"]) == ("no peg", "another wording", "another wording")


def test_alarms_come_where_they_were_raised() -> None:
    raised = (Raised(Kind.DISAGREEMENT, 0.0, 0.1),)
    before = told(Contested(1, (A,), way="another wording", before=(B,), raised=raised))
    assert [one["what"] for one in before][1:4] == ["ballot", "alarm", "escalation"]
    own = told(Contested(1, (A,), raised=raised))
    assert [one["what"] for one in own] == ["question", "ballot", "alarm", "verdict"]


def test_fresh_draws_of_a_decided_step_come_behind_its_own_ballots() -> None:
    raised = (Raised(Kind.SAME_WRONG, 0.0, 0.1),)
    events = told(Contested(1, (A,), before=(B, B), raised=raised))
    assert [one.get("candidate") for one in events if one["what"] == "ballot"] == ["a", "b", "b"]


def test_what_decided_nothing_is_undecided_and_a_pilots_question_has_no_end() -> None:
    entry = Contested(2, (A, B))
    assert told(entry, decided=False)[-1]["what"] == "undecided"
    assert told(entry)[-1]["what"] == "undecided", "the journal was tampered with"
    assert told(entry, decided=None)[-1]["what"] == "ballot"

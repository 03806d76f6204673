"""Questions put together again from their events."""

from surefoot.runtime.execution.kept_replies import LONGEST
from surefoot.runtime.records import LARGER
from surefoot.runtime.trace.events import Event, What
from surefoot.runtime.trace.journal_events import events_of
from surefoot.runtime.trace.races import Race, races_in
from tests.runtime.trace.random_runs import RULE, RandomRun


def event(id_: int, what: What, **more: object) -> Event:
    return Event(id_, what, part="run", **more)  # type: ignore[arg-type]


QUESTION = event(0, "question", prompt="p")
GOOD, BAD = event(1, "ballot", candidate="a", text="A"), event(2, "ballot", flag="illegal", text="?")
VERDICT = event(9, "verdict", candidate="a", lead=1)


def race(*events: Event) -> Race:
    (found,) = races_in(events)
    assert isinstance(found, Race)
    return found


def test_every_event_of_a_run_is_in_a_race_or_stands_alone() -> None:
    events = list(events_of(RandomRun(5).journal, RULE))
    told = list(races_in(events))
    counted = sum(2 + len(one.ballots) + len(one.notes) if isinstance(one, Race) else 1 for one in told)
    assert counted == len(events)


def test_the_reply_that_decided_is_the_last_that_won() -> None:
    found = race(QUESTION, GOOD, BAD, event(3, "ballot", candidate="a", text="A again"), VERDICT)
    assert found.winning is not None
    assert found.winning.text == "A again"
    assert found.disputed
    assert found.ids == (0, 9)


def test_replies_to_another_prompt_are_not_taken_for_replies_to_this_one() -> None:
    other = event(3, "escalation", way="another wording")
    later = event(4, "ballot", candidate="a", text="in other words")
    assert [one.text for one in race(QUESTION, BAD, other, later, VERDICT).told] == ["in other words"]
    same = event(3, "escalation", way=LARGER)
    assert [one.text for one in race(QUESTION, BAD, same, later, VERDICT).told] == ["?", "in other words"]


def test_texts_that_may_be_cut_short_are_not_taken_for_whole() -> None:
    long = event(1, "ballot", candidate="a", text="x" * LONGEST)
    assert race(QUESTION, long, VERDICT).told == ()
    assert not race(event(0, "question", prompt="x" * LONGEST), VERDICT).asked
    assert not race(event(0, "question"), VERDICT).asked


def test_a_race_without_an_end_is_told_where_the_next_thing_happens() -> None:
    first, second = races_in(
        [QUESTION, GOOD, event(5, "question", number=1), event(9, "verdict", candidate="a", number=1)]
    )
    assert isinstance(first, Race)
    assert isinstance(second, Race)
    assert (first.end, first.candidate, first.ids) == (None, None, (0,))

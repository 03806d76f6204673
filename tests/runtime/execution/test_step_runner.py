"""How one step is decided: what is drawn, what is discarded, what counts, and what is kept of it."""

import itertools
from typing import Any

import pytest

from surefoot.decompose.step import Step
from surefoot.runtime.errors import ModelUnavailable, StepDeadlocked
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.port import Reply, Stop
from surefoot.runtime.payloads import pack, unpack, winner
from surefoot.runtime.records import Contested, Counts, Record, Usage
from surefoot.voting.alarms import Limits
from surefoot.voting.ballot import Ballot
from surefoot.voting.race import Race
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.red_flags import ALWAYS_ON, RedFlag, parse_switch
from surefoot.voting.sequential import TYPES, Sequential
from tests.data.own.row_tasks import Next
from tests.runtime.execution.hanoi_step import FLAGGED, ILLEGAL, INCONSISTENT, STEP, TASK, A, B, C


async def test_three_that_agree_are_one_request(scripted: Any, step_runner: Any) -> None:
    model = scripted(A, A, A)
    steps = step_runner(TASK, model)
    assert await steps.decide(STEP, 3, 8192) == (A, A)
    (request,) = model.requests
    assert request.draws == (8192, 8193, 8194)
    assert request.prompt == TASK.prompt(STEP, "compact")
    assert (request.temperature, request.max_tokens, request.seed) == (1.0, 10, 0)
    counts = steps.meter.take()
    assert (counts.calls, counts.disagreements, counts.red_flags) == (3, 0, {})


@pytest.mark.parametrize(("earlier", "left"), [(0, 7.0), (1, 8.0), (3, 10.0)])
async def test_calls_that_an_earlier_session_reserved_are_not_reserved_again(
    scripted: Any, step_runner: Any, earlier: int, left: float
) -> None:
    """They were handed out then, and nobody gave them back; what is not theirs is reserved as ever."""
    model = scripted(A, A, A)
    model.begun_earlier = lambda request: earlier if request.draws == (0, 1, 2) else 1 / 0
    steps = step_runner(TASK, model)
    steps.calls = BudgetLease(limited=True, unit="calls")
    steps.calls.grant(10)
    assert await steps.decide(STEP, 3, 0) == (A, A)
    assert (steps.calls.balance, steps.calls.reserved) == (left, 0)
    assert steps.meter.take().calls == 3


async def test_a_disagreement_draws_as_many_as_it_takes(scripted: Any, step_runner: Any) -> None:
    """A B A leads by 1, so two more could do; A B again leads by 1; then A A."""
    model = scripted(A, B, A, A, B, A, A)
    steps = step_runner(TASK, model)
    candidate, entry = await steps.decide(STEP, 3, 0)
    assert candidate == A
    assert entry == Contested(3, tuple(Ballot(n, c) for n, c in enumerate([A, B, A, A, B, A, A])), ("",) * 7)
    assert [request.draws for request in model.requests] == [(0, 1, 2), (3, 4), (5, 6)]
    counts = steps.meter.take()
    assert (counts.calls, counts.disagreements) == (7, 1)


async def test_a_disagreement_raises_the_lead_of_its_own_step_only(scripted: Any, step_runner: Any) -> None:
    """B A A A would do with a lead of two; what was asked for is in the journal, and the ballots are counted."""
    model = scripted(A, A, B, A, A, A, A, A)
    steps = step_runner(TASK, model, unguarded=2, disputed=4)
    assert await steps.decide(STEP, 2, 0) == (A, A)
    candidate, entry = await steps.decide(STEP, 2, 4096)
    assert candidate == A
    assert isinstance(entry, Contested)
    assert (entry.rule, len(entry.ballots)) == (RaisedLead(2, 4), 6)
    [again] = unpack(pack([Record((), "run", 0, 0, 2, (entry,))]))
    assert again.entries == (entry,)
    assert winner(entry, "first-to") == A  # the entry's own rule decides, whatever the run's is
    assert steps.counts.first_ballots == {"2/5/1": 1}
    assert steps.counts.votes == {}  # those are for the sequential rule


@pytest.mark.parametrize("options", [{"rule": "first-to"}, {"disputed": 0}])
async def test_no_lead_is_raised_unasked_or_under_another_rule(
    scripted: Any, step_runner: Any, options: dict[str, Any]
) -> None:
    settings = {"unguarded": 2, "disputed": 4, **options}
    steps = step_runner(TASK, scripted(B, A, A, A), **settings)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, entry.rule) == (A, None)
    assert steps.counts.first_ballots == ({} if "rule" in options else {"2/3/1": 1})


async def test_a_disputed_race_that_an_alarm_prolongs_is_counted_once(scripted: Any, step_runner: Any) -> None:
    limits = Limits(dissent=1e-6, spoiled=1e-6, each=0.5)
    steps = step_runner(TASK, scripted(B, A, B, *[A] * 8), unguarded=2, disputed=4, suspect=5, limits=limits)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, bool(entry.raised)) == (A, True)
    assert steps.counts.first_ballots == {"2/5/2": 1}, "as many ballots as the larger lead has"


async def test_a_dispute_is_counted_when_it_begins_and_not_only_when_it_ends(scripted: Any, step_runner: Any) -> None:
    """What a stop cuts short is mostly races that disagree; the placebo is one that was of one mind so far."""

    class Stops(scripted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            if len(self.requests) == 1:
                raise ModelUnavailable("stopped")
            return await super().ask(request)

    for said, disputes in (((A, B, A), 1), ((A, FLAGGED["misformatted"], A), 0)):
        steps = step_runner(TASK, Stops(*said))
        with pytest.raises(ModelUnavailable):
            await steps.decide(STEP, 3, 0)
        assert (steps.counts.disputes, steps.counts.disagreements) == (disputes, 0)
    ended = step_runner(TASK, scripted(A, B, A, B, A, A, A))
    await ended.decide(STEP, 3, 0)
    assert (ended.counts.disputes, ended.counts.disagreements) == (1, 1)


async def test_first_to_k_stops_at_k(scripted: Any, step_runner: Any) -> None:
    model = scripted(A, B, A, B, B)
    candidate, entry = await step_runner(TASK, model, rule="first-to").decide(STEP, 3, 0)
    assert candidate == B
    assert isinstance(entry, Contested)
    assert winner(entry, "first-to") == B
    assert [len(request.draws) for request in model.requests] == [3, 1, 1]


@pytest.mark.parametrize("name", FLAGGED)
async def test_every_red_flag_has_the_answer_drawn_again(scripted: Any, step_runner: Any, name: str) -> None:
    model = scripted(FLAGGED[name], A, A)
    steps = step_runner(TASK, model)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert candidate == A
    assert isinstance(entry, Contested)
    assert entry.ballots == (Ballot(0, None, name), Ballot(1, A), Ballot(2, A))
    assert [request.draws for request in model.requests] == [(0, 1), (2,)]
    assert steps.counts.red_flags == {name: 1}
    counts = steps.meter.take()
    assert (counts.calls, counts.disagreements) == (3, 0)


@pytest.mark.parametrize(("name", "candidate"), [("illegal", ILLEGAL), ("inconsistent", INCONSISTENT), ("overlong", A)])
async def test_a_flag_that_is_off_lets_the_ballot_count(
    scripted: Any, step_runner: Any, name: str, candidate: str
) -> None:
    for flags in (ALWAYS_ON, frozenset(RedFlag) - {RedFlag(name)}):
        steps = step_runner(TASK, scripted(FLAGGED[name]), flags=flags)
        assert await steps.decide(STEP, 1, 0) == (candidate, candidate)
        assert steps.counts.red_flags == {}
    others = frozenset({RedFlag(name)}) | ALWAYS_ON
    steps = step_runner(TASK, scripted(FLAGGED[name], A), flags=others)
    assert (await steps.decide(STEP, 1, 0))[0] == A
    assert steps.counts.red_flags == {name: 1}


async def test_answers_without_a_candidate_are_always_flagged(scripted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, scripted(FLAGGED["misformatted"], FLAGGED["refused"], A), flags=parse_switch("none"))
    assert (await steps.decide(STEP, 1, 0))[0] == A
    assert steps.counts.red_flags == {"misformatted": 1, "refused": 1}


@pytest.mark.parametrize("text", [A + " ", " " + A, A + "\n", A.upper(), A.replace(" ", "  "), f"move {A}", A + A, ""])
async def test_r15_nothing_is_repaired(scripted: Any, step_runner: Any, text: str) -> None:
    steps = step_runner(TASK, scripted(text, B))
    assert (await steps.decide(STEP, 1, 0))[0] == B
    assert steps.counts.red_flags == {"misformatted": 1}


async def test_r4_failed_calls_are_neither_ballots_nor_flags(scripted: Any, step_runner: Any) -> None:
    model = scripted(Reply(A, tokens_out=2, failed_calls=3), Reply(A, tokens_out=2, failed_calls=1))
    steps = step_runner(TASK, model)
    assert await steps.decide(STEP, 2, 0) == (A, A)
    counts = steps.meter.take()
    assert (counts.failed_calls, counts.calls, counts.red_flags) == (4, 2, {})

    class Down(scripted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            raise ModelUnavailable("no answer for 600 s")

    steps = step_runner(TASK, Down())
    with pytest.raises(ModelUnavailable, match="600 s"):
        await steps.decide(STEP, 2, 0)
    counts = steps.meter.take()
    assert (counts.calls, counts.red_flags) == (0, {})


@pytest.mark.parametrize(("cap", "said"), [(4, [A, B, A, B]), (5, [A, B, A, B, A]), (3, [A, B, C])])
async def test_r1_r2_the_cap_ends_in_a_deadlock(scripted: Any, step_runner: Any, cap: int, said: list[str]) -> None:
    model = scripted(*said)
    steps = step_runner(TASK, model, max_ballots=cap)
    with pytest.raises(StepDeadlocked, match=f"no candidate led by 3 within {cap} ballots") as caught:
        await steps.decide(STEP, 3, 0)
    assert model.replies == []
    assert dict(caught.value.context["tally"]) == {one: said.count(one) for one in said}
    assert [ballot.candidate for ballot in caught.value.context["entry"].ballots] == said
    counts = steps.meter.take()
    assert counts.calls == cap


@pytest.mark.parametrize("limit", ["auto", 60])
async def test_the_cap_grows_with_the_lead_unless_it_was_given(scripted: Any, step_runner: Any, limit: Any) -> None:
    """A lead of 20 that a race of 100 ballots does not reach, and one of 160 does."""
    steps = step_runner(TASK, scripted(*[A, B] * 55, *[A] * 20), max_ballots=limit)
    if limit == "auto":
        assert (await steps.decide(STEP, 20, 0))[0] == A
        return
    with pytest.raises(StepDeadlocked, match="no candidate led by 20 within 60 ballots"):
        await steps.decide(STEP, 20, 0)


@pytest.mark.parametrize("name", FLAGGED)
async def test_r3_r12_a_model_that_only_raises_flags_elects_nobody(scripted: Any, step_runner: Any, name: str) -> None:
    with pytest.raises(StepDeadlocked) as caught:
        await step_runner(TASK, scripted(*[FLAGGED[name]] * 8), max_ballots=8).decide(STEP, 1, 0)
    assert (caught.value.context["tally"], caught.value.context["spoiled"]) == ((), 8)


async def test_r5_r6_the_state_that_is_adopted_is_the_winners(scripted: Any, step_runner: Any) -> None:
    """Same move, other next state: two candidates. The winner's state is adopted, in whichever order they come."""
    other = "2ab cca"
    for order in set(itertools.permutations([A, A, A, other])):
        steps = step_runner(TASK, scripted(*order), flags=ALWAYS_ON)
        candidate, entry = await steps.decide(STEP, 2, 0)
        assert candidate == A
        assert winner(entry, "first-to-ahead-by") == A
    rival = step_runner(TASK, scripted(A, other, other, other), flags=ALWAYS_ON)
    assert (await rival.decide(STEP, 2, 0))[0] == other


async def test_r7_length_is_counted_in_tokens(scripted: Any, step_runner: Any) -> None:
    """The provider's count decides, at the step's own limit in one dialect and at the model's in the other."""
    for tokens, flags in ((9, {}), (10, {"overlong": 1}), (11, {"overlong": 1})):
        steps = step_runner(TASK, scripted(Reply(A, tokens_out=tokens), A))
        assert (await steps.decide(STEP, 1, 0))[0] == A
        assert steps.counts.red_flags == flags
    cut_off = step_runner(TASK, scripted(Reply(A, Stop.LENGTH, tokens_out=3), A))
    await cut_off.decide(STEP, 1, 0)
    assert cut_off.counts.red_flags == {"overlong": 1}
    chat = "🗼 " * 500 + "move = [2, 0, 1]\nnext_state = [[3], [2], [1]]"
    model = scripted(Reply(chat, tokens_out=49), dialect="chat")
    assert (await step_runner(TASK, model).decide(STEP, 1, 0))[0] == A
    assert model.requests[0].max_tokens == 50


async def test_the_sequential_rule_is_told_how_the_ballots_of_every_race_fell(scripted: Any, step_runner: Any) -> None:
    rule = Sequential(0.1, (1 / len(TYPES),) * len(TYPES))
    for said, vote in (([A] * 9, "2-0"), ([A, B, *[A] * 9], "4-1"), ([A, B, B, *[A] * 9], "6-2")):
        steps = step_runner(TASK, scripted(*said), sequential={1: rule}, max_ballots=50)
        await steps.decide(STEP, 1, 0)
        assert steps.counts.votes == {vote: 1}, said


async def test_ballots_after_a_verdict_are_paid_and_no_part_of_the_race(
    scripted: Any, step_runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Race, "fewest", lambda self: 9)
    rule = Sequential(0.1, (1 / len(TYPES),) * len(TYPES))
    steps = step_runner(TASK, scripted(A, B, *[A] * 7), sequential={1: rule}, max_ballots=50)
    candidate, entry = await steps.decide(STEP, 1, 0)
    assert candidate == winner(entry, "first-to-ahead-by") == A
    assert 4 < len(entry.ballots) < 9 == steps.meter.take().calls


async def test_r20_steps_share_nothing(scripted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, scripted(A, B, A, A, B, B))
    assert (await steps.decide(STEP, 2, 0))[0] == A
    assert await steps.decide(STEP, 2, MAX_DRAWS) == (B, B)


async def test_tokens_and_money_are_counted_where_they_are_spent(scripted: Any, step_runner: Any) -> None:
    replies = [
        Reply(A, tokens_in=100, tokens_out=7, cost_usd=0.25),
        Reply("?", tokens_in=0, tokens_out=3, cost_usd=0.5),
        Reply(A, tokens_in=50, tokens_out=2, cost_usd=None),
    ]
    steps = step_runner(TASK, scripted(*replies))
    await steps.decide(STEP, 2, 0)
    counts = steps.meter.take()
    assert (counts.tokens_in, counts.tokens_out, counts.cost_usd, counts.unpriced_calls) == (150, 12, 0.75, 1)
    assert counts.by_kind == counts_of(counts, "move")
    assert list(counts.by_model.values()) == list(counts.by_kind.values())
    assert steps.meter.take() == Counts()


def counts_of(counts: Counts, name: str) -> dict[str, Usage]:
    """One account that holds everything a run counted."""
    return {name: Usage(**{field: getattr(counts, field) for field in Usage.__struct_fields__})}


@pytest.mark.parametrize(
    "text",
    ["\ud800 and \udfff", "\x00\x1b[2J", "<script>" * 1000, "\u202e" * 500, "?" * 10_000_000],
    ids=["surrogates", "escapes", "markup", "backwards", "ten megabytes"],
)
@pytest.mark.parametrize("stop", [Stop.END, Stop.REFUSED])
async def test_what_a_model_says_can_be_journalled(scripted: Any, step_runner: Any, text: str, stop: Stop) -> None:
    """Untrusted text ends as a red flag with a short note that any journal can hold."""
    steps = step_runner(TASK, scripted(Reply(text, stop, tokens_out=2), A))
    _, entry = await steps.decide(STEP, 1, 0)
    assert isinstance(entry, Contested)
    payload = pack([Record((), "run", 0, 0, 1, (entry,))])
    assert len(payload) < 2000
    (record,) = unpack(payload)
    assert record.entries == (entry,)


async def test_calls_that_brought_no_reply_in_the_end_are_counted(scripted: Any, step_runner: Any) -> None:
    class Down(scripted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            raise ModelUnavailable("gone", failed_calls=7)

    steps = step_runner(TASK, Down())
    with pytest.raises(ModelUnavailable):
        await steps.decide(STEP, 2, 0)
    assert steps.meter.take().failed_calls == 7


class Pair(Next, frozen=True, kw_only=True):
    """Answers with two fields that are voted on one by one; ``null`` is one that could not be read."""

    def voted_fields(self, step: Step) -> int:
        """Return two."""
        return 2

    def parse(self, step: Step, text: str, dialect: Any) -> str:
        """Take the reply as it is."""
        return text


async def test_records_that_agree_and_lack_a_field_are_not_decided_by_that(scripted: Any, step_runner: Any) -> None:
    lacking, whole = '["a",null]', '["a","x"]'
    model = scripted(lacking, lacking, whole, whole)
    candidate, entry = await step_runner(Pair(), model).decide(Pair().row_step({"number": 1}), 2, 0)
    assert candidate == whole
    assert isinstance(entry, Contested)
    assert (entry.fields, len(entry.ballots)) == (2, 4)
    assert winner(entry, "first-to-ahead-by") == whole


async def test_each_contested_race_is_counted_once_by_its_pattern(scripted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, scripted(A, B, A, A, A, A, A, A, A, FLAGGED["illegal"], A, A))
    for number in range(3):
        await steps.decide(STEP, 3, number * MAX_DRAWS)
    counts = steps.meter.take()
    assert counts.contested == {"3/5/1/0": 1, "3/3/0/1": 1}
    assert counts.disagreements == 1


def test_a_reply_is_judged_without_counting_it(step_runner: Any, scripted: Any) -> None:
    steps = step_runner(TASK, scripted())
    assert steps.judge(STEP, Reply(A, tokens_out=2)) == A
    flag = steps.judge(STEP, FLAGGED["overlong"])
    assert (flag.name, flag.detail) == ("overlong", "10 tokens")
    assert steps.meter.take() == Counts()


async def test_replies_that_are_alike_are_read_once_and_flagged_each_by_itself(scripted: Any, step_runner: Any) -> None:
    """What a flag looks at beside the text, such as the length, is looked at for every reply."""
    read: list[str] = []

    class Noting(Next, frozen=True, kw_only=True):
        def parse(self, step: Step, text: str, dialect: Any) -> str:
            read.append(text)
            return text

    same = [Reply("x", tokens_out=2), Reply("x", tokens_out=10), Reply("x", tokens_out=2), Reply("y", tokens_out=2)]
    steps = step_runner(Noting(), scripted(*same))
    ballots = await steps.draw(Noting().row_step({"number": 1}), 4, 0)
    limit = Noting().row_step({"number": 1}).max_reply_tokens
    assert read == ["x", "y"]
    assert [ballot.candidate for ballot in ballots] == ["x", None if limit < 10 else "x", "x", "y"]

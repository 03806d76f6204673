"""Steps decided by looks: each text is asked once, copies count for nothing, and what stays unsure is no verdict."""

import asyncio
import contextlib
import functools
from typing import Any

import pytest

from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Dialect, Prompt, Role, Step
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro, Number, Pair
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.errors import ModelUnavailable, StepDeadlocked
from surefoot.runtime.execution.look_cache import LookCache, key_of
from surefoot.runtime.execution.look_runner import LookRunner
from surefoot.runtime.execution.policy import NO_LEADS, CurrentLeads, StepPolicy
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.port import MOST_LOOK_CALLS, Look, Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.payloads import pack, unpack, winner
from surefoot.runtime.records import Contested, Record
from surefoot.voting.looks import Looks

TASK = HanoiMicro(disks=5)
NEXT = Step("next", Role.ACTOR, Number(3), 6)
THIRD = Step("third", Role.ACTOR, Pair("a", "c"), 6)
SURE = Looks(1e-4, 0.02)
LEADS = Leads(3, 3, 3, sequential=((3, SURE),))


class Scored(Model):
    """Scores what its key says with the share that the test gives each prompt; the rest goes to a plausible mistake."""

    name: str = "scored"
    dialect: Dialect = "micro"

    def __init__(self, share: Any = 0.999) -> None:
        self.share, self.asked = share, list[str]()
        self.wait: asyncio.Event | None = None
        self.fails = 0

    async def ask(self, request: Request) -> list[Reply]:
        raise AssertionError("nothing is drawn")

    async def look(self, request: Request) -> Look:
        self.asked.append(request.prompt.user)
        if self.wait is not None:
            await self.wait.wait()
        if self.fails:
            self.fails -= 1
            raise ModelUnavailable("gone", failed_calls=1)
        share = self.share(request.prompt) if callable(self.share) else self.share
        known = micro_answers(request.prompt)
        return Look(((known.right[0], share), (known.wrong[0], 1 - share)), 0.0, 2, 9, 5, tokens_cached=4)


def runner(model: Model, leads: Leads = LEADS, cache: LookCache | None = None, **policy: Any) -> LookRunner:
    settings = RoleSettings(model, "scored", "micro", 1.0, 1.0)
    named = {"rule": "looks", **policy}
    return LookRunner(TASK, settings, StepPolicy(**named), CurrentLeads(leads), cache=cache or LookCache())


async def test_wordings_are_looked_at_until_it_is_sure() -> None:
    model = Scored()
    steps = runner(model)
    assert await steps.decide(NEXT, 3, 0) == ("4", "4")
    assert len(set(model.asked)) == 3
    counts = steps.meter.take()
    assert (counts.looks, counts.fresh_looks, counts.calls) == (3, 3, 6)
    assert (counts.tokens_in, counts.tokens_out, counts.votes) == (27, 15, {"3-0": 1})
    assert counts.tokens_cached == 12


@pytest.mark.parametrize(("came", "unsent", "spent"), [(2, 1, 2), (1, 0, 2), (0, 1, 0)])
async def test_a_look_that_is_cut_short_counts_the_calls_that_it_took(came: int, unsent: int, spent: int) -> None:
    class Stopped(Scored):
        async def look(self, request: Request) -> Look:
            replies = {place: Reply("x", tokens_in=9, cost_usd=0.25) for place in range(came)}
            raise CallsStopped("the run stops", came=replies, unsent=unsent)

    looking = runner(Stopped())
    looking.calls = BudgetLease(limited=True, unit="calls")
    looking.calls.grant(MOST_LOOK_CALLS)
    with pytest.raises(CallsStopped):
        await looking.decide(NEXT, 3, 0)
    counts = looking.meter.take()
    assert (counts.calls, counts.tokens_in, counts.known_cost_usd) == (came, 9 * came, 0.25 * came)
    assert (looking.calls.balance, looking.calls.reserved) == (MOST_LOOK_CALLS - spent, 0)


async def test_a_question_that_comes_again_is_not_asked_and_is_no_observation() -> None:
    model = Scored()
    steps = runner(model)
    first = await steps.decide(NEXT, 3, 0)
    steps.meter.take()
    assert await steps.decide(NEXT, 3, 4096) == first
    counts = steps.meter.take()
    assert (counts.looks, counts.fresh_looks, counts.calls, counts.votes) == (3, 0, 0, {})
    assert len(model.asked) == 3


async def test_thin_looks_take_more_wordings_and_all_are_kept_in_the_journal() -> None:
    model = Scored(0.9)
    candidate, entry = await runner(model).decide(THIRD, 3, 0)
    assert candidate == "b"
    assert isinstance(entry, Contested)
    assert len(entry.ballots) > 3
    assert entry.ballots[0].shares == (("b", 0.9), ("a", pytest.approx(0.1)))
    (record,) = unpack(pack([Record((), "run", 0, 0, 3, (entry,))]))
    assert record.entries == (entry,)
    assert winner(record.entries[0], "looks") == "b"


async def test_what_no_wording_is_sure_of_is_no_verdict() -> None:
    """The likeliest answer is right here, and even so it is not gone on with."""
    with pytest.raises(StepDeadlocked, match=r"9 looks in as many wordings leave it unsure: '4' 55%"):
        await runner(Scored(0.55)).decide(NEXT, 3, 0)


async def test_the_likeliest_once_is_the_trivial_baseline() -> None:
    model = Scored(0.55)
    assert (await runner(model, NO_LEADS).decide(NEXT, 1, 0))[0] == "4"
    assert len(model.asked) == 1


async def test_one_wording_that_misleads_is_outvoted() -> None:
    model = Scored(lambda prompt: 0.02 if prompt == TASK.prompt(NEXT, "micro", 0) else 0.98)
    once, _ = await runner(model, NO_LEADS).decide(NEXT, 1, 0)
    averaged, entry = await runner(model).decide(NEXT, 3, 0)
    assert (once, averaged) == ("3", "4")
    assert isinstance(entry, Contested)


async def test_copies_are_no_looks() -> None:
    """A task whose wordings all read the same has one look, and one is not enough."""

    class Parrot(HanoiMicro, frozen=True):
        def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
            return super().prompt(step, dialect, 0)

    model = Scored(0.999)
    steps = runner(model)
    steps.task = Parrot(disks=5)
    with pytest.raises(StepDeadlocked, match="1 looks"):
        await steps.decide(NEXT, 3, 0)
    assert len(model.asked) == 1
    assert len(await steps.draw(NEXT, 3, 0)) == 1


async def test_another_run_of_a_chain_begins_with_another_wording() -> None:
    model = Scored()
    await runner(model, NO_LEADS).decide(NEXT, 1, 0, level=1)
    assert model.asked == [TASK.prompt(NEXT, "micro", 1).user]


async def test_a_pilot_takes_looks_instead_of_draws() -> None:
    model = Scored(0.8)
    ballots = await runner(model).draw(NEXT, 3, 0)
    assert [ballot.candidate for ballot in ballots] == ["4"] * 3
    assert all(ballot.shares for ballot in ballots)
    assert len(set(model.asked)) == 3


async def test_what_cannot_be_read_spoils_a_look() -> None:
    class Mumbling(Scored):
        async def look(self, request: Request) -> Look:
            return Look((("x", 0.5), ("24", 0.3)), 0.2)

    (ballot,) = await runner(Mumbling()).draw(NEXT, 1, 0)
    assert (ballot.candidate, ballot.spoiled_by) == (None, "misformatted")


async def test_readable_answers_share_what_unreadable_ones_leave() -> None:
    class Half(Scored):
        async def look(self, request: Request) -> Look:
            return Look((("24", 0.4), ("x", 0.2), ("25", 0.1)), 0.1)

    (ballot,) = await runner(Half()).draw(NEXT, 1, 0)
    # .7 of the probability may be readable: .5 is, and .2 was not followed to its end.
    assert ballot.shares == (("4", pytest.approx(0.4 / 0.7)), ("5", pytest.approx(0.1 / 0.7)))


async def test_who_comes_while_a_look_is_on_its_way_waits_for_it() -> None:
    model, cache = Scored(), LookCache()
    model.wait = asyncio.Event()
    request = Request(TASK.prompt(NEXT, "micro"), (0,), 1.0, 6, 0)
    tasks = [asyncio.create_task(cache.look(key_of(model, request), lambda: model.look(request))) for _ in range(3)]
    await asyncio.sleep(0)
    model.wait.set()
    found = await asyncio.gather(*tasks)
    assert [fresh for _, fresh in found] == [True, False, False]
    assert len(model.asked) == 1


async def test_a_look_that_failed_is_asked_again_by_whoever_waits() -> None:
    model, cache = Scored(), LookCache()
    model.fails, model.wait = 1, asyncio.Event()
    request = Request(TASK.prompt(NEXT, "micro"), (0,), 1.0, 6, 0)
    tasks = [asyncio.create_task(cache.look(key_of(model, request), lambda: model.look(request))) for _ in range(2)]
    await asyncio.sleep(0)
    model.wait.set()
    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, ModelUnavailable)
    assert isinstance(second, tuple)
    assert second[1]


async def test_looks_are_kept_by_model_settings_and_text_and_their_number_is_bounded() -> None:
    model, other, cache = Scored(), Scored(), LookCache(most=2)
    other.name = "another"
    request = Request(TASK.prompt(NEXT, "micro"), (0,), 1.0, 6, 0)
    again = Request(TASK.prompt(NEXT, "micro"), (7, 8), 0.3, 6, 5)
    assert key_of(model, request) == key_of(model, again)  # draws, heat and seed make no difference to a distribution
    assert (
        len({key_of(model, request), key_of(other, request), key_of(model, Request(Prompt("x"), (0,), 1.0, 6, 0))}) == 3
    )
    for value in (3, 4, 5, 3):
        step = Step("next", Role.ACTOR, Number(value), 6)
        request = Request(TASK.prompt(step, "micro"), (0,), 1.0, 6, 0)
        await cache.look(key_of(model, request), functools.partial(model.look, request))
    assert len(model.asked) == 4  # the first was forgotten


async def test_failed_calls_are_counted(step_runner: Any) -> None:
    model = Scored()
    model.fails = 1
    steps = runner(model)
    with pytest.raises(ModelUnavailable):
        await steps.decide(NEXT, 3, 0)
    assert steps.meter.take().failed_calls == 1


async def test_calls_of_looks_are_reserved_of_the_limit_and_kept_ones_are_not() -> None:
    model = Scored(0.9)
    looking = runner(model)
    looking.calls = BudgetLease(limited=True, unit="calls")
    looking.calls.grant(3 * MOST_LOOK_CALLS)
    candidate, _ = await looking.decide(NEXT, 3, 0)
    spent = 2 * len(model.asked)
    assert looking.calls.balance == 3 * MOST_LOOK_CALLS - spent
    assert looking.meter.take().calls == spent
    assert (await looking.decide(NEXT, 3, 4096))[0] == candidate
    assert looking.calls.balance == 3 * MOST_LOOK_CALLS - spent


async def test_a_look_that_the_limit_has_no_room_for_is_not_asked() -> None:
    model = Scored()
    looking = runner(model)
    looking.calls = BudgetLease(limited=True, unit="calls")
    looking.calls.grant(MOST_LOOK_CALLS - 1)
    waiting = asyncio.ensure_future(looking.decide(NEXT, 3, 0))
    assert await looking.calls.shortage() == (MOST_LOOK_CALLS, MOST_LOOK_CALLS)
    assert model.asked == []
    looking.calls.grant(0)
    with pytest.raises(ModelUnavailable):
        await waiting


async def test_a_look_that_fails_has_used_what_it_reserved() -> None:
    model = Scored()
    model.fails = 1
    looking = runner(model)
    looking.calls = BudgetLease(limited=True, unit="calls")
    looking.calls.grant(2 * MOST_LOOK_CALLS)
    with pytest.raises(ModelUnavailable):
        await looking.decide(NEXT, 3, 0)
    assert looking.calls.balance == MOST_LOOK_CALLS


async def test_the_first_look_is_asked_in_the_wording_that_was_tuned() -> None:
    seen: list[str] = []

    class Listening(Scored):
        async def look(self, request: Request) -> Look:
            seen.append(request.prompt.user)
            return await super().look(request)

    wording = Wording(instruction=("Tuned:",))
    for wordings, tuned in (({"next": wording}, 1), ({"another": wording}, 0), ({}, 0)):
        seen.clear()
        with contextlib.suppress(StepDeadlocked):
            await runner(Listening(0.7), wordings=wordings).decide(NEXT, 3, 0)
        assert len(seen) > 1
        assert sum("Tuned:" in text for text in seen) == tuned

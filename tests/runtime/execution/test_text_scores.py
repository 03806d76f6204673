"""Passages scored by how likely a model finds the question after them: what is asked, counted, and kept to a limit."""

import asyncio
import math

import pytest

from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.text_scores import KIND, TextScores, question_after
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import WORST, Capability
from surefoot.runtime.models.port import Likelihood, Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped


class Scoring(Model):
    """Finds a question the likelier, the more of its words the prompt has."""

    name = "scoring"

    def __init__(self, raw: bool = True, unscored: str = "") -> None:
        self.raw, self.unscored = raw, unscored
        self.seen: list[tuple[Request, str]] = []

    async def ask(self, request: Request) -> list[Reply]:
        raise AssertionError("nothing is drawn")

    async def score(self, request: Request, text: str) -> Likelihood:
        self.seen.append((request, text))
        if self.unscored and self.unscored in request.prompt.user:
            raise ModelRejected("no scores of this", failed_calls=1)
        words = text.split()
        known = sum(word in request.prompt.user for word in words)
        return Likelihood(float(known - len(words)), len(words), 1, 20, len(words), 0.25, 5)

    def how(self, capability: Capability) -> str:
        return "completion" if self.raw and capability is Capability.RAW else WORST[capability]


PASSAGES = ("Nothing of that.", "Ann bought a plum.", "Bob bought a fig.")


def test_each_passage_has_the_mean_of_the_questions_tokens_and_all_is_counted() -> None:
    model, meter = Scoring(), Meter()
    scores = asyncio.run(TextScores(model, meter, BudgetLease()).relevance("What bought\n Ann", PASSAGES))
    assert scores == [-1.0, pytest.approx(-1 / 3), pytest.approx(-2 / 3)]
    counts = meter.take()
    assert (counts.calls, counts.by_kind[KIND].tokens_in, counts.by_model["scoring"].tokens_cached) == (3, 60, 15)
    assert counts.known_cost_usd == 0.75
    assert {text for _, text in model.seen} == {" What bought Ann\n"}, "one line, whatever the query is"


def test_a_model_that_goes_on_with_text_is_given_text_and_another_is_asked_in_a_chat() -> None:
    request, text = question_after("A plum.", "What?", raw=True)
    assert (request.raw, request.prompt.user, text) == (True, "A plum.\nQuestion:", " What?\n")
    request, text = question_after("A plum.", "What?", raw=False)
    assert (request.raw, text) == (False, "What?")
    assert request.prompt.user.startswith("A plum.\n\nWrite a question")
    model = Scoring(raw=False)
    asyncio.run(TextScores(model, Meter(), BudgetLease()).relevance("What?", PASSAGES))
    assert not any(asked.raw for asked, _ in model.seen)


def test_a_model_that_scores_no_texts_says_so_and_its_failed_calls_are_counted() -> None:
    model, meter = Scoring(unscored="Bob"), Meter()
    with pytest.raises(ModelRejected, match="no scores of this"):
        asyncio.run(TextScores(model, meter, BudgetLease()).relevance("What?", PASSAGES))
    assert meter.take().failed_calls == 1

    class Plain(Scoring):
        score = Model.score

    with pytest.raises(ModelRejected, match="scoring does not say how likely a given text is"):
        asyncio.run(TextScores(Plain(), Meter(), BudgetLease()).relevance("What?", PASSAGES))


async def test_as_many_calls_as_passages_are_taken_from_what_is_left() -> None:
    lease = BudgetLease(limited=True, unit="calls")
    lease.grant(4)
    await TextScores(Scoring(), Meter(), lease).relevance("What?", PASSAGES)
    assert (lease.balance, lease.reserved) == (1, 0)
    asking = asyncio.ensure_future(TextScores(model := Scoring(), Meter(), lease).relevance("What?", PASSAGES))
    await asyncio.sleep(0)
    assert not model.seen, "three calls wait for what is not there"
    lease.grant(0)
    with pytest.raises(ModelUnavailable):
        await asking


async def test_what_is_stopped_gives_back_what_was_not_sent_and_counts_what_came() -> None:
    class Stopped(Scoring):
        async def score(self, request: Request, text: str) -> Likelihood:
            if "fig" in request.prompt.user:
                raise CallsStopped("the run stops", unsent=1)
            await asyncio.sleep(0)
            return await super().score(request, text)

    lease, meter = BudgetLease(limited=True, unit="calls"), Meter()
    lease.grant(5)
    with pytest.raises(CallsStopped):
        await TextScores(Stopped(), meter, lease).relevance("What?", PASSAGES)
    assert (lease.balance, lease.reserved, meter.take().calls) == (3, 0, 2)


def test_the_mean_of_a_likelihood_is_for_each_token() -> None:
    assert Likelihood(math.log(1 / 8), 3).mean == pytest.approx(math.log(1 / 2))

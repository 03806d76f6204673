"""Choice scoring against sampling, with a model whose shares are known."""

import pytest

from surefoot.runtime.models.port import Look, Model, Reply, Request
from surefoot.scripts.benchmarks import looks
from surefoot.scripts.benchmarks.looks import State, decided, learned_rule, sampled, shares_of, state, taken
from surefoot.voting.looks import Looks


class Sure(Model):
    """Says the successor with a share of its own for each number."""

    name = "sure"

    def __init__(self, share: float) -> None:
        self.share = share

    async def ask(self, request: Request) -> list[Reply]:
        raise AssertionError("nothing is drawn")

    async def look(self, request: Request) -> Look:
        right = int(request.prompt.user.rstrip(", ").rpartition(" ")[2]) + 1
        return Look(((str(right), self.share), (str(right + 1), 0.96 - self.share)), 0.04, 2)


def test_the_lead_that_drawing_needs_is_exact() -> None:
    lead, ballots = sampled(0.8, 0.2, 1.0, 1e-3)
    assert lead == 5  # (1/4)^5 / (1 + (1/4)^5) is the first below 1e-3
    assert ballots > lead
    assert sampled(0.8, 0.2, 0.5, 1e-3) == (lead, pytest.approx(2 * ballots))
    assert sampled(0.4, 0.5, 1.0, 1e-3) == (0, float("inf"))


def test_shares_leave_out_what_is_no_number() -> None:
    found = shares_of(Look((("23", 0.6), ("24", 0.2), ("x", 0.1)), 0.05))
    assert found == {"23": pytest.approx(0.6 / 0.85), "24": pytest.approx(0.2 / 0.85)}


RULE = Looks(1e-3, 0.02)


async def found(share: float, rule: Looks = RULE) -> State:
    model = Sure(share)
    return await state(model, 40, await model.look(Request(looks.next_number(40), (0,), 1.0, 6, 0)), rule)


async def test_a_thin_state_takes_more_looks_and_is_decided_rightly() -> None:
    thin, wide = await found(0.7), await found(0.95)
    assert (thin.won, thin.once, wide.won) == (True, True, True)
    assert thin.looks > wide.looks
    assert thin.calls == thin.plain_calls == 2 * thin.looks
    assert thin.copies  # copies of a look that is right are right: they add nothing but calls


async def test_shares_that_have_proven_to_say_too_little_take_fewer_looks() -> None:
    plain, sharp = await found(0.7), await found(0.7, Looks(1e-3, 0.02, sharpness=4.0))
    assert (sharp.won, sharp.plain_calls) == (True, plain.calls)
    assert sharp.calls < plain.calls
    assert (await found(0.3, Looks(1e-3, 0.02, sharpness=4.0))).won is False


async def test_a_model_that_prefers_a_wrong_answer_is_not_saved_by_its_copies() -> None:
    wrong = await found(0.3)
    assert (wrong.won, wrong.once, wrong.copies, wrong.lead) == (False, False, False, 0)


async def test_a_pilot_teaches_the_rule_and_outcomes_in_another_order_do_not() -> None:
    pilot = [await taken(Sure(0.8), number, 3) for number in range(40, 60)]
    rule, placebo = learned_rule(1e-3, pilot), learned_rule(1e-3, pilot, shuffled=True)
    assert rule.error == pytest.approx(1 / 62)
    assert rule.sharpness > 2 > placebo.sharpness == 1.0
    plain = decided(Looks(1e-3, rule.error), pilot[0])
    assert (decided(rule, pilot[0]), plain) == (("41", 3), (None, 3))

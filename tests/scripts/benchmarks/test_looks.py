"""Choice scoring against sampling, with a model whose shares are known."""

import pytest

from surefoot.runtime.models.port import Look, Model, Reply, Request
from surefoot.scripts.benchmarks import looks
from surefoot.scripts.benchmarks.looks import sampled, shares_of, state


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


async def test_a_thin_state_takes_more_looks_and_is_decided_rightly() -> None:
    model = Sure(0.7)
    request = Request(looks.next_number(40), (0,), 1.0, 6, 0)
    found = await state(model, 40, await model.look(request), 1e-3)
    wide = await state(Sure(0.95), 40, await Sure(0.95).look(request), 1e-3)
    assert (found.won, found.once, wide.won) == (True, True, True)
    assert found.looks > wide.looks
    assert found.calls == 2 * found.looks
    assert found.copies  # copies of a look that is right are right: they add nothing but calls


async def test_a_model_that_prefers_a_wrong_answer_is_not_saved_by_its_copies() -> None:
    model = Sure(0.3)
    found = await state(model, 40, await model.look(Request(looks.next_number(40), (0,), 1.0, 6, 0)), 1e-3)
    assert (found.won, found.once, found.copies, found.lead) == (False, False, False, 0)

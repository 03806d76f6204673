"""What leads and steps a call are chosen for: the fewest calls, the least money, or the shortest time."""

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import Basis
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import expected_calls, forecast, longest_of, shared_run_of
from surefoot.runtime.leads import Leads


class Objective(msgspec.Struct, frozen=True):
    """What is to be as small as possible.

    Attributes:
        name: ``calls``, ``money`` or ``time``.
        token_in: For money: USD for a prompt token.
        token_out: For money: USD for a generated token. For time: seconds that one takes.
        call_s: For time: seconds of a call, without its tokens.
        width: For time: calls at the same time.
    """

    name: str = "calls"
    token_in: float = 0.0
    token_out: float = 0.0
    call_s: float = 0.0
    width: int = 1

    def cost(self, basis: Basis, leads: Leads) -> float:
        """Return what a run with these leads is expected to need: calls, USD or seconds."""
        if self.name == "calls":
            return expected_calls(basis, leads)
        expected = forecast(basis, leads)
        if self.name == "money":
            return expected.tokens_in * self.token_in + expected.tokens_out * self.token_out
        work = expected.requests * self.call_s + expected.tokens_out * self.token_out
        return self._path_s(basis, leads) + work / self.width

    def _path_s(self, basis: Basis, leads: Leads) -> float:
        """Seconds of the calls that wait for each other, however many are made at the same time."""
        longest, shape = longest_of(basis, leads), basis.shapes[leads.leaf_steps]
        chains = max(shape.chains, key=lambda one: one.length)
        rule = basis.rule.with_lead(leads.guarded if basis.seams else leads.unguarded)
        shared = shared_run_of(chains.rates, rule, leads, chains.length)
        steps = shared.stated / shared.calls if shared is not None else 1.0
        split_s = self.call_s + shape.split_rates.reply_tokens * self.token_out
        chain_s = self.call_s + steps * chains.rates.reply_tokens * self.token_out
        return longest.splits * split_s + longest.chain * chain_s


def objective_of(config: RunConfig, estimate: Estimate) -> Objective:
    """Return what a run's leads are chosen for, with the prices or seconds that are known.

    Raises:
        ConfigurationError: Money is to be saved, and no price is known.
    """
    if config.minimize == "money":
        given = (config.price_in, config.price_out)
        prices = (given[0] / 1e6, given[1] / 1e6) if given[0] is not None and given[1] is not None else estimate.prices
        if prices is None or not any(prices):
            raise ConfigurationError(
                f"--minimize money: no price of {config.model} is known: give --price-in, --price-out"
            )
        return Objective("money", *prices)
    if config.minimize == "time":
        width = min(config.calls_in_flight, config.chains_in_flight) * (config.workers or 1)
        call_s, token_s = estimate.seconds or (1.0, 0.0)
        return Objective("time", 0.0, token_s, call_s, width)
    return Objective()

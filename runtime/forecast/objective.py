"""What leads and steps a call are chosen for: the fewest calls, the least money, or the shortest time."""

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.steps_per_call import BUNDLED


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
        # The bundled model computes what waits in one thread a worker: calls at the same time take each other's time.
        each = 1 if config.model == BUNDLED else min(config.calls_in_flight, config.chains_in_flight)
        width = each * (config.workers or 1)
        call_s, token_s = estimate.seconds or (1.0, 0.0)
        return Objective("time", 0.0, token_s, call_s, width)
    return Objective()

"""Decides whether a run's workers are worth a Ray. Pure: it is given what is known and returns the reason as well."""

import math

import msgspec

RAY_START_S = 10.0
"""Seconds that starting a Ray takes (measured on two cores: 5 on an idle machine, 8 to 24 on a busy one)."""


class RayDecision(msgspec.Struct, frozen=True):
    """Whether workers run on Ray, and why.

    Attributes:
        wanted: Whether they do.
        reason: One line for people.
    """

    wanted: bool
    reason: str


IN_PROCESS = RayDecision(False, "no Ray: the model runs in this process, and computes on its cores for all workers")
"""For weights on this machine: another process would load them again and share the same cores."""


def wants_ray(forecast_seconds: float | None, cores: int, address: str, basis: str = "") -> RayDecision:
    """Decide whether a run should use Ray.

    Args:
        forecast_seconds: Seconds that the work takes in this process alone; ``None`` if nothing is known of it.
        cores: Cores that a Ray on this machine would use.
        address: ``none``, ``local``, or HOST:PORT of a cluster: these decide by themselves. ``auto`` for no cluster
            that anybody named: then starting a Ray has to pay.
        basis: What the seconds are taken from, for people, such as ``guessed at 1 s a call``.
    """
    if address == "none":
        return RayDecision(False, "no Ray, as --address none says")
    if address == "local":
        return RayDecision(True, "starting a Ray of this run's own, as --address local says")
    if address != "auto":
        return RayDecision(True, f"using the Ray cluster at {address}")
    if forecast_seconds is None or not math.isfinite(forecast_seconds):
        return RayDecision(True, "starting a Ray of this run's own: how long the work takes is not known")
    with_ray = RAY_START_S + forecast_seconds / max(1, cores)
    work = f"the work takes {'about ' * (forecast_seconds >= 1)}{_seconds(forecast_seconds)} in one process"
    work += f", {basis}" if basis else ""
    if with_ray < forecast_seconds:
        return RayDecision(True, f"starting a Ray of this run's own: {work}, {_seconds(with_ray)} with Ray")
    return RayDecision(
        False, f"no Ray: {work}, {_seconds(with_ray)} with starting one (--address local starts one all the same)"
    )


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

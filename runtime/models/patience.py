"""Makes a call again after a failure that may pass, ever later, until it is answered or the patience is over.

An outage begins with the first failure after an answer, whichever call it was of: calls that wait for their place while
others fail are part of it. Where it has outlasted the patience, none of them is waited for any longer.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Sequence

import stamina

from surefoot.runtime.errors import ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.models.endpoints import ModelServer, another_is_up, pace
from surefoot.runtime.models.litellm_errors import Refused, Transient
from surefoot.runtime.models.litellm_replies import counted
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Reply, Stop
from surefoot.runtime.models.retries import RetryBudget
from surefoot.runtime.models.stopping import CallsStopped, StopSignal


class Patience:
    """Waits out the failures of one model's servers.

    Args:
        settings: How patiently.
        servers: Those that serve the model.
        stop: Tells when the run stops: nothing is asked again then.
        say: Told in one line what is waited for.
    """

    def __init__(
        self, settings: LiteLLMSettings, servers: Sequence[ModelServer], stop: StopSignal, say: Callable[[str], None]
    ) -> None:
        self._settings, self._servers, self._stop, self._say = settings, servers, stop, say
        self._retries = RetryBudget(settings.retry_share)
        self._down_since: float | None = None
        """When the first call failed since the last answer."""
        self._over: ModelUnavailable | None = None
        """How the last call ended that was given up."""

    async def replies(self, ask: Callable[[], Awaitable[list[Reply]]], n: int, *, may_be_the_form: bool) -> list[Reply]:
        """Return the replies of one call, with the number of calls that failed before it.

        A server's own error (500) is not waited out where the form of the request may be to blame for it.

        Args:
            ask: Makes the call.
            n: Replies that it asks for.
            may_be_the_form: Whether a failure may be for the form.

        Raises:
            CallsStopped: The run stops, and the call was not answered yet.
            ModelUnavailable, ModelRejected, QuestionRefused: The call is given up, after ``failed_calls`` failures.
        """
        first, failed = math.inf, 0

        def wait_s(error: Exception) -> bool | float:
            nonlocal failed, first
            if not isinstance(error, Transient):
                return False
            failed += error.calls
            first = min(first, self._failed())
            if (may_be_the_form and error.status == 500) or self._stop.stopped:
                return False
            wait = self._wait_s(error, failed)
            if _now() - first + wait > self._settings.patience_s or not self._retries.spend():
                return False
            found = pace(self._servers) if error.limited else ""
            self._say(f"{str(error).rstrip('.')}; asking again in {wait:.1f} s{found and f'; {found}'}")
            return wait

        try:
            async with self._stop.waiting() as pause:
                async for attempt in stamina.retry_context(on=wait_s, attempts=None, timeout=None):
                    with attempt, pause.under_way():
                        replies = await ask()
                        self._retries.earn()
                        self._down_since = None
                        return counted(replies, failed)
        except CallsStopped as stopped:
            if self._over is not None and not self._stop.stopped:  # not the run stops, but the waiting for the server
                raise ModelUnavailable(self._over.message, **self._over.context, failed_calls=failed) from None
            stopped.context |= {"failed_calls": failed, "unsent": 0 if failed else n}
            raise
        except Transient as last:
            if self._stop.stopped:
                raise self._stop.error(failed_calls=failed) from None
            given_up = self._given_up(last, _now() - first)
            if not (may_be_the_form and last.status == 500):  # then another form is tried, and not the end of all
                self._over = given_up
                self._stop.end_waiting()
            raise ModelUnavailable(given_up.message, **given_up.context, failed_calls=failed) from None
        except Refused:
            return counted([Reply("", Stop.REFUSED, cost_usd=0.0)] * n, failed)
        except (ModelRejected, ModelUnavailable, QuestionRefused) as error:
            # A call that the run has no money for was never made.
            error.context["failed_calls"] = failed + int(error.context.get("sent", True))
            raise
        raise AssertionError("unreachable")

    def _failed(self) -> float:
        """Note a failure; return when the outage began that it belongs to."""
        if self._down_since is None:
            self._down_since = _now()
        return self._down_since

    def _given_up(self, last: Transient, after_s: float) -> ModelUnavailable:
        """What a call ends with whose failures outlasted the patience, but for how many they were."""
        name, patience_s, said = self._settings.name, self._settings.patience_s, str(last).rstrip(".")
        if last.after_s is not None and last.after_s > patience_s:
            longer = f"longer than the patience of {_lasting(patience_s)} (--patience-s)"
            line = f"{name}: {said}; it asks to wait {_lasting(last.after_s)}, {longer}"
        else:
            line = f"{name}: unavailable for {_lasting(after_s)}; {said}"
            line += f"; it asks to wait {_lasting(last.after_s)}" if last.after_s else ""
        line += f"; {self._retries.spent}" if self._retries.spent else ""
        return ModelUnavailable(line, model=name, last_error=str(last), status=last.status)

    def _wait_s(self, error: Transient, failed: int) -> float:
        """Seconds until a failed call is asked again: none to speak of where another server can be asked."""
        first, longest = self._settings.backoff_initial_s, self._settings.backoff_max_s
        if another_is_up(self._servers):
            return random.uniform(0, first)
        if error.after_s is not None:
            return error.after_s + random.uniform(0, first)
        wait = min(longest, first * 2 ** min(failed - 1, 30))
        return random.uniform(wait / 2, wait)


def _lasting(seconds: float) -> str:
    """A length of time for people: servers ask for milliseconds and for years."""
    if seconds < 7200:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:,.0f} days"


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Makes a call again after a failure that may pass, ever later, until it is answered or the patience is over."""

import asyncio
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
        started, failed = _now(), 0

        def wait_s(error: Exception) -> bool | float:
            nonlocal failed
            if not isinstance(error, Transient):
                return False
            failed += error.calls
            if (may_be_the_form and error.status == 500) or self._stop.stopped:
                return False
            wait = self._wait_s(error, failed)
            if _now() - started + wait > self._settings.patience_s or not self._retries.spend():
                return False
            found = pace(self._servers) if error.limited else ""
            self._say(f"{error}; asking again in {wait:.1f} s{found and f'; {found}'}")
            return wait

        try:
            async with self._stop.waiting() as pause:
                async for attempt in stamina.retry_context(on=wait_s, attempts=None, timeout=None):
                    with attempt, pause.under_way():
                        replies = await ask()
                        self._retries.earn()
                        return counted(replies, failed)
        except CallsStopped as stopped:
            stopped.context |= {"failed_calls": failed, "unsent": 0 if failed else n}
            raise
        except Transient as last:
            if self._stop.stopped:
                raise self._stop.error(failed_calls=failed) from None
            raise self._given_up(last, _now() - started, failed) from None
        except Refused:
            return counted([Reply("", Stop.REFUSED, cost_usd=0.0)] * n, failed)
        except (ModelRejected, ModelUnavailable, QuestionRefused) as error:
            # A call that the run has no money for was never made.
            error.context["failed_calls"] = failed + int(error.context.get("sent", True))
            raise
        raise AssertionError("unreachable")

    def _given_up(self, last: Transient, after_s: float, failed: int) -> ModelUnavailable:
        """What a call ends with whose failures outlasted the patience."""
        name = self._settings.name
        line = f"{name}: unavailable for {after_s:.0f} s; {last}"
        line += f"; it asks to wait {last.after_s:.0f} s" if last.after_s else ""
        line += f"; {self._retries.spent}" if self._retries.spent else ""
        context = {"failed_calls": failed, "last_error": str(last), "status": last.status}
        return ModelUnavailable(line, model=name, **context)

    def _wait_s(self, error: Transient, failed: int) -> float:
        """Seconds until a failed call is asked again: none to speak of where another server can be asked."""
        first, longest = self._settings.backoff_initial_s, self._settings.backoff_max_s
        if another_is_up(self._servers):
            return random.uniform(0, first)
        if error.after_s is not None:
            return error.after_s + random.uniform(0, first)
        wait = min(longest, first * 2 ** min(failed - 1, 30))
        return random.uniform(wait / 2, wait)


def _now() -> float:
    return asyncio.get_running_loop().time()

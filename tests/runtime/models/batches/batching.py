"""What the tests of batches share: models that ask a provider of batches without waiting long, and sessions of them."""

import asyncio
import pathlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.batches.batched_model import BatchedModel, Gathering
from surefoot.runtime.models.batches.follower import Pace
from surefoot.runtime.models.batches.ledger import BatchLedger
from surefoot.runtime.models.batches.provider import provider_of
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Reply, Request
from tests.runtime.models.batch_server import BatchServer
from tests.runtime.models.openai_server import answer_to

NAME = "openai/gpt-4.1-mini"
QUICK = Pace(0.001, 0.002, 5.0)


class Killed(BaseException):
    """The process was killed here, as far as anything durable is concerned."""


class Kill:
    """Kills at the given arrival at a place, counted from 1: from then on nothing more is written or asked for.

    Attributes:
        points: The places that were reached.
        at_once: Called when it kills: whoever works is stopped.
    """

    def __init__(self, point: str = "", arrival: int = 1) -> None:
        self.point, self.left, self.points = point, arrival, list[str]()
        self.killed = False
        self.at_once: Callable[[], object] = lambda: None

    def __call__(self, point: str) -> None:
        self.points.append(point)
        self.left -= point == self.point
        if self.killed or (point == self.point and not self.left):
            self.killed = True
            self.at_once()
            raise Killed(point)


def asked(user: str, draws: Sequence[int] = (0,), heat: float = 0.1) -> Request:
    """A question."""
    return Request(Prompt(user, "Be brief."), tuple(draws), heat, 9, 4)


class Session:
    """One process's work on a run: a model that asks a provider, and what it told people.

    Args:
        server: The provider.
        directory: The run directory.
        kill: Where the process is killed.
        options: ``lease``, ``most_lines``, ``pace``, and settings of the model.
    """

    def __init__(self, server: BatchServer, directory: pathlib.Path, kill: Kill | None = None, **options: Any) -> None:
        self.server, self.directory, self.kill, self.options = server, directory, kill or Kill(), options
        self.said, self.noted = list[str](), list[str]()

    def model(self) -> BatchedModel:
        """A model as a new process would open it."""
        options = dict(self.options)
        lease, most = options.pop("lease", BudgetLease()), options.pop("most_lines", 1000)
        gathering = Gathering(most, 0.02, options.pop("pace", QUICK))
        inner = LiteLLMModel(LiteLLMSettings(name=NAME, api_base=self.server.base, batch=True, **options), lease)
        provider = provider_of(NAME, self.server.base, 5)
        ledger = BatchLedger(self.directory, self.kill)
        return BatchedModel(inner, provider, ledger, gathering, self.said.append, self._note)

    def _note(self, line: str) -> None:
        """Keep a line, with T where it says how long something took: that is the machine's."""
        self.noted.append(re.sub(r"\d+:\d\d:\d\d", "T", line))

    def run(self, work: Callable[[BatchedModel], Awaitable[Any]]) -> Any:
        """Do some work with a model, in an event loop of its own, and close the model."""

        async def whole() -> Any:
            model = self.model()
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)  # of what the kill leaves
            working = asyncio.ensure_future(work(model))
            self.kill.at_once = working.cancel
            await asyncio.wait([working])
            await model.close()
            if self.kill.killed:
                raise Killed(self.kill.point)
            return await working

        return asyncio.run(whole())

    def ask(self, *requests: Request) -> list[list[Reply]]:
        """Ask questions at the same time."""

        async def work(model: BatchedModel) -> list[list[Reply]]:
            return list(await asyncio.gather(*(model.ask(one) for one in requests)))

        found: list[list[Reply]] = self.run(work)
        return found


FIVE = [asked(f"question {number}", (4096 * number, 4096 * number + 1)) for number in range(5)]


def right(replies: list[list[Reply]], requests: Any = FIVE) -> bool:
    """Whether each question has an answer to each draw, its own."""
    wanted = [[answer_to(one.prompt.user)] * len(one.draws) for one in requests]
    return [[reply.text for reply in each] for each in replies] == wanted

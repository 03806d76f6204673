"""A model of somebody's own, watched: what its code raises or returns is checked where it happens.

An exception that comes out of ``ask``, or something else than one ``Reply`` for each draw, is a ``UserCodeError`` that
names the method, its file and its line. A limit in money is kept for it (``own_costs.py``). Models that come with
Surefoot are left as they are.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.copies import Sameness
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.own_costs import OwnCosts, Said
from surefoot.runtime.models.own_prices import WANTED_PRICES, GivenPrices, are_prices, priced, priced_one, wrong_number
from surefoot.runtime.models.port import MOST_LOOK_CALLS, Likelihood, Look, Model, Reply, Request
from surefoot.runtime.user_code import blamed, load_named, wrong_value

WANTED = "a list with one Reply for each of request.draws"
WANTED_LIKELIHOOD = "a Likelihood of at least one token, whose logarithm is at most 0"
"""What ``ask`` and ``score`` return, for people."""


class OwnModel(Model):
    """Asks a model of somebody's own, and says whose fault it is when that fails.

    Args:
        model: The model; one that comes with Surefoot where a user gave prices for it.
        dialect: The wording it is asked in, if another one than its own was chosen.
    """

    def __init__(self, model: Model, dialect: Dialect | None = None) -> None:
        self._given, self._ours = GivenPrices(), is_ours(model)
        self._model, self._class = model, type(model)
        self.name, self.shared, self.lease = model.name or type(model).__name__, model.shared, model.lease
        self.dialect = dialect or model.dialect
        # Who takes the lease, for itself or for a model it asks, reserves from it: what it spends is settled once.
        self._reserves = model.lease is not None or type(model).use_lease is not Model.use_lease
        self._costs = OwnCosts(self.prices, self._tell_dearer)
        self._tell: Callable[[str], None] | None = None

    def agree(self, given: GivenPrices, tell: Callable[[str], None] | None = None) -> None:
        """Have answers without a cost of their own cost what a user says that tokens cost.

        Args:
            given: What they cost.
            tell: Told in one line, once, of an answer that costs more than the prices allow.
        """
        self._given, self._tell = given, tell

    def _tell_dearer(self, spent: float, reserved: float) -> None:
        if self._tell is not None:
            said = f"an answer cost ${spent:.6g} where its prices allow ${reserved:.6g} at most"
            self._tell(f"{self.name}: {said}; --max-cost-usd may be exceeded by what such answers cost more")

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt as the model does, once money for it is reserved where the run has a limit.

        Raises:
            UserCodeError: The model's code failed, or returned something else than replies.
            ModelUnavailable: The run has not enough money left.
            ModelError: Raised by the model on purpose; or an answer's cost is unknown and the run has a limit.
        """
        return await self._paid(request, len(request.draws), lambda: self._replies(request))

    async def _paid(self, request: Request, answers: int, call: Callable[[], Awaitable[Said]]) -> Said:
        """Make a call, once money for so many answers is reserved where the run has a limit."""
        lease = self._own_lease
        return await (call() if lease is None else self._costs.paid(lease, request, answers, call))

    async def _replies(self, request: Request) -> list[Reply]:
        with blamed(self._class, "ask"):
            replies = await self._model.ask(request)
        if not _are_replies(replies, len(request.draws)):
            raise wrong_value(self._class, "ask", WANTED, replies)
        for reply in replies:
            self._check_numbers("ask", reply)
        return priced(replies, self.prices(), always=self._ours)

    async def look(self, request: Request) -> Look:
        """Return the model's distribution over whole answers; errors as for ``ask``."""
        return await self._paid(request, MOST_LOOK_CALLS, lambda: self._look(request))

    async def _look(self, request: Request) -> Look:
        with blamed(self._class, "look"):
            look = await self._model.look(request)
        if not isinstance(look, Look):
            raise wrong_value(self._class, "look", "a Look", look)
        self._check_numbers("look", look)
        return priced_one(look, self.prices(), always=self._ours)

    async def score(self, request: Request, text: str) -> Likelihood:
        """Return how likely the model finds a text after a prompt; errors as for ``ask``."""
        return await self._paid(request, 1, lambda: self._score(request, text))

    async def _score(self, request: Request, text: str) -> Likelihood:
        with blamed(self._class, "score"):
            found = await self._model.score(request, text)
        if not isinstance(found, Likelihood) or not found.tokens >= 1 or not found.logarithm <= 0:
            raise wrong_value(self._class, "score", WANTED_LIKELIHOOD, found)
        self._check_numbers("score", found)
        return priced_one(found, self.prices(), always=self._ours)

    @property
    def _own_lease(self) -> BudgetLease | None:
        """The lease to reserve from, where the run has a limit and the model reserves nothing itself."""
        return self.lease if not self._reserves and self.lease is not None and self.lease.limited else None

    def _check_numbers(self, method: str, said: Reply | Look | Likelihood) -> None:
        """Refuse a cost by which money would come back, and numbers of tokens that cannot be."""
        wanted = wrong_number(said)
        if wanted:
            raise wrong_value(self._class, method, wanted, getattr(said, wanted.partition(" ")[0]))

    async def close(self) -> None:
        """Release what the model holds."""
        with blamed(self._class, "close"):
            await self._model.close()

    async def probe(self) -> None:
        """See that the model can be reached, as it does."""
        with blamed(self._class, "probe"):
            await self._model.probe()

    def check_prompt(self, prompt: Prompt) -> None:
        """Refuse a question that the model was not made for, as it does."""
        with blamed(self._class, "check_prompt"):
            self._model.check_prompt(prompt)

    def stop_waiting(self) -> None:
        """Have whoever waits for the model go on with a pause, as it does."""
        with blamed(self._class, "stop_waiting"):
            self._model.stop_waiting()

    def prices(self) -> tuple[float, float] | None:
        """What a prompt token and a generated one cost at most, in USD: as the user says, else as the model does.

        Raises:
            UserCodeError: What the model says is no pair of prices.
        """
        with blamed(self._class, "prices"):
            found = self._model.prices()
        if not are_prices(found):
            raise wrong_value(self._class, "prices", WANTED_PRICES, found)
        if self._ours and found is None and self._given.any:
            found = (0.0, 0.0)
        return self._given.before(found)

    @property
    def endpoints(self) -> Mapping[str, Limiter]:
        """The limiter of each address that the model asks."""
        return self._model.endpoints

    def use_lease(self, lease: BudgetLease) -> None:
        """Have the model reserve money from this lease."""
        self.lease = lease
        with blamed(self._class, "use_lease"):
            self._model.use_lease(lease)

    def how(self, capability: Capability) -> str:
        """Return the way in which the model serves a capability."""
        with blamed(self._class, "how"):
            return self._model.how(capability)

    def sameness(self) -> Sameness:
        """Return how often the model's replies to one prompt differed."""
        return self._model.sameness()

    def share_on_node(self) -> None:
        """Share what the model loads with the other processes of this node, as it does."""
        with blamed(self._class, "share_on_node"):
            self._model.share_on_node()


def _are_replies(found: Any, draws: int) -> bool:
    """Whether a method returned one reply with a text for each draw."""
    return (
        isinstance(found, list | tuple)
        and len(found) == draws
        and all(isinstance(one, Reply) and isinstance(one.text, str) for one in found)
    )


def watched(model: Model, dialect: Dialect | None = None) -> Model:
    """Return a model that somebody wrote with its methods watched; the model itself if it comes with Surefoot.

    Raises:
        ConfigurationError: It is no model that can be asked.
    """
    check_model_object(model)
    return model if is_ours(model) else OwnModel(model, dialect)


def is_ours(model: Model) -> bool:
    """Return whether a model's answers are given by code that comes with Surefoot."""
    return type(model).ask.__module__.partition(".")[0] == "surefoot"


def with_prices(model: Model, given: GivenPrices, tell: Callable[[str], None] | None = None) -> Model:
    """Return a model whose tokens cost what a user says: one of somebody's own, or one of ours that costs nothing.

    Args:
        model: The model; one with a price list, such as a server's, is left as it is.
        given: What tokens cost.
        tell: Told in one line of an answer that costs more than that allows.
    """
    if given.any and not isinstance(model, OwnModel) and is_ours(model) and model.lease is None:
        model = OwnModel(model)
    if isinstance(model, OwnModel):
        model.agree(given, tell)
    return model


def check_model_object(model: Any) -> None:
    """Refuse an object that cannot be asked.

    Raises:
        ConfigurationError: It is no model, or its ``ask`` is no coroutine; the message says which.
    """
    kind = type(model).__name__
    if not isinstance(model, Model):
        raise ConfigurationError(f"a model is a surefoot.Model or a name, and not a {kind}")
    if not inspect.iscoroutinefunction(model.ask):
        raise ConfigurationError(f"{kind}.ask must be 'async def ask(self, request)': it is awaited for Reply objects")


def open_own_model(name: str, dialect: Dialect | None = None) -> Model:
    """Make the model that a user names as ``my_module:MyModel``, whose module is imported already or lies here.

    Args:
        name: The module, and the class of the model, which is made without arguments, or a model object.
        dialect: The wording it is asked in; by default its own.

    Raises:
        ConfigurationError: There is no such model.
        UserCodeError: Its code failed.
    """
    found = load_named(f"--model {name}", name)
    if isinstance(found, type):
        if not issubclass(found, Model):
            raise ConfigurationError(f"--model {name}: {found.__name__} is no class derived from surefoot.Model")
        with blamed(found, "__init__"):
            found = found()
    if not isinstance(found, Model):
        raise ConfigurationError(f"--model {name}: is a {type(found).__name__}, and no surefoot.Model")
    return watched(found, dialect)

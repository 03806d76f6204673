"""A model whose questions go out together, as a provider's batches: at half the price, hours later.

It stands in front of a model like any other, so nothing that decides knows of it: whoever asks waits. Questions gather
until none has come for a while, which is when everything that can go on waits for an answer, or until a batch is full.
What an earlier session asked for is known by its question and its draws, and answers the same question now.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from surefoot.runtime.count_text import count_of
from surefoot.runtime.errors import ModelRejected, ModelUnavailable, QuestionRefused, SurefootError
from surefoot.runtime.models.batches.bodies import body_of, meaning_of, question_of_draws, replies_of
from surefoot.runtime.models.batches.charges import charge_of, unread_usd
from surefoot.runtime.models.batches.follower import BatchFollower, Ended, Pace, spoken
from surefoot.runtime.models.batches.ledger import Batch, BatchLedger
from surefoot.runtime.models.batches.lines import MOST_BYTES, MOST_LINES, Line, line_of, question_of, text_of
from surefoot.runtime.models.batches.on_its_way import OnItsWay
from surefoot.runtime.models.batches.provider import Provider
from surefoot.runtime.models.batches.room import Room, is_too_much
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import WAYS, Capability
from surefoot.runtime.models.copies import Sameness
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.port import Model, Reply, Request, Stop

TRIES: Final = 3
"""Batches that a question is asked in before the run pauses over it."""
STOPPED = "batches go on at the provider; resume takes them up"

Draw = tuple[str, int]
"""A question's hash and the number of a draw: what one answer is for."""


class Gathering(msgspec.Struct, frozen=True):
    """When a batch is sent, and how it is followed.

    Attributes:
        most_lines: Lines at which it is full.
        quiet_s: Seconds without a new question after which it is sent.
        pace: How often the provider is asked.
    """

    most_lines: int = MOST_LINES
    quiet_s: float = 2.0
    pace: Pace = Pace()


class BatchedModel(Model):
    """Asks a model through its provider's batches.

    Args:
        inner: The model; its prices are those of batches.
        provider: Where its batches are asked for.
        ledger: The run's batches, on disk.
        gathering: When a batch is sent.
        say: Told in one line what is waited for.
        note: Told in one line what people may want to keep.
    """

    shared = True

    def __init__(
        self,
        inner: LiteLLMModel,
        provider: Provider,
        ledger: BatchLedger,
        gathering: Gathering,
        say: Callable[[str], None],
        note: Callable[[str], None],
    ) -> None:
        self.inner, self.name, self.dialect, self.lease = inner, inner.name, inner.dialect, inner.lease
        self._provider, self._ledger, self._gathering, self._note = provider, ledger, gathering, note
        self._follower = BatchFollower(provider, ledger, gathering.pace, say, note)
        self._ways: dict[Draw, OnItsWay] = {}
        self._answers: dict[Draw, tuple[Line, msgspec.Raw]] = {}
        self._replies: dict[Draw, Reply] = {}
        self._earlier: set[Draw] = set()
        self._gathered: list[tuple[OnItsWay, bytes]] = []
        self._bytes, self._last = 0, 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._following: set[asyncio.Task[None]] = set()
        self._begun = self._stopped = self._singly = False
        self._room, self._say = Room(gathering.most_lines, gathering.pace), say
        self._why = ""

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw, when the batch that it went out with is back.

        Raises:
            ModelUnavailable: The provider failed for too long, left a question unanswered in three batches, or the
                run is stopping: what is in flight stays there.
            ModelRejected: It takes no batches, or none of this form.
            QuestionRefused: It takes no question like this one.
        """
        self._begin()
        self.inner.opened().silence.check()
        question = self._question(request)
        tried = 0
        while True:
            missing = tuple(draw for draw in request.draws if not self._has(question, draw, request))
            if not missing:
                return [self._replies.pop((question, draw)) for draw in request.draws]
            if tried == TRIES:
                break
            if await self._arrive(question, missing, request):
                await self._room.wait(self.name, self._why, self._say)
            else:
                tried += 1
        said = f"{self.name}: {TRIES} batches came back without an answer to the same question"
        raise ModelUnavailable(f"{said}; the last that failed: {self._why}" if self._why else said)

    def begun_earlier(self, request: Request) -> int:
        """Return how many draws of a request an earlier session sent in a batch, each once.

        Raises:
            ModelUnavailable: The run is stopping.
        """
        self._begin()
        if not self._earlier:
            return 0
        question = self._question(request)
        found = {(question, draw) for draw in request.draws} & self._earlier
        self._earlier -= found
        return len(found)

    async def close(self) -> None:
        """Leave the batches where they are and close all connections."""
        self.stop_waiting()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self._provider.close()
        await self.inner.close()

    async def probe(self) -> None:
        """See that the server answers at all, before a run starts."""
        await self.inner.probe()

    def stop_waiting(self) -> None:
        """Have whoever waits go on with a pause; what is in flight stays there, what is only gathered is dropped."""
        self._stopped = True
        self._room.stop()
        if self._timer is not None:
            self._timer.cancel()
        for way, _ in self._gathered:
            self._drop(way)
        self._gathered.clear()
        for way in set(self._ways.values()):
            way.end(ModelUnavailable(f"{self.name}: {STOPPED}", model=self.name))
        for task in self._following:
            task.cancel()

    def prices(self) -> tuple[float, float] | None:
        """The most that a prompt token and a generated one cost in a batch, in USD; ``None`` where one is unknown."""
        return self.inner.prices()

    def use_lease(self, lease: BudgetLease) -> None:
        """Reserve money from this lease from now on."""
        self.lease = lease
        self.inner.use_lease(lease)

    def how(self, capability: Capability) -> str:
        """Return the way in which a capability is served; nothing is scored in a batch."""
        if capability in (Capability.CHOICES, Capability.SCORES):
            return WAYS[capability][-1]
        return self.inner.how(capability)

    def sameness(self) -> Sameness:
        """Return how often replies to one prompt differed, and how many were copies."""
        return self.inner.sameness()

    def _forms(self) -> dict[Capability, int]:
        """The ways in which things are asked for: what servers may not know cannot be found out hours later."""
        last = {one: len(WAYS[one]) - 1 for one in (Capability.RAW, Capability.CHOICES, Capability.SCORES)}
        return {**self.inner.forms, **last}

    def _question(self, request: Request) -> str:
        """The hash of what a request asks, whatever its draws."""
        asked = question_of_draws(self.name, request, request.draws, self._forms())
        return question_of(body_of(self.inner.opened(), asked))

    def _begin(self) -> None:
        """Take up, once, what earlier sessions left: answers on this disk, and batches at the provider."""
        if self._stopped:
            raise ModelUnavailable(f"{self.name}: {STOPPED}", model=self.name)
        if self._begun:
            return
        self._begun = True
        self._ledger.open()
        for batch in list(self._ledger.batches.values()):
            lines = self._ledger.lines(batch.number)
            self._earlier |= {(line.question, draw) for line in lines for draw in line.draws}
            if batch.ended:
                counted = (msgspec.structs.replace(line, held_usd=0.0, most_usd=0.0) for line in lines)
                self._take_in(self._follower.kept(batch), {line.id: OnItsWay(line) for line in counted})
                continue
            self._note(f"batch {batch.number}: {count_of(batch.lines, 'question')} of an earlier session taken up")
            if self._limited is not None:
                self._limited.hold(sum(line.held_usd for line in lines))
            self._follow(batch, [OnItsWay(line) for line in lines], adopted=True)

    @property
    def _limited(self) -> BudgetLease | None:
        """The lease that money is reserved from, where the run has a limit."""
        return self.lease if self.lease is not None and self.lease.limited else None

    def _has(self, question: str, draw: int, request: Request) -> bool:
        """Whether the reply to a draw is here; one that came back is read now."""
        key = (question, draw)
        if key in self._replies:
            return True
        found = self._answers.get(key)
        if found is None:
            return False
        line, body = found
        self._forget(line)
        asked = question_of_draws(self.name, request, line.draws, self._forms())
        try:
            replies = replies_of(self.inner.opened(), body, asked)
        except ValueError as error:
            self._note(f"an answer of a batch is left, and asked for again: {error}")
            if self.lease is not None and (prices := self.prices()) is not None:
                self.lease.doubt(unread_usd(line, body, prices))
            return False
        self._singly = self._singly or len(replies) < len(line.draws)
        self._replies |= {(question, one): reply for one, reply in zip(line.draws, replies, strict=False)}
        return key in self._replies

    def _forget(self, line: Line) -> None:
        for draw in line.draws:
            self._answers.pop((line.question, draw), None)

    async def _arrive(self, question: str, draws: tuple[int, ...], request: Request) -> bool:
        """Wait until it is known what came of some draws; those that are not on their way are gathered.

        Returns:
            Whether a batch of them was more than the provider takes now.
        """
        new = tuple(draw for draw in draws if (question, draw) not in self._ways)
        mine = await self._gather(request, new) if new else []
        ways = {*mine, *(self._ways[question, draw] for draw in draws if (question, draw) in self._ways)}
        try:
            for way in ways:
                await way.arrived.wait()
        except asyncio.CancelledError:
            for way in mine:
                if not way.sent:
                    self._gathered = [one for one in self._gathered if one[0] is not way]
                    self._drop(way)
            raise
        for way in ways:
            if way.error is not None:
                raise way.error
        return any(way.too_much for way in ways)

    async def _gather(self, request: Request, draws: tuple[int, ...]) -> list[OnItsWay]:
        """Put draws of a question into the batch that is gathered, once there is money for them."""
        calls, forms = self.inner.opened(), self._forms()
        shares = [(draw,) for draw in draws] if self._singly else [draws]
        found = []
        for share in shares:
            asked = question_of_draws(self.name, request, share, forms)
            most, held = calls.prices.at_most(request, len(share), calls.limit(asked)), 0.0
            if self._limited is not None:
                held = most
                await self._limited.reserve(held)
            body = body_of(calls, asked)
            way = OnItsWay(line_of(body, share, held, most))
            found.append(way)
            if self._stopped:
                self._drop(way)
                raise ModelUnavailable(f"{self.name}: {STOPPED}", model=self.name)
            self._add(way, body)
        return found

    def _add(self, way: OnItsWay, body: Mapping[str, Any]) -> None:
        text, loop = text_of(way.line, body), asyncio.get_running_loop()
        if self._gathered and self._bytes + len(text) > MOST_BYTES:
            self._send()
        self._gathered.append((way, text))
        self._ways |= {(way.line.question, draw): way for draw in way.line.draws}
        self._bytes, self._last = self._bytes + len(text), loop.time()
        if len(self._gathered) >= self._room.most_lines:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self._gathering.quiet_s, self._look)

    def _look(self) -> None:
        """Send what is gathered if nothing came for long enough, or look again later."""
        loop, self._timer = asyncio.get_running_loop(), None
        left = self._last + self._gathering.quiet_s - loop.time()
        if left > 1e-6:
            self._timer = loop.call_later(left, self._look)
        else:
            self._send()

    def _send(self) -> None:
        gathered, self._gathered, self._bytes = self._gathered, [], 0
        if not gathered:
            return
        ways = [way for way, _ in gathered]
        try:
            batch = self._ledger.intend([way.line for way in ways], b"".join(text for _, text in gathered), time.time())
        except SurefootError as error:
            self._give_up(ways, error)
            return
        self._note(f"batch {batch.number}: {count_of(batch.lines, 'question')} sent together")
        self._follow(batch, ways)

    def _follow(self, batch: Batch, ways: Sequence[OnItsWay], *, adopted: bool = False) -> None:
        for way in ways:
            way.sent = True
            self._ways |= {(way.line.question, draw): way for draw in way.line.draws}
        task = asyncio.get_running_loop().create_task(self._to_its_end(batch, ways, adopted=adopted))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _to_its_end(self, batch: Batch, ways: Sequence[OnItsWay], *, adopted: bool) -> None:
        ended: Ended | None = None
        error: SurefootError = ModelUnavailable(f"{self.name}: {STOPPED}", model=self.name)
        try:
            ended = await self._follower.follow(batch, adopted=adopted)
        except SurefootError as failed:
            error = failed
        finally:
            if ended is None:  # whatever happened, nobody waits for ever
                self._give_up(ways, error)
        if ended is None:
            return
        self._take_in(ended, {way.line.id: way for way in ways})
        self._tell(ended)
        self._settle(ended, [way.line for way in ways])
        self._room.ended(ended.batch, asyncio.get_running_loop().time())
        for way in ways:
            way.too_much = is_too_much(ended.batch)
            self._arrived(way, way.error)

    def _take_in(self, ended: Ended, ways: Mapping[str, OnItsWay]) -> None:
        """Keep what came of the lines of a batch until it is asked for, and tell of what did not."""
        results = ended.results
        meant = {key: meaning_of(self.name, fault) for key, fault in results.faults.items()}
        refused = [one for one in meant.values() if isinstance(one, QuestionRefused)]
        if len(refused) == len(ways) > 1:  # it is the form that every question has
            first = refused[0]
            meant = dict.fromkeys(meant, ModelRejected(f"every question of a batch was refused: {first.message}"))
        for key, way in ways.items():
            line, error = way.line, meant.get(key)
            if (body := results.answers.get(key)) is not None:
                self._answers |= {(line.question, draw): (line, body) for draw in line.draws}
            elif isinstance(error, PermissionError):
                refusal = Reply(str(error), Stop.REFUSED, cost_usd=0.0)
                self._replies |= {(line.question, draw): refusal for draw in line.draws}
            else:
                way.error = error

    def _tell(self, ended: Ended) -> None:
        """Say how many questions of a batch were answered, and what is wrong with its files."""
        batch, results = ended.batch, ended.results
        self._why = batch.why or self._why
        for complaint in results.complaints:
            self._note(f"batch {batch.number}: {complaint}")
        left = batch.lines - len(results.answers)
        more = f"; {left:,} not: what the provider did not refuse is asked again" if left else ""
        took = spoken(time.time() - batch.asked_at)
        self._note(f"batch {batch.number}: {count_of(len(results.answers), 'question')} answered after {took}{more}")

    def _settle(self, ended: Ended, lines: Sequence[Line]) -> None:
        """Give back what was reserved for a batch beyond what it may have cost."""
        prices, lease = self.prices(), self.lease
        if lease is None or prices is None:
            return
        charge = charge_of(ended, lines, prices)
        lease.settle(sum(line.held_usd for line in lines), charge.spent_usd + charge.doubtful_usd)
        lease.doubt(charge.doubtful_usd)
        if charge.doubtful:
            what = f"{charge.doubtful:,} of its questions may be charged though their answers or tokens cannot be read"
            self._note(f"batch {ended.batch.number}: {what}, up to ${charge.doubtful_usd:.6f}")

    def _give_up(self, ways: Iterable[OnItsWay], error: Exception) -> None:
        for way in ways:
            self._arrived(way, error)

    def _arrived(self, way: OnItsWay, error: Exception | None) -> None:
        for draw in way.line.draws:
            self._ways.pop((way.line.question, draw), None)
        way.end(error)

    def _drop(self, way: OnItsWay) -> None:
        """Let go of a line that was never sent."""
        for draw in way.line.draws:
            self._ways.pop((way.line.question, draw), None)
        if self._limited is not None:
            self._limited.settle(way.line.held_usd, 0.0)
        way.end(ModelUnavailable(f"{self.name}: {STOPPED}", model=self.name))

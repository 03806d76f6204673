"""Decides one step: draws ballots from the model until the race has a verdict.

Each round draws the fewest ballots that could end the race and casts them in the order drawn, so no call is wasted,
nothing has to be cancelled, and arrival order cannot change a verdict.
"""

from typing import Any

import msgspec

from decompose.step import Dialect, Flag, Step
from decompose.task import Task
from runtime.errors import StepDeadlocked
from runtime.ladder import FIRST, Asked, Way, asked, ways_of
from runtime.models.port import Model, Reply, Request, Stop
from runtime.records import Account, Contested, Counts, Entry, rule_of
from runtime.structured import as_lines, asking_for_json, schema_of
from runtime.untrusted import tame
from voting.ballot import Ballot
from voting.race import Deadlocked, Won
from voting.red_flags import RedFlag, overlong
from voting.sequential import Sequential, open_race

MAX_DRAWS = 4096
"""Draw numbers are handed out in strides of this, so that no two steps of a run share one."""


class StepRunner:
    """Asks, reads, flags, and counts until a step is decided.

    Args:
        task: Words the step and reads the replies.
        model: Answers.
        dialect: Wording.
        flags: Red flags that are on.
        rule: Name of the race's rule.
        max_ballots: Cap on the ballots of one race, spoiled ones included.
        temperature: Sampling temperature.
        first_temperature: Temperature of the first ballot of a step.
        max_reply_tokens: Limit on ``chat`` replies; ``compact`` ones have the step's own.
        seed: The run's seed.
        structured: Whether ``chat`` replies are to follow the task's schema.
        ladder: Whether a question may be asked in other ways; see ``runtime/ladder.py``.
        fallback: Answers on the last rung of the ladder.
        sequential: Rules that leads stand for; see ``Leads``.
    """

    def __init__(
        self,
        task: Task,
        model: Model,
        dialect: Dialect,
        *,
        flags: frozenset[RedFlag],
        rule: str,
        max_ballots: int,
        temperature: float,
        first_temperature: float,
        max_reply_tokens: int,
        seed: int,
        structured: bool = False,
        ladder: bool = False,
        fallback: Model | None = None,
        sequential: dict[int, Sequential] | None = None,
    ) -> None:
        self.task, self.model, self.dialect = task, model, dialect
        self.flags, self.rule, self.max_ballots = flags, rule, max_ballots
        self.temperature, self.first_temperature = temperature, first_temperature
        self.max_reply_tokens, self.seed = max_reply_tokens, seed
        self.structured = structured and dialect == "chat"
        self.counts = Counts()
        self.fallback, self.sequential = fallback, sequential or {}
        self.ways = ways_of(task, dialect, fallback is not None) if ladder else (FIRST,)

    async def decide(self, step: Step, k: int, draw: int, rung: int = 0) -> tuple[str, Entry]:
        """The winning candidate, and what the journal keeps of the race.

        A race that ends undecided is held again one rung higher.

        Args:
            step: The question.
            k: Lead to ask for.
            draw: First of the ``MAX_DRAWS`` draw numbers that belong to this step.
            rung: Of the ladder, counted round: where to begin.

        Raises:
            StepDeadlocked: The race ended undecided on this rung and on all above it.
            ModelUnavailable, ModelRejected: From the model.
        """
        first = rung % len(self.ways)
        before: tuple[Ballot, ...] = ()
        for way in self.ways[first:]:
            try:
                candidate, entry = await self._race(step, k, draw, way)
            except StepDeadlocked as error:
                undecided = error
                before += error.context["entry"].ballots
                continue
            if way is not self.ways[first]:
                self.counts.escalations += 1
                self.counts.caught[way.name] = self.counts.caught.get(way.name, 0) + 1
                plain = Contested(k, tuple(Ballot(number, candidate) for number in range(k)), way=way.name)
                told = plain if isinstance(entry, str) else entry
                return candidate, msgspec.structs.replace(told, before=before)
            return candidate, entry
        raise undecided

    async def _race(self, step: Step, k: int, draw: int, way: Way) -> tuple[str, Entry]:
        rule = self.sequential.get(k)
        race = open_race(rule or rule_of(self.rule, k), self.max_ballots)
        ballots: list[Ballot] = []
        details: list[str] = []
        model, question = self._asked(step, way)
        request, limit = self._request(question), self._limit(question)
        while race.verdict is None:
            drawn = len(ballots)
            first_apart = drawn == 0 and self.first_temperature != self.temperature
            wanted = 1 if first_apart else race.fewest()
            temperature = self.first_temperature if first_apart else self.temperature
            draws = tuple(range(draw + drawn, draw + drawn + wanted))
            request = msgspec.structs.replace(request, draws=draws, temperature=temperature)
            for reply in await model.ask(request):
                ballot, detail = self._read(question, len(ballots), reply, limit)
                ballots.append(ballot)
                details.append(detail)
                race.cast(ballot)
        name = "" if way == FIRST else way.name
        return self._settle(race.verdict, Contested(k, tuple(ballots), tuple(details), rule, name))

    async def draw(self, step: Step, count: int, draw: int, rung: int = 0) -> tuple[Ballot, ...]:
        """A number of ballots for a step, with no race; arguments and errors as for ``decide``."""
        model, question = self._asked(step, self.ways[rung % len(self.ways)])
        limit = self._limit(question)
        draws = tuple(range(draw, draw + count))
        replies = await model.ask(msgspec.structs.replace(self._request(question), draws=draws))
        return tuple(self._read(question, number, reply, limit)[0] for number, reply in enumerate(replies))

    def request(self, step: Step) -> Request:
        """A step as it is put to the model, for one draw."""
        return self._request(self._asked(step, FIRST)[1])

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """The candidate a reply names, or its red flag. Nothing is counted."""
        question = self._asked(step, FIRST)[1]
        return self._flag(question, reply, self._limit(question))

    def _asked(self, step: Step, way: Way) -> tuple[Model, Asked]:
        """Who is asked, and what."""
        if way.fallback and self.fallback is not None:
            return self.fallback, asked(self.task, step, way, self.fallback.dialect)
        return self.model, asked(self.task, step, way, self.dialect)

    def _request(self, question: Asked) -> Request:
        """A question as it is put to a model, for one draw."""
        limit, names = self._limit(question), self._schema(question)
        if names is None:
            return Request(question.prompt, (0,), self.temperature, limit, self.seed)
        return Request(asking_for_json(question.prompt), (0,), self.temperature, limit, self.seed, schema_of(names))

    def _schema(self, question: Asked) -> Any:
        """What a reply is to follow, if anything."""
        return self.task.reply_schema(question.step) if self.structured and question.dialect == "chat" else None

    def _limit(self, question: Asked) -> int:
        return question.step.max_reply_tokens if question.dialect == "compact" else self.max_reply_tokens

    def _name_of(self, question: Asked) -> str:
        """Which model answers, for the accounts."""
        model = self.fallback if question.way.fallback and self.fallback is not None else self.model
        return str(getattr(model, "name", type(model).__name__))

    def _settle(self, verdict: Won | Deadlocked, entry: Contested) -> tuple[str, Entry]:
        ballots, k = entry.ballots, entry.k
        if isinstance(verdict, Deadlocked):
            raise StepDeadlocked(
                f"no candidate led by {k} within {len(ballots)} ballots",
                entry=entry,
                tally=verdict.tally,
                spoiled=verdict.spoiled,
            )
        others = sum(b.candidate is not None and b.candidate != verdict.candidate for b in ballots)
        if entry.rule is not None:
            named = sum(b.candidate == verdict.candidate for b in ballots)
            votes = f"{named}-{others}"
            self.counts.votes[votes] = self.counts.votes.get(votes, 0) + 1
        if len(ballots) == k:
            return verdict.candidate, verdict.candidate
        self.counts.disagreements += others > 0
        return verdict.candidate, entry

    def _read(self, question: Asked, number: int, reply: Reply, limit: int) -> tuple[Ballot, str]:
        """One reply as a ballot, and why it is spoiled if it is."""
        counts = self.counts
        counts.calls += 1
        counts.failed_calls += reply.failed_calls
        counts.hedged_calls += reply.hedged_calls
        counts.tokens_in += reply.tokens_in
        counts.tokens_out += reply.tokens_out
        counts.tokens_cached += reply.tokens_cached
        counts.tokens_reasoning += reply.tokens_reasoning
        if reply.cost_usd is None:
            counts.unpriced_calls += 1
        else:
            counts.cost_usd += reply.cost_usd
        book(counts.by_kind, question.step.kind, reply)
        book(counts.by_model, self._name_of(question), reply)
        flag = self._flag(question, reply, limit)
        if isinstance(flag, str):
            return Ballot(number, flag), ""
        counts.red_flags[flag.name] = counts.red_flags.get(flag.name, 0) + 1
        return Ballot(number, None, flag.name), tame(flag.detail)

    def _flag(self, question: Asked, reply: Reply, limit: int) -> Flag | str:
        """The candidate a reply names, or the first red flag that is raised against it."""
        if reply.stop is Stop.REFUSED:
            return Flag(RedFlag.REFUSED, reply.text)
        said = reply.tokens_out - reply.tokens_reasoning  # thinking is not the answer
        if RedFlag.OVERLONG in self.flags and overlong(said, limit, reply.stop is Stop.LENGTH):
            return Flag(RedFlag.OVERLONG, f"{said} tokens")
        text = as_lines(reply.text) if self.structured and question.dialect == "chat" else reply.text
        return question.read(text, self.flags)


def book(accounts: dict[str, Account], name: str, reply: Reply) -> None:
    """Put a reply on the account of a name."""
    account = accounts.get(name)
    if account is None:
        account = accounts[name] = Account()
    account.calls += 1
    account.failed_calls += reply.failed_calls
    account.tokens_in += reply.tokens_in
    account.tokens_cached += reply.tokens_cached
    account.tokens_out += reply.tokens_out
    account.tokens_reasoning += reply.tokens_reasoning
    if reply.cost_usd is None:
        account.unpriced_calls += 1
    else:
        account.cost_usd += reply.cost_usd

"""Decides one step: draws ballots from the model until the race has a verdict.

Each round draws the fewest ballots that could end the race and casts them in the order drawn, so no call is wasted,
nothing has to be cancelled, and arrival order cannot change a verdict.
"""

import msgspec

from decompose.step import Dialect, Flag, Step
from decompose.task import Task
from runtime.errors import StepDeadlocked
from runtime.models.port import Model, Reply, Request, Stop
from runtime.records import Account, Contested, Counts, Entry, rule_of
from runtime.structured import as_lines, asking_for_json, schema_of
from runtime.untrusted import can_be_kept, tame
from voting.ballot import Ballot
from voting.race import Deadlocked, Race, Won
from voting.red_flags import RedFlag, overlong

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
    ) -> None:
        self.task, self.model, self.dialect = task, model, dialect
        self.flags, self.rule, self.max_ballots = flags, rule, max_ballots
        self.temperature, self.first_temperature = temperature, first_temperature
        self.max_reply_tokens, self.seed = max_reply_tokens, seed
        self.structured = structured and dialect == "chat"
        self.counts = Counts()
        self.model_name = str(getattr(model, "name", type(model).__name__))

    async def decide(self, step: Step, k: int, draw: int) -> tuple[str, Entry]:
        """The winning candidate, and what the journal keeps of the race.

        Args:
            step: The question.
            k: Lead to ask for.
            draw: First of the ``MAX_DRAWS`` draw numbers that belong to this step.

        Raises:
            StepDeadlocked: The race ended undecided.
            ModelUnavailable, ModelRejected: From the model.
        """
        race = Race(rule_of(self.rule, k), self.max_ballots)
        ballots: list[Ballot] = []
        details: list[str] = []
        asked, limit = self.request(step), self._limit(step)
        while race.verdict is None:
            drawn = len(ballots)
            first_apart = drawn == 0 and self.first_temperature != self.temperature
            wanted = 1 if first_apart else race.fewest()
            temperature = self.first_temperature if first_apart else self.temperature
            draws = tuple(range(draw + drawn, draw + drawn + wanted))
            request = msgspec.structs.replace(asked, draws=draws, temperature=temperature)
            for reply in await self.model.ask(request):
                ballot, detail = self._read(step, len(ballots), reply, limit)
                ballots.append(ballot)
                details.append(detail)
                race.cast(ballot)
        return self._settle(race.verdict, k, ballots, details)

    async def draw(self, step: Step, count: int, draw: int) -> tuple[Ballot, ...]:
        """A number of ballots for a step, with no race; arguments and errors as for ``decide``."""
        limit = self._limit(step)
        draws = tuple(range(draw, draw + count))
        request = msgspec.structs.replace(self.request(step), draws=draws)
        replies = await self.model.ask(request)
        return tuple(self._read(step, number, reply, limit)[0] for number, reply in enumerate(replies))

    def request(self, step: Step) -> Request:
        """A step as it is put to the model, for one draw."""
        prompt = self.task.prompt(step, self.dialect)
        names = self.task.reply_schema(step) if self.structured else None
        if names is None:
            return Request(prompt, (0,), self.temperature, self._limit(step), self.seed)
        asking = asking_for_json(prompt)
        return Request(asking, (0,), self.temperature, self._limit(step), self.seed, schema_of(names))

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """The candidate a reply names, or its red flag. Nothing is counted."""
        return self._flag(step, reply, self._limit(step))

    def _limit(self, step: Step) -> int:
        return step.max_reply_tokens if self.dialect == "compact" else self.max_reply_tokens

    def _settle(
        self, verdict: Won | Deadlocked, k: int, ballots: list[Ballot], details: list[str]
    ) -> tuple[str, Entry]:
        entry = Contested(k, tuple(ballots), tuple(details))
        if isinstance(verdict, Deadlocked):
            raise StepDeadlocked(
                f"no candidate led by {k} within {len(ballots)} ballots",
                entry=entry,
                tally=verdict.tally,
                spoiled=verdict.spoiled,
            )
        if len(ballots) == k:
            return verdict.candidate, verdict.candidate
        if any(b.candidate is not None and b.candidate != verdict.candidate for b in ballots):
            self.counts.disagreements += 1
        return verdict.candidate, entry

    def _read(self, step: Step, number: int, reply: Reply, limit: int) -> tuple[Ballot, str]:
        """One reply as a ballot, and why it is spoiled if it is."""
        counts = self.counts
        counts.calls += 1
        counts.failed_calls += reply.failed_calls
        counts.tokens_in += reply.tokens_in
        counts.tokens_out += reply.tokens_out
        counts.tokens_cached += reply.tokens_cached
        counts.tokens_reasoning += reply.tokens_reasoning
        if reply.cost_usd is None:
            counts.unpriced_calls += 1
        else:
            counts.cost_usd += reply.cost_usd
        book(counts.by_kind, step.kind, reply)
        book(counts.by_model, self.model_name, reply)
        flag = self._flag(step, reply, limit)
        if isinstance(flag, str):
            return Ballot(number, flag), ""
        counts.red_flags[flag.name] = counts.red_flags.get(flag.name, 0) + 1
        return Ballot(number, None, flag.name), tame(flag.detail)

    def _flag(self, step: Step, reply: Reply, limit: int) -> Flag | str:
        """The candidate a reply names, or the first red flag that is raised against it."""
        if reply.stop is Stop.REFUSED:
            return Flag(RedFlag.REFUSED, reply.text)
        said = reply.tokens_out - reply.tokens_reasoning  # thinking is not the answer
        if RedFlag.OVERLONG in self.flags and overlong(said, limit, reply.stop is Stop.LENGTH):
            return Flag(RedFlag.OVERLONG, f"{said} tokens")
        text = as_lines(reply.text) if self.structured else reply.text
        candidate = self.task.parse(step, text, self.dialect)
        if isinstance(candidate, Flag):
            return candidate
        if not can_be_kept(candidate):
            return Flag(RedFlag.MISFORMATTED, candidate)
        found = self.task.check(step, candidate)
        return candidate if found is None or found.name not in self.flags else found


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

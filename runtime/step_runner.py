"""Decides one step: draws ballots from the model until the race has a verdict.

Each round draws the fewest ballots that could end the race and casts them in the order drawn, so no call is wasted,
nothing has to be cancelled, and arrival order cannot change a verdict.
"""

from decompose.step import Dialect, Flag, Step
from decompose.task import Task
from runtime.errors import StepDeadlocked
from runtime.models.port import Model, Reply, Request, Stop
from runtime.module_cache import ModuleCache, cache_key
from runtime.modules import Voice, Voices
from runtime.records import Contested, Counts, Entry, rule_of
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
        voices: Models, temperatures and leads of roles that have their own.
        cache: Remembers what modules answered; ``None`` to ask every time.
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
        voices: Voices | None = None,
        cache: ModuleCache | None = None,
    ) -> None:
        self.task, self.model, self.dialect = task, model, dialect
        self.flags, self.rule, self.max_ballots = flags, rule, max_ballots
        self.temperature, self.first_temperature = temperature, first_temperature
        self.max_reply_tokens, self.seed = max_reply_tokens, seed
        self.voices, self.cache = voices or {}, cache
        self._voice = Voice(model, "", dialect, temperature, first_temperature)
        self._paid: set[bytes] = set()
        self.counts = Counts()

    async def decide(self, step: Step, k: int, draw: int) -> tuple[str, Entry]:
        """The winning candidate, and what the journal keeps of the race.

        Args:
            step: The question.
            k: Lead to ask for, unless the step's role or the step itself says otherwise.
            draw: First of the ``MAX_DRAWS`` draw numbers that belong to this step.

        Raises:
            StepDeadlocked: The race ended undecided.
            ModelUnavailable, ModelRejected: From the model.
        """
        voice = self.voices.get(step.role, self._voice)
        lead = voice.k or min(k, step.lead or k)
        key = self._cache_key(step, voice, lead)
        known = self.cache.get(key) if self.cache is not None else None
        if known is not None and key is not None:
            self.counts.remembered_steps += 1
            self.counts.borrowed_calls += 0 if key in self._paid else known.calls
            self._paid.add(key)
            return known.candidate, known.entry
        candidate, entry = await self._race(step, voice, lead, draw)
        if self.cache is not None and key is not None:
            self.cache.put(key, candidate, entry, lead)
            self._paid.add(key)
        if lead != k and isinstance(entry, str):
            # The journal keeps one lead for a stretch of uncontested steps, and it is not this one's.
            entry = Contested(lead, tuple(Ballot(number, candidate) for number in range(lead)))
        return candidate, entry

    def _cache_key(self, step: Step, voice: Voice, lead: int) -> bytes | None:
        if self.cache is None:
            return None
        settings = (lead, self.rule, sorted(self.flags), self.max_ballots, self.max_reply_tokens, self.seed)
        return cache_key(step, voice, settings)

    async def _race(self, step: Step, voice: Voice, k: int, draw: int) -> tuple[str, Entry]:
        """Draw ballots until the race has a verdict."""
        race = Race(rule_of(self.rule, k), self.max_ballots)
        ballots: list[Ballot] = []
        details: list[str] = []
        dialect = voice.dialect
        prompt, limit = self.task.prompt(step, dialect), self._limit(step, dialect)
        while race.verdict is None:
            drawn = len(ballots)
            first_apart = drawn == 0 and voice.first_temperature != voice.temperature
            wanted = 1 if first_apart else race.fewest()
            temperature = voice.first_temperature if first_apart else voice.temperature
            draws = tuple(range(draw + drawn, draw + drawn + wanted))
            for reply in await voice.model.ask(Request(prompt, draws, temperature, limit, self.seed)):
                ballot, detail = self._read(step, len(ballots), reply, limit, dialect)
                ballots.append(ballot)
                details.append(detail)
                race.cast(ballot)
        return self._settle(race.verdict, k, ballots, details)

    async def draw(self, step: Step, count: int, draw: int) -> tuple[Ballot, ...]:
        """A number of ballots for a step, with no race; arguments and errors as for ``decide``."""
        voice = self.voices.get(step.role, self._voice)
        dialect = voice.dialect
        limit = self._limit(step, dialect)
        draws = tuple(range(draw, draw + count))
        request = Request(self.task.prompt(step, dialect), draws, voice.temperature, limit, self.seed)
        replies = await voice.model.ask(request)
        return tuple(self._read(step, number, reply, limit, dialect)[0] for number, reply in enumerate(replies))

    def _limit(self, step: Step, dialect: Dialect) -> int:
        return step.max_reply_tokens if dialect == "compact" else self.max_reply_tokens

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

    def _read(self, step: Step, number: int, reply: Reply, limit: int, dialect: Dialect) -> tuple[Ballot, str]:
        """One reply as a ballot, and why it is spoiled if it is."""
        counts = self.counts
        counts.calls += 1
        counts.failed_calls += reply.failed_calls
        counts.tokens_in += reply.tokens_in
        counts.tokens_out += reply.tokens_out
        if reply.cost_usd is None:
            counts.unpriced_calls += 1
        else:
            counts.cost_usd += reply.cost_usd
        flag = self._flag(step, reply, limit, dialect)
        if isinstance(flag, str):
            return Ballot(number, flag), ""
        counts.red_flags[flag.name] = counts.red_flags.get(flag.name, 0) + 1
        # Lone surrogates are text to Python and nothing to a journal.
        return Ballot(number, None, flag.name), flag.detail[:200].encode(errors="backslashreplace").decode()

    def _flag(self, step: Step, reply: Reply, limit: int, dialect: Dialect) -> Flag | str:
        """The candidate a reply names, or the first red flag that is raised against it."""
        if reply.stop is Stop.REFUSED:
            return Flag(RedFlag.REFUSED, reply.text)
        if RedFlag.OVERLONG in self.flags and overlong(reply.tokens_out, limit, reply.stop is Stop.LENGTH):
            return Flag(RedFlag.OVERLONG, f"{reply.tokens_out} tokens")
        candidate = self.task.parse(step, reply.text, dialect)
        if isinstance(candidate, Flag):
            return candidate
        found = self.task.check(step, candidate)
        return candidate if found is None or found.name not in self.flags else found

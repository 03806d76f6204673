"""Decides one step: draws ballots from the model until the race has a verdict.

Each round draws the fewest ballots that could end the race and casts them in the order drawn, so no call is wasted,
nothing has to be cancelled, and arrival order cannot change a verdict.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import ModelError, QuestionRefused, StepDeadlocked
from surefoot.runtime.execution.asked_several import SeveralAnswers, asked_several
from surefoot.runtime.execution.deadlock_message import deadlock_message
from surefoot.runtime.execution.escalation.escalate import (
    EscalationLevel,
    RaceResult,
    entry_of,
    escalate,
    leaves,
    levels_above,
    pattern_of_ballots,
    raised_in_all,
    tally_of,
)
from surefoot.runtime.execution.escalation.prompt_variants import FIRST, Asked, PromptVariant, asked, variants_of
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.policy import CurrentLeads, StepPolicy
from surefoot.runtime.execution.put_request import request_of
from surefoot.runtime.execution.race_counts import count_first_ballots, count_race, disagree
from surefoot.runtime.execution.read_replies import ballot_of, read_reply
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.same_answers import alike
from surefoot.runtime.execution.text_scores import TextScores
from surefoot.runtime.execution.turns import in_turns
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.models.structured import asking_for_json, schema_of
from surefoot.runtime.records import Contested, Counts, Entry, agreed, tally
from surefoot.runtime.voting_rules import rule_of
from surefoot.voting.alarms import Raised, raised_by
from surefoot.voting.ballot import Ballot
from surefoot.voting.decision import race_for
from surefoot.voting.giving_up import asked_no_more
from surefoot.voting.race import Won, unanimous
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.record_race import FieldWise

MAX_DRAWS = 4096
"""Draw numbers are handed out in strides of this, so that no two steps of a run share one."""


class StepRunner:
    """Asks a model, reads and flags its replies, and counts them until a step is decided.

    Args:
        task: Words the step and reads the replies.
        settings: The model that answers, its dialect and its temperatures.
        policy: How steps are asked, read and counted.
        leads: The leads of the run as they are now; shared with the runners of other roles.
        meter: Where everything is counted; shared likewise.
        calls: What ``--max-calls`` leaves; without a limit if missing.
        fallback: The model that answers on the last escalation level, if there is one.
    """

    def __init__(
        self,
        task: Task,
        settings: RoleSettings,
        policy: StepPolicy,
        leads: CurrentLeads | None = None,
        meter: Meter | None = None,
        calls: BudgetLease | None = None,
        fallback: Model | None = None,
    ) -> None:
        self.task, self.settings, self.policy = task, settings, policy
        self.leads, self.meter = leads or CurrentLeads(), meter or Meter()
        self.calls, self.fallback = calls or BudgetLease(), fallback
        self.structured = policy.structured
        self.variants = variants_of(task, settings.dialect, fallback is not None) if policy.ladder else (FIRST,)
        self._compares = (type(task).same, type(task).same_field) != (Task.same, Task.same_field)

    @property
    def counts(self) -> Counts:
        """Events counted since the last batch was taken."""
        return self.meter.counts

    def lead_of(self, step: Step, k: int) -> int:
        """Return the lead that a step is decided with where the run asks for ``k``.

        It is the role's own, if it has one, else the least of the run's and the step's.
        """
        return self.settings.k or min(k, step.lead or k)

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        """Decide a step by a race; return the winning candidate and the journal's entry of the race.

        A race that ends undecided, or whose ballots raise an alarm, is held again one level higher; see
        ``runtime/execution/escalation/escalate.py``.

        Args:
            step: The question.
            k: Lead that the run asks for; see ``lead_of``.
            draw: First of the ``MAX_DRAWS`` draw numbers that belong to this step.
            level: Prompt variant to begin with, counted round.

        Raises:
            StepDeadlocked: The race ended undecided in this prompt variant and in all after it.
            ModelUnavailable, ModelRejected: From the model.
        """
        lead = self.lead_of(step, k)
        candidate, entry = await self._decide(step, lead, draw, level)
        if lead != k and isinstance(entry, str):
            # The journal keeps one lead for a stretch of uncontested steps, and it is not this one's.
            entry = agreed(candidate, lead)
        return candidate, entry

    async def _decide(self, step: Step, k: int, draw: int, level: int) -> tuple[str, Entry]:
        """Decide a step with a lead that is settled."""
        variants, number = self.variants[level % len(self.variants) :], draw // MAX_DRAWS
        said: Sequence[str | Flag] = self.meter.begun.before(number).said
        if k not in self.leads.sequential and not said:
            # Most steps of a long run end here: nothing is built that only a contested race needs.
            model, question = self._asked(step, variants[0])
            wanted = (
                1
                if self.settings.first_temperature != self.settings.temperature
                else min(k, self.policy.most_ballots(k))
            )
            heat = self.settings.first_temperature
            said = await self._ask(model, question, range(draw, draw + wanted), heat, race=number)
            said = self._alike(step, said, ())
            candidate = unanimous(said, k)
            if candidate is not None and not self.task.voted_fields(step):
                return candidate, candidate
        result = await self._hold_race(step, k, draw, variants[0], said=said)
        if result.winner is None or result.raised:
            return await self._escalate(step, k, draw, variants, result)
        count_first_ballots(self.counts, result, self.policy.rule, self.meter.begun.before(number))
        if len(result.ballots) == k and all(ballot.candidate == result.winner for ballot in result.ballots):
            return result.winner, result.winner
        return result.winner, entry_of(result)

    async def _escalate(
        self, step: Step, k: int, draw: int, variants: tuple[PromptVariant, ...], first: RaceResult
    ) -> tuple[str, Contested]:
        levels = levels_above(first, variants, self._larger(k))

        async def hold_race(level: EscalationLevel) -> RaceResult:
            tally(self.counts.climbed, {level.name: 1})
            return await self._hold_race(step, level.k, draw, level.variant, first if level.goes_on else None, level)

        found, tried = await escalate(first, levels, hold_race)
        counts = self.counts
        raised = raised_in_all(first, [result for _, result in tried])
        before_all = self.meter.begun.before(draw // MAX_DRAWS)
        tally(counts.alarms, {one.kind: 1 for one in raised if not before_all.counted})
        counts.escalations += bool(tried)  # once for each row: one that was escalated is not held back again
        below = [first, *(result for _, result in tried)]
        if found is None:
            last = below[-1]
            kept = self.meter.replies.heard_so_far(draw // MAX_DRAWS)
            entry = entry_of(last, below[:-1], raised)
            raise StepDeadlocked(
                deadlock_message(last.k, last.ballots, last.details, kept, last.rule, len(entry.before)),
                entry=entry,
                tally=tally_of(below[-1]),
                spoiled=below[-1].pattern.spoiled,
            )
        name = next(level.name for level, result in tried if result is found)
        if found.winner != first.leader or not first.raised:
            tally(counts.caught, {name: 1})
        went_on = any(level.goes_on for level, _ in tried)  # whose ballots begin with those of the first race
        before = [result for result in below if result is not found and not (result is first and went_on)]
        assert found.winner is not None
        if went_on:
            lead = RaisedLead(first.k, found.k) if self.policy.rule == "first-to-ahead-by" else first.rule
            asked_on = msgspec.structs.replace(found, k=first.k, rule=lead)
            count_first_ballots(counts, asked_on, self.policy.rule, before_all)
        return found.winner, entry_of(found, before, raised, name)

    def _larger(self, k: int) -> int:
        """The lead that a step with an alarm is asked with: that of a suspect, or two more if that is not more."""
        if self.leads.sequential:
            return max(k, *self.leads.sequential)
        return self.leads.suspect if self.leads.suspect > k else k + 2

    async def _hold_race(
        self,
        step: Step,
        k: int,
        draw: int,
        variant: PromptVariant,
        goes_on: RaceResult | None = None,
        level: EscalationLevel | None = None,
        said: Sequence[str | Flag] = (),
    ) -> RaceResult:
        """Hold a race to its verdict, or until its ballots raise an alarm that nobody has answered yet.

        It begins with the ballots of the race it goes on with, or with what was said already.
        """
        fields = self.task.voted_fields(step)
        before = self.meter.begun.before(draw // MAX_DRAWS)
        raisable = not fields and self.policy.rule == "first-to-ahead-by"
        rule = self.leads.rule(k, raise_lead=raisable, held=before.counted)
        single: Any = rule or rule_of(self.policy.rule, k)
        most = self.policy.most_ballots(max(k, self.leads.leads.disputed))
        race = race_for(FieldWise((single,) * fields) if fields else single, most)
        ballots: list[Ballot] = [*goes_on.ballots] if goes_on else []
        details: list[str] = [*goes_on.details] if goes_on else []
        for ballot in ballots:
            race.cast(ballot)
        model, question = self._asked(step, variant)
        raised: tuple[Raised, ...] = ()
        begun, number = self.meter.begun, draw // MAX_DRAWS
        disputed = before.disputed
        while True:
            for answer in self._alike(step, said, ballots):
                ballot, detail = ballot_of(len(ballots), answer)
                ballots.append(ballot)
                details.append(detail)
                if race.cast(ballot) is not None:
                    break
            if level is None and not disputed:
                disputed = disagree(ballots)
                self.counts.disputes += disputed
            if (len(ballots) > k or goes_on) and not fields:  # whole records differ where single fields do not
                raised = raised_by(pattern_of_ballots(k, ballots), self.leads.limits)
            if race.verdict is not None or (raised and leaves(raised, level)):
                break
            flags, alone = [ballot.spoiled_by for ballot in ballots], self.meter.alone(question.kind, number)
            if asked_no_more(flags, self.leads.limits.spoiled, alone):
                break
            drawn = len(ballots)
            wanted = 1 if self.settings.first_temperature != self.settings.temperature and not drawn else race.fewest()
            heat = self.settings.temperature if drawn else self.settings.first_temperature
            begun.next_round(number)
            draws, kept_in = range(draw + drawn, draw + drawn + wanted), number if level is None else None
            said = await self._ask(model, question, draws, heat, drawn > 0, kept_in)
        verdict = race.verdict
        winner = verdict.candidate if isinstance(verdict, Won) else None
        result = RaceResult(variant, k, tuple(ballots), tuple(details), rule, winner, raised, fields)
        if level is None and not before.counted and (rule is not None or len(ballots) != k or winner is None):
            count_race(self.counts, result)
        return result

    def _alike(self, step: Step, said: Sequence[str | Flag], ballots: Sequence[Ballot]) -> Sequence[str | Flag]:
        return alike(self.task, step, said, ballots) if self._compares else said

    async def draw(self, step: Step, count: int, draw: int, level: int = 0) -> tuple[Ballot, ...]:
        """Draw a number of ballots for a step without a race; arguments and errors as for ``decide``."""
        model, question = self._asked(step, self.variants[level % len(self.variants)])
        said = await self._ask(model, question, range(draw, draw + count), self.settings.temperature)
        return tuple(ballot_of(number, answer)[0] for number, answer in enumerate(self._alike(step, said, ())))

    async def ask_several(self, step: Step, count: int, draws: range, level: int = 0) -> tuple[SeveralAnswers, ...]:
        """Ask for the next ``count`` steps of a chain, once for each draw: as many as the lead that the run asks for.

        Returns nothing if this step can only be asked for alone; other arguments and errors as for ``decide``.
        """
        k, settings = len(draws), self.settings
        one_heat = settings.first_temperature == settings.temperature
        if self.lead_of(step, k) != k or k in self.leads.sequential or self.task.voted_fields(step) or not one_heat:
            return ()
        model, question = self._asked(step, self.variants[level % len(self.variants)])
        several = asked_several(question, count)
        if several is None:
            return ()
        said = await self._ask(model, several, draws, settings.temperature)
        return tuple(SeveralAnswers(several, one, self.policy.flags) for one in said)

    def scores(self) -> TextScores:
        """Return what says how relevant passages are, with the runner's own model."""
        return TextScores(self.settings.model, self.meter, self.calls)

    def request(self, step: Step) -> Request:
        """The request that puts a step to the model, for one draw."""
        return self._request(self._asked(step, FIRST)[1], range(1), self.settings.temperature)

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """Return the candidate that a reply names, or the red flag raised against it; nothing is counted."""
        question = self._asked(step, FIRST)[1]
        return self._read(question, reply, {})

    def _asked(self, step: Step, variant: PromptVariant) -> tuple[Model, Asked]:
        """Who is asked, and what."""
        if variant.fallback and self.fallback is not None:
            return self.fallback, asked(self.task, step, variant, self.fallback.dialect)
        return self.settings.model, asked(self.task, step, variant, self.settings.dialect, self.policy.wordings)

    async def _ask(
        self,
        model: Model,
        question: Asked,
        draws: range,
        temperature: float,
        begun: bool = False,
        race: int | None = None,
    ) -> list[str | Flag]:
        """What is said, in the order drawn: candidates, and red flags. All is counted, and kept in a ``race`` of a row.

        The calls are reserved before they are made, those that go on with a ``begun`` race first. Answers that nobody
        saw may have been drawn as well: they are not given back. What an earlier session sent was reserved by it.
        """
        reserved, unsent, said = 0, 0, list[str | Flag]()
        if self.calls.limited:
            alone = question.variant.fallback or len(self.settings.voters) < 2
            earlier = model.begun_earlier(self._request(question, draws, temperature)) if alone else 0
            if reserved := len(draws) - earlier:
                await self.calls.reserve(reserved, begun)
        try:
            if question.variant.fallback or len(self.settings.voters) < 2:
                said = await self._said(model, question, draws, temperature)
            else:
                said = await self._in_turns(question, draws, temperature)
            return said
        except CallsStopped as stopped:
            said, unsent = stopped.first(range(len(draws))), min(reserved, stopped.unsent)
            raise
        finally:
            if race is not None:
                self.meter.begun.heard(race, said)
            if self.calls.limited:
                self.calls.settle(reserved, spent=reserved - unsent)

    async def _in_turns(self, question: Asked, draws: range, temperature: float) -> list[str | Flag]:
        """What is said by models that take turns, each asked in its own dialect."""
        voters = self.settings.voters

        async def ask(number: int, share: tuple[int, ...]) -> list[str | Flag]:
            voter = voters[number]
            own = msgspec.structs.replace(question, dialect=voter.dialect)
            return await self._said(voter.model, own, share, temperature)

        return await in_turns(draws, len(voters), ask)

    async def _said(self, model: Model, question: Asked, draws: Sequence[int], temperature: float) -> list[str | Flag]:
        try:
            replies = await model.ask(self._request(question, draws, temperature))
        except (ModelError, QuestionRefused) as error:
            self.meter.usage.book_failures(question.kind, name_of(model), error.context.get("failed_calls", 0))
            if isinstance(error, CallsStopped):
                heard = self._heard(model, question, draws, [*error.came.values()])
                error.context["came"] = dict(zip(error.came, heard, strict=True))
            raise
        said = self._heard(model, question, draws, replies)
        self.meter.go_on()
        return said

    def _heard(self, model: Model, question: Asked, draws: Sequence[int], replies: Sequence[Reply]) -> list[str | Flag]:
        """What replies say, all of it counted."""
        kind, name, prompt = question.kind, name_of(model), question.put.prompt
        said, read = [], dict[str, str | Flag]()
        for reply in replies:
            self.meter.usage.book(kind, name, reply)
            self.meter.spend(draws[0] // MAX_DRAWS, reply.cost_usd)
            answer = self._read(question, reply, read)
            self.meter.replies.heard(draws[0] // MAX_DRAWS, question.step, prompt, reply.text, answer)
            self.meter.flag(kind, draws[0] // MAX_DRAWS, answer if isinstance(answer, Flag) else None, reply.text)
            said.append(answer)
        return said

    def _request(self, question: Asked, draws: Sequence[int], temperature: float) -> Request:
        """A question as it is put to a model."""
        limit, names, seed = self._limit(question), self._schema(question), self.policy.seed
        structured = self.structured and question.dialect == "chat"
        whole = self.task.whole_schema(question.step) if structured else None
        if whole is not None:
            return Request(question.prompt, tuple(draws), temperature, limit, seed, whole)
        if names is None:
            return request_of(question.put, tuple(draws), temperature, limit, seed)
        return Request(asking_for_json(question.prompt), tuple(draws), temperature, limit, seed, schema_of(names))

    def _schema(self, question: Asked) -> Any:
        """What a reply is to follow, if anything."""
        return self.task.reply_schema(question.step) if self.structured and question.dialect == "chat" else None

    def _limit(self, question: Asked) -> int:
        return question.limit(self.policy.max_reply_tokens)

    def _read(self, question: Asked, reply: Reply, read: dict[str, str | Flag]) -> Flag | str:
        """The candidate that a reply names, or the first red flag raised against it; ``read`` has texts read before."""
        chat = self.structured and question.dialect == "chat"
        lines = chat and self.task.whole_schema(question.step) is None
        return read_reply(reply, question, self._limit(question), self.policy.flags, read, lines=lines)


def name_of(model: Model) -> str:
    """What a model is called in the accounts."""
    return model.name or type(model).__name__

"""Decides steps by looks: a model's distributions over the answers, in one wording after the other, until it is sure.

Looks are kept (``look_cache.py``), so that a question that comes again costs nothing and gets the same verdict. What
counts as one more look is another text: a wording that reads like an earlier one is skipped, never counted twice.
"""

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.wordings.wording import Put
from surefoot.runtime.errors import ModelError, QuestionRefused, StepDeadlocked
from surefoot.runtime.execution.escalation.prompt_variants import Asked, PromptVariant, asked
from surefoot.runtime.execution.look_cache import LookCache, key_of
from surefoot.runtime.execution.roles.role_settings import Voter
from surefoot.runtime.execution.step_runner import MAX_DRAWS, StepRunner, name_of
from surefoot.runtime.models.port import MOST_LOOK_CALLS, Look, Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.records import Contested, Entry, tally
from surefoot.runtime.untrusted import one_line, tame
from surefoot.runtime.voting_rules import rule_of
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import LookRace, Looks
from surefoot.voting.race import Won

MOST_ANSWERS = 6
"""Answers of a look that the journal keeps; the others have next to nothing of the probability."""
VERDICTS = 1 << 16
"""Verdicts over kept looks that are remembered."""


class Verdict(NamedTuple):
    """A decided question: its candidate, the journal's entry, and the looks that it took."""

    candidate: str
    entry: Entry
    looks: int


class LookRunner(StepRunner):
    """Decides steps by looks; arguments as for ``StepRunner``, and ``cache`` keeps the looks."""

    def __init__(self, *arguments: Any, cache: LookCache, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cache = cache
        self._decided: dict[Hashable, Verdict] = {}

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        """Decide a step by looks; see ``StepRunner.decide``. ``level`` is the wording to begin with.

        Raises:
            StepDeadlocked: All wordings together leave it unsure.
            ModelUnavailable, ModelRejected: From the model.
        """
        rule = self._rule(k)
        key = (step.kind, step.role, repr(step.reads), k, rule, level)
        known = self._decided.get(key)
        if known is None:
            known = await self._weigh(step, k, rule, draw, level)
            if len(self._decided) >= VERDICTS:
                self._decided.clear()
            self._decided[key] = known
        else:
            self.counts.looks += known.looks
        return known.candidate, known.entry

    async def draw(self, step: Step, count: int, draw: int, level: int = 0) -> tuple[Ballot, ...]:
        """Take a number of looks at a step, each in another wording, without a race; fewer if it has fewer."""
        found: list[Ballot] = []
        for question, model in self._questions(step, level):
            if len(found) == count:
                break
            found.append((await self._one(question, model, len(found), draw))[0])
        return tuple(found)

    def _rule(self, k: int) -> Looks:
        learned = self.leads.sequential.get(k)
        rule = learned if isinstance(learned, Looks) else rule_of(self.policy.rule, k)
        assert isinstance(rule, Looks)
        return rule

    async def _weigh(self, step: Step, k: int, rule: Looks, draw: int, level: int) -> Verdict:
        """Take looks until there is a verdict."""
        ballots: list[Ballot] = []
        details: list[str] = []
        race, fresh = LookRace(rule, self.policy.most_ballots(k)), False
        for question, model in self._questions(step, level):
            ballot, new = await self._one(question, model, len(ballots), draw)
            ballots.append(ballot)
            details.append("" if ballot.candidate is not None else "no answer has most of the probability")
            fresh = fresh or new
            if race.cast(ballot) is not None:
                break
        verdict, learned = race.verdict, rule if k in self.leads.sequential else None
        agree = len(ballots) == k and all(ballot.candidate == ballots[0].candidate for ballot in ballots)
        entry = Contested(k, tuple(ballots), tuple(details), learned)
        if not isinstance(verdict, Won):
            raise StepDeadlocked(_unsure(ballots), entry=entry, tally={}, spoiled=0)
        if fresh:
            self._learn(ballots, verdict.candidate)
        return Verdict(verdict.candidate, verdict.candidate if agree else entry, len(ballots))

    def _learn(self, ballots: list[Ballot], winner: str) -> None:
        """Count a question once, when its looks are new: what a rule learns from; copies teach nothing."""
        named = [ballot.candidate for ballot in ballots if ballot.candidate is not None]
        others = sum(candidate != winner for candidate in named)
        tally(self.counts.votes, {f"{len(named) - others}-{others}": 1})
        self.counts.disagreements += others > 0

    def _questions(self, step: Step, level: int) -> Iterator[tuple[Asked, Model]]:
        """The step in all its wordings, beginning at ``level``, counted round, each put to every model that votes.

        A text that a model of the same name was shown before is left out.
        """
        voters = self.settings.voters or (Voter(self.settings.model, self.settings.dialect),)
        seen: set[tuple[str, Put]] = set()
        for at in range(max(self.task.ways_to_look(voter.dialect) for voter in voters)):
            for voter in voters:
                number = (level + at) % self.task.ways_to_look(voter.dialect)
                wording, relabeling = self.task.look_variant(number, voter.dialect)
                variant = PromptVariant("a look", wording=wording, relabeling=relabeling)
                question = asked(self.task, step, variant, voter.dialect, self.policy.wordings)
                key = name_of(voter.model), question.put
                if key not in seen:
                    seen.add(key)
                    yield question, voter.model

    async def _one(self, question: Asked, model: Model, number: int, draw: int) -> tuple[Ballot, bool]:
        """One look as a ballot, and whether it was asked for now."""
        look, fresh = await self._looked(question, model, draw)
        self.counts.looks += 1
        ballot, flags = _ballot(number, look, question, self.policy.flags)
        if fresh:
            self.counts.fresh_looks += 1
            if ballot.spoiled_by is not None:
                tally(self.counts.red_flags, {ballot.spoiled_by: 1})
            read = ballot.candidate if ballot.candidate is not None else Flag(ballot.spoiled_by or "", flags)
            self.meter.replies.heard(draw // MAX_DRAWS, question.step, question.put.prompt, _told(look), read)
        return ballot, fresh

    async def _looked(self, question: Asked, model: Model, draw: int) -> tuple[Look, bool]:
        """The look at a question, its calls reserved and counted if it was asked for now."""
        kind, name = question.step.kind, name_of(model)
        request = self._request(question, range(1), 1.0)
        try:
            look, fresh = await self.cache.look(key_of(model, request), lambda: self._paid(model, request))
        except (ModelError, QuestionRefused) as error:
            self.meter.usage.book_failures(kind, name, error.context.get("failed_calls", 0))
            if isinstance(error, CallsStopped):  # a look may take several calls
                for reply in error.came.values():
                    self.meter.usage.book(kind, name, reply)
                    self.meter.spend(draw // MAX_DRAWS, reply.cost_usd)
            raise
        if fresh:
            for call in range(look.calls):
                paid = Reply(
                    "", tokens_in=look.tokens_in, tokens_out=look.tokens_out, cost_usd=look.cost_usd,
                    tokens_cached=look.tokens_cached,
                )  # fmt: skip
                self.meter.usage.book(kind, name, paid if not call else Reply("", cost_usd=0.0))
            self.meter.spend(draw // MAX_DRAWS, look.cost_usd)
        return look, fresh

    async def _paid(self, model: Model, request: Request) -> Look:
        """A look that is asked for: the most calls that it may take are reserved, and those that it took are spent."""
        if not self.calls.limited:
            return await model.look(request)
        await self.calls.reserve(MOST_LOOK_CALLS)
        spent = MOST_LOOK_CALLS  # where it fails: calls that nobody saw the end of may have been made
        try:
            look = await model.look(request)
            spent = look.calls
            return look
        except CallsStopped as stopped:
            spent = len(stopped.came) + (not stopped.unsent)
            raise
        finally:
            self.calls.settle(MOST_LOOK_CALLS, spent=spent)


def _ballot(number: int, look: Look, question: Asked, flags: Any) -> tuple[Ballot, str]:
    """A look as a ballot: its readable answers with their shares; spoiled if what cannot be read is likeliest."""
    shares: dict[str, float] = {}
    lost: dict[str, float] = {}
    why = ""
    for text, share in look.answers:
        read = question.read(text, flags)
        if isinstance(read, Flag):
            lost[read.name] = lost.get(read.name, 0.0) + share
            why = why or tame(read.detail)
        else:
            shares[read] = shares.get(read, 0.0) + share
    # Choices are held against each other; where any text may be an answer, what is none speaks against them all.
    unreadable = max([*lost.values(), 0.0 if question.put.prompt.choices else look.unread])
    if not shares or max(shares.values()) <= unreadable:
        return Ballot(number, None, max(lost, key=lambda name: lost[name], default="misformatted")), why
    # Answers that cannot be read are left out, as spoiled ballots are; what was not followed to its end is not.
    told = 1 - min(look.unread + sum(lost.values()), 1 - sum(shares.values()))
    ranked = sorted(((name, share / told) for name, share in shares.items()), key=lambda one: (-one[1], one[0]))
    return Ballot(number, ranked[0][0], None, tuple(ranked[:MOST_ANSWERS])), ""


def _told(look: Look) -> str:
    """A look in words, for people: its likeliest answers with their probabilities."""
    return ", ".join(f"{one_line(text, 100)!r} {share:.1%}" for text, share in look.answers[:MOST_ANSWERS])


def _unsure(ballots: list[Ballot]) -> str:
    said = [f"{one_line(b.candidate, 40)!r} {b.shares[0][1]:.0%}" for b in ballots if b.candidate is not None]
    unread = len(ballots) - len(said)
    return f"{len(ballots)} looks in as many wordings leave it unsure: {', '.join(said[:9]) or 'none can be read'}" + (
        f"; {unread} without a readable answer" if unread and said else ""
    )

"""Decides steps role by role: each role with its own model, temperature and lead, and with a memory of answers.

A step is decided by the step runner of its role. All runners share one meter and one holder of the current leads, so
that whatever decides a step is counted once, and leads that the run learns reach every role.
"""

from collections.abc import Mapping

from surefoot.decompose.step import Flag, Role, Step
from surefoot.runtime.execution.asked_several import SeveralAnswers
from surefoot.runtime.execution.roles.answer_cache import AnswerCache, cache_key
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.execution.text_scores import TextScores
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import Counts, Entry
from surefoot.voting.ballot import Ballot


class RoleRunner:
    """Hands each step to the step runner of its role.

    Args:
        usual: Decides the steps of every role that has no settings of its own.
        own: Step runners of the other roles; they share the meter and the leads of the usual one.
        cache: Remembers what roles answered; ``None`` to ask every time.

    Raises:
        ValueError: A role's runner counts elsewhere, or follows other leads.
    """

    def __init__(
        self, usual: StepRunner, own: Mapping[Role, StepRunner] | None = None, cache: AnswerCache | None = None
    ) -> None:
        self._usual, self._own, self._cache = usual, dict(own or {}), cache
        self.policy, self.leads, self.meter, self.variants = usual.policy, usual.leads, usual.meter, usual.variants
        if any(one.meter is not usual.meter or one.leads is not usual.leads for one in self._own.values()):
            raise ValueError("the runners of all roles share one meter and one holder of leads")
        self._paid: set[bytes] = set()

    @property
    def counts(self) -> Counts:
        """Events counted since the last batch was taken."""
        return self.meter.counts

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        """Decide a step by the step runner of its role, or take what is remembered of it.

        Args:
            step: The question.
            k: Lead that the run asks for; see ``StepRunner.lead_of``.
            draw: First of the draw numbers that belong to this step.
            level: Prompt variant to begin with; answers are remembered for the first one only.

        Raises:
            StepDeadlocked: The race ended undecided in every variant.
            ModelUnavailable, ModelRejected: From the model.
        """
        runner = self._of(step)
        key = None if level else self._key(step, runner, runner.lead_of(step, k))
        known = self._cache.get(key) if self._cache is not None else None
        if known is not None and key is not None:
            self.counts.remembered_steps += 1
            self.counts.borrowed_calls += 0 if key in self._paid else known.calls
            self._paid.add(key)
            return known.candidate, known.entry
        candidate, entry = await runner.decide(step, k, draw, level)
        if self._cache is not None and key is not None:
            self._cache.put(key, candidate, entry, k)
            self._paid.add(key)
        return candidate, entry

    async def draw(self, step: Step, count: int, draw: int, level: int = 0) -> tuple[Ballot, ...]:
        """Return a number of ballots from the model of the step's role, without a race."""
        return await self._of(step).draw(step, count, draw, level)

    async def ask_several(self, step: Step, count: int, draws: range, level: int = 0) -> tuple[SeveralAnswers, ...]:
        """Return the replies of the model of the step's role to a question for the next steps of a chain."""
        return await self._of(step).ask_several(step, count, draws, level)

    def scores(self) -> TextScores:
        """Return what says how relevant passages are, with the model of the roles that have none of their own."""
        return self._usual.scores()

    def request(self, step: Step) -> Request:
        """Return a step as it is put to the model of its role, for one draw."""
        return self._of(step).request(step)

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """Return the candidate that a reply names, or the red flag raised against it; nothing is counted."""
        return self._of(step).judge(step, reply)

    def _of(self, step: Step) -> StepRunner:
        return self._own.get(step.role, self._usual)

    def _key(self, step: Step, runner: StepRunner, lead: int) -> bytes | None:
        if self._cache is None or step.role is Role.ACTOR:
            return None
        policy = self.policy
        settings = (lead, policy.rule, sorted(policy.flags), policy.max_ballots, policy.max_reply_tokens, policy.seed)
        return cache_key(step, runner.settings, settings)

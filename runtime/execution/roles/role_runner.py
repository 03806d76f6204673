"""Decides steps module by module: each role with its own model, temperature and lead, and with a memory of answers.

A step is decided by the runner of its role; everything is counted in one place, whoever decided.
"""

from typing import Any

from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.execution.roles.answer_cache import AnswerCache, cache_key
from surefoot.runtime.execution.roles.role_settings import RoleSettings, SettingsByRole
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.models.usage import UsageMeter
from surefoot.runtime.records import Contested, Counts, Entry
from surefoot.voting.ballot import Ballot


class RoleRunner(StepRunner):
    """A step runner that knows of roles.

    Args:
        task: Words the step and reads the replies.
        model: Answers, for every role that has no voice of its own.
        voices: Models, temperatures and leads of roles that have their own.
        cache: Remembers what modules answered; ``None`` to ask every time.
        settings: As for a step runner.
    """

    def __init__(
        self,
        task: Task,
        model: Model,
        *,
        settings_by_role: SettingsByRole | None = None,
        cache: AnswerCache | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(task, model, model.dialect, **settings)
        self._usual = RoleSettings(model, "", model.dialect, self.temperature, self.first_temperature)
        self._settings_by_role, self._cache = settings_by_role or {}, cache
        self._own = {
            role: _OfRole(self, role_settings, settings) for role, role_settings in self._settings_by_role.items()
        }
        self._paid: set[bytes] = set()

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        """As a step runner, with the lead that the role has, or the least of the run's and the step's own."""
        role_settings = self._settings_by_role.get(step.role, self._usual)
        lead = role_settings.k or min(k, step.lead or k)
        key = None if level else self._key(step, role_settings, lead)
        known = self._cache.get(key) if self._cache is not None else None
        if known is not None and key is not None:
            self.counts.remembered_steps += 1
            self.counts.borrowed_calls += 0 if key in self._paid else known.calls
            self._paid.add(key)
            return known.candidate, known.entry
        own = self._own.get(step.role)
        decide = super().decide if own is None else own.decide
        candidate, entry = await decide(step, lead, draw, level)
        if self._cache is not None and key is not None:
            self._cache.put(key, candidate, entry, lead)
            self._paid.add(key)
        if lead != k and isinstance(entry, str):
            # The journal keeps one lead for a stretch of uncontested steps, and it is not this one's.
            entry = Contested(lead, tuple(Ballot(number, candidate) for number in range(lead)))
        return candidate, entry

    async def draw(self, step: Step, count: int, draw: int, level: int = 0) -> tuple[Ballot, ...]:
        """As a step runner, by the runner of the role."""
        own = self._own.get(step.role)
        return await (super().draw if own is None else own.draw)(step, count, draw, level)

    def request(self, step: Step) -> Request:
        """As a step runner, by the runner of the role."""
        own = self._own.get(step.role)
        return super().request(step) if own is None else own.request(step)

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """As a step runner, by the runner of the role."""
        own = self._own.get(step.role)
        return super().judge(step, reply) if own is None else own.judge(step, reply)

    def _key(self, step: Step, role_settings: RoleSettings, lead: int) -> bytes | None:
        if self._cache is None or step.role is Role.ACTOR:
            return None
        settings = (lead, self.rule, sorted(self.flags), self.max_ballots, self.max_reply_tokens, self.seed)
        return cache_key(step, role_settings, settings)


class _OfRole(StepRunner):
    """The step runner of one role; it counts where its owner counts."""

    def __init__(self, owner: RoleRunner, role_settings: RoleSettings, settings: dict[str, Any]) -> None:
        self._owner = owner
        heat = {"temperature": role_settings.temperature, "first_temperature": role_settings.first_temperature}
        super().__init__(owner.task, role_settings.model, role_settings.dialect, **{**settings, **heat})

    @property
    def counts(self) -> Counts:
        """The owner's counts, which are replaced with every batch."""
        return self._owner.counts

    @counts.setter
    def counts(self, counts: Counts) -> None:
        """Nothing: there is one account."""

    @property
    def accounts(self) -> UsageMeter:
        """The owner's accounts."""
        return self._owner.accounts

    @accounts.setter
    def accounts(self, accounts: UsageMeter) -> None:
        """Nothing, as for the counts."""

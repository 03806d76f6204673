"""The ways in which one question can be asked: what an escalation climbs before it gives up.

More ballots with a larger lead come first (``Leads.suspect``). When that is not enough, or when a chain came back
with the wrong output, the next run asks in another way: in another wording, with its facts under other names, or of
another model. A mistake that belongs to one prompt, which all its draws share and no vote can remove, is not made by
the others. What stands at the end of the ladder is the parent's decomposition again, and then a typed report.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from surefoot.decompose.step import Dialect, Flag, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.decompose.wordings.worded import worded
from surefoot.decompose.wordings.wording import Put, Wording
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.untrusted import can_be_kept


class PromptVariant(msgspec.Struct, frozen=True):
    """One way to put a step's question: a wording, relabelled names, or the fallback model.

    Attributes:
        name: What reports call it.
        wording: Of the task's ``wordings``.
        relabeling: Of the task's ``relabelings``; 0 is none.
        fallback: Ask the fallback model.
    """

    name: str
    wording: int = 0
    relabeling: int = 0
    fallback: bool = False


FIRST = PromptVariant("the same again")
"""How every question is asked first; a second run of a chain that asks so has only new draws."""


def variants_of(task: Task, dialect: Dialect, has_fallback: bool) -> tuple[PromptVariant, ...]:
    """Prompt variants to escalate to, in the order they are tried; the ``compact`` dialect has one wording."""
    wordings = range(1, task.wordings) if dialect != "compact" else range(0)
    return (
        FIRST,
        *(PromptVariant("another wording", wording=number) for number in wordings),
        *(PromptVariant("other names", relabeling=number) for number in range(1, task.relabelings + 1)),
        *([PromptVariant("the fallback model", fallback=True)] if has_fallback else []),
    )


class Asked(msgspec.Struct, frozen=True):
    """A step put in one prompt variant: shown and read under relabelled names, answered under the step's own.

    Attributes:
        tuned: The wording that was tuned for this kind of question, if the variant is asked in it.
    """

    task: Task
    step: Step
    variant: PromptVariant
    dialect: Dialect
    tuned: Wording | None = None

    @property
    def kind(self) -> str:
        """Class of the question, for accounts."""
        return self.step.kind

    @property
    def put(self) -> Put:
        """The question as the model is asked it, with what comes before and after it.

        Raises:
            ConfigurationError: The tuned wording names a fact that the question does not have.
        """
        if self.tuned is None:
            return Put(self.prompt)
        try:
            return worded(self.task, self.step, self.dialect, self.tuned)
        except ValueError as error:
            raise ConfigurationError(f"--wordings, kind {self.step.kind}: {error}") from error

    @property
    def prompt(self) -> Prompt:
        """Prompt that the model is shown; a task with one wording need not know of others."""
        if not self.variant.wording:
            return self.task.prompt(self.step, self.dialect)
        return self.task.prompt(self.step, self.dialect, self.variant.wording)

    def limit(self, chat_tokens: int) -> int:
        """Most tokens of a reply: those of the step itself, in ``chat`` those that a run allows."""
        return chat_tokens if self.dialect == "chat" else self.step.max_reply_tokens

    def read(self, text: str, flags: Any) -> str | Flag:
        """Candidate that a reply names, or the first red flag raised against the reply."""
        candidate = self.task.parse(self.step, text, self.dialect)
        if isinstance(candidate, Flag):
            return candidate
        if not can_be_kept(candidate):
            return Flag("misformatted", candidate)
        found = self.task.check(self.step, candidate)
        if found is not None and found.name in flags:
            return found
        return self.task.unlabel(candidate, self.variant.relabeling) if self.variant.relabeling else candidate


def asked(
    task: Task, step: Step, variant: PromptVariant, dialect: Dialect, tuned: Mapping[str, Wording] | None = None
) -> Asked:
    """Put a step in one prompt variant.

    Args:
        task: The task.
        step: What is asked.
        variant: The way; another wording of the task's and another model are asked without a tuned wording.
        dialect: For which kind of model.
        tuned: Tuned wordings by kind of question.
    """
    own = variant.wording or variant.fallback
    wording = None if own or not tuned else tuned.get(step.kind)
    shown = task.relabel(step, variant.relabeling) if variant.relabeling else step
    return Asked(task, shown, variant, dialect, wording)

"""A question for several steps at once, and the reply to it."""

from typing import Any

import msgspec

from surefoot.decompose.several_steps import ReadSteps, kind_of_several, read_steps
from surefoot.decompose.step import Flag, Prompt
from surefoot.decompose.wordings.wording import Put
from surefoot.runtime.execution.escalation.prompt_variants import Asked, asked

TOKENS_EACH = 128
"""Reply tokens of the ``chat`` dialect that each further step is given: a move and a state of 30 disks take 110."""


class AskedSeveral(Asked, frozen=True, kw_only=True):
    """The next steps of a chain, put in one prompt variant; ``step`` is the first of them.

    Attributes:
        count: How many steps are asked for, at least 2.
        shown: What the model is shown.
    """

    count: int
    shown: Prompt

    @property
    def kind(self) -> str:
        """Class of the question, for accounts: replies to several steps have one of their own."""
        return kind_of_several(self.step.kind)

    @property
    def prompt(self) -> Prompt:
        """Prompt that the model is shown."""
        return self.shown

    @property
    def put(self) -> Put:
        """The question as the model is asked it; tuned wordings are for single steps."""
        return Put(self.shown)

    def limit(self, chat_tokens: int) -> int:
        """Most tokens of a reply, which grow with the number of steps."""
        if self.dialect == "chat":
            return chat_tokens + (self.count - 1) * TOKENS_EACH
        return self.count * (self.step.max_reply_tokens + 1)

    def read(self, text: str, flags: Any) -> str | Flag:
        """The reply as it is: its steps are read where it is known what the chain asks for after each."""
        return text


class SeveralAnswers(msgspec.Struct, frozen=True):
    """The reply to a question for several steps.

    Attributes:
        question: What was asked.
        said: The reply, untrusted, or the red flag that was raised against the whole of it.
        flags: Red flags that discard an answer.
    """

    question: AskedSeveral
    said: str | Flag
    flags: Any

    def read(self, goal: Any, state: Any) -> ReadSteps:
        """Read the steps of the reply, asked in the given state of a chain; see ``read_steps``."""
        if isinstance(self.said, Flag):
            return ReadSteps((), self.said)
        question = self.question
        task, variant, dialect = question.task, question.variant, question.dialect
        parts = task.split_reply(question.step, question.count, self.said, dialect)
        if isinstance(parts, Flag):
            return ReadSteps((), parts)
        return read_steps(
            task,
            goal,
            state,
            parts[: question.count],
            lambda step, text: asked(task, step, variant, dialect).read(text, self.flags),
        )


def asked_several(question: Asked, count: int) -> AskedSeveral | None:
    """Return the question for several steps that begins with another question; ``None`` if the task has none."""
    shown = question.task.prompt_several(question.step, count, question.dialect, question.variant.wording)
    if shown is None:
        return None
    return AskedSeveral(question.task, question.step, question.variant, question.dialect, count=count, shown=shown)

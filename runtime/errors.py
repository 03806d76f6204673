"""The errors that Surefoot raises on purpose; each class says whose fault it is and what to do.

::

    SurefootError
    |- ConfigurationError     yours: fix it and run again (exit 2, nothing written)
    |  |- RunDirectoryError   not a run directory, already one, or in use by another process
    |  |- ResumeMismatch      the run was started with something else
    |  `- UserCodeError       a method of a task, or its file, does what it must not; names file and line
    |- ModelError
    |  |- ModelRejected       the call can never succeed: key, name or base address (exit 2)
    |  `- ModelUnavailable    the outage outlasted the patience (exit 3: resume later)
    |     |- AccessLost       a key that worked is refused now (exit 3: resume with another)
    |     `- QuotaUsedUp      credit or quota is used up (exit 3: resume when there is more)
    |- RunPaused              nobody's: the run stops politely and can be resumed (exit 3)
    |  |- AwaitsReview        steps wait for a person (exit 3: surefoot review, then resume)
    |  `- NothingReadable     a model answers, and nothing it says can be read (exit 3: look, then resume)
    |- JournalError           the disk's: the journal cannot be read or written
    `- RunFailed              the run came to an end that is not the goal (exit 1)
       |- QuestionRefused     the server answers others, but not this question: too long, or refused
       |- StepDeadlocked      no candidate led by enough within the allowed ballots
       |- ToolCallFailed      a tool gave no result, and its failure is not one
       |- SeamBroken          a node keeps contradicting what was promised of it, whatever is decided above it
       |- RevisionsUsedUp     evidence goes on to revise a plan; its versions are in the context
       `- PlanTooDeep         decompositions go on without end

Each takes one message and keyword context with defaults, so that it survives pickling between processes.
"""

from typing import Any


class SurefootError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        message: One line for people.
        context: What a program may want to know, by name.
    """

    def __init__(self, message: str = "", **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.context)

    def __str__(self) -> str:
        return self.message


def _rebuild(cls: type[SurefootError], message: str, context: dict[str, Any]) -> SurefootError:
    return cls(message, **context)


class ConfigurationError(SurefootError):
    """The options or arguments of a caller cannot be followed."""


class RunDirectoryError(ConfigurationError):
    """The run directory is missing, taken, not one, or in use."""


class ResumeMismatch(ConfigurationError):
    """A run would go on with something other than it was started with."""


class UserCodeError(ConfigurationError):
    """The code of a task fails, or returns what it must not.

    The context has ``place`` (class and method), ``file``, ``line`` and perhaps ``hint``, all text or numbers.
    """


class ModelError(SurefootError):
    """A model could not be asked."""


class ModelRejected(ModelError):
    """The model's side says that such a call can never succeed."""


class ModelUnavailable(ModelError):
    """The model's side failed for longer than the configured patience."""


class AccessLost(ModelUnavailable):
    """The server refuses a key or a model that it answered before."""


class QuotaUsedUp(ModelUnavailable):
    """The provider says that credit or quota is used up; waiting a little does not bring it back."""


class JournalError(SurefootError):
    """The journal cannot be trusted, read or written."""


class RunPaused(SurefootError):
    """The run stops politely; the message says why, and the run can be resumed."""


class AwaitsReview(RunPaused):
    """Nothing goes on before a person has answered steps that stayed undecided."""


class NothingReadable(RunPaused):
    """A model answers, and no reply of it to one kind of question could be counted: asking on would cost money only."""


class RunFailed(SurefootError):
    """The run ended without reaching its goal; the journal says where and why."""


class QuestionRefused(RunFailed):
    """A model's server refuses one question (too long for the model, or malformed to it) and answers others.

    It is that question's failure, or that of the item it belongs to, and not the model's.
    """


class StepDeadlocked(RunFailed):
    """A race ended undecided within its cap on ballots."""


class ToolCallFailed(RunFailed):
    """A tool that a node called gave no result."""


class SeamBroken(RunFailed):
    """A node's output contradicts its promise after every retry, and after every decomposition above it."""


class PlanTooDeep(RunFailed):
    """Decompositions lead to decompositions: the plan does not come down to chains."""


class RevisionsUsedUp(RunFailed):
    """A plan was revised as often as it may be, or says again what was refuted.

    The context has ``path``, the node, and ``versions``: why each version was given up, as text.
    """

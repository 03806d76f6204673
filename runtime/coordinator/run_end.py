"""What ends a run early: the error among many that says most, and its place in the journal."""

from surefoot.runtime import errors
from surefoot.runtime.journal.port import JournalStore


def first_cause(error: BaseException) -> BaseException:
    """Return the error inside groups of groups that says most: a failure before a pause."""
    causes: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        else:
            causes.append(one)
    return next((cause for cause in causes if not isinstance(cause, errors.RunPaused)), causes[0])


def note_failure(journal: JournalStore, cause: BaseException) -> None:
    """Journal why a run ends that its user's mistake, or a defect, has ended; a broken journal is left alone."""
    if isinstance(cause, errors.JournalError):
        return
    name = "" if isinstance(cause, errors.SurefootError) else f"{type(cause).__name__}: "
    journal.set_meta(status="failed", message=f"{name}{cause}")

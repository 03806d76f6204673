"""Several steps in one reply: how a reply is taken apart into single steps, each read and checked on its own.

One question may ask for the next m steps of a chain. What comes back is no larger unit than before: every answer in it
is parsed, checked against the facts of its own step, and gone on from, as if it had been asked for alone. The first
answer that raises a red flag ends what is read: whatever stands behind it was stated of a state that nobody reached.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task


class StatedStep(msgspec.Struct, frozen=True):
    """One step of a reply that states several.

    Attributes:
        step: The question that the answer belongs to: it holds only where a chain asks for exactly this.
        candidate: The answer, in canonical form.
    """

    step: Step
    candidate: str


class ReadSteps(msgspec.Struct, frozen=True):
    """What was read from a reply that states several steps.

    Attributes:
        stated: Its steps in order, up to the first that raised a red flag.
        flag: That flag; ``None`` if the reply, or the chain, came to its end first.
    """

    stated: tuple[StatedStep, ...] = ()
    flag: Flag | None = None


def read_steps(
    task: Task, goal: Any, state: Any, parts: Sequence[str], read: Callable[[Step, str], str | Flag]
) -> ReadSteps:
    """Read the answers of a reply one after the other, each as the answer to the step that its chain asks for then.

    Args:
        task: Says what a chain asks for, and what follows from an answer.
        goal: The chain's goal.
        state: Where the chain stands before the first answer.
        parts: The answers as texts, in order, untrusted.
        read: Reads one of them: the candidate, or the red flag that it raises.
    """
    stated: list[StatedStep] = []
    for text in parts:
        step = task.next_step(goal, state)
        if not isinstance(step, Step):  # the chain is at its end, or asks for something else than a model's answer
            break
        candidate = read(step, text)
        if isinstance(candidate, Flag):
            return ReadSteps(tuple(stated), candidate)
        stated.append(StatedStep(step, candidate))
        state = task.advance(goal, state, candidate)
    if not stated and not parts:
        return ReadSteps((), Flag("misformatted", "no answer in the reply"))
    return ReadSteps(tuple(stated))


def kind_of_several(kind: str) -> str:
    """Return the class of questions for several steps that begin with one of the given class, for accounts."""
    return f"{kind}, several steps"


class SampledChain(msgspec.Struct, frozen=True):
    """A place in a chain from which several steps are asked for, drawn for a pilot or a measurement.

    Attributes:
        goal: The chain's.
        state: Where it stands.
        step: What it asks for there.
        count: How many steps to ask for, at least 2.
    """

    goal: Any
    state: Any
    step: Step
    count: int

    @property
    def kind(self) -> str:
        """Class of the questions that a chain of these steps asks."""
        return self.step.kind


def sampled_chain(task: Task, number: int, count: int) -> SampledChain | None:
    """Draw a place in a chain; ``None`` where the task does not word several steps at once.

    Args:
        task: The task.
        number: The randomness.
        count: How many steps to ask for.
    """
    if type(task).prompt_several is Task.prompt_several:
        return None
    goal, state = task.sample_chain(number, count)
    step = task.next_step(goal, state)
    if not isinstance(step, Step) or task.prompt_several(step, count, "compact") is None:
        return None
    return SampledChain(goal, state, step, count)


def written(read: ReadSteps) -> str:
    """Return the steps of a reply, and the flag that ended it if one did, as one candidate; see ``reply_of``."""
    flag = read.flag.name if read.flag is not None else ""
    return msgspec.json.encode(([one.candidate for one in read.stated], flag)).decode()


def reply_of(candidate: str) -> tuple[list[str], str]:
    """Return the candidates of the steps of a reply, and the flag that ended it; empty if none did.

    A candidate in another form, as a journal of somebody else's may hold, states no step and is misformatted.
    """
    try:
        return msgspec.json.decode(candidate, type=tuple[list[str], str])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return [], "misformatted"

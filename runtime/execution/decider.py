"""The interface that decides steps for segments and samples: one runner, or one for each role."""

from typing import Protocol

from surefoot.decompose.step import Flag, Step
from surefoot.runtime.execution.asked_several import SeveralAnswers
from surefoot.runtime.execution.escalation.prompt_variants import PromptVariant
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.policy import CurrentLeads, StepPolicy
from surefoot.runtime.execution.text_scores import TextScores
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import Entry
from surefoot.voting.ballot import Ballot


class Decider(Protocol):
    """Decides steps by asking models.

    Attributes:
        policy: How steps are asked, read and counted.
        leads: The leads of the run as they are now.
        meter: Where everything is counted.
        variants: Ways in which a step can be put, the usual one first; attempts take turns.
    """

    policy: StepPolicy
    leads: CurrentLeads
    meter: Meter
    variants: tuple[PromptVariant, ...]

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        """Return the winning candidate of a step, and what the journal keeps of the race.

        Args:
            step: The question.
            k: Lead to ask for.
            draw: First of the draw numbers that belong to this step.
            level: Prompt variant to begin with, counted round.

        Raises:
            StepDeadlocked: The race ended undecided in every variant.
            ModelUnavailable, ModelRejected: From the model.
        """
        ...

    def judge(self, step: Step, reply: Reply) -> Flag | str:
        """Return the candidate that a reply names, or its red flag. Nothing is counted."""
        ...

    def request(self, step: Step) -> Request:
        """Return a step as it is put to the model, for one draw."""
        ...

    async def draw(self, step: Step, count: int, draw: int, level: int = 0) -> tuple[Ballot, ...]:
        """Return a number of ballots for a step, without a race; arguments and errors as for ``decide``."""
        ...

    def scores(self) -> TextScores:
        """Return what says how relevant passages are, with the model that steps are usually decided by."""
        ...

    async def ask_several(self, step: Step, count: int, draws: range, level: int = 0) -> tuple[SeveralAnswers, ...]:
        """Return the replies to a question for the next steps of a chain; none if they are asked for one by one."""
        ...

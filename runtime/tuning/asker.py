"""Asks a model questions in one wording, exactly as a run would, and scores the replies."""

import asyncio
from collections.abc import Sequence

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import QuestionRefused
from surefoot.runtime.execution.policy import policy_of
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.step_runner import MAX_DRAWS, StepRunner
from surefoot.runtime.models.budget_lease import whole_lease
from surefoot.runtime.models.port import Model
from surefoot.runtime.tuning.questions import Question
from surefoot.runtime.tuning.space import Outcome

MOST_QUESTIONS = 1024
"""Questions of one query; each has draw numbers of its own."""


class Asker:
    """Asks and scores. Every reply is one real call; none is drawn twice.

    Args:
        config: How the run would ask.
        task: Words the questions and reads the replies.
        kind: Of the questions.
        model: Answers.
    """

    def __init__(self, config: RunConfig, task: Task, kind: str, model: Model) -> None:
        self._task, self._kind = task, kind
        heat = config.resolved_temperature()
        self._settings = RoleSettings(model, "", model.dialect, heat, heat)
        self._calls = whole_lease("calls", config.max_calls)
        self._policy = policy_of(msgspec.structs.replace(config, wordings=None, keep_replies="none"))

    async def ask(self, wording: Wording, questions: Sequence[Question], draws: int, query: int) -> Outcome:
        """Ask each question so many times; a reply that is discarded is not right.

        Args:
            wording: How they are put.
            questions: What is asked.
            draws: Replies to each.
            query: Number of the query, unique in a search: no two queries draw the same replies.

        Raises:
            ModelUnavailable, ModelRejected: From the model.
        """
        policy = msgspec.structs.replace(self._policy, wordings={self._kind: wording})
        steps = StepRunner(self._task, self._settings, policy, calls=self._calls)
        first = (1 + query * MOST_QUESTIONS) * MAX_DRAWS
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(self._right(steps, question, draws, first + at * MAX_DRAWS))
                for at, question in enumerate(questions)
            ]
        right = tuple(one.result() for one in asked)
        return Outcome(sum(right), draws * len(questions), right)

    async def _right(self, steps: StepRunner, question: Question, draws: int, first: int) -> int:
        try:
            ballots = await steps.draw(question.step, draws, first)
        except QuestionRefused:
            return 0
        said = [ballot.candidate for ballot in ballots if ballot.candidate is not None]
        return sum(self._task.same(question.step, question.right, one) for one in said)

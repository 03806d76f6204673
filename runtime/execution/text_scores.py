"""Says how relevant passages are to a question: how likely a model finds the question after each of them.

Ranking paragraphs by the likelihood of the question is the filter of LLM Programs (arXiv 2305.05364). A small
model that cannot say whether a text answers a question still finds the question likelier after a text that does.
"""

from collections.abc import Sequence

from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ModelError, QuestionRefused
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.port import Likelihood, Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped, all_of, joined

KIND = "relevance"
"""Under which the calls are counted."""


def question_after(passage: str, question: str, raw: bool) -> tuple[Request, str]:
    """Return the request whose continuation is a question, and the question as it then stands.

    Args:
        passage: What may be relevant.
        question: One line.
        raw: Whether the model goes on with a text; else it is asked, in a chat, for a question.
    """
    if raw:
        prompt, text = Prompt(f"{passage}\nQuestion:", raw=True), f" {question}\n"
    else:
        prompt, text = Prompt(f"{passage}\n\nWrite a question that this text answers."), question
    return Request(prompt, (0,), 0.0, 1, 0, raw=raw), text


class TextScores:
    """Scores passages with one model; the calls are reserved and counted like those of steps.

    Args:
        model: Says how likely a given text is.
        meter: Where calls, tokens and money are counted.
        calls: What ``--max-calls`` leaves.
    """

    def __init__(self, model: Model, meter: Meter, calls: BudgetLease) -> None:
        self._model, self._meter, self._calls = model, meter, calls

    async def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return for each passage the mean logarithm of the probability of the question's tokens after it.

        The higher, the more relevant; numbers of other questions cannot be compared with these.

        Raises:
            ModelRejected: The model does not say how likely a given text is.
            ModelUnavailable, QuestionRefused: From the model.
        """
        line = " ".join(question.split())
        raw = self._model.how(Capability.RAW) == "completion"
        if self._calls.limited:
            await self._calls.reserve(len(passages))
        unsent = 0
        try:
            found = await all_of([self._scored(*question_after(one, line, raw)) for one in passages])
            unsent = sum(one.unsent for one in found if isinstance(one, CallsStopped))
        finally:
            if self._calls.limited:
                self._calls.settle(len(passages), spent=len(passages) - unsent)
        scores = joined({(place,): one if isinstance(one, CallsStopped) else [one] for place, one in enumerate(found)})
        return [one.mean for one in scores.values()]

    async def _scored(self, request: Request, text: str) -> Likelihood:
        try:
            found = await self._model.score(request, text)
        except (ModelError, QuestionRefused) as error:
            self._meter.usage.book_failures(KIND, self._model.name, error.context.get("failed_calls", 0))
            raise
        told = Reply(
            "", tokens_in=found.tokens_in, tokens_out=found.tokens_out, cost_usd=found.cost_usd,
            tokens_cached=found.tokens_cached,
        )  # fmt: skip
        self._meter.usage.book(KIND, self._model.name, told)
        return found

"""A query asks every question as a run would, in the wording that is tried, and never with a draw of another query."""

import itertools
import re
from typing import Any

from surefoot.decompose.step import Prompt, Role, Step
from surefoot.decompose.tasks.rows import KIND
from surefoot.decompose.wordings.wording import Example, Wording
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import QuestionRefused
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.tuning.asker import MOST_QUESTIONS, Asker
from surefoot.runtime.tuning.questions import Question
from surefoot.runtime.tuning.space import Outcome
from tests.data.own.row_tasks import Next

QUESTIONS = [Question(Step(KIND, Role.ACTOR, n), Example(f"after: {n}", str(n + 1)), str(n + 1)) for n in range(3)]


class Listens(Model):
    """Says what it is told to say to each number, draw after draw; a question it is told nothing about is refused."""

    dialect: Any = "chat"

    def __init__(self, said: dict[int, list[str]]) -> None:
        self.said = {number: itertools.cycle(texts) for number, texts in said.items()}
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        number = int(re.findall(r"after: (\d+)", _text(request.prompt))[-1])
        if number not in self.said:
            raise QuestionRefused("too long")
        return [Reply(next(self.said[number]), tokens_in=1, tokens_out=1) for _ in request.draws]

    async def close(self) -> None:
        pass


def _text(prompt: Prompt) -> str:
    return f"{prompt.system}\n{prompt.user}"


def asker(model: Model) -> Asker:
    return Asker(RunConfig(task="own", model="own"), Next(), KIND, model)


async def test_right_replies_are_counted_and_discarded_ones_are_wrong() -> None:
    model = Listens({0: ["1"], 1: ["2", "3"], 2: ["no number", "3"]})
    assert await asker(model).ask(Wording(), QUESTIONS, 4, 0) == Outcome(4 + 2 + 2, 12, (4, 2, 2))


async def test_a_question_that_the_server_refuses_has_no_right_reply() -> None:
    assert await asker(Listens({0: ["1"]})).ask(Wording(), QUESTIONS[:2], 3, 0) == Outcome(3, 6, (3, 0))


async def test_the_wording_is_what_is_asked_in() -> None:
    model = Listens({n: [str(n + 1)] for n in range(3)})
    await asker(model).ask(Wording(instruction=("Count on.",), cue="Next:"), QUESTIONS, 1, 0)
    assert len(model.requests) == 3
    for request in model.requests:
        assert "Count on." in _text(request.prompt)
        assert "Next:" in _text(request.prompt)
    plain = Listens({n: [str(n + 1)] for n in range(3)})
    await asker(plain).ask(Wording(), QUESTIONS, 1, 0)
    assert not any("Count on." in _text(request.prompt) for request in plain.requests)


async def test_no_two_queries_and_no_two_questions_draw_the_same_replies() -> None:
    model = Listens({n: [str(n + 1)] for n in range(3)})
    for query in (0, 1, 2):
        await asker(model).ask(Wording(), QUESTIONS, 5, query)
    drawn = [draw for request in model.requests for draw in request.draws]
    assert len(drawn) == len(set(drawn)) == 3 * 3 * 5
    assert len({draw // MAX_DRAWS for draw in drawn}) == 9, "each question of each query has a stride of its own"
    assert min(drawn) >= MAX_DRAWS, "the first stride is a chain's"


async def test_the_last_question_of_a_query_does_not_reach_into_the_next() -> None:
    model = Listens({0: ["1"]})
    await asker(model).ask(Wording(), [QUESTIONS[0]] * MOST_QUESTIONS, 1, 3)
    last = max(draw for request in model.requests for draw in request.draws)
    model.requests.clear()
    await asker(model).ask(Wording(), QUESTIONS[:1], 1, 4)
    assert last < min(draw for request in model.requests for draw in request.draws)

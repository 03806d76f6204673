"""A question's request has all that its wording puts around it."""

from surefoot.decompose.step import Prompt
from surefoot.decompose.wordings.wording import Put
from surefoot.runtime.execution.put_request import request_of
from surefoot.runtime.models.port import Example, Request


def test_turns_the_beginning_of_the_answer_and_stops_go_along() -> None:
    prompt = Prompt("one and one?", "Add.", raw=True, stop=("\n",), choices=("2", "3"))
    found = request_of(Put(prompt, (("one?", "1"),), "It is"), (4, 5), 0.5, 20, 7)
    assert (found.prompt, found.draws, found.temperature, found.max_tokens, found.seed) == (prompt, (4, 5), 0.5, 20, 7)
    assert (found.examples, found.prefill) == ((Example("one?", "1"),), "It is")
    assert (found.raw, found.stop, found.choices) == (True, ("\n",), ("2", "3"))


def test_a_plain_question_is_a_plain_request() -> None:
    prompt = Prompt("one and one?")
    assert request_of(Put(prompt), (0,), 1.0, 20, 0) == Request(prompt, (0,), 1.0, 20, 0)

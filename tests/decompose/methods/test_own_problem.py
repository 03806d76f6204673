"""A problem of a user's own, as docs/methods.md shows one, goes by every method of the table without a further line."""

import pytest

import surefoot
from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.step import Prompt
from tests.decompose.methods.walking import Walk

ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]
NEEDS = {"program": "gives no program: it has no first_state", "modular": "offers no world to plan in: it has no world"}
"""Methods for which a problem says more, and what they say to one that does not."""


class Spent(surefoot.Problem, frozen=True, kw_only=True):
    """How much was spent in a month?"""

    rent: int = 700
    food: int = 250

    def question(self) -> str:
        return f"Rent was {self.rent}, food was {self.food}. How much was spent?"

    def answer_form(self) -> str:
        return "a whole number"

    def read_answer(self, text: str) -> str | None:
        return str(int(text)) if text.isdecimal() else None


FORMS = {
    "Sub-questions: none": "Sub-questions: none",
    "#E1": "#E1 = Ask[Rent was 700, food was 250. How much was spent?]",
    "Shape: ": "Shape: 2 2 yes",
    "Missing: ": "Missing: none",
    "Conclusion: ": "Conclusion: 950",
}
"""What is replied where a prompt asks for something other than an answer."""


def reply(prompt: Prompt) -> str:
    return next((said for name, said in FORMS.items() if name in prompt.user), "Answer: 950")


@pytest.mark.parametrize("method", [name for name in ASKING if name not in NEEDS])
def test_every_method_answers_it(method: str) -> None:
    walk = Walk(Spent(method=method), reply)
    assert walk.run() == "950"
    asked = [prompt.user for prompt in walk.prompts]
    assert asked
    assert all("much was spent" in text or "Attempt" in text for text in asked)


@pytest.mark.parametrize("method", NEEDS)
def test_the_others_say_what_they_need(method: str) -> None:
    with pytest.raises(ValueError, match=NEEDS[method]):
        Spent(method=method)
    assert set(NEEDS) < set(ASKING)

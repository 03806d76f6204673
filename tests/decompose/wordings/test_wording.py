"""A wording changes how a question is put: words, examples, order, cue. It never hands over the answer."""

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.decompose.wordings.wording import FORMS, Example, Wording, put

ASKED = Prompt("2 + 3", system="You add.", stop=(",",))
EXAMPLES = (Example("1 + 1", "2"), Example("4 + 5", "9"))
PLAIN = Wording(form="text", label="Q: ", cue="\nA: ", examples=EXAMPLES, instruction=("Add.",))


def test_a_text_ends_with_the_cue_and_answers_end_at_the_gap() -> None:
    found = put(PLAIN, Prompt("2 + 3", stop=(",",)), {})
    assert found.prompt.user == "Add.\n\nQ: 1 + 1\nA: 2\n\nQ: 4 + 5\nA: 9\n\nQ: 2 + 3\nA: "
    assert found.prompt.raw
    assert found.prompt.stop == (",", "\n\n")
    assert (found.turns, found.prefill) == ((), "")


def test_a_text_begins_with_what_the_task_tells_every_model() -> None:
    assert put(PLAIN, ASKED, {}).prompt.user.startswith("You add.\n\nAdd.\n\nQ: 1 + 1")
    assert put(PLAIN, ASKED, {}).prompt.system == ""


def test_turns_are_turns_and_the_cue_is_how_the_answer_begins() -> None:
    found = put(msgspec.structs.replace(PLAIN, form="turns", cue="\n= "), ASKED, {})
    assert found.turns == (("Q: 1 + 1", "= 2"), ("Q: 4 + 5", "= 9"))
    assert found.prompt == Prompt("Q: 2 + 3", "You add.\nAdd.", stop=(",",))
    assert found.prefill == "= "


def test_a_message_is_one_turn_beside_the_system_of_the_task() -> None:
    found = put(msgspec.structs.replace(PLAIN, form="message"), ASKED, {})
    assert found.prompt.system == "You add."
    assert found.prompt.user.endswith("Q: 4 + 5\nA: 9\n\nQ: 2 + 3\nA: ")
    assert not found.prompt.raw
    assert found.turns == ()


@pytest.mark.parametrize("form", FORMS)
def test_the_example_that_is_asked_is_left_out(form: str) -> None:
    wording = Wording(form=form, examples=(*EXAMPLES, Example("2 + 3", "5")))  # type: ignore[arg-type]
    found = put(wording, ASKED, {})
    shown = " ".join([found.prompt.user, *(part for turn in found.turns for part in turn)])
    assert shown.count("2 + 3") == 1
    assert "5" not in shown.replace("4 + 5", "")
    assert "1 + 1" in shown


def test_the_plain_wording_puts_the_question_as_the_task_does() -> None:
    assert put(Wording(), ASKED, {}).prompt == ASKED


def test_the_question_may_be_put_in_another_text_with_its_facts() -> None:
    wording = Wording(question="{a} and {b} make", examples=(Example("1 + 1", "2", (("a", "1"), ("b", "1"))),))
    assert put(wording, ASKED, {"a": "2", "b": "3"}).prompt.user == "1 and 1 make2\n\n2 and 3 make"


def test_facts_are_text_and_reach_nothing() -> None:
    wording = Wording(question="{a.__class__} {a}")
    with pytest.raises(ValueError, match=r"the template asks for \{a\.__class__\}"):
        put(wording, ASKED, {"a": "{b}"})
    assert put(Wording(question="{a}"), ASKED, {"a": "{b}"}).prompt.user == "{b}"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"gap": ""}, "the gap of a wording is empty"),
        ({"gap": "\n", "examples": (Example("q", "a\nb"),)}, "is inside the answer of an example"),
        ({"question": "{a"}, "has a lone {"),
    ],
)
def test_what_would_part_nothing_is_refused(values: dict, complaint: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=complaint):
        Wording(**values)

"""Question files in the forms in which they are published, and what is said of damaged ones."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from surefoot.decompose.answer_keys.questions import answers_of
from surefoot.decompose.referees import questions as referee
from surefoot.decompose.tasks.question_formats import records, yes_or_no
from surefoot.decompose.tasks.questions import Questions

ONE = {"qid": "a", "question": "Can a whale fly?", "answer": False}
TWO = {"qid": "b", "question": "Is ice cold?", "answer": True}
BIG_BENCH = {
    "name": "strategyqa",
    "examples": [
        {"input": "Can a whale fly?", "target_scores": {"Yes": 0, "No": 1}, "target": "No. It has no wings."},
        {"input": "Is ice cold?", "target": "Yes. It is frozen."},
    ],
}
FORMS = {
    "list": json.dumps([ONE, TWO]),
    "mark": "\ufeff" + json.dumps([ONE, TWO]),
    "lines": f"{json.dumps(ONE)}\r\n\n{json.dumps(TWO)}\n",
    "marked lines": "\ufeff" + f"{json.dumps(ONE)}\n{json.dumps(TWO)}",
    "wrapped": json.dumps({"questions": [ONE, TWO]}),
    "big-bench": json.dumps(BIG_BENCH),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_published_form_is_asked_and_scored_alike(form: str) -> None:
    task = Questions(file=FORMS[form])
    assert [question.text for question in task.suite()] == ["Can a whale fly?", "Is ice cold?"]
    assert referee.of_task(task).right == ("no", "yes")
    assert answers_of({"file": FORMS[form]})


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x1c", "\x0c"])
def test_a_line_ends_where_json_lines_do_and_nowhere_else(mark: str) -> None:
    """Python's own lines end at these as well, which JSON allows inside a text (the last two only as an escape)."""
    first = json.dumps({**ONE, "question": f"Can a{mark} whale fly?"}, ensure_ascii=mark < " ")
    assert [found["question"] for found in records(f"{first}\n{json.dumps(TWO)}\n")][1] == "Is ice cold?"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(True, "yes"), (False, "no"), ("yes", "yes"), ("Yes.", "yes"), ("NO", "no"), ("No, it is not.", "no"),
     ("true", "yes"), ("False.", "no"), (["yes"], "yes"), (" yes\n", "yes"),
     (1, None), (None, None), ("maybe", None), ("", None), ("nothing", None), ([], None), ({}, None)],
)  # fmt: skip
def test_answers_are_read_as_people_write_them(answer: Any, said: str | None) -> None:
    assert yes_or_no(answer) == said


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "not a list"), ("[]", "no question"), ("3", "not a list"), ("[3]", "question 1 is not an object"),
     ('[{"answer": true}]', "question 1 has no question"), ('[{"question": 4}]', "question 1 is not text"),
     ('{"question": "a?"}\n{"question": ', "line 2 is not JSON"), ("[" * 5000, "not a list"),
     ("a,b\n1,2", "not a list")],
)  # fmt: skip
def test_damaged_files_are_one_line(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as error:
        records(text)
    assert "\n" not in str(error.value)


def test_a_run_sees_the_question_alone() -> None:
    """Whatever else an entry holds, two files with the same questions make the same problems, but for their names."""
    forms = ("big-bench", "list")
    one, other = ([replace(goal, identity="") for goal in Questions(file=FORMS[form]).suite()] for form in forms)
    assert one == other


def test_the_published_hundred_are_drawn_with_the_published_seed() -> None:
    text = json.dumps([{"question": f"Is it {number}?", "answer": True} for number in range(229)])
    found = Questions(file=text, published=True).suite()
    assert len(found) == len({question.number for question in found}) == 100
    assert [question.number - 1 for question in found[:12]] == [120, 46, 186, 148, 77, 51, 185, 104, 193, 183, 194, 67]
    assert referee.of_task(Questions(file=text, published=True)).judge(found[0], ("yes",)).reached_goal
    with pytest.raises(ValueError, match="of 229 questions"):
        Questions(file=FORMS["list"], published=True)

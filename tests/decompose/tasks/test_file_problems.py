"""Question files as they are published: what a run sees of an entry, how answers are compared, what is refused."""

import pathlib

import pytest

from surefoot.decompose.answer_keys.file import answers_of
from surefoot.decompose.referees.file import chance_answers, right_answers
from surefoot.decompose.tasks.file_problems import FileProblem, passages
from tests.decompose.methods.walking import Walk

DATA = pathlib.Path(__file__).parents[2] / "data"
GSM8K, HOTPOT, YES_NO = [(DATA / name).read_text() for name in ("gsm8k.jsonl", "hotpotqa.json", "questions.json")]


@pytest.mark.parametrize(
    "method",
    [
        "direct",
        "chain-of-thought",
        "self-ask",
        "rewoo",
        "two-stage",
        "as-needed",
        "atom",
        "thread",
        "auto",
        "recursive",
    ],
)
def test_every_shape_is_answered_by_every_method(method: str) -> None:
    for text, form in ((GSM8K, "number"), (HOTPOT, "text"), (YES_NO, "yes-no")):
        task = FileProblem(file=text, form=form, method=method)  # type: ignore[arg-type]
        key = answers_of({"file": text, "form": form})
        for number, (question, right) in enumerate(zip(task.questions(), right_answers(task), strict=True)):
            walk = Walk(task, lambda prompt, key=key: key(prompt).right[0])  # type: ignore[misc]
            assert walk.run(task.posed(number, question)) == right


def test_a_run_sees_question_and_context_and_nothing_else() -> None:
    task = FileProblem(file=HOTPOT, number=1)
    prompt = task.prompt(task.sample_step(0), "chat").user
    assert "Volga: The Volga is the longest river in Europe. It ends in the Caspian Sea, in Russia." in prompt
    assert "Danube: The Danube is the second longest." in prompt
    assert "bridge" not in prompt
    assert "a1" not in prompt
    gsm = FileProblem(file=GSM8K, form="number")
    assert "####" not in gsm.prompt(gsm.sample_step(0), "chat").user
    assert "15" not in gsm.prompt(gsm.sample_step(0), "chat").user


def test_answers_are_those_of_the_file() -> None:
    assert right_answers(FileProblem(file=GSM8K, form="number")) == ["15", "150", "7500"]
    assert right_answers(FileProblem(file=HOTPOT)) == ["russia", "admiral"]
    assert set(right_answers(FileProblem(file=YES_NO, form="yes-no"))) == {"yes", "no"}
    assert right_answers(FileProblem(file=GSM8K, form="number", count=2)) == ["15", "150"]
    assert chance_answers(FileProblem(file=GSM8K, form="number"), 0) == ("15", "150", "7500")
    with pytest.raises(ValueError, match="question 1 has no answer that is number: try another --form"):
        right_answers(FileProblem(file=HOTPOT, form="number"))


def test_contexts_of_all_shapes() -> None:
    assert passages([["T", ["a ", " b"]], "plain  text", 7]) == "T: a b\nplain text"
    assert passages({"title": ["T"], "sentences": [["a", "b"]]}) == "T: a b"
    assert passages("  text ") == "text"
    assert passages(None) == ""


def test_what_is_no_file_is_one_line() -> None:
    with pytest.raises(ValueError, match="a file of questions is needed"):
        FileProblem()
    with pytest.raises(ValueError, match="not a list of questions"):
        FileProblem(file="no questions")
    with pytest.raises(ValueError, match="question 9 does not exist: the file has 3"):
        FileProblem(file=GSM8K, number=9)


SORTED = """{"id": "sort-3-0", "question": "Sort the list:\\n[-6, 5, -9]", "answer": "[-9,-6,5]"}
{"id": "sort-3-1", "question": "Sort the list:\\n[3, 12]", "answer": "#### [3,12]"}"""


def test_lists_are_scored_in_their_order_and_with_their_signs() -> None:
    """MAKER's sorting items, as they are published."""
    task = FileProblem(file=SORTED, form="list")
    assert right_answers(task) == ["[-9, -6, 5]", "[3, 12]"]
    assert task.read_answer("[-9, -6, 5]") == "[-9, -6, 5]"
    assert task.read_answer("[9, 6, 5]") == "[9, 6, 5]"
    assert right_answers(FileProblem(file=SORTED))[0] != FileProblem(file=SORTED).read_answer("[9, 6, 5]")
    key = answers_of({"file": SORTED, "form": "list"})
    said = key(task.prompt(task.sample_step(0), "chat"))
    assert (said.right, said.wrong) == (("Answer: [-9, -6, 5]",), ("Answer: []",))

"""Replies to questions about questions: what is read, and what never becomes a yes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Dialect, Flag
from surefoot.decompose.tasks.question_file import LONGEST, read_questions
from surefoot.decompose.tasks.question_wordings import (
    CORRECT,
    LABELS,
    LONGEST_ANSWER,
    LONGEST_PART,
    SCHEMAS,
    WORDS,
    AnswerFacts,
    CheckFacts,
    DecideFacts,
    PartsFacts,
    canonical,
    parse,
    prompt,
)

DIALECTS: tuple[Dialect, ...] = ("chat", "compact")
PARTS, ANSWER = PartsFacts("Is it so?", 3), AnswerFacts("How many?", ("seven",))
CHECK, DECIDE = CheckFacts("How many?", "eight"), DecideFacts("Is it so?", (("How many?", "8"), ("Is 8 more?", "no")))
texts = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters=" #?'"), min_size=1, max_size=60)
parts = texts.map(lambda text: " ".join(text.split())).filter(bool)


def reply(name: str, values: list[str], dialect: Dialect) -> str:
    return "\n".join(values if dialect == "compact" else ["I say:", *(f"{name} = {one}" for one in values)])


@pytest.mark.parametrize("dialect", DIALECTS)
@given(found=st.lists(parts.filter(lambda text: text.strip("`*\"' ") == text), min_size=1, max_size=5))
def test_sub_questions_are_read_line_by_line_up_to_the_most(dialect: Dialect, found: list[str]) -> None:
    candidate = parse(PARTS, reply("question", found, dialect), dialect)
    assert candidate == "\n".join(found) if len(found) <= 3 else isinstance(candidate, Flag)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sub_question_that_is_too_long_or_empty_spoils_the_reply(dialect: Dialect) -> None:
    fits = "x" * LONGEST_PART
    assert parse(PARTS, reply("question", ["a?", fits], dialect), dialect) == f"a?\n{fits}"
    assert isinstance(parse(PARTS, reply("question", ["a?", fits + "x"], dialect), dialect), Flag)
    assert isinstance(parse(PARTS, "", dialect), Flag)
    assert isinstance(parse(PARTS, "a?\n\nb?", "compact"), Flag)


@given(parts, st.sampled_from(["", "a ", "An ", "THE "]), st.sampled_from(["", ".", "..."]))
def test_one_answer_in_many_spellings_is_one_candidate(text: str, article: str, stop: str) -> None:
    plain = canonical(text)
    if plain is None or plain.split(" ")[0] in ("a", "an", "the"):
        return
    assert canonical(f"  {article}{text.upper()} {stop} ".replace(" .", ".")) == plain


@given(st.text(max_size=200))
def test_an_answer_in_canonical_form_is_one_short_printable_line(text: str) -> None:
    found = canonical(text)
    if found is not None:
        assert 0 < len(found) <= LONGEST_ANSWER
        assert found.isprintable()
        assert found == found.lower()


@pytest.mark.parametrize("text", ["", " ", ".", "the .", "x" * (LONGEST_ANSWER + 1), "a\x00b", "red\u202eder"])
def test_what_is_no_answer_has_no_canonical_form(text: str) -> None:
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("yes", "yes"), ("True.", "yes"), ("NO", "no"), ("false", "no"), ("yes and no", None), ("", None), ("1", None)],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_decision_is_a_yes_or_a_no_and_nothing_else(said: str, verdict: str | None, dialect: Dialect) -> None:
    candidate = parse(DECIDE, said if dialect == "compact" else f"answer = {said}", dialect)
    assert candidate == verdict if verdict else isinstance(candidate, Flag)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("correct = yes", CORRECT), ("correct = no", "no"), ("correct = yes\ncorrect = no", "no"), ("It is not.", "no"),
        ("correct = yes, though I think it is wrong", "no"), ("yes", None), ("", None), ("correct = perhaps", None),
    ],
)  # fmt: skip
def test_the_monitor_of_an_answer_fails_closed(text: str, verdict: str | None) -> None:
    candidate = parse(CHECK, text, "chat")
    assert candidate == verdict if verdict else isinstance(candidate, Flag)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("wording", range(3))
def test_a_prompt_shows_every_fact_behind_its_label(dialect: Dialect, wording: int) -> None:
    shown = 0 if dialect == "compact" else wording
    for facts, labels in (
        (PARTS, {"Question": "Is it so?"}), (ANSWER, {"Question": "How many?", "Not correct": "seven"}),
        (CHECK, {"Question": "How many?", "Answer": "eight"}), (DECIDE, {"Depends on": "Is 8 more?", "Found": "no"}),
    ):  # fmt: skip
        lines = prompt(facts, dialect, wording).user.splitlines()
        for label, text in labels.items():
            assert f"{LABELS[label][shown]}: {text}" in lines
        assert (lines[0] == WORDS[type(facts)]) == (dialect == "compact")


def test_the_order_of_what_was_found_is_kept() -> None:
    user = prompt(DECIDE, "compact").user
    assert user.index("How many?") < user.index("Found: 8") < user.index("Is 8 more?") < user.index("Found: no")


def test_schemas_name_what_a_reply_is_asked_to_name() -> None:
    assert set(SCHEMAS) == set(WORDS)
    for facts in (PARTS, ANSWER, CHECK, DECIDE):
        for name in SCHEMAS[type(facts)]:
            assert f"{name} = " in prompt(facts, "chat").system


@given(st.lists(parts, min_size=1, max_size=6))
def test_questions_of_a_file_are_numbered_from_one(found: list[str]) -> None:
    entries = [{"question": f"  {text}\n", "answer": True, "qid": 3} for text in found]
    questions = read_questions(json.dumps(entries))
    assert [question.text for question in questions] == found
    assert [question.number for question in questions] == list(range(1, len(found) + 1))
    assert {(question.start, question.cap) for question in questions} == {("open", 1)}


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1])
def test_a_question_of_a_file_has_a_longest_length(length: int) -> None:
    text = json.dumps([{"question": "ok?"}, {"question": "x" * length}])
    if length <= LONGEST:
        assert len(read_questions(text)) == 2
    else:
        with pytest.raises(ValueError, match="question 2 is empty or longer than 600"):
            read_questions(text)

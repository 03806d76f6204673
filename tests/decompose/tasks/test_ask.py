"""The list of tools of a question is read where a comma ends a tool, and only there."""

import pytest

from surefoot.decompose.tasks.ask import AskedQuestion, tools_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("calc", {"calc": "calc"}),
        ("calc, search:a,b/notes,sql:d.sqlite", {"calc": "calc", "search": "search:a,b/notes", "sql": "sql:d.sqlite"}),
        ("search:a,search:b", {"search": "search:a", "search2": "search:b"}),
        ("ranked:a, search:b,ranked:c", {"search": "ranked:a", "search2": "search:b", "search3": "ranked:c"}),
        ("magic", {"magic": "magic"}),
    ],
)
def test_tools_are_told_apart(text: str, found: dict[str, str]) -> None:
    assert tools_of(text) == found


def test_a_question_is_one_line() -> None:
    assert AskedQuestion(text="How\n long?").question() == "How long?"
    assert AskedQuestion(text="q", form="a number").answer_form() == "a number"
    with pytest.raises(ValueError, match="no question"):
        AskedQuestion().question()

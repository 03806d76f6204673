"""Templates: filled once, whole names only, nothing to reach but the row."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.typed.template import Template


class Trap:
    secret = "gold"

    def __format__(self, spec: str) -> str:
        raise AssertionError("a format code was used")


@pytest.mark.parametrize(
    ("template", "row", "text"),
    [
        ("Who sent {text}?", {"text": "this"}, "Who sent this?"),
        ("{a}{a}-{b}", {"a": 1, "b": None}, "11-"),
        (
            "{Invoice No.}: {a.b} {a[0]} {x!r} {y:>9}",
            {"Invoice No.": 7, "a.b": 1, "a[0]": 2, "x!r": 3, "y:>9": 4},
            "7: 1 2 3 4",
        ),
        ('Answer {{"a": 1}}', {}, 'Answer {"a": 1}'),
        ("{a} {b}", {"a": "{b}", "b": "{{x}} {a.__class__}"}, "{b} {{x}} {a.__class__}"),  # data is data
        ("{a}", {"a": [1, "ä", {"b": True}]}, '[1, "ä", {"b": true}]'),
        ("{a} {b}", {"a": datetime.date(2024, 2, 3), "b": Decimal("1.50")}, "2024-02-03 1.50"),
        ("", {}, ""),
    ],
)
def test_a_row_is_put_in(template: str, row: dict[str, Any], text: str) -> None:
    assert Template(template).fill(row) == text


@pytest.mark.parametrize("name", ["a.secret", "a.__class__", "a!r", "a:{b}", "0", "a[secret]"])
def test_nothing_but_a_whole_name_reaches_a_row(name: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        Template("{" + name + "}").fill({"a": Trap(), "b": 1})


def test_a_missing_field_is_one_line_that_names_it_and_the_known_ones() -> None:
    template = Template("{vendor} {totl}")
    assert template.fields == ("vendor", "totl")
    with pytest.raises(ValueError, match=r"^the template asks for \{totl\}, and the fields are: vendor, total$"):
        template.fill({"vendor": "A", "total": 1})
    with pytest.raises(ValueError, match=r"fields are: none$"):
        template.check([])
    with pytest.raises(ValueError, match=r"f11 and 88 more$"):
        template.check([f"f{n}" for n in range(100)])


@pytest.mark.parametrize(
    ("text", "line"), [("a {", 1), ("a\nb }", 2), ("{a", 1), ("{}", 1), ("{a{b}", 1), ("{a\nb}", 1)]
)
def test_a_lone_brace_is_refused_when_the_template_is_made(text: str, line: int) -> None:
    with pytest.raises(ValueError, match=rf"^line {line} of the template has a lone"):
        Template(text)


@given(st.text(), st.text(st.characters(exclude_characters="{}\n", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_text_of_a_row_stands_in_the_prompt_as_it_is(value: str, name: str) -> None:
    assert Template("<{" + name + "}>").fill({name: value}) == f"<{value}>"


def test_names_of_fields_are_quoted_where_their_ends_cannot_be_seen() -> None:
    with pytest.raises(ValueError, match="the template asks for") as error:
        Template("{text}").check(["text ", "first name", "", "a,b", "x\n"])
    assert str(error.value).endswith(r"the fields are: 'text ', first name, '', 'a,b', 'x\n'")

"""The last JSON value of a reply: what is tolerated, what is not, and that hostile replies cost no more than linear."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.typed import json_texts
from surefoot.decompose.typed.json_texts import DEEPEST, Broken, Found, last_value


def any_value(value: Any) -> bool:
    return True


def an_object(value: Any) -> bool:
    return isinstance(value, dict)


def read(text: str) -> Any:
    found = last_value(text, any_value)
    return found.value if isinstance(found, Found) else found


TOLERATED = [
    ('{"a": 1}', {"a": 1}),
    ('Sure! Here it is:\n```json\n{"a": 1}\n```\nHope that helps.', {"a": 1}),
    ('{"a": 1} no, rather {"a": 2}', {"a": 2}),
    ('{"a": [1, 2,], }', {"a": [1, 2]}),
    ("{'a': 'it''s'}", None),
    ("{'a': 'it\\'s', 'b': True, 'c': None, 'd': False}", {"a": "it's", "b": True, "c": None, "d": False}),
    ('{"a": "line\nbreak\tand tab"}', {"a": "line\nbreak\tand tab"}),
    (r'{"a": "\u00e9\ud83d\ude00\n\/"}', {"a": "é😀\n/"}),
    ('{"a": -1.50e+2}', {"a": Decimal("-150")}),
    ('I don\'t know [really]. {"a": 1}', {"a": 1}),
    ("The set {x | x > 0}, then [1, 2]", [1, 2]),
    ('In JSON {"... we write. {"a": 1}', {"a": 1}),
    ('{{"a": 1}}', {"a": 1}),
    ("[[], {}]", [[], {}]),
    ("no value at all", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "value"), TOLERATED)
def test_syntax_that_stands_for_the_same_value_is_tolerated(text: str, value: Any) -> None:
    found = read(text)
    assert (None if isinstance(found, Broken) else found) == value


NOT_TOLERATED = [
    '{"a": 1, "a": 2}',
    '{"a": NaN}',
    '{"a": Infinity}',
    '{"a": 01}',
    '{"a": 1,000}',
    '{"a": .5}',
    '{"a": 1 // one\n}',
    '{"a": "\\ud800"}',
    '{"a": "\\x41"}',
    '{"a": 1',
    '{"a": "cut off',
    '{"a": }',
    '{"a": 1e999999999}',
    "[1,, 2]",
    '["a", b]',
    '{"a": [1, 2}',
    "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
]


@pytest.mark.parametrize("text", NOT_TOLERATED)
def test_anything_else_breaks_off(text: str) -> None:
    found = last_value(text, any_value)
    assert isinstance(found, Broken)
    assert "\n" not in found.reason


@pytest.mark.parametrize("broken", ['{"a": 2, oops}', '{"a": 2', '{"a": 2, "a": 3}', '{"a": {"a": 3}, oops, {"a": 4}'])
def test_an_earlier_draft_is_never_taken_for_an_answer_that_broke_off(broken: str) -> None:
    assert isinstance(read('{"a": 1}\n\nFinal: ' + broken), Broken)
    assert read(f'{broken}\n\nAgain: {{"a": 1}}') == {"a": 1}
    assert read(f'```\n{broken}\n```\n```\n{{"a": 1}}\n```') == {"a": 1}


def test_parts_of_a_value_that_broke_off_are_no_answers() -> None:
    assert isinstance(read('{"rows": [{"a": 1}, {"a": 2}], oops}'), Broken)
    assert isinstance(read('{"text": "see {"a": 1} there"}'), Broken)


def test_only_values_that_are_wanted_count() -> None:
    found = last_value('{"a": 1} (see [2], and [0, 1) too)', an_object, lists=False)
    assert isinstance(found, Found)
    assert (found.value, found.start) == ({"a": 1}, 0)


def test_nesting_up_to_the_bound_is_read() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert read(text) == json.loads(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.booleans())
def test_reads_all_that_json_can_write(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read(text) == value
    assert read(f"So:\n{text}\nThat is all.") == value


@given(st.text(alphabet="{}[]\",:'\\ \n1atrue`", max_size=60))
def test_no_text_raises(text: str) -> None:
    last_value(text, any_value)


class Counting:
    """A pattern that counts the characters it reads: those of its match, or all that are left where it fails late."""

    def __init__(self, pattern: re.Pattern[str], runs_on: bool, count: list[int]) -> None:
        self._pattern, self._runs_on, self._count = pattern, runs_on, count

    def _book(self, match: re.Match[str] | None, text: str, position: int) -> re.Match[str] | None:
        end = match.end() if match else len(text) if self._runs_on else position
        self._count[0] += 1 + end - position
        return match

    def match(self, text: str, position: int) -> re.Match[str] | None:
        return self._book(self._pattern.match(text, position), text, position)

    def search(self, text: str, position: int) -> re.Match[str] | None:
        return self._book(self._pattern.search(text, position), text, position)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters all patterns together have read."""
    count = [0]
    for name, runs_on in (("OPEN", True), ("PARAGRAPH", True), ("SPACE", False), ("NUMBER", False), ("WORD", False)):
        monkeypatch.setattr(json_texts, name, Counting(getattr(json_texts, name), runs_on, count))
    strings = {quote: Counting(pattern, True, count) for quote, pattern in json_texts.STRINGS.items()}
    monkeypatch.setattr(json_texts, "STRINGS", strings)
    return count


HOSTILE = {
    "blanks": " ",
    "braces": "{",
    "brackets": "[",
    "closing": "}]",
    "quotes": '"',
    "single quotes": "'",
    "lists of strings": '["',
    "objects of strings": '{"',
    "both quotes": "{'\"",
    "quotes in turn": "[\"['",
    "begun objects": '{"a":',
    "begun lists": "[1,",
    "long strings": '["' + "a" * 50,
    "backslashes": '["\\',
    "escaped quotes": '["\\"',
    "numbers": "1",
    "words": "true",
    "new lines": "\n",
    "blank lines": '\n \n{"a":',
    "fences": '```{"a":1',
    "good values": '{"a": [1, "b"]} ',
}


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_is_linear(name: str, lists: bool, work: list[int]) -> None:
    unit = HOSTILE[name]
    done = []
    for size in (64_000, 128_000):
        work[0] = 0
        text = unit * (size // len(unit))
        last_value(text, any_value, lists)
        done.append(work[0] / len(text))
    assert done[1] < 8
    assert done[1] < 1.05 * done[0] + 0.01


def test_reading_again_from_every_bracket_would_not_be(work: list[int]) -> None:
    """The placebo: no jump behind what was read. The measure above tells the two apart."""
    text = "[1," * 2_000
    for opening in re.finditer(r"[{\[]", text):
        with pytest.raises(json_texts._BrokeOff):
            json_texts._Attempt(text, opening.start()).read()
    assert work[0] / len(text) > 50


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '"' * 1_000_000,
        '{"a": "' + '"' * 999_000,
    ],
    ids=["lists", "objects", "quotes", "quotes in an object"],
)
def test_neither_depth_nor_length_is_an_error(text: str) -> None:
    found = last_value(text, any_value)
    assert found is None or isinstance(found, Broken)

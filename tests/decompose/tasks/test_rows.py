"""One question for each row: what it reads, how it is answered, and that one bad row is one bad row."""

import datetime
import itertools
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import NothingToAsk
from surefoot.decompose.tasks.rows import KIND, MapRows, Rows, RowTask

INVOICE = MapRows(question="Who wrote {text}, and for how much?", fields="vendor: text, total: money, day: date?")


class Half(RowTask, frozen=True, kw_only=True):
    """Asks half of a number; a row without one, or with an odd one, has no question."""

    def row_step(self, row: Mapping[str, Any]) -> Step:
        if row["number"] % 2:
            raise ValueError("odd")
        return Step("half", Role.ACTOR, row["number"])

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"half of {step.reads}?")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text


def test_a_chunk_is_a_node_whose_input_is_its_rows() -> None:
    rows: list[Mapping[str, Any] | str] = [{"number": 2}, "line 7 is no JSON", {"number": 4}]
    node = Half().chunk(3, 300, rows)
    assert (node.path, node.goal, node.inputs) == ((3,), Rows(300), (rows,))
    assert Half().size(node.goal, node.inputs) == 3
    assert Half().usual_steps(node.goal, node.inputs) == 1


def test_a_table_without_rows_has_nothing_to_ask() -> None:
    task = Half()
    assert task.root().inputs == ([],)
    assert task.next_step(task.root().goal, None) == Done(None)
    with pytest.raises(NothingToAsk, match="without rows"):
        task.sample_step(0)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 100))
def test_a_sample_is_the_question_of_a_row_that_has_one(numbers: list[int], number: int) -> None:
    task = Half(sampled_rows=tuple({"number": one} for one in numbers))
    if any(one % 2 == 0 for one in numbers):
        assert task.sample_step(number).reads in {one for one in numbers if one % 2 == 0}
    else:
        with pytest.raises(ValueError, match="odd"):
            task.sample_step(number)


@given(st.integers(1, 200), st.integers(0, 2**40))
def test_consecutive_samples_are_each_row_once(count: int, first: int) -> None:
    task = Half(sampled_rows=tuple({"number": 2 * one} for one in range(count)))
    assert len({task.sample_step(first + more).reads for more in range(count)}) == count


@pytest.mark.parametrize("seed", range(5))
def test_a_few_samples_lie_all_over_a_sorted_table(seed: int) -> None:
    """Placebo: twenty rows in a row, which lie in one tenth of the table."""
    task = Half(sampled_rows=tuple({"number": 2 * one} for one in range(200)))
    places = sorted(task.sample_step((seed << 32) + more).reads // 2 for more in range(20))
    assert max(b - a for a, b in itertools.pairwise([0, *places, 200])) < 30


@pytest.mark.parametrize("rows", [({},), ({"other": 1}, {}), ({"number": None},), ({"number": "x"},)])
def test_rows_that_are_all_bad_say_what_is_wrong_with_the_last(rows: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises((LookupError, TypeError)):
        Half(sampled_rows=rows).sample_step(0)
    assert Half(sampled_rows=(*rows, {"number": 6})).sample_step(0).reads == 6


def test_an_answer_is_the_candidate_unless_a_task_says_otherwise() -> None:
    assert Half().value_of("3") == "3"
    assert INVOICE.value_of('{"day":null,"total":"3.00","vendor":"Acme"}').total == Decimal("3.00")


def test_a_question_reads_the_columns_it_names_and_no_other() -> None:
    step = INVOICE.row_step({"text": "Acme 3.-", "secret": "the answer"})
    assert (step.kind, step.role, step.reads) == (KIND, Role.ACTOR, {"text": "Acme 3.-"})
    prompt = INVOICE.prompt(step, "chat")
    assert "Who wrote Acme 3.-, and for how much?" in prompt.user
    assert "secret" not in prompt.user + prompt.system
    assert "the answer" not in prompt.user + prompt.system


def test_a_row_that_lacks_a_column_is_refused_with_both_names() -> None:
    with pytest.raises(ValueError, match="text") as error:
        INVOICE.row_step({"body": "Acme"})
    assert "body" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_reply_is_read_in_canonical_form_and_comes_back_typed() -> None:
    step = INVOICE.row_step({"text": "x"})
    candidate = INVOICE.parse(step, 'So:\n{"vendor": " Acme  Ltd ", "total": "1,234.5", "day": "2026-11-28"}', "chat")
    assert not isinstance(candidate, Flag)
    value = INVOICE.value_of(candidate)
    assert (value.vendor, value.total, value.day) == ("Acme Ltd", Decimal("1234.50"), datetime.date(2026, 11, 28))
    other = INVOICE.parse(step, '{"day": "2026-11-28", "vendor": "Acme Ltd", "total": 1234.50}', "compact")
    assert other == candidate
    assert INVOICE.same(step, candidate, str(other))


@pytest.mark.parametrize(
    "text", ["", "Acme", '{"vendor": "Acme"}', '{"vendor": "Acme", "total": "much"}', '{"vendor": 3, "total": 4}', "[]"]
)
def test_a_reply_that_is_no_answer_is_flagged(text: str) -> None:
    assert isinstance(INVOICE.parse(INVOICE.row_step({"text": "x"}), text, "chat"), Flag)


def test_the_schema_of_a_reply_names_every_field() -> None:
    schema = INVOICE.whole_schema(INVOICE.row_step({"text": "x"}))
    assert schema is not None
    assert {"vendor", "total", "day"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"question": "{a", "fields": "x: text"}, "brace"), ({"question": "{a}", "fields": "x: colour"}, "no kind"),
        ({"question": "{a}", "fields": "x: text, x: text"}, "twice"), ({"question": "{a}", "fields": "1x"}, "no field"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_an_error_at_once(options: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        MapRows(**options)
    assert "\n" not in str(error.value)


def test_a_task_whose_type_is_not_at_hand_can_be_looked_at() -> None:
    """As after `surefoot report` of a run whose answers were a class of the user's own."""
    task = MapRows(question="{a}", fields="")
    assert task.lacks_type
    assert not INVOICE.lacks_type
    assert task.value_of('{"x":[1,2]}') == {"x": [1, 2]}
    with pytest.raises(ValueError, match="field"):
        task.asked()


def test_a_type_of_python_s_own_goes_before_the_list_of_fields() -> None:
    class Point(msgspec.Struct):
        """Two numbers."""

        x: int
        y: int

    task = MapRows(question="Where is {place}?", fields="", answer_type=Point)
    step = task.row_step({"place": "here"})
    assert task.value_of(str(task.parse(step, '{"y": 2, "x": "1"}', "chat"))) == Point(1, 2)


def test_the_system_message_comes_before_every_question() -> None:
    task = MapRows(question="{a}?", system="You read invoices.")
    for a in ("1", "2"):
        assert "You read invoices." in task.prompt(task.row_step({"a": a}), "chat").system

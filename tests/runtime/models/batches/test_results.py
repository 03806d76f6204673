"""What is read of a provider's files and states: nothing is believed that cannot be, and no answer is lost for it."""

import json
from typing import Any

import msgspec
import pytest

from surefoot.runtime.models.batches.results import (
    MOST_LINE,
    Fault,
    file_id_of,
    page_of,
    results_of,
    state_of,
)

ASKED = ("a", "b", "c")
BATCH: dict[str, Any] = {"id": "batch_1", "status": "completed"}


def line(key: Any, answer: Any = "yes", status: Any = 200, **more: Any) -> bytes:
    return json.dumps(
        {"custom_id": key, "response": {"status_code": status, "body": {"text": answer}}, **more}
    ).encode()


def said(results: dict[str, msgspec.Raw]) -> dict[str, Any]:
    return {key: msgspec.json.decode(body)["text"] for key, body in results.items()}


def test_answers_come_in_any_order_and_errors_from_the_other_file() -> None:
    error = json.dumps(
        {"custom_id": "b", "response": None, "error": {"code": "batch_expired", "message": "late\x1b[2J"}}
    )
    found = results_of(b"\n".join([line("c", 3), b"", line("a", 1)]), error.encode(), ASKED)
    assert said(found.answers) == {"c": 3, "a": 1}
    assert found.faults == {"b": Fault(0, "batch_expired", "late\\x1b[2J")}
    assert found.complaints == ()


def test_the_first_of_two_answers_counts_and_both_files_may_have_the_line() -> None:
    both = b"\n".join([line("a", "first"), line("a", "second")])
    found = results_of(both, line("a", status=500) + b"\n" + line("b", "late"), ASKED)
    assert said(found.answers) == {"a": "first", "b": "late"}
    assert found.faults == {}
    assert found.complaints == ("2 of its lines answer a question a second time: the first answer counts",)


def test_an_answer_wins_over_an_error_before_it() -> None:
    found = results_of(line("a", status=429) + b"\n" + line("a", "yes"), b"", ASKED)
    assert (said(found.answers), found.faults) == ({"a": "yes"}, {})


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (b"{", "1 of its lines are no results"),
        (b"\xff\xfe", "1 of its lines are no results"),
        (b"[" * 5000, "1 of its lines are no results"),
        (b'{"custom_id": 7}', "1 of its lines are no results"),
        (b'{"custom_id": "a", "response": {"status_code": "x"}}', "1 of its lines are no results"),
        (line("z"), "1 of its lines answer a question that was not in it"),
        (b"x" * (MOST_LINE + 1), "1 of its lines are longer than 4 MB"),
        (b'{"custom_id": "a", "x": [' + b"[]," * 20_000 + b"[]]}", "1 of its lines are no results"),
    ],
    ids=range(8),
)
def test_a_line_that_cannot_be_read_is_told_of_and_the_others_are_read(bad: bytes, complaint: str) -> None:
    found = results_of(bad + b"\n" + line("a") + b"\n" + line("c"), b"", ASKED)
    assert (said(found.answers), found.complaints) == ({"a": "yes", "c": "yes"}, (complaint,))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"response": {"status_code": 400, "body": {"text": "x"}}, "error": {"code": "c", "message": "m"}}, 400),
        ({"response": {"status_code": 429, "body": {"error": {"type": "c", "message": "m"}}}}, 429),
        ({"response": {"status_code": 200, "body": None}, "error": {"code": "c", "message": "m"}}, 0),
        ({"response": {"status_code": -7, "body": 3}, "error": {"code": "c", "message": "m"}}, 0),
    ],
    ids=range(4),
)  # fmt: skip
def test_what_is_no_answer_is_a_fault_with_its_words(answer: dict[str, Any], status: int) -> None:
    found = results_of(json.dumps({"custom_id": "a", **answer}).encode(), b"", ASKED)
    assert (found.answers, found.faults["a"]) == ({}, Fault(status, "c", "m"))


@pytest.mark.parametrize(
    ("more", "done"),
    [
        ({}, None),
        ({"request_counts": {"completed": 2, "failed": 1, "total": 9}}, 3),
        ({"request_counts": {"completed": 4, "failed": 0}}, None),
        ({"request_counts": {"completed": -1}}, None),
        ({"request_counts": {"completed": True, "failed": 0}}, None),
        ({"request_counts": {"completed": 10**30, "failed": "x"}}, None),
        ({"request_counts": "many"}, None),
    ],
    ids=range(7),
)
def test_counts_that_cannot_be_are_not_believed(more: dict[str, Any], done: int | None) -> None:
    assert state_of(json.dumps({**BATCH, **more}).encode(), 3).done == done


@pytest.mark.parametrize("files", [{}, {"output_file_id": None}, {"output_file_id": 7}, {"output_file_id": "../x y"}])
def test_an_id_that_cannot_be_one_is_none(files: dict[str, Any]) -> None:
    assert state_of(json.dumps({**BATCH, **files}).encode(), 3).output == ""


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"id": "a/../b", "status": "completed"}', b'{"id": 1}', b"\xff"]
)
def test_what_is_no_batch_and_no_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        state_of(content, 1)
    with pytest.raises(ValueError, match=r"."):
        file_id_of(content.replace(b"completed", b"x"))


def test_why_a_batch_failed_is_shown_tamed() -> None:
    errors = {"data": [{"message": "line 3\x1b[31m is no good"}]}
    assert state_of(json.dumps({**BATCH, "errors": errors}).encode(), 1).message == "line 3\\x1b[31m is no good"
    errors = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}
    told = state_of(json.dumps({**BATCH, "errors": errors}).encode(), 1).message
    assert told == "Enqueued token limit reached (token_limit_exceeded)"
    assert state_of(json.dumps({**BATCH, "errors": {"data": [{"code": "c"}]}}).encode(), 1).message == "c"
    for odd in (None, [], {"data": []}, {"data": [5]}, {"data": 5}):
        assert state_of(json.dumps({**BATCH, "errors": odd}).encode(), 1).message == ""


def test_a_list_is_read_past_what_is_not_ours() -> None:
    data: list[Any] = [5, None, {"id": "x"}, {**BATCH, "metadata": {"surefoot": "t", "n": 5}, "input_file_id": "f"}]
    listed, after = page_of(json.dumps({"data": data, "has_more": True}).encode())
    assert [(one.state.id, one.tokens, one.file) for one in listed] == [("batch_1", {"t"}, "f")]
    assert after == "batch_1"
    assert page_of(b'{"data": [], "has_more": true}') == ([], "")
    assert page_of(b'{"data": [], "has_more": true, "last_id": "b/../c"}') == ([], "")
    with pytest.raises(ValueError, match=r"."):
        page_of(b'{"data": 5}')

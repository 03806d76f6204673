"""What a batch has cost: every line that was answered is charged, whether or not its answer can be read."""

import json
from typing import Any

import pytest

from surefoot.runtime.models.batches.charges import Charge, charge_of
from surefoot.runtime.models.batches.follower import Ended
from surefoot.runtime.models.batches.ledger import Batch
from surefoot.runtime.models.batches.lines import Line
from surefoot.runtime.models.batches.results import results_of

LINES = [Line("a", "qa", (0,), 0.0, 1.0), Line("b", "qb", (0,), 4.0), Line("c", "qc", (0,), 0.0, 2.0)]
PRICES = (0.001, 0.01)


def line(key: str, response: Any, error: Any = None) -> bytes:
    return json.dumps({"custom_id": key, "response": response, "error": error}).encode() + b"\n"


def answer(**usage: Any) -> dict[str, Any]:
    return {"status_code": 200, "body": {"choices": [], "usage": usage}}


FULL = answer(prompt_tokens=100, completion_tokens=10)


def charged(status: str, output: bytes, errors: bytes = b"") -> Charge:
    results = results_of(output, errors, ("a", "b", "c"))
    return charge_of(Ended(Batch(1, "t", 3, ended=status), results), LINES, PRICES)


def test_answers_cost_what_their_tokens_cost() -> None:
    three = b"".join(line(key, FULL) for key in "abc")
    assert charged("completed", three) == Charge(pytest.approx(0.6), 0.0, 0)


@pytest.mark.parametrize(
    "response", [answer(), answer(prompt_tokens=0, completion_tokens=0), answer(prompt_tokens=-1, completion_tokens=5)]
)
def test_tokens_that_are_not_said_cost_the_most(response: dict[str, Any]) -> None:
    output = line("a", FULL) + line("b", response) + line("c", FULL)
    assert charged("completed", output) == Charge(pytest.approx(0.4), 4.0, 1)


@pytest.mark.parametrize("response", [{"status_code": 200, "body": None}, {"status_code": 200, "body": "x"}, None, {}])
def test_an_answer_without_a_completion_costs_the_most(response: Any) -> None:
    output = line("a", FULL) + line("b", FULL) + line("c", response)
    assert charged("expired", output) == Charge(pytest.approx(0.4), 2.0, 1)


def test_what_the_provider_says_it_did_not_answer_is_free() -> None:
    errors = line("b", {"status_code": 500, "body": None}) + line("c", None, {"code": "batch_expired"})
    assert charged("expired", line("a", FULL), errors) == Charge(pytest.approx(0.2), 0.0, 0)
    refused = line("c", {"status_code": 200, "body": {}}, {"code": "refused"})
    assert charged("completed", line("a", FULL) + line("b", FULL), refused) == Charge(pytest.approx(0.4), 0.0, 0)


@pytest.mark.parametrize(
    ("status", "output", "doubtful"),
    [
        ("completed", b"", (7.0, 3)),
        ("completed", line("b", FULL), (3.0, 2)),
        ("completed", line("b", FULL) + line("a", FULL)[:30], (3.0, 2)),
        ("expired", line("a", FULL), (0.0, 0)),
        ("cancelled", line("a", FULL) + b"{cut\n", (4.0, 1)),  # it may have been the dearer one
        ("expired", line("a", FULL) + b"{\n" * 9, (6.0, 2)),
        ("expired", line("a", FULL) * 2, (0.0, 0)),
        ("failed", b"", (0.0, 0)),
    ],
)
def test_lines_in_neither_file_are_charged_where_they_were_answered(
    status: str, output: bytes, doubtful: tuple[float, int]
) -> None:
    found = charged(status, output)
    assert (found.doubtful_usd, found.doubtful) == doubtful


def test_a_server_that_charges_more_than_was_reserved_does_so_for_what_cannot_be_read() -> None:
    dear = answer(prompt_tokens=1000, completion_tokens=100)  # twice of what was reserved for the first line
    assert charged("completed", line("a", dear) + line("c", FULL)) == Charge(pytest.approx(2.2), pytest.approx(8.0), 1)


def test_what_is_wrong_with_the_file_of_errors_is_no_answer() -> None:
    assert charged("expired", line("a", FULL), b"{\n{\n") == Charge(pytest.approx(0.2), 0.0, 0)

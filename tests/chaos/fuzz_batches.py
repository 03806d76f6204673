"""Readers of what providers of batches say, and of the files of a run's batches."""

import contextlib
import pathlib
from collections.abc import Callable

from surefoot.runtime.models.batches import bodies
from surefoot.runtime.models.batches.ledger import FOLDER, BatchLedger
from surefoot.runtime.models.batches.results import file_id_of, page_of, results_of, state_of
from tests.chaos.fuzz_target import Target

RESULTS = (
    b'{"custom_id": "sf-1", "response": {"status_code": 200, "body": {"choices": [], "usage": {"prompt_tokens": 3, '
    b'"completion_tokens": 4}}}, "error": null}\n'
    b'{"custom_id": "sf-2", "response": {"status_code": 429, "body": {"error": {"code": "c", "message": "m"}}}}\n'
)
SAID_OF_BATCHES = (
    b'{"id": "batch_1", "status": "completed", "output_file_id": "f", "request_counts": {"completed": 1, "failed": 0}}',
    b'{"data": [{"id": "batch_1", "status": "in_progress", "metadata": {"surefoot": "t"}}], "has_more": true}',
    b'{"id": "file-1", "object": "file", "errors": {"data": [{"message": "m"}]}}',
)
STATE = b'{"number": 1, "token": "t", "lines": 1, "file": "f", "id": "batch_1", "ended": "", "asked_at": 1.5}'
LINES = b'[["sf-1", "q", [0, 1], 0.25]]'


def _results(data: bytes) -> None:
    """Both files of a batch, and what is made of each line."""
    found = results_of(data, data, ("sf-1", "sf-2"))
    for body in found.answers.values():
        bodies.spent_usd(body, (1.0, 2.0))
    for fault in found.faults.values():
        bodies.meaning_of("m", fault)


def _provider(data: bytes) -> None:
    for read in (lambda: state_of(data, 1), lambda: page_of(data), lambda: file_id_of(data)):
        with contextlib.suppress(ValueError):
            read()


def _batches(state: bytes | None, lines: bytes | None) -> Callable[[bytes, pathlib.Path], None]:
    """How far a batch is, or what its lines ask, beside what is whole; and what came back: a stranger's directory."""

    def read(data: bytes, folder: pathlib.Path) -> None:
        (folder / FOLDER).mkdir(exist_ok=True)
        for kind, whole in (("json", state), ("lines", lines), ("output.jsonl", None), ("error.jsonl", None)):
            (folder / FOLDER / f"0001.{kind}").write_bytes(data if whole is None else whole)
        ledger = BatchLedger(folder)
        ledger.open()
        ledger.kept(1)
        ledger.lines(1)

    return read


BATCHES: dict[str, Target] = {
    "results of a batch": Target(lambda data, folder: _results(data), (RESULTS,), (ValueError,)),
    "what a provider says of batches": Target(lambda data, folder: _provider(data), SAID_OF_BATCHES, (ValueError,)),
    "a run's batches": Target(_batches(None, LINES), (STATE,)),
    "what a batch asks": Target(_batches(STATE, None), (LINES,)),
}

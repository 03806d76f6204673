"""Words questions as the lines of a batch file, each under an id that says what it asks for.

The id of a line follows from its question and its draws alone, so that a run that goes on knows its own questions
again: what a batch of an earlier session answers is not asked a second time. Form: OpenAI's ``/v1/batches``, one
request a line.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

APART: Final = ("n", "seed")
"""Parameters of a call that differ between the draws of one question."""
ENDPOINT: Final = "/v1/chat/completions"
"""Where each line of a batch would go if it was asked by itself."""
MOST_LINES: Final = 50_000
"""Lines that providers take in one batch."""
MOST_BYTES: Final = 100 * 2**20
"""Bytes of one batch's file; OpenAI takes 200 MB."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One line of a batch: a question with the draws that it asks for.

    Attributes:
        id: Its ``custom_id``.
        question: Hash of the question; see ``question_of``.
        draws: The draws that its answers are, in order.
        held_usd: Money that was reserved for it; 0 where nothing was.
        most_usd: The most that it may cost, also where nothing is reserved; 0 where a price is unknown.
    """

    id: str
    question: str
    draws: tuple[int, ...]
    held_usd: float = 0.0
    most_usd: float = 0.0


def question_of(body: Mapping[str, Any]) -> str:
    """Return the hash of a question: of everything that its answers depend on, but for the draws."""
    asked = {name: value for name, value in body.items() if name not in APART}
    return hashlib.blake2b(msgspec.json.encode(asked, order="sorted"), digest_size=16).hexdigest()


def line_of(body: Mapping[str, Any], draws: tuple[int, ...], held_usd: float = 0.0, most_usd: float = 0.0) -> Line:
    """Return the line that asks a question for some draws.

    Args:
        body: The parameters of the call.
        draws: Numbers of the draws.
        held_usd: Money that is reserved for it.
        most_usd: The most that it may cost.
    """
    question = question_of(body)
    digest = hashlib.blake2b(f"{question}\0{draws}".encode(), digest_size=16).hexdigest()
    return Line(f"sf-{digest}", question, draws, held_usd, most_usd)


def text_of(line: Line, body: Mapping[str, Any]) -> bytes:
    """Return the line of the file, with its line break."""
    asked = {"custom_id": line.id, "method": "POST", "url": ENDPOINT, "body": body}
    return msgspec.json.encode(asked) + b"\n"

"""Reads what a provider says of a batch and of its lines, all of it a stranger's: nothing is believed, little is lost.

A finished batch has up to two files, of answers and of errors, in any order. A line that cannot be read is told of and
counts as not answered; a second answer to one line, and an answer to a line that nobody sent, are told of and left.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import one_line

T = TypeVar("T")

MOST_LINE: Final = 4 * 2**20
"""Bytes of one line of results; an answer of 100,000 tokens has under 1 MB."""
MOST_PARTS: Final = 10_000
"""Brackets and commas of a line, beyond which making objects of it takes too long; an answer has some hundred."""
MOST_SHOWN: Final = 200
"""Characters of a message that are shown."""
ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
"""What ids of files and batches may look like: they become part of an address."""

NOTHING: Final = msgspec.Raw(b"null")
TWICE: Final = "answer a question a second time: the first answer counts"

OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""What a batch is that nothing more comes of."""
UNDER_WAY: Final = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
"""What a batch is while it is worked on."""


class BatchState(msgspec.Struct, frozen=True):
    """What a provider says of one batch, as far as it can be true.

    Attributes:
        id: Its id.
        status: In OpenAI's words; see ``OVER`` and ``UNDER_WAY``.
        output: Id of the file of answers; empty if there is none.
        errors: Id of the file of errors; empty if there is none.
        done: Lines that it says were answered or failed; ``None`` if it does not say, or something impossible.
        message: Why it failed, if it says, with the code in brackets; untrusted text.
    """

    id: str
    status: str
    output: str = ""
    errors: str = ""
    done: int | None = None
    message: str = ""


class Fault(msgspec.Struct, frozen=True):
    """Why there is no answer to one line, in untrusted texts.

    Attributes:
        status: As of HTTP; 0 if none is said.
        code: The provider's word for it.
        message: The provider's sentence.
        unread: Whether the provider says that it answered, and what it said cannot be read: it may be charged.
    """

    status: int
    code: str = ""
    message: str = ""
    unread: bool = False


class Results(msgspec.Struct, frozen=True):
    """What came of the lines of a batch.

    Attributes:
        answers: Bodies of responses as JSON, by the id of the line.
        faults: Why others were not answered, by id.
        complaints: What was wrong with the files, one line each.
        unread: Lines of the file of answers of which nobody knows what they answer.
    """

    answers: dict[str, msgspec.Raw]
    faults: dict[str, Fault]
    complaints: tuple[str, ...] = ()
    unread: int = 0


class _Response(msgspec.Struct, frozen=True):
    status_code: int = 0
    body: msgspec.Raw = NOTHING


class _Line(msgspec.Struct, frozen=True):
    custom_id: str
    response: _Response | None = None
    error: Any = None


class _Batch(msgspec.Struct, frozen=True):
    id: str
    status: str
    output_file_id: Any = None
    error_file_id: Any = None
    input_file_id: Any = None
    metadata: Any = None
    request_counts: Any = None
    errors: Any = None
    created_at: Any = None


class _Page(msgspec.Struct, frozen=True):
    data: list[Any]
    has_more: bool = False
    last_id: Any = None


class Listed(msgspec.Struct, frozen=True):
    """One batch of a provider's list: its state, and by what it can be known again.

    Attributes:
        state: Of the batch.
        tokens: Texts of its metadata.
        file: Id of the file that it was made of.
    """

    state: BatchState
    tokens: frozenset[str]
    file: str


def file_id_of(content: bytes) -> str:
    """Return the id of a file that was sent.

    Raises:
        ValueError: The server does not say one that can be used.
    """
    return _id(_decoded(content, dict[str, Any]).get("id"))


def state_of(content: bytes, lines: int) -> BatchState:
    """Read a batch.

    Args:
        content: The server's JSON.
        lines: How many lines the batch has.

    Raises:
        ValueError: It is no batch.
    """
    return _state(_decoded(content, _Batch), lines)


def page_of(content: bytes) -> tuple[list[Listed], str]:
    """Read a page of the list of batches; also return the id that the next page comes after, empty on the last.

    Raises:
        ValueError: It is no list.
    """
    page = _decoded(content, _Page)
    found = list(_listed(page.data))
    last = page.last_id if isinstance(page.last_id, str) else found[-1].state.id if found else ""
    return found, last if page.has_more and ID.fullmatch(last) else ""


def results_of(output: bytes, errors: bytes, asked: Collection[str]) -> Results:
    """Read what came of the lines of a batch.

    Args:
        output: The file of answers; empty if there is none.
        errors: The file of errors; likewise.
        asked: Ids of the lines that were sent.
    """
    found, wrong = Results({}, {}), Counter[str]()
    _take_in(found, _lines(output, wrong), asked, wrong)
    unread = wrong.total() - wrong[TWICE]
    _take_in(found, _lines(errors, wrong), asked, wrong)
    complaints = tuple(f"{n:,} of its lines {what}" for what, n in wrong.items() if n)
    return Results(found.answers, found.faults, complaints, unread)


def _take_in(found: Results, lines: Iterable[_Line], asked: Collection[str], wrong: Counter[str]) -> None:
    """Add the lines of one file to what was found."""
    answers, faults = found.answers, found.faults
    for line in lines:
        if line.custom_id not in asked:
            wrong["answer a question that was not in it"] += 1
            continue
        said = line.response is not None and line.response.status_code == 200 and not line.error
        body = line.response.body if said and line.response is not None else NOTHING
        answered = bytes(memoryview(body)[:1]) == b"{"
        if line.custom_id in answers or (line.custom_id in faults and not answered):
            wrong[TWICE] += 1
        elif answered:
            answers[line.custom_id] = body
            faults.pop(line.custom_id, None)
        else:
            faults[line.custom_id] = _fault(line)


def _lines(content: bytes, wrong: Counter[str]) -> Iterator[_Line]:
    """The lines of a file that can be read; the others are counted."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        if end - start > MOST_LINE:
            wrong[f"are longer than {MOST_LINE >> 20} MB"] += 1
        elif text := content[start:end].strip():
            try:
                yield _decoded(text, _Line)
            except ValueError:
                wrong["are no results"] += 1
        start = end + 1


def _decoded(content: bytes, kind: type[T]) -> T:
    """A stranger's JSON of a known form.

    Raises:
        ValueError: It has another, or more parts than anything of this kind.
    """
    most = MOST_PARTS * (100 if kind is _Page else 1)
    if sum(map(content.count, (b"{", b"[", b","))) > most:
        raise ValueError("more parts than it can have")
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE as error:
        raise ValueError(one_line(error, MOST_SHOWN)) from None


def _fault(line: _Line) -> Fault:
    response, error = line.response, line.error
    if not isinstance(error, dict):
        body = msgspec.json.decode(response.body) if response is not None else None  # read once already, as a part
        error = body.get("error") if isinstance(body, dict) else None
    said = error if isinstance(error, dict) else {}
    code, message = said.get("code") or said.get("type"), said.get("message")
    status = response.status_code if response is not None and 0 < response.status_code < 1000 else 0
    unread = not line.error and status in (0, 200)
    status = 0 if status == 200 else status
    return Fault(status, one_line(code or "", 60), one_line(message or "", MOST_SHOWN), unread)


def _state(batch: _Batch, lines: int | None) -> BatchState:
    counts = batch.request_counts if isinstance(batch.request_counts, dict) else {}
    done = [counts.get(name, 0) for name in ("completed", "failed")]
    known = bool(counts) and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in done)
    total = sum(done) if known else None
    return BatchState(
        _id(batch.id), one_line(batch.status, 40), _id_or_none(batch.output_file_id), _id_or_none(batch.error_file_id),
        total if total is not None and lines is not None and total <= lines else None, _why(batch.errors),
    )  # fmt: skip


def _why(errors: Any) -> str:
    data = errors.get("data") if isinstance(errors, dict) else None
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, dict):
        return ""
    code, message = one_line(first.get("code") or "", 60), one_line(first.get("message") or "", MOST_SHOWN)
    return f"{message} ({code})" if code and message else message or code


def _listed(data: list[Any]) -> Iterator[Listed]:
    for one in data:
        try:
            batch = msgspec.convert(one, _Batch)
            state = _state(batch, None)
        except UNREADABLE:
            continue  # another's, or another form's: ours is looked for
        kept = batch.metadata if isinstance(batch.metadata, dict) else {}
        tokens = frozenset(value for value in kept.values() if isinstance(value, str))
        yield Listed(state, tokens, _id_or_none(batch.input_file_id))


def _id(value: Any) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError(f"an id that cannot be one: {one_line(repr(value), 80)}")
    return value


def _id_or_none(value: Any) -> str:
    return value if isinstance(value, str) and ID.fullmatch(value) else ""

"""Payloads of batches: records as compressed bytes, and what is read back from them."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from surefoot.decompose.plan import Failure, Path, node_name
from surefoot.runtime.errors import JournalError
from surefoot.runtime.records import Contested, Entry, Number, Record
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.voting_rules import loaded_rule
from surefoot.voting.decision import decide
from surefoot.voting.race import Won
from surefoot.voting.record_race import FieldWise, replay_record

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Record, ...]).decode


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a record says of itself before its steps, which are passed over; see ``Record``."""

    path: msgspec.Raw
    part: str
    attempt: Number

    def node(self) -> Path:
        """Read the path.

        Raises:
            JournalError: It is none.
        """
        try:
            return _decode_path(self.path)
        except UNREADABLE as error:
            raise JournalError(f"a batch of the journal cannot be read: {error}") from error


_decode_heads = msgspec.msgpack.Decoder(tuple[Head, ...]).decode
_decode_path = msgspec.msgpack.Decoder(Path).decode


LARGEST_PAYLOAD = 32 << 20
"""Bytes of the largest payload when it is unpacked: a few hundred steps with all their ballots take far less."""


def pack(records: Sequence[Record]) -> bytes:
    """Compress records into the payload of a batch.

    Raises:
        JournalError: They are more than one payload may hold.
    """
    encoded = _encode(records)
    if len(encoded) > LARGEST_PAYLOAD:
        raise JournalError(
            f"a batch of {len(encoded):,} bytes is more than the journal takes ({LARGEST_PAYLOAD:,}): "
            "lower --flush-steps or --max-ballots"
        )
    return zlib.compress(encoded, 1)


def unpack(payload: bytes) -> tuple[Record, ...]:
    """Read the records in the payload of a batch.

    Raises:
        JournalError: These bytes are not a payload, or one that unpacks to more than any that is written here.
    """
    return _decoded(payload, _decode)


def unpack_heads(payload: bytes) -> tuple[Head, ...]:
    """Read whose steps the records in the payload of a batch are, in a third of the time of ``unpack``.

    Raises:
        JournalError: As for ``unpack``; what is wrong with the steps themselves is not seen.
    """
    return _decoded(payload, _decode_heads)


def _decoded(payload: bytes, decode: Callable[[bytes], tuple[T, ...]]) -> tuple[T, ...]:
    try:
        unpacker = zlib.decompressobj()
        encoded = unpacker.decompress(payload, LARGEST_PAYLOAD + 1)
        if not unpacker.eof:
            raise JournalError(f"a batch of the journal is cut off, or unpacks to over {LARGEST_PAYLOAD:,} bytes")
        return decode(encoded)
    except (zlib.error, *UNREADABLE) as error:
        raise JournalError(f"a batch of the journal cannot be read: {error}") from error


def extend(known: list[Entry], record: Record) -> None:
    """Append the steps of a record that are not known yet; records of an attempt come in order and may overlap.

    Raises:
        JournalError: Steps are missing between what is known and the record.
    """
    if record.first > len(known):
        raise JournalError(
            f"node {node_name(record.path)}: steps {len(known)} to {record.first - 1} are missing from the journal"
        )
    known.extend(record.entries[len(known) - record.first :])


def failures_in(payloads: Iterable[bytes]) -> dict[Path, Failure]:
    """Return the failures that payloads hold as results of nodes, by path."""
    found: dict[Path, Failure] = {}
    for payload in payloads:
        for record in unpack(payload):
            if record.part == "failed":
                found[record.path] = msgspec.json.decode(str(record.entries[0]), type=Failure)
    return found


def winner(entry: Entry, rule: str) -> str:
    """The candidate that an entry decided for, by counting its ballots again.

    Where a user's rule is not loaded, because somebody only looks, the last ballot says it: no rule lets a candidate
    win but by a ballot of its own, and the journal keeps none after that.

    Raises:
        ValueError: The ballots decide nothing.
    """
    if isinstance(entry, str):
        return entry
    if entry.decided is not None:
        return entry.decided
    known = entry.rule or loaded_rule(rule, entry.k)
    if known is None and not entry.fields:
        return _named_last(entry)
    if known is None:
        raise ValueError(f"the rule {rule} that decided each of {entry.fields} fields is not loaded")
    if entry.fields:
        each: Any = (known,) * entry.fields
        verdict = replay_record(FieldWise(each), len(entry.ballots), entry.ballots).verdict
    else:
        verdict = decide(known, len(entry.ballots), entry.ballots)
    if not isinstance(verdict, Won):
        raise ValueError(f"{len(entry.ballots)} ballots with a lead of {entry.k} decide nothing")
    return verdict.candidate


def _named_last(entry: Contested) -> str:
    """The candidate of the ballot that was drawn last."""
    last = max(entry.ballots, key=lambda ballot: ballot.draw, default=None)
    if last is None or last.candidate is None:
        raise ValueError(f"{len(entry.ballots)} ballots with a lead of {entry.k} decide nothing")
    return last.candidate

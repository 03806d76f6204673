"""What the journal's rows hold beside the records of batches."""

from collections.abc import Iterator, Mapping

import msgspec

from surefoot.runtime.records import Batch, Contradicted, Counts, Finished, Usage

Outcome = Finished | Contradicted


class Totals(msgspec.Struct, frozen=True, array_like=True):
    """The row that every commit replaces.

    Attributes:
        counts: What happened so far.
        wall_s: Seconds worked.
        batches: Batches in the file; their ids are 1 to this.
        segments: Segments that ended.
    """

    counts: Counts
    wall_s: float
    batches: int
    segments: int


class Write(msgspec.Struct, frozen=True):
    """One batch of one segment, and the segment's outcome if it is the last.

    Attributes:
        segment: Its key.
        batch: What was decided.
        shared: Whether several workers share the segment: no batch is its last.
    """

    segment: str
    batch: Batch
    shared: bool = False

    def outcome(self) -> Outcome | None:
        """How the segment ended, if it ended for good."""
        end = self.batch.end
        return end if isinstance(end, Finished | Contradicted) and not self.shared else None


MOST = 2**53
"""The largest number that one batch may count, without its sign: far from what SQLite, msgpack and JSON can hold."""


LARGEST_TOTAL = 2**62
"""The largest number that the totals may hold: more than all batches come to that a file can hold."""


def beyond_bounds(counts: Counts, most: int = MOST) -> str:
    """Which count is not finite or above ``most``, in words for people; empty if none is.

    Counts come from workers, and in part from what a server says of itself, such as tokens used.
    """
    for name, value in zip(counts.__struct_fields__, msgspec.structs.astuple(counts), strict=True):
        if not value:  # most are 0 in a batch
            continue
        for inner, number in _numbers(name, value) if isinstance(value, dict) else ((name, value),):
            if not -most <= number <= most:  # neither is what is not a number
                shown = f"{number:.3g}" if isinstance(number, float) else f"a number of {number.bit_length()} bits"
                return f"{inner} is {shown}"
    return ""


def _numbers(name: str, parts: Mapping[str, int | Usage]) -> Iterator[tuple[str, int | float]]:
    """The numbers of a count that has parts, each with what it counts in words."""
    for key, part in parts.items():
        if isinstance(part, Usage):
            for inner, number in zip(part.__struct_fields__, msgspec.structs.astuple(part), strict=True):
                yield f"{name}: {key}: {inner}", number
        else:
            yield f"{name}: {key}", part


encode_row = msgspec.msgpack.Encoder().encode
decode_outcome = msgspec.msgpack.Decoder(Outcome).decode
decode_totals = msgspec.msgpack.Decoder(Totals).decode

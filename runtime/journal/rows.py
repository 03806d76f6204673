"""What the journal's rows hold beside the records of batches."""

import msgspec

from surefoot.runtime.records import Batch, Contradicted, Counts, Finished

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


encode_row = msgspec.msgpack.Encoder().encode
decode_outcome = msgspec.msgpack.Decoder(Outcome).decode
decode_totals = msgspec.msgpack.Decoder(Totals).decode

"""What a run kept of the replies to its steps, beside the ballots: the seam between the journal and ``surefoot steps``.

The journal of this version keeps ballots and why spoiled ones were discarded, no prompts and no replies. A journal that
keeps them is read here, in ``kept_of`` alone; what shows steps needs nothing else.
"""

import msgspec

from surefoot.runtime.records import Record


class KeptReply(msgspec.Struct, frozen=True):
    """A reply as it came.

    Attributes:
        text: What the model wrote; untrusted.
        read_as: The candidate it was read as; empty if it was discarded.
        discarded: Name of the red flag, or empty.
        why: What exactly was wrong; untrusted.
    """

    text: str
    read_as: str = ""
    discarded: str = ""
    why: str = ""


class Kept(msgspec.Struct, frozen=True):
    """What was kept of one step.

    Attributes:
        kind: Class of the question, such as ``move``.
        system: System prompt; may be empty.
        prompt: The question as the model saw it.
        replies: In the order drawn; some of them.
    """

    kind: str = ""
    system: str = ""
    prompt: str = ""
    replies: tuple[KeptReply, ...] = ()


NOTHING = Kept()


def kept_of(record: Record, offset: int) -> Kept:
    """What was kept of the step that is so many entries into a record."""
    return NOTHING

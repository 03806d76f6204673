"""Prompts and replies that a run keeps for people to see, as they stand in journals for ever."""

import msgspec


class KeptReply(msgspec.Struct, frozen=True, array_like=True):
    """One reply that a run kept for people to see; untrusted text, cut short.

    Attributes:
        text: What the model said.
        flag: Name of the red flag that discarded it; empty if it was counted.
        read: The candidate that was read from it, or why it was discarded.
        notable: Whether it is among the first few of its kind of question and reading.
    """

    text: str
    flag: str
    read: str
    notable: bool = True


class KeptStep(msgspec.Struct, frozen=True, array_like=True):
    """A step with the replies to it that a run kept.

    Attributes:
        kind: Class of the question.
        role: Name of the module in whose name it was asked.
        system: The prompt's system text.
        user: The prompt's user text.
        replies: In the order drawn.
    """

    kind: str
    role: str
    system: str
    user: str
    replies: tuple[KeptReply, ...]

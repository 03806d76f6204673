"""Chooses which replies a run keeps, so that people can see what a model said and how it was read.

Of every kind of question and every way a reply was read (a vote, or each red flag) the first few are kept, then ever
fewer; ``disputed`` keeps all replies to every step whose ballots did not agree as well, and ``all`` keeps all.
"""

from collections import Counter
from typing import Literal

import msgspec

from surefoot.decompose.step import Flag, Prompt, Step
from surefoot.runtime.kept_step import KeptReply, KeptStep

Keep = Literal["none", "some", "disputed", "all"]

FIRST_FEW = 4
"""Replies of a kind and reading that are kept before they become rarer."""
LONGEST = 20_000
"""Characters of a prompt or a reply that are kept."""


class Heard(msgspec.Struct):
    """The replies to one step while it is being decided.

    Attributes:
        prompt: What the model was shown last.
        replies: In the order drawn.
        notable: Whether one of them belongs to the first few of its kind.
    """

    prompt: Prompt
    replies: list[KeptReply]
    notable: bool = False


class ReplyKeeper:
    """Holds the replies that are kept until the step they belong to goes to the journal.

    Args:
        keep: How many are kept.
    """

    def __init__(self, keep: Keep = "none") -> None:
        self.keep = keep
        self._seen: Counter[tuple[str, str]] = Counter()
        self._heard: dict[int, Heard] = {}

    def heard(self, draw: int, step: Step, prompt: Prompt, text: str, read: str | Flag) -> None:
        """Take note of one reply to the step whose first draw number is given."""
        if self.keep == "none":
            return
        flag = read.name if isinstance(read, Flag) else ""
        cell = (step.kind, flag)
        count = self._seen[cell] = self._seen[cell] + 1
        notable = count <= FIRST_FEW or not count & (count - 1)
        if self.keep == "some" and not notable and draw not in self._heard:
            return
        known = self._heard.get(draw)
        if known is None:
            known = self._heard[draw] = Heard(prompt, [])
        known.prompt, known.notable = prompt, known.notable or notable
        detail = read.detail if isinstance(read, Flag) else read
        known.replies.append(KeptReply(_kept(text), flag, _kept(detail), notable))

    def heard_so_far(self, draw: int) -> tuple[KeptReply, ...]:
        """Return the replies that are kept so far of a step that is being decided, in the order drawn."""
        known = self._heard.get(draw)
        return () if known is None else tuple(known.replies)

    def take(self, draw: int, step: Step, *, disputed: bool) -> KeptStep | None:
        """Return what is kept of a step that is decided or given up, or ``None``."""
        known = self._heard.pop(draw, None)
        if known is None:
            return None
        whole = self.keep == "all" or (self.keep == "disputed" and disputed)
        if not (whole or known.notable):
            return None
        replies = tuple(one for one in known.replies if whole or disputed or one.notable)
        prompt = known.prompt
        return KeptStep(step.kind, step.role.value, _kept(prompt.system), _kept(prompt.user), replies)


def _kept(text: str) -> str:
    """A text as the journal can hold it: cut short, and half surrogates, which are no text, written out."""
    return text[:LONGEST].encode(errors="backslashreplace").decode()

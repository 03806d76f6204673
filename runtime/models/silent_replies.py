"""Recognises models whose replies hold nothing to read, and says what to do about such a model.

A reasoning model may spend its whole allowance on thinking; a server may put the answer into the field for thoughts.
Either way every reply is discarded, so that asking on only costs money.
"""

import enum
from typing import Final

from surefoot.runtime.errors import ModelRejected, ModelUnavailable

FROM_THE_START: Final = 4
"""Such replies that are enough to stop at if the model never said anything."""
LATELY: Final = 24
"""Such replies in a row that are enough to stop at if it did."""


class Silence(enum.StrEnum):
    """Why there is nothing to read in a reply."""

    NONE = ""
    """There is something."""
    ALLOWANCE = "allowance"
    """The token limit ended it while the model was still thinking."""
    ELSEWHERE = "elsewhere"
    """It ended by itself, and all that it said is in the field for thoughts."""


class SilentReplies:
    """Counts replies of one model that held nothing to read.

    Args:
        name: The model's, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name, self._spoke, self._in_a_row, self._limit = name, False, 0, 0
        self._last = Silence.NONE

    def note(self, silence: Silence, limit: int) -> None:
        """Count a reply that held nothing to read, or begin again after one that did.

        Args:
            silence: Why there was nothing to read in it, if so.
            limit: Tokens that it was allowed, thinking included.
        """
        if silence is Silence.NONE:
            self._spoke, self._in_a_row = True, 0
        else:
            self._in_a_row, self._last, self._limit = self._in_a_row + 1, silence, limit

    def check(self) -> None:
        """See that asking this model again makes sense.

        Raises:
            ModelRejected: The model never said anything.
            ModelUnavailable: It did, and does not any more.
        """
        if self._in_a_row < (LATELY if self._spoke else FROM_THE_START):
            return
        begin = f"{self._name}: {self._in_a_row} replies in a row"
        line = f"{begin} spent all their {self._limit} tokens on thinking before an answer: raise --thinking-tokens"
        if self._last is Silence.ELSEWHERE:
            line = (
                f"{begin} had empty content and all their text in reasoning_content: start the server without a "
                "reasoning parser, or switch the model's thinking off"
            )
        raise (ModelUnavailable if self._spoke else ModelRejected)(line, model=self._name)

"""Tells answers that were drawn from answers that were kept: a cache between here and the model hands out copies.

Votes of copies agree whatever the model knows, so a copy must not be counted, and a server whose replies never
differ must be told of. Two signs are looked for. The first is certain: a completion arrives twice under the same id,
equal to the byte. The second is a matter of degree: of prompts that were asked several times at a temperature above
0, how many got different replies (``Sameness``).
"""

import hashlib
from collections import OrderedDict
from typing import Final

import msgspec

COPIES: Final = "copies"
"""Name of the alarm that a run raises where replies look kept."""
KEPT: Final = 4096
"""Completions and prompts that are remembered, the latest ones."""
SUSPICIOUS_PROMPTS: Final = 20
"""Prompts asked ``SUSPICIOUS_DRAWS`` times or more, with no difference in any, from which on a server is suspected."""
SUSPICIOUS_DRAWS: Final = 4


class Sameness(msgspec.Struct, frozen=True):
    """What was seen of replies to one and the same request, at temperatures above 0.

    Attributes:
        prompts: Prompts that were answered at least twice.
        differing: Those of them to which two replies differed.
        insistent: Prompts that were answered at least ``SUSPICIOUS_DRAWS`` times, as happens where answers are
            doubted, without a difference in any two of them.
        copied: Replies that were received before, by their id and to the byte.
    """

    prompts: int = 0
    differing: int = 0
    insistent: int = 0
    copied: int = 0

    @property
    def suspicious(self) -> bool:
        """Whether replies look like copies: some came twice, or many prompts never got two replies that differ."""
        return self.copied > 0 or (self.differing == 0 and self.insistent >= SUSPICIOUS_PROMPTS)

    @property
    def sentence(self) -> str:
        """Return one line for people on why replies look like copies."""
        if self.copied:
            what = "1 reply is a copy of an earlier one"
            if self.copied > 1:
                what = f"{self.copied:,} replies are copies of earlier ones"
            return f"{what}: a cache is in between, and copies are no votes"
        return (
            f"the replies to one prompt never differ ({self.insistent} prompts, asked {SUSPICIOUS_DRAWS} times or more "
            "each): is there a cache, a fixed seed or temperature 0 in between? Copies are no votes"
        )


class _Prompt:
    """The replies to one request: a digest of the first, how many there were, and whether one differed."""

    __slots__ = ("differed", "first", "replies")

    def __init__(self, first: bytes) -> None:
        self.first, self.replies, self.differed = first, 0, False


class CopyDetector:
    """Recognises repeated completions of one model, with bounded memory."""

    def __init__(self) -> None:
        self._prompts: OrderedDict[bytes, _Prompt] = OrderedDict()
        self._received: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._ids_mean_something: bool | None = None
        self._counts = Sameness()

    @property
    def counts(self) -> Sameness:
        """Return what was seen of repeated requests by now."""
        return self._counts

    def receive(self, prompt: str, identity: str, texts: tuple[str, ...], heated: bool) -> bool:
        """Take note of one call's replies; return whether they are a copy of an earlier call's.

        Args:
            prompt: What was asked, all that makes a difference but the seed.
            identity: The server's id of the completion; may be empty.
            texts: The replies of the call, in order.
            heated: Whether the temperature was above 0, so that replies may differ.
        """
        asked, said = _digest(prompt), [_digest(text) for text in texts]
        if heated:
            for one in (digest for digest, text in zip(said, texts, strict=True) if text.strip()):
                self._compare(asked, one)
        copied = self._is_copy(identity, asked, _digest("\0".join(texts)))
        if copied:
            self._counts = msgspec.structs.replace(self._counts, copied=self._counts.copied + len(texts))
        return copied

    def _compare(self, asked: bytes, said: bytes) -> None:
        seen = self._prompts.get(asked)
        if seen is None:
            seen = self._prompts[asked] = _Prompt(said)
            _forget(self._prompts)
        self._prompts.move_to_end(asked)
        before = self._counts
        seen.replies += 1
        differs = not seen.differed and said != seen.first
        was_insistent = not seen.differed and seen.replies - 1 >= SUSPICIOUS_DRAWS
        seen.differed = seen.differed or differs
        is_insistent = not seen.differed and seen.replies >= SUSPICIOUS_DRAWS
        self._counts = Sameness(
            before.prompts + (seen.replies == 2),
            before.differing + differs,
            before.insistent + is_insistent - was_insistent,
            before.copied,
        )

    def _is_copy(self, identity: str, asked: bytes, said: bytes) -> bool:
        """Whether a completion came before. Servers that give all of them one id have shown that ids say nothing."""
        if not identity or self._ids_mean_something is False:
            return False
        known = self._received.get(identity)
        if known is None:
            if self._received and self._ids_mean_something is None:
                self._ids_mean_something = True
            self._received[identity] = (asked, said)
            _forget(self._received)
            return False
        if known != (asked, said):
            self._ids_mean_something = False
            self._received.clear()
            return False
        return self._ids_mean_something is True


def _forget(kept: "OrderedDict[bytes, _Prompt] | OrderedDict[str, tuple[bytes, bytes]]") -> None:
    while len(kept) > KEPT:
        kept.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()

"""Keeps looks: a model's distribution over the answers to one prompt is asked for once, however often it is needed.

A look is a function of model, settings and text alone, so a kept one says exactly what asking again would say.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from surefoot.runtime.models.port import Look, Model, Request

KEPT = 1 << 16
"""Looks that are kept, those used last: a few hundred bytes each."""


class LookCache:
    """The looks of one worker, by model, settings and text, with bounded memory."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self._kept: OrderedDict[bytes, asyncio.Future[Look | None]] = OrderedDict()

    async def look(self, key: bytes, ask: Callable[[], Awaitable[Look]]) -> tuple[Look, bool]:
        """Return the look of a key, and whether it was asked for now; whoever needs one that is on its way waits.

        Args:
            key: From ``key_of``.
            ask: Asks for the look; whatever it raises is raised, and nothing is kept then.
        """
        while (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            look = await asyncio.shield(known)
            if look is not None:
                return look, False
        asked: asyncio.Future[Look | None] = asyncio.get_running_loop().create_future()
        self._kept[key] = asked
        found: Look | None = None
        try:
            found = await ask()
        finally:
            if found is None:  # whoever waits asks for itself
                self._kept.pop(key, None)
            asked.set_result(found)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return found, True


def key_of(model: Model, request: Request) -> bytes:
    """Return what a look depends on, as a digest: the model's name, the settings and the text; no draws, no seed."""
    prompt, schema = request.prompt, request.schema
    settings = (request.max_tokens, request.examples, request.prefill, request.stop, request.raw, request.choices)
    further = (request.open,) if request.open < 1 else ()
    text = repr((model.name, prompt.system, prompt.user, settings, schema, *further))
    return hashlib.blake2b(text.encode(errors="backslashreplace"), digest_size=16).digest()

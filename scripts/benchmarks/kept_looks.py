"""A model whose looks are kept in a file, so that the runs of a set do not ask it the same text again and again.

Each run counts and pays its looks as if it were alone: only the time of a kept one is not the model's.
"""

import pathlib

import msgspec

from surefoot.runtime.execution.look_cache import key_of
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.port import Look, Model, Reply, Request


class Line(msgspec.Struct, frozen=True):
    """A look in the file, under the digest of all that it depends on."""

    key: str
    look: Look


class KeptLooks(Model):
    """Asks another model for what the file does not have.

    Args:
        model: The other model; its name and dialect are taken over.
        file: JSON lines; made where it is missing, and only added to.
    """

    def __init__(self, model: Model, file: pathlib.Path) -> None:
        self.model, self.file = model, file
        self.name, self.dialect = model.name, model.dialect
        lines = file.read_bytes().splitlines() if file.exists() else []
        self.known = {one.key: one.look for one in msgspec.json.decode(b"[" + b",".join(lines) + b"]", type=list[Line])}

    async def ask(self, request: Request) -> list[Reply]:
        """Answer as the other model does: drawn answers are not kept."""
        return await self.model.ask(request)

    async def look(self, request: Request) -> Look:
        """Return the look that is kept, or take it and keep it."""
        key = key_of(self.model, request).hex()
        if key not in self.known:
            self.known[key] = await self.model.look(request)
            with self.file.open("ab") as file:
                file.write(msgspec.json.encode(Line(key, self.known[key])) + b"\n")
        return self.known[key]

    def how(self, capability: Capability) -> str:
        """Return the way in which the other model serves a capability."""
        return self.model.how(capability)

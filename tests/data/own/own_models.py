"""Models of somebody's own: a sound one, and mistakes that people make in ``ask``."""

import surefoot
from surefoot.runtime.errors import ModelUnavailable


class Sound(surefoot.Model):
    """Says the last word of the prompt's first line."""

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        said = request.prompt.user.splitlines()[0].split()[-1]
        return [surefoot.Reply(said, tokens_in=1, tokens_out=1) for _ in request.draws]


class Compact(Sound):
    """Another dialect, another name, one object for all workers."""

    dialect, name, shared = "compact", "tiny", True


sound = Sound()


class Raises(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return [surefoot.Reply({}["missing"]) for _ in request.draws]


class Groups(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        raise ExceptionGroup("two at once", [ValueError("a"), KeyError("b")])


class Exits(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        raise SystemExit(3)


class Texts(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return ["text" for _ in request.draws]  # type: ignore[misc]


class TooFew(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return []


class Nothing(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return [surefoot.Reply(None) for _ in request.draws]  # type: ignore[arg-type]


class Away(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        raise ModelUnavailable("closed for the night")


class AwayTogether(surefoot.Model):
    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        raise ExceptionGroup("two calls", [ModelUnavailable("closed for the night")])


class NeedsArguments(surefoot.Model):
    def __init__(self, key: str) -> None:
        self.key = key

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return []


class Synchronous(surefoot.Model):
    def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:  # type: ignore[override]
        return []


NUMBER = 7

"""Bounds what a server can make this process read: bytes received, bytes unpacked, and where requests may be sent on.

LiteLLM and the clients below it read a body to its end before anybody sees it, and unpack it at one go, so that an
endless body or a few kilobytes of gzip fill the memory. Its transports are therefore made to read within limits.
``AsyncHTTPHandler.create_async_transport`` is the one place where LiteLLM makes a transport for all its asynchronous
clients; it has no setting for this, which is why the function is replaced once, when LiteLLM is loaded.
"""

import functools
import zlib
from collections.abc import AsyncIterable, Callable
from typing import Any, Final

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.odd_bodies import tidied
from surefoot.runtime.unreadable import UNREADABLE

MOST_BYTES: Final = 8 * 2**20
"""Bytes of one response's body, as received and as unpacked. A reply of 100,000 tokens is under 1 MB."""
MOST_ERROR: Final = 16_384
"""Bytes of an error's body that are kept: what LiteLLM does to errors takes seconds for a megabyte."""
MOST_PARTS: Final = 10_000
"""Lists and objects in one response. A reply with 128 choices has some 500."""
FACTORIES: Final = ("create_async_transport", "_create_async_transport")
"""Names, in this LiteLLM and in earlier ones, of the function that makes transports."""
_PACKED: Final = {"gzip": 47, "x-gzip": 47, "deflate": 47}
"""Encodings that are unpacked here, and zlib's window bits for them: 47 tells gzip from zlib by itself."""
_MARK: Final = "surefoot_bounded"


class BodyTooLarge(Exception):
    """A server sent, or packed, more than a reply can be."""

    def __init__(self) -> None:
        super().__init__(f"a body of more than {MOST_BYTES >> 20} MB, or of more parts than a reply has")


class RedirectedElsewhere(Exception):
    """A server wanted the prompt, and the key, to be sent to another host, to another port of it, or unencrypted."""

    def __init__(self, there: str) -> None:
        super().__init__(f"it redirects to another host or port ({there}); give that address if it is meant")


def bound_transports(handler: Any) -> None:
    """Make every transport that LiteLLM creates from now on read within limits. Twice changes nothing.

    Args:
        handler: LiteLLM's ``AsyncHTTPHandler``.

    Raises:
        ConfigurationError: This LiteLLM makes its transports in some other way.
    """
    found = [name for name in FACTORIES if callable(getattr(handler, name, None))]
    if not found:
        raise ConfigurationError("this version of litellm has no place to bound replies at: install another")
    for name in found:
        make = getattr(handler, name)
        if not hasattr(make, _MARK):
            setattr(handler, name, staticmethod(_bounded(make)))


def _bounded(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same factory, whose transports read within limits."""

    def make_bounded(*args: Any, **kwargs: Any) -> Any:
        import httpx

        transport = make(*args, **kwargs) or httpx.AsyncHTTPTransport()
        if not hasattr(transport, _MARK):
            send = transport.handle_async_request
            # The object stays LiteLLM's own, which looks at the classes of its transports.
            setattr(transport, "handle_async_request", functools.partial(_answer, send))  # noqa: B010
            setattr(transport, _MARK, True)
        return transport

    setattr(make_bounded, _MARK, True)
    return make_bounded


MOST: Final = "most_bytes"
"""Name of a request's extension that says how many bytes of a body of any form are read."""


def file_transport(*, encrypted: bool) -> Any:
    """Return a transport whose requests say themselves how much is read of bodies, which may have any form."""
    import httpx

    transport = httpx.AsyncHTTPTransport(verify=encrypted)  # to load the certificates takes longer than a request
    send = transport.handle_async_request
    setattr(transport, "handle_async_request", functools.partial(_answer, send))  # noqa: B010
    return transport


async def _answer(send: Callable[[Any], Any], request: Any) -> Any:
    """A response, read to its end within the limits and unpacked."""
    most_bytes = request.extensions.get(MOST)
    import httpx

    request.headers["Accept-Encoding"] = "gzip"
    response = await send(request)
    try:
        location = response.headers.get("location")
        if location and 300 <= response.status_code < 400:
            check_redirect(request.url, request.url.join(location))
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        unpack = _Unpacking(encoding)
        content = await _read(response.stream, unpack, most_bytes or MOST_BYTES)
        if response.status_code >= 400:
            content = content[:MOST_ERROR]
        if most_bytes is None:
            _check_parts(content)
            content = tidied(content)
    finally:
        await response.aclose()
    headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in _OF_THE_BODY]
    return httpx.Response(response.status_code, headers=headers, content=content, request=request)


_OF_THE_BODY: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that are not true any more of a body that was read and unpacked."""


def check_redirect(here: Any, there: Any) -> None:
    """Let a redirect pass that stays with the same server, or goes from http to https on the same host.

    Args:
        here: The address that was asked, as httpx's URL.
        there: Where the server sends the request.

    Raises:
        RedirectedElsewhere: It leads to another host or port, or away from https.
    """
    secured = (here.scheme, there.scheme) == ("http", "https") and here.port is there.port is None
    if here.host != there.host or not (secured or (here.scheme, here.port) == (there.scheme, there.port)):
        port = "" if there.port is None else f":{there.port}"
        raise RedirectedElsewhere(f"{there.scheme}://{there.host[:100]}{port}")


def _check_parts(content: bytes) -> None:
    """See that a body has no more parts than a reply can: the clients make slow objects of each.

    Raises:
        BodyTooLarge: It has more lists and objects than ``MOST_PARTS``, or ten times as many values in them.
        ValueError: It is no JSON.
    """
    if sum(map(content.count, (b"{", b"[", b","))) <= MOST_PARTS:
        return
    try:
        left = [msgspec.json.decode(content, type=dict[str, Any] | list[Any])]
    except UNREADABLE:
        raise ValueError("a body that is no JSON, or nested too deep") from None
    parts = values = 0
    while left:
        one = left.pop()
        inner = one.values() if isinstance(one, dict) else one
        parts, values = parts + 1, values + len(inner)
        if parts > MOST_PARTS or values > 10 * MOST_PARTS:
            raise BodyTooLarge
        left.extend(each for each in inner if isinstance(each, dict | list))


async def _read(stream: AsyncIterable[bytes], unpack: "_Unpacking", most_bytes: int = MOST_BYTES) -> bytes:
    received, parts, size = 0, [], 0
    async for chunk in stream:
        received += len(chunk)
        if received > most_bytes:
            raise BodyTooLarge
        part = unpack(chunk, most_bytes - size)
        size += len(part)
        parts.append(part)
    return b"".join(parts)


class _Unpacking:
    """Unpacks a body piece by piece, never to more than there is room for."""

    def __init__(self, encoding: str) -> None:
        self._bits = _PACKED.get(encoding)
        if self._bits is None and encoding not in ("identity", ""):
            raise ValueError(f"a body in the encoding {encoding[:20]!r}, which nobody asked for")
        self._stream: Any = None

    def __call__(self, chunk: bytes, room: int) -> bytes:
        """The next piece, unpacked.

        Raises:
            BodyTooLarge: It would be longer than ``room``.
            ValueError: It is not packed as was said.
        """
        if self._bits is None:
            if len(chunk) > room:
                raise BodyTooLarge
            return chunk
        found = b""
        while chunk:
            if self._stream is None or self._stream.eof:  # gzip may have several members
                self._stream = zlib.decompressobj(self._bits)
            try:
                found += self._stream.decompress(chunk, room - len(found) + 1)
            except zlib.error as error:
                raise ValueError(f"a body that does not unpack ({error})") from None
            if len(found) > room:
                raise BodyTooLarge
            chunk = self._stream.unused_data
        return found

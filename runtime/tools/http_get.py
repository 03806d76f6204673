"""Fetches text over HTTP from listed hosts; off unless it is turned on."""

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import JSON_BYTES_PER_BYTE, FailureKind, Tool, ToolError

_MAX_URL_LENGTH: Final = 4000
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}


def http_get(
    *, allow: bool = False, hosts: Collection[str] = (), timeout_s: float = 20.0, max_bytes: int = 1 << 20
) -> Tool:
    """A tool that fetches an address: argument ``url``; returns ``{"status", "content_type", "text", "url"}``.

    Any status is a result; the caller decides what a 404 means. Redirects are followed to listed hosts only.

    Args:
        allow: Has to be ``True``: otherwise every call is refused.
        hosts: Hosts that may be asked: ``example.org`` for the usual ports, ``example.org:8080`` for another one.
        timeout_s: Seconds for one fetch, redirects included.
        max_bytes: Bytes of the body at most; more is a failure.

    Raises:
        ConfigurationError: It is turned on without hosts, or ``hosts`` is one text.
    """
    if isinstance(hosts, str) or (allow and not hosts):
        raise ConfigurationError("http_get(allow=True) needs a list of hosts that may be asked")
    allowed = frozenset(host.lower() for host in hosts) if allow else frozenset()

    async def get(url: str) -> dict[str, Any]:
        if not allow:
            raise ToolError("fetching is turned off: http_get(allow=True, hosts=[...])", FailureKind.REFUSED)
        return await _fetched(url, allowed, max_bytes)

    room = JSON_BYTES_PER_BYTE * max_bytes + 65_536
    return Tool(name="http_get", function=get, timeout_s=timeout_s, max_result_bytes=room)


def checked_address(url: str, hosts: Collection[str]) -> SplitResult:
    """An address whose host may be asked.

    Raises:
        ToolError: It is none, or of another host, scheme or port, or carries a name and password.
    """
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError as error:
        raise ToolError(f"not an address: {error}", FailureKind.BAD_ARGUMENTS) from error
    if len(url) > _MAX_URL_LENGTH or not url.isprintable() or "\\" in url or " " in url:
        raise ToolError("not an address", FailureKind.BAD_ARGUMENTS)
    if address.scheme not in _PORTS or "@" in address.netloc:
        raise ToolError(f"{url!r:.200}: plain http and https only", FailureKind.REFUSED)
    host = address.hostname or ""
    usual = port in (None, _PORTS[address.scheme])
    if f"{host}:{port or _PORTS[address.scheme]}" not in hosts and not (usual and host in hosts):
        raise ToolError(f"{address.netloc!r:.200} is not among the hosts that may be asked", FailureKind.REFUSED)
    return address


async def _fetched(url: str, hosts: Collection[str], max_bytes: int) -> dict[str, Any]:
    import aiohttp

    # Nothing of this machine goes along: no proxies or passwords from the environment, no cookies from one to the next.
    # No compression: a small body could become a huge one.
    settings: dict[str, Any] = {
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
        "auto_decompress": False,
        "headers": {"Accept-Encoding": "identity"},
    }
    try:
        async with aiohttp.ClientSession(**settings) as session:
            for _ in range(_MAX_REDIRECTS + 1):
                checked_address(url, hosts)
                async with session.get(url, allow_redirects=False) as response:
                    if response.status not in _REDIRECTS or "Location" not in response.headers:
                        return await _read(response, url, max_bytes)
                    url = urljoin(url, response.headers["Location"])
    except (aiohttp.ClientError, OSError) as error:
        raise ToolError(f"{url!r:.200}: {type(error).__name__}: {error}", FailureKind.CRASHED) from error
    raise ToolError(f"more than {_MAX_REDIRECTS} redirects", FailureKind.REFUSED)


async def _read(response: Any, url: str, max_bytes: int) -> dict[str, Any]:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ToolError(f"{url!r:.200}: a compressed body, which was not asked for", FailureKind.REFUSED)
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > max_bytes:
            raise ToolError(f"{url!r:.200}: a body of more than {max_bytes:,} bytes", FailureKind.OUTPUT_LIMIT)
    kind = response.headers.get("Content-Type", "")[:200]
    return {"status": response.status, "content_type": kind, "text": body.decode(errors="replace"), "url": url}

"""Fetching over HTTP: off by default, listed hosts only, redirects included, and a body of bounded size."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import FailureKind, ToolError
from surefoot.runtime.tools.http_get import checked_address, http_get


class Server:
    """A server on this machine; ``seen`` are the headers of what it was asked."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.host = ""
        self.over = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.headers)
        kind = request.path.strip("/")
        if kind == "away":
            raise web.HTTPFound("http://elsewhere.example/")
        if kind == "round":
            raise web.HTTPFound("/round")
        if kind == "on":
            raise web.HTTPFound("/text")
        if kind == "zipped":
            return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})
        if kind == "never":
            await self.over.wait()
        if kind == "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 10_000)
        return web.Response(text="hällo", status=404 if kind == "missing" else 200)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served, app = Server(), web.Application()
    app.router.add_get("/{path:.*}", served.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    served.host = f"127.0.0.1:{runner.addresses[0][1]}"
    yield served
    served.over.set()
    await runner.cleanup()


async def test_it_is_off(server: Server, failure: Any) -> None:
    for tool in (http_get(), http_get(hosts=[server.host])):
        failed = await failure(tool, url=f"http://{server.host}/text")
        assert failed.kind is FailureKind.REFUSED
        assert "turned off" in failed.detail
    assert server.seen == []
    for hosts in ((), "example.org"):
        with pytest.raises(ConfigurationError, match="list of hosts"):
            http_get(allow=True, hosts=hosts)


async def test_fetches_text_and_takes_nothing_along(
    server: Server, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    tool = http_get(allow=True, hosts=[server.host])
    url = f"http://{server.host}/text"
    kind = "text/plain; charset=utf-8"
    assert await value(tool, url=url) == {"status": 200, "content_type": kind, "text": "hällo", "url": url}
    assert (await value(tool, url=f"http://{server.host}/missing"))["status"] == 404
    assert (await value(tool, url=f"http://{server.host}/on"))["url"] == url
    assert {"Cookie", "Authorization"}.isdisjoint(server.seen[0])


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("away", "refused", "not among the hosts"),
        ("round", "refused", "more than 5 redirects"),
        ("zipped", "refused", "compressed"),
        ("endless", "output-limit", "more than 50,000 bytes"),
    ],
)
async def test_what_a_server_may_not_do(path: str, kind: str, words: str, server: Server, failure: Any) -> None:
    tool = http_get(allow=True, hosts=[server.host], max_bytes=50_000)
    failed = await failure(tool, url=f"http://{server.host}/{path}")
    assert failed.kind == kind
    assert words in failed.detail


async def test_a_server_that_never_answers_is_a_time_out(server: Server, failure: Any) -> None:
    tool = http_get(allow=True, hosts=[server.host], timeout_s=0.2)
    assert (await failure(tool, url=f"http://{server.host}/never")).kind is FailureKind.TIMEOUT


async def test_a_server_that_is_not_there(failure: Any) -> None:
    failed = await failure(http_get(allow=True, hosts=["127.0.0.1:9"]), url="http://127.0.0.1:9/")
    assert failed.kind is FailureKind.CRASHED
    assert "Connect" in failed.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://example.org.evil.com/",
        "http://evil.com/example.org",
        "http://example.org@evil.com/",
        "http://evil.com\\@example.org/",
        "http://example.org:8080/",
        "http://example.org:99999/",
        "http://user:secret@example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "example.org",
        "http://[::1/",
        "http://example.org/a b",
        "http://example.org/\r\nHost: evil",
        "http://example.org/" + "x" * 5000,
        "http://sub.example.org/",
    ],
)
def test_addresses_of_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(ToolError):
        checked_address(url, ["example.org"])


def test_hosts_with_and_without_a_port() -> None:
    for url in ("http://example.org/", "https://EXAMPLE.org:443/x?y", "http://example.org:80"):
        checked_address(url, ["example.org"])
    checked_address("http://example.org:8080/", ["example.org:8080"])
    with pytest.raises(ToolError):
        checked_address("http://example.org/", ["example.org:8080"])

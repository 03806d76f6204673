"""A head is asked whether it wants a token; the call is a whole one of gRPC, and any other answer is a no."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from surefoot.runtime.worker import ray_token
from surefoot.runtime.worker.ray_token import wants_token

SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
REFUSED = SETTINGS + b"...\x00\x0bgrpc-status\x0216\x00\x0cgrpc-message\x2aInvalidAuthToken: token is missing"


@contextmanager
def head(answer: bytes, heard: list[bytes]) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                heard.append(client.recv(4096))
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [(REFUSED, True), (SETTINGS + b"...\x0bgrpc-status\x010", False), (SETTINGS, False), (b"HTTP/1.1 400 Bad", False)],
)
def test_only_a_refusal_is_a_yes(answer: bytes, wanted: bool) -> None:
    heard: list[bytes] = []
    with head(answer, heard) as (host, port):
        assert wants_token(host, port) == wanted
    assert heard[0].startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert b"/ray.rpc.NodeInfoGcsService/GetClusterId" in heard[0]
    assert heard[0].endswith(b"\x00\x00\x05\x00\x01\x00\x00\x00\x01" + b"\x00" * 5)


def test_no_answer_and_an_endless_one_are_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_token, "LARGEST", 5000)
    assert not wants_token("127.0.0.1", 1)
    with head(b"x" * 100_000, []) as (host, port):
        assert not wants_token(host, port)

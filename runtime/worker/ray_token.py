"""Asks a cluster's head whether it wants a token, without Ray's client, which would try for twenty seconds."""

import contextlib
import os
import pathlib
import socket
import struct

ANSWER_S = 5.0
"""Seconds that the head may take to answer."""
LARGEST = 1 << 16
"""Bytes of an answer that are read."""

_PATH = b"/ray.rpc.NodeInfoGcsService/GetClusterId"
"""The first call that every client of Ray makes. It has no arguments."""

_HEADERS, _DATA, _SETTINGS, _END_STREAM, _END_HEADERS = 1, 0, 4, 1, 4
"""Types and flags of frames (RFC 9113, 6)."""


def wants_token(host: str, port: int) -> bool:
    """Whether the head at an address refuses a call that carries no token.

    A client that brings a token to a cluster without one fails as well: it refuses what the cluster's workers tell it.
    So a kept token is used only where it is wanted. Without an answer, or behind TLS, the answer is no.
    """
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=ANSWER_S) as head:
        head.settimeout(ANSWER_S)
        head.sendall(_call(f"{host}:{port}".encode()))
        # gRPC's C core writes texts as they are. The end of the answer has either a status or the refusal.
        while b"grpc-status" not in answer and len(answer) < LARGEST and (more := head.recv(4096)):
            answer += more
    return b"InvalidAuthToken" in answer or b"grpc-status\x0216" in answer


def token_is_kept() -> bool:
    """Whether Ray would find a token: in the environment, or where it keeps that of this machine's clusters."""
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return True
    return (pathlib.Path.home() / ".ray" / "auth_token").is_file()


def _call(authority: bytes) -> bytes:
    """A whole gRPC call with an empty message: the preface of HTTP/2, settings, headers, data."""
    fields = b"\x83\x86" + b"\x04" + _text(_PATH) + b"\x01" + _text(authority)  # POST, http, :path, :authority
    fields += (
        b"\x00" + _text(b"content-type") + _text(b"application/grpc") + b"\x00" + _text(b"te") + _text(b"trailers")
    )
    frames = _frame(_SETTINGS, 0, 0, b"") + _frame(_HEADERS, _END_HEADERS, 1, fields)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames + _frame(_DATA, _END_STREAM, 1, b"\x00" * 5)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: bytes) -> bytes:
    """A string of HPACK (RFC 7541, 5.2), shorter than 127 bytes."""
    return bytes([len(text)]) + text

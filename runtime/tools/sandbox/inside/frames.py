"""Messages between the sandbox and the cell inside: a length in four bytes, big-endian, then JSON.

JSON and not ``marshal`` or ``pickle``: what comes out of a cell is hostile, and reading it must execute nothing.
"""

import json
import os
import struct
from typing import Any, Final

CHANNEL: Final = 3
"""The descriptor of the cell's end."""


def packed(message: Any) -> bytes:
    """One message as it goes over the channel.

    Raises:
        TypeError: Something in it is not a JSON value.
        ValueError: A number in it is not finite, or it contains itself.
        RecursionError: It is nested too deeply.
    """
    body = json.dumps(message, allow_nan=False).encode()
    return struct.pack(">I", len(body)) + body


def send(message: Any) -> None:
    """Write one message to the channel, from inside."""
    left = memoryview(packed(message))
    while left:
        left = left[os.write(CHANNEL, left) :]


def receive() -> Any:
    """Read one message from the channel, from inside.

    Raises:
        EOFError: The other side is gone.
    """
    (length,) = struct.unpack(">I", _exactly(4))
    return json.loads(_exactly(length))


def _exactly(count: int) -> bytes:
    parts = []
    while count:
        part = os.read(CHANNEL, min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

"""Notices that a cluster's head or this machine's raylet is gone, long before Ray's client ends the process for it.

Ray's client gives a lost head 60 seconds and then ends the process it lives in. This watch asks the same ports every
second, with sockets of its own, so that a run has time to journal what its workers still hold.
"""

import asyncio
import contextlib
from collections.abc import Mapping

PERIOD_S = 1.0
"""Seconds between two questions."""
ANSWER_S = 3.0
"""Seconds that one answer may take; a machine that is busy answers late."""
MISSES = 3
"""Questions in a row without an answer after which a process counts as gone: at most 12 seconds."""

_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""What a gRPC client says first (RFC 9113, 3.4), with empty settings. A server that lives says something back."""

Address = tuple[str, int]


async def answers(address: Address, encrypted: bool = False) -> bool:
    """Whether a gRPC server answers at an address; behind TLS, whether it takes a connection."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(*address)
            try:
                if encrypted:
                    return True
                writer.write(_HELLO)
                return bool(await reader.read(1))
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


async def until_gone(processes: Mapping[str, Address], encrypted: bool = False) -> str:
    """Wait until one of these processes no longer answers, and say in one line which.

    Args:
        processes: Addresses by what people call the process.
        encrypted: Whether the cluster uses TLS.
    """
    misses = dict.fromkeys(processes, 0)
    while True:
        heard = await asyncio.gather(*(answers(address, encrypted) for address in processes.values()))
        for name, answered in zip(processes, heard, strict=True):
            misses[name] = 0 if answered else misses[name] + 1
            if misses[name] >= MISSES:
                host, port = processes[name]
                return f"{name} at {host}:{port} no longer answers"
        await asyncio.sleep(PERIOD_S)

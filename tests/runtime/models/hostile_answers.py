"""Answers of servers that mean no good, or are broken in a way that looks so; used by ``openai_server.py``.

``endless`` and ``endless_gzip`` send blanks as fast as they are read; ``bomb`` is 512 MB of blanks in half a megabyte;
``odd_packing`` is in an encoding that nobody asked for; ``to:URL`` redirects; ``deep`` nests 100,000 lists, ``wide``
lists a million objects in 4 MB, ``scalars`` two million numbers; ``loud_error`` is a 400 whose message is a megabyte.

Changes to a right answer: ``usage:JSON`` in place of its account, ``long`` for 4 MB of text, ``thinking`` for a reply
that was cut off while thinking, ``elsewhere`` for a text in ``reasoning_content``, ``id:X`` for its id, ``text:X`` for
its text, ``content:JSON`` for its content, ``message:JSON`` for its message. ``without:X`` does not know a parameter,
``without:assistant`` no turns of one.
"""

import functools
import json
import zlib
from typing import Any

from aiohttp import web

MEGABYTE = 1 << 20
JSON = {"Content-Type": "application/json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}


@functools.cache
def bomb() -> bytes:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(pack.compress(b" " * MEGABYTE) for _ in range(512)) + pack.flush()


async def answer_hostilely(request: web.Request, fault: str) -> web.StreamResponse | None:
    """An answer that is no completion; ``None`` if the fault is of another kind."""
    if fault in ("endless", "endless_gzip"):
        return await _endless(request, packed=fault == "endless_gzip")
    if fault == "bomb":
        return web.Response(body=bomb(), headers=GZIP)
    if fault == "odd_packing":
        return web.Response(body=b"{}", headers={**JSON, "Content-Encoding": "br"})
    if fault.startswith("to:"):
        return web.Response(status=307, headers={"Location": fault[3:]})
    if fault == "deep":
        return web.Response(body=b"[" * 100_000, headers=JSON)
    if fault == "wide":
        return web.Response(body=b'{"choices": [' + b"{}, " * 1_000_000 + b"{}]}", headers=JSON)
    if fault == "scalars":
        return web.Response(body=b'{"choices": [' + b"1," * 2_000_000 + b"1]}", headers=JSON)
    if fault.startswith("without:") and (unknown := _unknown(await request.text(), fault[8:])):
        error = {"message": unknown, "type": "invalid_request_error", "code": None}
        return web.json_response({"error": error}, status=400)
    if fault == "loud_error":
        error = {"message": " ssl:<" * (MEGABYTE // 6), "type": "invalid_request_error", "code": None}
        return web.json_response({"error": error}, status=400)
    return None


def _unknown(body: str, parameter: str) -> str:
    """What a server says that does not know a parameter, or no turns of an assistant; empty if it was not asked to."""
    asked = json.loads(body)
    if parameter == "nothing":
        return "Invalid value for 'top_q'"
    if parameter == "assistant":
        turns = any(message["role"] == "assistant" for message in asked["messages"])
        return "Conversation roles must alternate: no assistant turns" if turns else ""
    return f"Unrecognized request argument supplied: {parameter}" if parameter in asked else ""


async def _endless(request: web.Request, packed: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers=GZIP if packed else JSON)
    await response.prepare(request)
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    while True:
        blanks = b" " * MEGABYTE
        await response.write(pack.compress(blanks) + pack.flush(zlib.Z_SYNC_FLUSH) if packed else blanks)


def changed(reply: dict[str, Any], fault: str) -> dict[str, Any]:
    """A completion with something wrong in it."""
    message = reply["choices"][0]["message"] if reply["choices"] else {}
    if fault.startswith("usage:"):
        reply["usage"] = json.loads(fault[6:])
    elif fault.startswith("id:"):
        reply["id"] = fault[3:]
    elif fault.startswith("text:"):
        message["content"] = fault[5:]
    elif fault.startswith("content:"):
        message["content"] = json.loads(fault[8:])
    elif fault.startswith("message:"):
        reply["choices"][0]["message"] = json.loads(fault[8:])
    elif fault == "long":
        message["content"] = " " * 4 * MEGABYTE
    elif fault == "thinking":
        message["content"], message["reasoning_content"] = None, "let me see " * 3
        reply["choices"][0]["finish_reason"] = "length"
    elif fault == "elsewhere":
        message["content"], message["reasoning_content"] = None, message["content"]
    return reply

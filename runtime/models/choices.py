"""Holds answers to a list of texts: what the servers that can do so are told, and whether they did."""

import json
from collections.abc import Iterable
from typing import Any

from surefoot.runtime.models.port import Reply, Stop


def grammar_of(choices: tuple[str, ...]) -> str:
    """Return the grammar that holds an answer to one of several texts, in llama.cpp's notation."""
    return "root ::= " + " | ".join(json.dumps(one, ensure_ascii=False) for one in choices)


def held_to(choices: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters by which servers of OpenAI's protocol are told the only answers there are.

    vLLM takes ``structured_outputs``, its older versions ``guided_choice``, llama.cpp ``grammar``; each leaves the
    others alone. A server that knows none of them says so, or answers something else: see ``strayed``.
    """
    listed = list(choices)
    return {"structured_outputs": {"choice": listed}, "guided_choice": listed, "grammar": grammar_of(choices)}


def strayed(replies: Iterable[Reply], choices: tuple[str, ...]) -> bool:
    """Whether a whole reply is none of the choices: then its server was told of them in vain."""
    return any(reply.stop is Stop.END and reply.text not in choices for reply in replies)

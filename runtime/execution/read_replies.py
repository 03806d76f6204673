"""Reads one reply to a step: the candidate that it names, or the red flag by which it is discarded."""

from surefoot.decompose.step import Flag
from surefoot.runtime.execution.escalation.prompt_variants import Asked
from surefoot.runtime.models.port import Reply, Stop
from surefoot.runtime.models.structured import as_lines
from surefoot.runtime.untrusted import tame
from surefoot.voting.ballot import Ballot
from surefoot.voting.red_flags import RedFlag, overlong


def read_reply(
    reply: Reply, question: Asked, limit: int, flags: frozenset[RedFlag], read: dict[str, str | Flag], *, lines: bool
) -> Flag | str:
    """Return the candidate that a reply names, or the first red flag raised against it.

    Args:
        reply: Untrusted.
        question: What was asked.
        limit: Tokens that the answer was allowed.
        flags: Those that are looked for.
        read: Texts that were read before, and what was read; this one is added.
        lines: Whether the reply is JSON that stands for lines.
    """
    if reply.copied:
        return Flag(RedFlag.COPIED, "a copy of a reply that came before")
    if reply.stop is Stop.REFUSED:
        return Flag(RedFlag.REFUSED, reply.text)
    said = reply.tokens_out - reply.tokens_reasoning  # thinking is not the answer
    if RedFlag.OVERLONG in flags and overlong(said, limit, reply.stop is Stop.LENGTH):
        return Flag(RedFlag.OVERLONG, f"{said} tokens")
    text = as_lines(reply.text) if lines else reply.text
    if text not in read:  # replies to one question are often alike, and reading is most of their work here
        read[text] = question.read(text, flags)
    return read[text]


def ballot_of(number: int, said: str | Flag) -> tuple[Ballot, str]:
    """Return an answer as a ballot of a number, and why it is spoiled if it is."""
    if isinstance(said, str):
        return Ballot(number, said), ""
    return Ballot(number, None, said.name), tame(said.detail)

"""Examples to train on, as values: messages with their loss masks, pairs of replies, and where each comes from."""

import hashlib
from typing import Any, Literal

import msgspec

from surefoot.decompose.step import Role
from surefoot.runtime.trace.races import Race

Speaker = Literal["system", "user", "assistant"]

PLAN_ROLES = (Role.TASK_DECOMPOSER.value, Role.ORCHESTRATOR.value)
"""Modules whose answers say how work is split or when it is done: planning, whatever their step is a part of."""


class Message(msgspec.Struct, frozen=True):
    """One message of a conversation.

    Attributes:
        role: Who says it.
        content: What is said; for ``assistant`` exactly as the model said it.
        train: Whether the loss counts its tokens.
        weight: What the loss of its tokens is multiplied with; 0 where ``train`` is false.
    """

    role: Speaker
    content: str
    train: bool = False
    weight: float = 0.0


class Provenance(msgspec.Struct, frozen=True):
    """Where an example comes from.

    Attributes:
        run: Name and digest of the run.
        task: Its name.
        model: Its name.
        settings: What else the answers depend on: dialect, rule, temperature and so on.
        node: Path of the node.
        part: ``run``, ``split`` or ``rows``.
        attempt: Of the chain or the decomposition, 0-based.
        number: Of the step, 0-based.
        kind: Class of the question.
        role: Module in whose name it was asked.
        level: ``plan`` or ``execution``.
        template: Digest of the system prompt.
        prompt: Digest of the prompt.
        events: Ids of the events from the first to the last that the example shows.
        verdict: What the race ended in: lead, ballots for the winner, ballots against it, ballots discarded.
        stands: Whether the run went on with it.
    """

    run: str
    task: str
    model: str
    settings: dict[str, Any]
    node: str
    part: str
    attempt: int
    number: int
    kind: str
    role: str
    level: str
    template: str
    prompt: str
    events: tuple[int, ...]
    verdict: dict[str, int]
    stands: bool


class Example(msgspec.Struct, frozen=True):
    """A conversation to learn from.

    Attributes:
        messages: In causal order.
        provenance: Where it comes from.
        prompts: Digests of all prompts in it, which the check for leaks looks at.
        scores: Numbers for an outside trainer, such as advantages.
    """

    messages: tuple[Message, ...]
    provenance: Provenance
    prompts: tuple[str, ...]
    scores: dict[str, float | str] = {}


class Pair(msgspec.Struct, frozen=True):
    """Two replies to one prompt, of which the first won and the second was outvoted or discarded.

    Attributes:
        prompt: System and user message.
        chosen: The reply that won.
        rejected: The reply that did not.
        why: ``outvoted``, or the red flag.
        provenance: Where it comes from.
    """

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    why: str
    provenance: Provenance

    @property
    def prompts(self) -> tuple[str, ...]:
        """Digest of the prompt, which the check for leaks looks at."""
        return (self.provenance.prompt,)


def digest_of(*texts: str) -> str:
    """Return 16 hexadecimal digits that stand for texts; the same on every machine."""
    made = hashlib.blake2b(digest_size=8)
    for text in texts:
        made.update(len(text).to_bytes(8) + text.encode(errors="surrogatepass"))
    return made.hexdigest()


def prompt_digest(race: Race) -> str:
    """Return what stands for the prompt of a question, its system prompt included."""
    return digest_of(race.question.system, race.question.prompt)


def level_of(race: Race) -> str:
    """Return ``plan`` for questions that split, route or end work, and ``execution`` for all others."""
    return "plan" if race.question.part == "split" or race.question.role in PLAN_ROLES else "execution"


def prompt_messages(race: Race) -> tuple[Message, ...]:
    """Return what the model was shown of a question, as messages without loss."""
    asked = race.question
    system = (Message("system", asked.system),) if asked.system else ()
    return (*system, Message("user", asked.prompt))


def learned(text: str, weight: float = 1.0) -> Message:
    """Return a reply that the loss counts."""
    return Message("assistant", text, train=True, weight=weight)


def verdict_of(race: Race) -> dict[str, int]:
    """Return how a race ended, in numbers of ballots; all zero for one that did not end."""
    won = sum(one.count for one in race.ballots if one.candidate is not None and one.candidate == race.candidate)
    discarded = sum(one.count for one in race.ballots if one.candidate is None)
    drawn = sum(one.count for one in race.ballots)
    lead = 0 if race.end is None else race.end.lead
    return {"lead": lead, "won": won, "lost": drawn - won - discarded, "discarded": discarded}

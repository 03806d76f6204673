"""What requests may ask of a model's server, the ways in which each can be done, and which of them this server takes.

Nothing is asked beforehand: the first request that needs something finds out, because a server that does not know a
parameter says so. Then the next way of the list is tried, and the one that works is kept for the model's lifetime and
named (``Model.how``). The last way of each list needs nothing from the server.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final


class Capability(enum.StrEnum):
    """Something that not every server can do."""

    SEED = "seed"
    """Another seed for each draw, so that draws are neither copies nor served from a cache."""
    TOP_P = "top_p"
    """Drawing from the likeliest tokens only."""
    STOP = "stop"
    """Ending at a sequence of characters."""
    SCHEMA = "schema"
    """Holding the reply to a JSON schema."""
    PREFILL = "prefill"
    """Going on from the first words of the answer."""
    EXAMPLES = "examples"
    """Turns of a conversation before the question."""
    RAW = "raw text"
    """Going on from a text without a chat template."""
    CHOICES = "choices"
    """Answering with one of several given texts."""
    SCORES = "scores"
    """Saying how likely other tokens were, from which the distribution over whole answers is worked out."""
    PROMPT_SCORES = "scores of a prompt"
    """Saying how likely a given text was, from which the distribution over choices is worked out."""
    SEVERAL = "n"
    """Several answers from one call."""
    TEMPERATURE = "temperature"
    """Drawing at the temperature 1, said in so many words; others have no other way."""


WAYS: Final[Mapping[Capability, tuple[str, ...]]] = MappingProxyType(
    {
        Capability.SEED: ("server", "none"),
        Capability.TOP_P: ("server", "none"),
        Capability.STOP: ("server", "cut on arrival"),
        Capability.SCHEMA: ("json_schema", "json_object", "free text"),
        Capability.PREFILL: ("continued turn", "assistant turn", "asked for in words"),
        Capability.EXAMPLES: ("turns", "in the question"),
        Capability.RAW: ("completion", "sent as a question"),
        Capability.CHOICES: ("scores", "grammar", "parsing"),
        Capability.SCORES: ("server", "none"),
        Capability.PROMPT_SCORES: ("prompt_logprobs", "echo", "none"),
        Capability.SEVERAL: ("one call", "a call for each"),
        Capability.TEMPERATURE: ("server", "the server's own"),
    }
)
"""The ways in which each can be done, best first."""
WORST: Final[Mapping[Capability, str]] = MappingProxyType({one: ways[-1] for one, ways in WAYS.items()})

Forms = Mapping[Capability, int]
"""For each capability the number of the way in ``WAYS`` that a request takes."""

_NAMES: Final[Mapping[Capability, str]] = MappingProxyType(
    {
        Capability.SEED: r"\bseed\b",
        Capability.TOP_P: r"\btop_?p\b",
        Capability.STOP: r"\bstop\b",
        Capability.SCHEMA: r"response_?format|json_?schema|json_?object|\bschema\b|structured|grammar",
        Capability.CHOICES: r"structured_outputs|guided|grammar",
        Capability.PREFILL: r"prefill|prefix|continue_final|add_generation|last message|final message|assistant",
        Capability.SCORES: r"log_?prob",
        Capability.PROMPT_SCORES: r"prompt_?log_?prob|\becho\b|log_?prob",
        Capability.EXAMPLES: r"assistant|\broles?\b|alternat|messages",
        Capability.TEMPERATURE: r"\btemperature\b",
    }
)
_INSTEAD: Final[Mapping[Capability, str]] = MappingProxyType(
    {
        Capability.SEED: "draws differ by its own chance",
        Capability.TOP_P: "all tokens are drawn from",
        Capability.STOP: "replies are cut here",
        Capability.SCHEMA: "replies are free text (--structured)",
        Capability.PREFILL: "the beginning of the answer is asked for in words",
        Capability.EXAMPLES: "they are written into the question",
        Capability.RAW: "the text is sent as a question",
        Capability.CHOICES: "replies are read as free text",
        Capability.SCORES: "answers are drawn, not scored",
        Capability.PROMPT_SCORES: "choices are held by a grammar, or read as free text",
        Capability.SEVERAL: "it is called for each answer",
        Capability.TEMPERATURE: "it draws at its own, which is 1 with OpenAI's",
    }
)
"""What is done where a server lacks a capability, for people."""
_UNKNOWN: Final = re.compile(
    r"unknown|unrecogni[sz]ed|unexpected|unsupported|not supported|not permitted|not allowed|extra (input|field|param)"
    r"|additional propert|does not support",
    re.IGNORECASE,
)
_TEMPERATURE: Final = re.compile(
    r"\btemperature\b.{0,80}?(not support|unsupported|not allowed|not permitted|deprecated|\bonly\b|must be)"
    r"|(unsupported|unknown|unrecogni[sz]ed|invalid|not supported)\b.{0,30}?\btemperature\b",
    re.IGNORECASE | re.DOTALL,
)
_READ: Final = 2000
"""Characters of a message in which it is looked for."""
_MAY_BE_MEANT: Final = (
    Capability.CHOICES, Capability.SCORES, Capability.PROMPT_SCORES, Capability.SCHEMA, Capability.SEED,
    Capability.TOP_P, Capability.STOP, Capability.PREFILL,
)  # fmt: skip
"""What is tried without when a server does not say what it does not know, in this order."""


def refuses_temperature(message: str) -> bool:
    """Whether a server says that it does not take the temperature that it was given: models that reason know one."""
    return bool(_TEMPERATURE.search(message[:_READ]))


class Negotiation:
    """Finds out how one server wants to be asked.

    Attributes:
        forms: The way that each capability is done by now.
    """

    def __init__(self) -> None:
        self.forms: dict[Capability, int] = dict.fromkeys(WAYS, 0)
        self._accepted: set[Capability] = set()

    def way(self, capability: Capability) -> str:
        """Return the name of the way in which a capability is done by now."""
        return WAYS[capability][self.forms[capability]]

    def start_at(self, capability: Capability, way: str) -> None:
        """Do a capability in this way or a worse one: better ones are known not to be had."""
        self.forms[capability] = max(self.forms[capability], WAYS[capability].index(way))

    def unsure(self, used: Iterable[Capability], forms: Forms) -> list[Capability]:
        """Return the capabilities used in a way that this server has not accepted yet, and that have a worse way."""
        left = [one for one in used if forms[one] < len(WAYS[one]) - 1]
        return [one for one in left if one not in self._accepted or forms[one] != self.forms[one]]

    def blamed(self, used: Iterable[Capability], forms: Forms, message: str) -> Capability | None:
        """Return the capability that a request was rejected for; ``None`` if another way would not help."""
        unsure = self.unsure(used, forms)
        named = [one for one in unsure if one in _NAMES and re.search(_NAMES[one], message, re.IGNORECASE)]
        if named:
            return named[0]
        if refuses_temperature(message):  # which a run chooses, and nothing else helps
            return None
        unknown = bool(_UNKNOWN.search(message))
        return next((one for one in _MAY_BE_MEANT if one in unsure and (unknown or one is Capability.SCHEMA)), None)

    def accept(self, used: Iterable[Capability], forms: Forms, last_blamed: Capability | None) -> list[str]:
        """Learn from an answered request; return a line for each capability that the server turned out not to have.

        Only the last change made the difference for sure; what was changed before it in vain is tried again.
        """
        lines = []
        for one in used:
            if forms[one] != self.forms[one] and one is not last_blamed:
                continue
            if forms[one] != self.forms[one]:
                self.forms[one] = forms[one]
                if self.way(one) == WORST[one]:
                    lines.append(f"its server takes no {one.value}; {_INSTEAD[one]}")
            self._accepted.add(one)
        return lines


def lowered(forms: Forms, capability: Capability) -> dict[Capability, int]:
    """Return the same forms with the next worse way of one capability."""
    return {**forms, capability: forms[capability] + 1}

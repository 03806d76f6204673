"""What the six modules share in wording: the layout of a ``chat`` prompt, and how an answer is found in a reply."""

import re

from decompose.map.world import World
from decompose.step import Prompt

MODULE_WORDS = {
    "Actor": "propose",
    "Monitor": "check",
    "Predictor": "predict",
    "Evaluator": "value",
    "Orchestrator": "reached",
    "TaskDecomposer": "subgoal",
}
"""The first word of each module's ``compact`` prompt."""


_NO = re.compile(
    r"\b(?:no|not|invalid|illegal|incorrect|wrong|cannot|can't|isn't|never|impossible|breaks|broken|violat\w*|forbidden)\b",
    re.I,
)

WORK = 56
"""Words that a ``compact`` reply may spend on its work before the answer."""


def chat(world: World, role: str, duty: str, answer: str, facts: list[tuple[str, str]]) -> Prompt:
    """A module's prompt: the domain, the module's duty, an example, then the facts and the form of the answer."""
    example = world.example(role)
    parts = [world.description(), duty]
    if example:
        parts.append(f"Example:\n{example}")
    shown = "\n".join(f"{name}: {text}" for name, text in facts)
    return Prompt(user=f"{shown}\n\nEnd your answer with {answer}", system="\n\n".join(parts))


def compact(role: str, world: World, *facts: str) -> Prompt:
    """The module's word, the domain's preamble and the facts, a word each."""
    return Prompt(" ".join(part for part in (MODULE_WORDS[role], world.preamble(), *facts) if part))


def answer(text: str) -> str:
    """What a ``compact`` reply ends with: all of it, or what follows the last ``=`` if it shows its work."""
    return text.rpartition(" = ")[2]


def said(text: str, name: str) -> list[str]:
    """Every ``name = value`` line of a reply, in order, the value cut to 4,000 characters."""
    found = re.findall(rf"^[ \t>*-]*{name}[ \t]*=[ \t]*(.+?)[ \t]*$", text, flags=re.MULTILINE | re.IGNORECASE)
    return [value.strip("`*\"' ")[:4000] for value in found]


def passed(text: str, name: str) -> bool | None:
    """What a ``chat`` reply that ends in ``name = yes or no`` says, failing closed; ``None`` if it says nothing.

    Only an explicit yes passes, and not even that if the reply's last line denies it in any wording.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    answers = [answer.lower().rstrip(".") for answer in said(text, name)]
    if answers[-1:] == ["no"] or (lines and _NO.search(lines[-1])):
        return False
    return True if answers[-1:] == ["yes"] else None

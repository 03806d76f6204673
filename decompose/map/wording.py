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


WORK = 40
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


def last_line(text: str) -> str:
    """The last line that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""

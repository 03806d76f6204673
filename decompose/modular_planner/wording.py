"""What the six modules share in wording: the layout of a ``chat`` prompt, and how an answer is found in a reply.

A ``chat`` question has several wordings, alike in facts and in answer form: they differ in the module's duty, in the
names of the facts, in the worked example and in what is asked to come before the answer. All that is fixed while a
problem is worked on stands in the system message, the domain first, which all modules share: a server's prefix cache
holds it. The user message has nothing but the facts.
"""

import re
from collections.abc import Sequence

from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Prompt

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

_ANSWER_LINE = re.compile(r"[ \t>*-]*(?:valid|rule|correct) ?=", re.I)

WORK = 56
"""Words that a ``compact`` reply may spend on its work before the answer."""


LABELS = {
    "Current state": ("Current state", "Now", "The situation"),
    "State": ("State", "Given", "The situation"),
    "Goal": ("Goal", "Wanted", "What has to be reached"),
    "Proposed action": ("Proposed action", "Suggestion", "The action to check"),
    "Action": ("Action", "What is done", "The action that is taken"),
    "Do not propose": ("Do not propose", "Already ruled out", "No use proposing"),
    "Done so far": ("Done so far", "What was done", "A step that was taken"),
    "Done before the change": ("Done before the change", "What was done before the change", "A step before the change"),
    "The Monitor said": ("The Monitor said", "What was found", "The reason given"),
    "Could not be reached": ("Could not be reached", "Tried in vain", "No use naming"),
    "Another agent's plan, as advice": ("Another agent's plan, as advice", "Somebody's plan", "A plan to consider"),
}
"""What a fact is called, in each wording."""

_CLOSINGS = (
    "End your answer with {}",
    "Say in a sentence or two how you come to your answer. The last thing you write is {}",
    "Work it out first, one point after the other. Then close with the answer and write nothing after it: {}",
)
_EXAMPLE_OF = ("Example:", "For instance, an answer and what was asked:", "This is how it is done:")
WORDINGS = len(_CLOSINGS)
"""Wordings of each module's question; they are counted round."""


def chat(
    world: World, role: str, duties: Sequence[str], answer: str, facts: list[tuple[str, str]], wording: int = 0
) -> Prompt:
    """Return a module's prompt: domain, duty, form of the answer and example as system message, then the facts.

    Args:
        world: The domain.
        role: Whose examples are shown.
        duties: The module's duty in several wordings, counted round.
        answer: The form of the answer, the same in all wordings.
        facts: Names, of ``LABELS``, and texts; a name may have a remark in brackets behind it.
        wording: Which of the ``WORDINGS``, counted round.
    """
    wording %= WORDINGS
    parts = [world.description(), duties[wording % len(duties)], _CLOSINGS[wording].format(answer)]
    example = world.example(role, wording)
    if example:
        parts.append(f"{_EXAMPLE_OF[wording]}\n{_relabelled(example, wording)}")
    shown = "\n".join(f"{_relabelled(name + ':', wording)} {text}" for name, text in facts)
    return Prompt(user=shown, system="\n\n".join(parts))


_NAMED = re.compile(rf"^({'|'.join(map(re.escape, LABELS))})(?=:| \()", re.MULTILINE)


def _relabelled(text: str, wording: int) -> str:
    """A text whose facts have their usual names, under those of a wording."""
    return _NAMED.sub(lambda found: LABELS[found[1]][wording], text)


def compact(role: str, world: World, *facts: str) -> Prompt:
    """Return a module's ``compact`` prompt: the module's word, the domain's preamble and the facts."""
    return Prompt(" ".join(part for part in (MODULE_WORDS[role], world.preamble(), *facts) if part))


LONGEST_REASON = 600
"""Characters of an explanation that is shown in later prompts."""


def reason_in(text: str, dialect: Dialect) -> str:
    """Return what a reply explains before its answer, as one printable line; empty if it explains nothing."""
    told = (
        text.rpartition(" = ")[0]
        if dialect == "compact"
        else "\n".join(line for line in text.split("\n") if not _ANSWER_LINE.match(line))
    )
    line = " ".join(told.split())
    return "".join(letter for letter in line if letter.isprintable())[:LONGEST_REASON]


def answer(text: str) -> str:
    """Return the answer that a ``compact`` reply ends with: the text after the last ``=``, or all of the reply."""
    return text.rpartition(" = ")[2]


def said(text: str, name: str) -> list[str]:
    """Return the values of every ``name = value`` line of a reply, in order, each cut to 4,000 characters.

    Without a regular expression: one with three stretches of blanks beside each other takes quadratic time.
    """
    found = []
    for line in text.split("\n"):
        # Models put answers into lists and quotations.
        begin = line.lstrip(" \t>*-")
        if begin[: len(name)].lower() != name:
            continue
        sign, value = begin[len(name) :].lstrip(" \t")[:1], begin.partition("=")[2]
        if sign == "=" and value:
            found.append(value.strip(" \t\r").strip("`*\"' ")[:4000])
    return found


def passed(text: str, name: str) -> bool | None:
    """Return what a reply that ends in ``name = yes or no`` says, failing closed; ``None`` if it says neither.

    Only an explicit yes passes, and not even that if the reply's last line denies it in any wording.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    answers = [answer.lower().rstrip(".") for answer in said(text, name)]
    # Of the free text only the last line counts: reasons before the answer may well contain a "not".
    if answers[-1:] == ["no"] or (lines and _NO.search(lines[-1])):
        return False
    return True if answers[-1:] == ["yes"] else None

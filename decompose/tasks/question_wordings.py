"""How the questions about questions are worded and read, in both dialects.

In ``compact`` the module's word comes first, then the facts, a line each; in ``chat`` the duty and the form of the
answer are spelt out. What a model answered is shown in later prompts as one short line behind a label.
"""

import re
from typing import Any, Literal

import msgspec

from surefoot.decompose.modular_planner.wording import passed, reason_in, said
from surefoot.decompose.step import Dialect, Flag, Prompt

CORRECT = "yes"
LONGEST_ANSWER = 120
LONGEST_PART = 300
"""Characters of a sub-question's answer, and of a sub-question."""

Style = Literal["modules", "zero-shot", "in-context", "cot"]


class PartsFacts(msgspec.Struct, frozen=True):
    """What the TaskDecomposer reads: the question, and how many sub-questions may be named."""

    question: str
    most: int


class AnswerFacts(msgspec.Struct, frozen=True):
    """What the Actor reads: a sub-question, and answers to it that did not pass.

    Attributes:
        question: With placeholders filled in.
        rejected: Answers that the Monitor said no to.
        reasons: What the Monitor said of each of them, where that is handed on; untrusted text.
        told: Earlier sub-questions and their answers, where they are shown (as published).
    """

    question: str
    rejected: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()


class CheckFacts(msgspec.Struct, frozen=True):
    """What the Monitor of a question reads: a sub-question and a proposed answer.

    Attributes:
        question: With placeholders filled in.
        answer: Proposed by the Actor.
        told: Earlier sub-questions and their answers, where they are shown (as published).
        explains: Whether a candidate keeps the explanation of a "no", for the Actor. It changes no prompt.
    """

    question: str
    answer: str
    told: tuple[tuple[str, str], ...] = ()
    explains: bool = False


class DecideFacts(msgspec.Struct, frozen=True):
    """What the decision reads: the question, and sub-questions with their answers, in order."""

    question: str
    told: tuple[tuple[str, str], ...]
    style: Style = "modules"


Facts = PartsFacts | AnswerFacts | CheckFacts | DecideFacts

WORDS = {PartsFacts: "parts", AnswerFacts: "answer", CheckFacts: "correct", DecideFacts: "decide"}
LABELS = {
    "Question": ("Question", "What is asked", "To be answered"),
    "Answer": ("Answer", "What was answered", "Somebody said"),
    "Not correct": ("Not correct", "Turned down", "It is not"),
    "The Monitor said": ("The Monitor said", "What was found", "The reason given"),
    "Asked before": ("Asked before", "An earlier question", "Known already"),
    "Answered": ("Answered", "What it was answered with", "That is"),
    "Depends on": ("Depends on", "A part of it", "First asked"),
    "Found": ("Found", "Its answer", "And answered"),
}
"""What a fact is called, in each wording of ``chat``; ``compact`` has the first."""
WORDINGS = 3
_DUTY = {
    "parts": (
        "You are the TaskDecomposer: you split a yes-or-no question into the smallest questions of fact that decide "
        "it, in the order in which they are to be answered. The last one may compare earlier answers. Write #1 for the "
        "answer to the first question, #2 for the answer to the second, and so on.",
        "You are the TaskDecomposer: somebody who knows single facts and nothing else will answer what you ask, one "
        "question at a time. Find the questions whose answers together settle the one below. Where a question needs an "
        "earlier answer, write # and the number of that earlier question in its place.",
        "You are the TaskDecomposer: nobody can answer the question below at once. Say which facts would decide it, "
        "ask for each of them by itself, and end with the question that puts them together. #1 stands for what the "
        "first is answered with, #2 for the second, and so on.",
    ),
    "answer": (
        "You are the Actor: you answer a question of fact as briefly as possible, in a few words.",
        "You are the Actor: give the fact that is asked for and nothing else; a name, a number or a word is enough.",
        "You are the Actor: what you say is put into another question as it stands, so be right and be short.",
    ),
    "correct": (
        "You are the Monitor: you check an answer to a question and say whether it is correct.",
        "You are the Monitor: somebody answered a question, maybe wrongly. Find the answer yourself, then compare.",
        "You are the Monitor: an answer passes only if you are sure of it. Look for what speaks against it first.",
    ),
    "decide": (
        "You are asked a yes-or-no question.",
        "There is a question below that has to be answered with yes or no.",
        "Decide the question below: yes or no, and nothing between.",
    ),
}
_EXAMPLES = {
    "parts": (
        "Question: Could a baby elephant be carried in a wheelbarrow?\n"
        "question = How many kilograms does a baby elephant weigh?\n"
        "question = How many kilograms can a wheelbarrow carry?\nquestion = Is #1 less than #2?",
        "Question: Is a litre of honey heavier than a litre of water?\n"
        "question = How many kilograms does a litre of honey weigh?\n"
        "question = How many kilograms does a litre of water weigh?\nquestion = Is #1 more than #2?",
        "Question: Did the builders of the first bridge over the Bosporus live to see the third?\n"
        "question = In which year was the first bridge over the Bosporus built?\n"
        "question = In which year was the third bridge over the Bosporus built?\n"
        "question = Are there less than 50 years between #1 and #2?",
    ),
}
_STYLES = {
    "modules": "Use the answers that were found to the questions it depends on.",
    "zero-shot": "Answer it at once.",
    "in-context": "Answer it as in the examples.\n\nExamples:\n"
    "Question: Could a baby elephant be carried in a wheelbarrow?\nanswer = no\n"
    "Question: Is a litre of honey heavier than a litre of water?\nanswer = yes",
    "cot": "Think step by step before you answer.\n\nExample:\n"
    "Question: Is a litre of honey heavier than a litre of water?\nA litre of water weighs 1 kg. Honey is denser than "
    "water, about 1.4 kg a litre. 1.4 is more than 1.\nanswer = yes",
}
_FORM = {
    "parts": "one to {most} lines, each in the form\nquestion = ...",
    "answer": "one line in the form\nanswer = ...",
    "correct": "one line in the form\ncorrect = yes or no",
    "decide": "one line in the form\nanswer = yes or no",
}
_CLOSINGS = (
    "End your answer with {}",
    "Explain yourself in a sentence or two; the last thing you write is {}",
    "Think first, as long as you need. Then close with the answer and write nothing after it: {}",
)


_YES_OR_NO = {"type": "string", "enum": ["yes", "no"]}
SCHEMAS: dict[type[Facts], dict[str, Any]] = {
    PartsFacts: {"question": {"type": "array", "items": {"type": "string"}}},
    AnswerFacts: {"answer": {"type": "string"}},
    CheckFacts: {"correct": _YES_OR_NO},
    DecideFacts: {"answer": _YES_OR_NO},
}
"""What a ``chat`` reply names, as JSON schemas."""


def prompt(facts: Facts, dialect: Dialect, wording: int = 0) -> Prompt:
    """Write a question's facts, a line each, behind the module's word in ``compact``."""
    word, wording = WORDS[type(facts)], 0 if dialect == "compact" else wording % WORDINGS
    lines = "\n".join(f"{LABELS[name][wording]}: {text}" for name, text in _shown(facts))
    if dialect == "compact":
        return Prompt(f"{word}\n{lines}")
    most = facts.most if isinstance(facts, PartsFacts) else 0
    parts = [_DUTY[word][wording], _CLOSINGS[wording].format(_FORM[word].format(most=most))]
    if isinstance(facts, DecideFacts):
        parts[0] += f" {_named(_STYLES[facts.style], wording)}"
    if word in _EXAMPLES:
        parts.append(f"Example:\n{_named(_EXAMPLES[word][wording], wording)}")
    return Prompt(lines, "\n\n".join(parts))


def _named(example: str, wording: int) -> str:
    """An example with a wording's name for the question."""
    return re.sub("^Question:", f"{LABELS['Question'][wording]}:", example, flags=re.MULTILINE)


def _shown(facts: Facts) -> list[tuple[str, str]]:
    """Each fact and its name, of ``LABELS``."""
    shown = [("Question", facts.question)]
    if isinstance(facts, AnswerFacts | CheckFacts):
        earlier = [line for part, answer in facts.told for line in (("Asked before", part), ("Answered", answer))]
        shown = [*earlier, *shown]
    if isinstance(facts, AnswerFacts):
        for number, answer in enumerate(facts.rejected):
            shown.append(("Not correct", answer))
            shown += [("The Monitor said", why) for why in facts.reasons[number : number + 1] if why]
    elif isinstance(facts, CheckFacts):
        shown.append(("Answer", facts.answer))
    elif isinstance(facts, DecideFacts):
        shown += [line for part, answer in facts.told for line in (("Depends on", part), ("Found", answer))]
    return shown


def parse(facts: Facts, text: str, dialect: Dialect) -> str | Flag:
    """Read sub-questions by lines, an answer in canonical form, or ``"yes"`` or ``"no"``, never one by default."""
    compact = dialect == "compact"
    found: str | None
    if isinstance(facts, PartsFacts):
        found = _parts(facts.most, text.splitlines() if compact else said(text, "question"))
    elif isinstance(facts, CheckFacts) and not compact:
        found = {True: CORRECT, False: "no", None: None}[passed(text, "correct")]
    else:
        answer = text if compact else (said(text, "answer") or [""])[-1]
        found = canonical(answer) if isinstance(facts, AnswerFacts) else _yes_or_no(answer)
    if found == "no" and isinstance(facts, CheckFacts) and facts.explains:
        reason = reason_in(text, dialect)
        return f"no: {reason}" if reason else found
    return Flag("misformatted", text[-200:]) if found is None else found


def _parts(most: int, lines: list[str]) -> str | None:
    parts = [" ".join(line.split()) for line in lines]
    good = 0 < len(parts) <= most and all(0 < len(part) <= LONGEST_PART for part in parts)
    return "\n".join(parts) if good else None


def canonical(text: str) -> str | None:
    """Return an answer without case, articles and a final stop; ``None`` if it is empty, long, or no text."""
    words = " ".join(text.split()).rstrip(".").lower()
    # "The Nile" and "Nile" are one answer; votes for both must not split.
    words = re.sub(r"^(?:an?|the) ", "", words)
    return words if 0 < len(words) <= LONGEST_ANSWER and words.isprintable() else None


def _yes_or_no(text: str) -> str | None:
    return {"yes": "yes", "true": "yes", "no": "no", "false": "no"}.get(text.lower().rstrip("."))

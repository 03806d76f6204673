"""How the questions about questions are worded and read, in both dialects.

In ``compact`` the module's word comes first, then the facts, a line each; in ``chat`` the duty and the form of the
answer are spelt out. What a model answered is shown in later prompts as one short line behind a label.
"""

import re
from typing import Literal

import msgspec

from decompose.map.wording import passed, said
from decompose.step import Dialect, Flag, Prompt

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
    """What the Actor reads: a sub-question, and answers to it that did not pass."""

    question: str
    rejected: tuple[str, ...] = ()


class CheckFacts(msgspec.Struct, frozen=True):
    """What the Monitor reads."""

    question: str
    answer: str


class DecideFacts(msgspec.Struct, frozen=True):
    """What the decision reads: the question, and sub-questions with their answers, in order."""

    question: str
    told: tuple[tuple[str, str], ...]
    style: Style = "modules"


Facts = PartsFacts | AnswerFacts | CheckFacts | DecideFacts

WORDS = {PartsFacts: "parts", AnswerFacts: "answer", CheckFacts: "correct", DecideFacts: "decide"}
_DUTY = {
    "parts": "You are the TaskDecomposer: you split a yes-or-no question into the smallest questions of fact that "
    "decide it, in the order in which they are to be answered. The last one may compare earlier answers. Write #1 for "
    "the answer to the first question, #2 for the answer to the second, and so on.\n\n"
    "Example:\nQuestion: Could a baby elephant be carried in a wheelbarrow?\n"
    "question = How many kilograms does a baby elephant weigh?\n"
    "question = How many kilograms can a wheelbarrow carry?\nquestion = Is #1 less than #2?",
    "answer": "You are the Actor: you answer a question of fact as briefly as possible, in a few words.",
    "correct": "You are the Monitor: you check an answer to a question and say whether it is correct.",
    "decide": "You are asked a yes-or-no question.",
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


def prompt(facts: Facts, dialect: Dialect) -> Prompt:
    """The facts, a line each; behind the module's word in ``compact``."""
    word = WORDS[type(facts)]
    lines = "\n".join(f"{label}: {text}" for label, text in _shown(facts))
    if dialect == "compact":
        return Prompt(f"{word}\n{lines}")
    style = f" {_STYLES[facts.style]}" if isinstance(facts, DecideFacts) else ""
    most = facts.most if isinstance(facts, PartsFacts) else 0
    return Prompt(f"{lines}\n\nEnd your answer with {_FORM[word].format(most=most)}", _DUTY[word] + style)


def _shown(facts: Facts) -> list[tuple[str, str]]:
    shown = [("Question", facts.question)]
    if isinstance(facts, AnswerFacts):
        shown += [("Not correct", answer) for answer in facts.rejected]
    elif isinstance(facts, CheckFacts):
        shown.append(("Answer", facts.answer))
    elif isinstance(facts, DecideFacts):
        shown += [line for part, answer in facts.told for line in (("Depends on", part), ("Found", answer))]
    return shown


def parse(facts: Facts, text: str, dialect: Dialect) -> str | Flag:
    """Sub-questions by lines; an answer in canonical form; ``"yes"`` or ``"no"``, and never one by default."""
    compact = dialect == "compact"
    found: str | None
    if isinstance(facts, PartsFacts):
        found = _parts(facts.most, text.splitlines() if compact else said(text, "question"))
    elif isinstance(facts, CheckFacts) and not compact:
        found = {True: CORRECT, False: "no", None: None}[passed(text, "correct")]
    else:
        answer = text if compact else (said(text, "answer") or [""])[-1]
        found = canonical(answer) if isinstance(facts, AnswerFacts) else _yes_or_no(answer)
    return Flag("misformatted", text[-200:]) if found is None else found


def _parts(most: int, lines: list[str]) -> str | None:
    parts = [" ".join(line.split()) for line in lines]
    good = 0 < len(parts) <= most and all(0 < len(part) <= LONGEST_PART for part in parts)
    return "\n".join(parts) if good else None


def canonical(text: str) -> str | None:
    """An answer without case, articles and a final stop; ``None`` if it is empty, long, or no text."""
    words = " ".join(text.split()).rstrip(".").lower()
    words = re.sub(r"^(?:an?|the) ", "", words)
    return words if 0 < len(words) <= LONGEST_ANSWER and words.isprintable() else None


def _yes_or_no(text: str) -> str | None:
    return {"yes": "yes", "true": "yes", "no": "no", "false": "no"}.get(text.lower().rstrip("."))

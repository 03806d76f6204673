"""Base of puzzles that are one small question a turn: what is shown, how it is worded, how the answer is read.

A subclass says what the puzzle is about, in several wordings, which facts a turn shows, and what an answer looks like.
The prompt's first word is the kind of question, the same in both dialects, so that an answer key can read it.
"""

import re
from typing import Any, ClassVar

import msgspec

from surefoot.decompose.modular_planner.wording import said
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task


class Shown(msgspec.Struct, frozen=True):
    """What a turn shows: the facts, as one line."""

    facts: str


def turn(kind: str, facts: str, tokens: int = 64) -> Step:
    """Build the question of one turn."""
    return Step(kind, Role.ACTOR, Shown(facts), tokens)


class Turns(Task, frozen=True, kw_only=True):
    """Base of a puzzle of one question a turn."""

    about: ClassVar[dict[str, tuple[str, ...]]] = {}
    """By kind of question: what it asks, in each wording; all wordings ask for the same."""
    form: ClassVar[dict[str, str]] = {}
    """By kind of question: how the answer is written, in words."""
    pattern: ClassVar[dict[str, str]] = {}
    """By kind of question: the regular expression that a whole answer matches."""
    wordings: ClassVar[int] = 2

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a turn: its kind and facts, in ``chat`` with what is asked as system message."""
        shown = f"{step.kind} {step.reads.facts}"
        if dialect == "compact":
            return Prompt(shown)
        asked = self.about[step.kind]
        form = f"End with one line in the form\nanswer = {self.form[step.kind]}"
        return Prompt(shown, f"{asked[wording % len(asked)]}\n{form}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a turn's answer: the last answer line, which must match the pattern as a whole."""
        answer = (said(text, "answer") or [""])[-1] if dialect == "chat" else text.strip()
        answer = " ".join(answer.split())
        return answer if re.fullmatch(self.pattern[step.kind], answer) else Flag("misformatted", text[-200:])

    def reply_schema(self, step: Step) -> dict[str, Any]:
        """Return the JSON schema of a turn's answer line."""
        return {"answer": {"type": "string"}}

"""A wording: how the questions of one kind are put to one model, found by ``surefoot tune`` or written by hand.

A wording is laid around what a task asks. It may change words, examples, their order and the answer cue; it has no
say in what ``parse`` accepts. An example whose question is the one that is asked is left out of the prompt: it would
hand the answer over, and a run must not see what is right.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from surefoot.decompose.step import Prompt
from surefoot.decompose.typed.template import Template

Form = Literal["text", "turns", "message"]
"""How examples and question are sent: as one text to go on with, as turns of a conversation, or as one message."""

FORMS: tuple[Form, ...] = ("text", "turns", "message")
ASKED = "question"
"""Name of the field that holds the question as the task words it."""


class Example(msgspec.Struct, frozen=True):
    """A question with its right answer, to be shown before the question that is asked.

    Attributes:
        question: As the task words it; the example is not shown where this very question is asked.
        answer: A reply that the task's ``parse`` reads as the right answer.
        fields: Facts of the question by name, for wordings that put the question in another text.
    """

    question: str
    answer: str
    fields: tuple[tuple[str, str], ...] = ()

    def named(self) -> dict[str, str]:
        """Return the facts of the question by name, the question as the task words it among them."""
        return {**dict(self.fields), ASKED: self.question}


class Wording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the questions of one kind are put.

    Attributes:
        form: How examples and question are sent.
        instruction: Sentences before everything else, in this order.
        question: The question with ``{fields}``; ``{question}`` is the text of the task.
        label: What stands before each question.
        cue: What stands after each question, and asks for the answer; in turns, what the answer begins with.
        gap: What stands after each example; an answer ends there, so no answer may hold it.
        examples: In this order.
    """

    form: Form = "message"
    instruction: tuple[str, ...] = ()
    question: str = "{question}"
    label: str = ""
    cue: str = ""
    gap: str = "\n\n"
    examples: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        Template(self.question)
        if not self.gap:
            raise ValueError("the gap of a wording is empty: nothing would part its examples")
        for example in self.examples:
            if self.gap in example.answer:
                raise ValueError(f"the gap of a wording, {self.gap!r}, is inside the answer of an example")


class Put(msgspec.Struct, frozen=True):
    """A question as a wording puts it.

    Attributes:
        prompt: What the model is shown, with the sequences at which the answer ends.
        turns: Questions and answers that come before it as turns of their own.
        prefill: What the answer begins with.
    """

    prompt: Prompt
    turns: tuple[tuple[str, str], ...] = ()
    prefill: str = ""


def put(wording: Wording, asked: Prompt, fields: Mapping[str, str]) -> Put:
    """Put a question in a wording.

    Args:
        wording: How.
        asked: The question as the task words it.
        fields: Its facts by name; ``question`` is added.

    Raises:
        ValueError: The wording names a field that the question does not have.
    """
    shown = [example for example in wording.examples if example.question != asked.user]
    question = _asked(wording, {**fields, ASKED: asked.user})
    if wording.form == "turns":
        system = "\n".join(filter(None, (asked.system, *wording.instruction)))
        cue = wording.cue.lstrip()  # it begins a turn
        turns = tuple((_asked(wording, one.named()), cue + one.answer) for one in shown)
        return Put(_like(asked, question, system, asked.stop), turns, cue)
    parts = [sentence + wording.gap for sentence in wording.instruction]
    parts += [_asked(wording, one.named()) + wording.cue + one.answer + wording.gap for one in shown]
    text = "".join(parts) + question + wording.cue
    if wording.form == "message":
        return Put(_like(asked, text, asked.system, asked.stop))
    before = f"{asked.system}{wording.gap}" if asked.system else ""
    return Put(_like(asked, before + text, "", tuple(dict.fromkeys((*asked.stop, wording.gap))), raw=True))


def _like(asked: Prompt, user: str, system: str, stop: tuple[str, ...], raw: bool = False) -> Prompt:
    """A prompt in other words; the choices that an answer is held to stay."""
    return msgspec.structs.replace(asked, user=user, system=system, stop=stop, raw=raw)


def _asked(wording: Wording, fields: Mapping[str, str]) -> str:
    """A question in the words of a wording, with its label."""
    template = Template(wording.question)
    template.check(fields)
    return wording.label + template.fill(fields)

"""Edits of a wording at three scales: of a token, of a segment, of the instruction (Thoughts-as-Planning, 2605.28842).

``Choices`` holds what may be chosen from. Which edits a wording allows, what one makes of it, and by which named
features wordings are compared are pure functions of both.

- token: add, delete or replace the label before a question, the cue after it, the gap between examples.
- segment: reorder two examples or two sentences; split one message into turns, or merge turns into one.
- instruction: add, delete or replace an example; add or delete a sentence; put the question in another text; change
  between a text to go on with and a conversation.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from surefoot.decompose.wordings.wording import Example, Form, Wording

Scale = Literal["token", "segment", "instruction"]
SCALES: tuple[Scale, ...] = ("token", "segment", "instruction")


class Edit(msgspec.Struct, frozen=True):
    """One change of a wording.

    Attributes:
        scale: Of what size.
        action: ``add``, ``delete``, ``replace``, ``reorder``, ``split``, ``merge`` or ``format``.
        part: Attribute of the wording.
        at: Place of what is changed, where the part is a list.
        to: Which of the choices is taken, or the place that it goes to.
    """

    scale: Scale
    action: str
    part: str
    at: int = 0
    to: int = 0


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What wordings of one kind of question are made of.

    Attributes:
        start: The wording that the search begins with.
        forms: How questions may be sent.
        sentences: Of instructions.
        questions: Texts for the question.
        labels: What may stand before a question.
        cues: What may stand after one.
        gaps: What may stand between examples.
        examples: That may be shown.
        most_examples: Of one wording.
    """

    start: Wording
    forms: tuple[Form, ...]
    sentences: tuple[str, ...]
    questions: tuple[str, ...]
    labels: tuple[str, ...]
    cues: tuple[str, ...]
    gaps: tuple[str, ...]
    examples: tuple[Example, ...]
    most_examples: int = 6

    def edits(self, wording: Wording, scale: Scale) -> list[Edit]:
        """Return all edits of one scale that change the wording."""
        return list(_EDITS[scale](self, wording))

    def edited(self, wording: Wording, edit: Edit) -> Wording:
        """Return the wording after an edit."""
        value = getattr(wording, edit.part)
        value = _relisted(self, value, edit) if isinstance(value, tuple) else self.choices_of(edit.part)[edit.to]
        changed: Wording = msgspec.structs.replace(wording, **{edit.part: value})
        return changed

    def choices_of(self, part: str) -> Sequence[Any]:
        """Return what may be chosen from for one attribute of a wording."""
        return {
            "form": self.forms, "question": self.questions, "label": self.labels, "cue": self.cues,
            "gap": self.gaps, "instruction": self.sentences, "examples": self.examples,
        }[part]  # fmt: skip

    def drawn(self, below: Callable[[int], int]) -> Wording:
        """Draw a wording from the whole space; ``below(n)`` gives a random whole number from 0 to n - 1."""

        def one(part: str) -> Any:
            choices = self.choices_of(part)
            return choices[below(len(choices))]

        def some(part: str, most: int) -> tuple[Any, ...]:
            left, count = list(self.choices_of(part)), below(most + 1)
            return tuple(left.pop(below(len(left))) for _ in range(min(count, len(left))))

        return Wording(
            form=one("form"), instruction=some("instruction", 2), question=one("question"), label=one("label"),
            cue=one("cue"), gap=one("gap"), examples=some("examples", self.most_examples),
        )  # fmt: skip

    def features(self, wording: Wording) -> frozenset[str]:
        """Name what wordings are compared by: parts, sentences, and which examples stand at all, first and last."""
        named = {f"{part} {getattr(wording, part)!r}" for part in ("form", "question", "label", "cue", "gap")}
        named |= {f"sentence {one!r}" for one in wording.instruction}
        named |= {f"examples {min(len(wording.examples), number)}" for number in range(1, len(wording.examples) + 1)}
        shown = [self.examples.index(one) for one in wording.examples if one in self.examples]
        named |= {f"example {number}" for number in shown}
        if len(shown) > 1:
            named |= {f"first {shown[0]}", f"last {shown[-1]}"}
        return frozenset(named)


def _tokens(choices: Choices, wording: Wording) -> Iterator[Edit]:
    for part in ("label", "cue", "gap"):
        now = getattr(wording, part)
        for number, other in enumerate(choices.choices_of(part)):
            if other != now:
                action = "add" if not now else "delete" if not other else "replace"
                yield Edit("token", action, part, to=number)


def _segments(choices: Choices, wording: Wording) -> Iterator[Edit]:
    for part in ("examples", "instruction"):
        count = len(getattr(wording, part))
        for at in range(count):
            yield from (Edit("segment", "reorder", part, at, to) for to in range(at + 1, count))
    for form, other, action in (("message", "turns", "split"), ("turns", "message", "merge")):
        if wording.form == form and other in choices.forms:
            yield Edit("segment", action, "form", to=choices.forms.index(other))


def _instructions(choices: Choices, wording: Wording) -> Iterator[Edit]:
    yield from _listed(choices, wording, "examples", choices.most_examples)
    yield from _listed(choices, wording, "instruction", len(choices.sentences))
    for part in ("question", "form"):
        now = getattr(wording, part)
        for number, other in enumerate(choices.choices_of(part)):
            # Between turns and one message is a matter of segments, not of the format.
            if other != now and (part == "question" or "text" in (now, other)):
                yield Edit("instruction", "format" if part == "form" else "replace", part, to=number)


def _listed(choices: Choices, wording: Wording, part: str, most: int) -> Iterator[Edit]:
    """Edits that add, delete or replace one of a list, none of which stands twice."""
    now, every = getattr(wording, part), choices.choices_of(part)
    for number, other in enumerate(every):
        if other in now:
            continue
        if len(now) < most:
            yield Edit("instruction", "add", part, len(now), number)
            if now:
                yield Edit("instruction", "add", part, 0, number)
        yield from (Edit("instruction", "replace", part, at, number) for at in range(len(now)))
    yield from (Edit("instruction", "delete", part, at) for at in range(len(now)))


def _relisted(choices: Choices, value: tuple[Any, ...], edit: Edit) -> tuple[Any, ...]:
    """A list after an edit."""
    new = list(value)
    if edit.action == "reorder":
        new[edit.at], new[edit.to] = new[edit.to], new[edit.at]
    elif edit.action == "delete":
        del new[edit.at]
    elif edit.action == "add":
        new.insert(edit.at, choices.choices_of(edit.part)[edit.to])
    else:
        new[edit.at] = choices.choices_of(edit.part)[edit.to]
    return tuple(new)


_EDITS: dict[Scale, Callable[[Choices, Wording], Iterator[Edit]]] = {
    "token": _tokens,
    "segment": _segments,
    "instruction": _instructions,
}

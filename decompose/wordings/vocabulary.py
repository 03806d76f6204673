"""What wordings are made of, whatever the question: forms, labels, cues, gaps and sentences that small models know."""

from collections.abc import Sequence

from surefoot.decompose.step import Prompt
from surefoot.decompose.wordings.edit import Choices
from surefoot.decompose.wordings.wording import ASKED, Example, Form, Wording

LABELS = ("", "Q: ", "Question: ", "Input: ", "- ")
CUES = ("", " ", " = ", " -> ", ": ", "\nA: ", "\nA:", "\nAnswer: ", "\nAnswer:")
GAPS = ("\n", "\n\n", "; ")
SENTENCES = (
    "Answer with the answer only.",
    "Continue in the same way.",
    "Every answer below is right.",
    "Be exact.",
    "Short questions and their answers.",
)


def choices_for(asked: Prompt, forms: Sequence[Form], questions: Sequence[str], pool: Sequence[Example]) -> Choices:
    """Return what may be chosen from for one kind of question.

    Args:
        asked: One such question as the task words it; the search begins with this.
        forms: How questions may be sent.
        questions: Other texts for the question.
        pool: Examples that may be shown.
    """
    gaps = tuple(gap for gap in GAPS if not any(gap in one.answer for one in pool)) or ("\n\n\n",)
    start = Wording(form="text" if asked.raw else "message", gap=gaps[0])
    return Choices(
        start=start,
        forms=tuple(dict.fromkeys((start.form, *forms))),
        sentences=SENTENCES,
        questions=tuple(dict.fromkeys((f"{{{ASKED}}}", *questions))),
        labels=LABELS,
        cues=CUES,
        gaps=gaps,
        examples=tuple(pool),
    )

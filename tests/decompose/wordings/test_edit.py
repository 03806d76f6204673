"""Edits at three scales change a wording within what may be chosen from, and can be taken back."""

import itertools
import random

import msgspec
import pytest

from surefoot.decompose.wordings.edit import SCALES, Choices, Edit
from surefoot.decompose.wordings.wording import Example, Wording

POOL = tuple(Example(f"{number} + 1", str(number + 1)) for number in range(5))
CHOICES = Choices(
    start=Wording(),
    forms=("text", "turns", "message"),
    sentences=("Add.", "Be brief."),
    questions=("{question}", "What is {question}?"),
    labels=("", "Q: "),
    cues=("", "\nA: ", " = "),
    gaps=("\n\n", "\n"),
    examples=POOL,
    most_examples=3,
)
FULL = Wording(form="turns", instruction=("Add.",), label="Q: ", examples=POOL[:3])


def actions(wording: Wording, scale: str) -> set[tuple[str, str]]:
    return {(edit.action, edit.part) for edit in CHOICES.edits(wording, scale)}  # type: ignore[arg-type]


def test_each_scale_has_the_edits_that_the_method_names() -> None:
    assert actions(Wording(), "token") == {("add", "label"), ("add", "cue"), ("replace", "gap")}
    assert actions(FULL, "token") == {("delete", "label"), ("add", "cue"), ("replace", "gap")}
    assert actions(FULL, "segment") == {("reorder", "examples"), ("merge", "form")}
    assert actions(Wording(), "segment") == {("split", "form")}
    assert actions(Wording(), "instruction") == {
        ("add", "examples"),
        ("add", "instruction"),
        ("replace", "question"),
        ("format", "form"),
    }
    assert actions(FULL, "instruction") == {
        *(("replace", part) for part in ("examples", "instruction", "question")),
        *(("delete", part) for part in ("examples", "instruction")),
        ("add", "instruction"),
        ("format", "form"),
    }


@pytest.mark.parametrize("wording", [Wording(), FULL, Wording(form="text", cue=" = ")])
def test_every_edit_changes_the_wording_and_stays_within_the_choices(wording: Wording) -> None:
    edits = [edit for scale in SCALES for edit in CHOICES.edits(wording, scale)]
    assert len(edits) == len(set(edits)) > 10
    for edit in edits:
        changed = CHOICES.edited(wording, edit)
        assert changed != wording
        assert len(changed.examples) <= CHOICES.most_examples
        assert len(set(changed.examples)) == len(changed.examples)
        assert len(set(changed.instruction)) == len(changed.instruction)
        for part in ("form", "question", "label", "cue", "gap"):
            assert getattr(changed, part) in CHOICES.choices_of(part)


def test_every_edit_can_be_taken_back_in_at_most_two() -> None:
    for scale in SCALES:
        for edit in CHOICES.edits(FULL, scale):
            changed = CHOICES.edited(FULL, edit)
            back = [CHOICES.edited(changed, e) for s in SCALES for e in CHOICES.edits(changed, s)]
            again = [CHOICES.edited(one, e) for one in back for e in CHOICES.edits(one, "segment")]
            assert FULL in back or FULL in again, edit


def test_order_is_a_matter_of_segments() -> None:
    swapped = CHOICES.edited(FULL, Edit("segment", "reorder", "examples", 0, 2))
    assert swapped.examples == (POOL[2], POOL[1], POOL[0])
    assert CHOICES.features(swapped) ^ CHOICES.features(FULL) == {"first 0", "first 2", "last 0", "last 2"}


def test_features_tell_wordings_apart() -> None:
    around = [CHOICES.edited(FULL, edit) for scale in SCALES for edit in CHOICES.edits(FULL, scale)]
    assert all(CHOICES.features(one) != CHOICES.features(FULL) for one in around if len(one.examples) != 3)
    one, other = (msgspec.structs.replace(FULL, cue=cue) for cue in CHOICES.cues[:2])
    assert CHOICES.features(one) ^ CHOICES.features(other) == {"cue ''", "cue '\\nA: '"}


def test_drawn_wordings_come_from_the_whole_space() -> None:
    dice = random.Random(1)
    drawn = [CHOICES.drawn(dice.randrange) for _ in range(300)]
    assert {one.form for one in drawn} == set(CHOICES.forms)
    assert {len(one.examples) for one in drawn} == {0, 1, 2, 3}
    assert {one.examples for one in drawn} >= set(itertools.permutations(POOL[:2], 1))
    assert all(len(set(one.examples)) == len(one.examples) for one in drawn)
    assert CHOICES.drawn(random.Random(1).randrange) == drawn[0]

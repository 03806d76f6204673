"""How an answer is found in a reply, and how a prompt is put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.modular_planner.wording import (
    LABELS,
    MODULE_WORDS,
    WORDINGS,
    answer,
    chat,
    compact,
    passed,
    said,
)
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.decompose.tasks.rooms import Rooms

WORLD = DigitLists(3)
CASTLE = Rooms(((1, 2), (2, 3)))
values = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)


@given(found=st.lists(values, max_size=6), before=st.sampled_from(["", "  ", "> ", "- ", "* ", "**", "\t"]))
def test_every_line_that_names_the_value_is_found_in_order(found: list[str], before: str) -> None:
    reply = "\n".join(line for value in found for line in ("So:", f"{before}Step = {value}", "stop = 1"))
    assert said(reply, "step") == found


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("steps = 3", "3"), ("STEPS=3", "3"), ("- steps  =  3 ", "3"), ("> **steps** = 3", None), ("steps = `3`", "3"),
        ('steps = "3"', "3"), ("steps: 3", None), ("my steps = 3", None), ("steps taken = 3", None), ("steps =", None),
        ("steps = 1 = 2", "1 = 2"), ("stepsis = 3", None), ("steps == 3", "= 3"),
    ],
)  # fmt: skip
def test_a_value_stands_behind_its_name_and_an_equals_sign(line: str, value: str | None) -> None:
    assert said(line, "steps") == ([] if value is None else [value])


def test_a_value_is_cut_before_it_is_looked_at() -> None:
    assert said("state = " + "x" * 100_000, "state") == ["x" * 4000]


@given(st.text(max_size=300))
def test_a_compact_answer_is_what_follows_the_last_sign(text: str) -> None:
    assert answer(f"{text} = yes") == "yes"
    assert answer("yes") == "yes"
    assert answer("3 = 1 + 2 = no rule1") == "no rule1"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("valid = yes", True), ("valid = Yes.", True), ("It is not easy to say.\nBut:\nvalid = yes", True),
        ("valid = no", False), ("valid = yes\nvalid = no", False), ("valid = no\nvalid = yes", True),
        ("valid = yes\nwhich is wrong", False), ("valid = yes\n\n   \n", True), ("", None), ("valid = perhaps", None),
        ("valid = yes\nvalid = maybe", None),
        ("I cannot tell", False), ("This breaks a rule", False), ("It is valid", None),
        ("valid = yes, but illegal", False),
    ],
)  # fmt: skip
def test_only_an_explicit_yes_that_is_not_taken_back_passes(reply: str, verdict: bool | None) -> None:
    assert passed(reply, "valid") is verdict


@given(st.text(max_size=200), st.sampled_from(["not", "invalid", "illegal", "cannot", "never", "violates", "breaks"]))
def test_no_reply_passes_whose_last_line_denies_it(text: str, word: str) -> None:
    assert passed(f"{text}\nvalid = yes\nit is {word} so", "valid") is not True


@pytest.mark.parametrize("role", MODULE_WORDS)
def test_a_compact_prompt_begins_with_the_module_s_word(role: str) -> None:
    assert compact(role, WORLD, "a", "b").user == f"{MODULE_WORDS[role]} a b"
    assert compact(role, CASTLE, "a").user == f"{MODULE_WORDS[role]} 1-2 2-3 | a"
    assert compact(role, CASTLE, "a").system == ""


@pytest.mark.parametrize("wording", range(2 * WORDINGS))
def test_a_chat_prompt_keeps_facts_apart_from_what_is_fixed(wording: int) -> None:
    duties = [f"duty number {number}" for number in range(WORDINGS)]
    prompt = chat(WORLD, "Monitor", duties, "one line", [("Current state", "HERE"), ("Goal", "YONDER")], wording)
    kind = wording % WORDINGS
    assert prompt.user == f"{LABELS['Current state'][kind]}: HERE\n{LABELS['Goal'][kind]}: YONDER"
    assert prompt.system.startswith(WORLD.description())
    assert f"duty number {kind}" in prompt.system
    assert "one line" in prompt.system
    assert "HERE" not in prompt.system


def test_facts_in_examples_go_by_the_names_of_the_prompt_s_wording() -> None:
    for wording in range(WORDINGS):
        system = chat(WORLD, "Monitor", ["duty"], "form", [], wording).system
        shown = {name for names in LABELS.values() for name in names if f"\n{name}: " in system}
        assert shown
        assert all(name in {names[wording] for names in LABELS.values()} for name in shown)


def test_a_remark_in_brackets_stays_behind_a_renamed_fact() -> None:
    shown = [("Do not propose (rule1)", "Move 1 from A to B"), ("Goal", "Goal: none")]
    user = chat(WORLD, "Actor", ["duty"], "form", shown, 1).user
    assert user == "Already ruled out (rule1): Move 1 from A to B\nWanted: Goal: none"

"""The example of half-known facts: its questions, its answer key, and a run of it."""

import importlib.util
import pathlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import surefoot
from surefoot.decompose.wordings.worded import facts_of
from surefoot.decompose.wordings.wording import Wording, put
from tests.docs.blocks import ROOT

KINDS = ("sum", "larger", "look-up")


@pytest.fixture(scope="module")
def facts() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("facts", ROOT / "docs" / "examples" / "facts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["facts"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["facts"]


@pytest.mark.parametrize("about", KINDS)
def test_the_key_answers_every_question_in_a_form_that_is_read(facts: ModuleType, about: str) -> None:
    task = facts.Facts(about=about)
    for number in range(40):
        step = task.sample_step(number)
        known = facts.answers(task.prompt(step, "chat"))
        right = {task.parse(step, text, "chat") for text in known.right}
        wrong = {task.parse(step, text, "chat") for text in known.wrong}
        assert len(right) == 1
        assert not right & wrong or about == "larger"
    step = task.sample_step(0)
    expected = {
        "sum": lambda: step.reads.a + step.reads.b,
        "larger": lambda: max(step.reads.a, step.reads.b),
        "look-up": lambda: dict(one.split(": ") for one in step.reads.entries.split(", "))[step.reads.word],
    }
    assert facts.answers(task.prompt(step, "chat")).right[0] == str(expected[about]())


@pytest.mark.parametrize("about", KINDS)
def test_other_texts_show_the_same_facts(facts: ModuleType, about: str) -> None:
    task = facts.Facts(about=about)
    step = task.sample_step(1)
    asked = task.prompt(step, "chat")
    named = facts_of(task, step, "chat", asked)
    for text in facts.Facts.question_forms[about]:
        shown = put(Wording(question=text), asked, named).prompt.user
        assert all(str(value) in shown for value in (named.get("a", ""), named.get("b", ""), named.get("word", "")))


def test_a_run_gives_the_list_of_answers(facts: ModuleType, tmp_path: pathlib.Path) -> None:
    run = surefoot.run(
        facts.Facts, "simulated:p_error=0.1", about="larger", count=12, k=3, dialect="chat", address="none",
        run_dir=tmp_path / "run",
    )  # fmt: skip
    truth = [facts.Facts(about="larger").sample_step(number).reads for number in range(12)]
    assert run.output == [max(pair.a, pair.b) for pair in truth]

"""Questions with known answers are told apart by their text and shared out so that none stands twice."""

import json
import pathlib

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt, Role, Step
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tuning.questions import IN_VAIN, TRIED, WANTED, by_file, by_key, known, sampled, shared_out
from surefoot.runtime.tuning.setup import (
    TuneOptions,
    choices_of,
    kind_of,
    questions_of,
    ready,
    refuse_models_of_one_wording,
    write_questions,
)
from tests.runtime.tuning.adders import Adder, Two, answers

TASK = RunConfig(task=f"{Adder.__module__}:Adder", model="m", dialect="chat")


class Silent(Adder, frozen=True, kw_only=True):
    """A task whose module has no answer key, as it is named below."""


def test_questions_of_a_kind_are_different_texts() -> None:
    texts = [Adder().prompt(step, "chat").user for step in sampled(Adder(), "add", "chat")]
    assert len(texts) == len(set(texts)) == WANTED < TRIED
    third = [step.reads for step in sampled(HanoiMicro(disks=5), "third", "micro")]
    assert len(third) == 6  # there are no more


def test_a_kind_with_few_questions_is_not_looked_through_for_long() -> None:
    drawn = []

    class Few(Adder, frozen=True, kw_only=True):
        def sample_step(self, number: int) -> Step:
            drawn.append(number)
            return Step("add", Role.ACTOR, Two(number % 5, 1))

    assert len(list(sampled(Few(), "add", "chat"))) == 5
    assert len(drawn) < IN_VAIN + 10


def test_a_kind_that_is_not_asked_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match="--kind moves: this task asks next, third"):
        list(sampled(HanoiMicro(disks=5), "moves", "micro"))


def test_questions_with_several_right_answers_are_left_out() -> None:
    def unsure(prompt: Prompt) -> Answers:
        found = answers(prompt)
        return found if prompt.user.endswith("7") else Answers((*found.right, *found.wrong), found.wrong)

    found = by_key(Adder(), "add", "chat", unsure)
    assert 0 < len(found) < WANTED
    assert all(one.example.question.endswith("7") for one in found)


def test_an_example_is_a_reply_that_the_task_reads() -> None:
    step = Step("add", Role.ACTOR, Two(2, 3))
    found = known(Adder(), step, "chat", "5")
    assert (found.right, found.example.answer) == ("5", "5")
    assert dict(found.example.fields) == {"a": "2", "b": "3"}
    with pytest.raises(ConfigurationError, match=r"the answer 'five' to '2 \+ 3' is discarded as misformatted"):
        known(Adder(), step, "chat", "five")


@pytest.mark.parametrize("count", [4, 6, 20, 72])
def test_shares_are_disjoint_and_whole(count: int) -> None:
    every = by_key(Adder(), "add", "chat", answers)[:count]
    shared = shared_out(every, 1)
    parts = (shared.examples, shared.searched, shared.held_out)
    assert all(parts)
    texts = [one.example.question for part in parts for one in part]
    assert sorted(texts) == sorted(one.example.question for one in every)
    assert shared_out(every, 1) == shared
    assert count == 4 or shared_out(every, 2) != shared


def test_too_few_questions_are_said() -> None:
    with pytest.raises(ConfigurationError, match="3 different questions with one right answer: tune needs 4"):
        shared_out(by_key(Adder(), "add", "chat", answers)[:3], 0)


def test_a_user_answers_by_hand_what_was_written_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "questions.jsonl"
    count = write_questions(path, TASK, Adder(), "add")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == count == WANTED
    assert {line["answer"] for line in lines} == {""}
    with pytest.raises(ConfigurationError, match="is there already"):
        write_questions(path, TASK, Adder(), "add")
    for line in lines[:10]:
        line["answer"] = str(eval(line["question"]))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = questions_of(TASK, Adder(), "add", str(path))
    assert [one.example.question for one in found] == [line["question"] for line in lines[:10]]


def test_files_of_answers_are_read_as_those_of_a_stranger(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "answers.jsonl"
    for text, complaint in (
        ('{"question": "1 + 1"}\n', "missing required field `answer`"),
        ("[]\n", "Expected `object`"),
        ("\xff", "malformed"),
        ('{"question": "what is love?", "answer": "3"}\n', "no question of kind add with the text 'what is love"),
    ):
        path.write_text(text, encoding="latin-1")
        with pytest.raises(ConfigurationError, match=complaint):
            questions_of(TASK, Adder(), "add", str(path))
    with pytest.raises(ConfigurationError, match="No such file"):
        questions_of(TASK, Adder(), "add", str(tmp_path / "none"))
    assert by_file(Adder(), "add", "chat", {}) == []


def test_a_task_without_a_key_is_told_how_to_go_on() -> None:
    config = RunConfig(task="tests.runtime.tuning.test_tuning:Adder", model="m", dialect="chat")
    with pytest.raises(ConfigurationError, match="has no answer key; answer some questions by hand: --questions FILE"):
        questions_of(config, Adder(), "add", None)


def test_the_one_kind_need_not_be_named() -> None:
    assert kind_of(Adder(), None) == "add"
    assert kind_of(Adder(), "other") == "other"
    with pytest.raises(ConfigurationError, match="several kinds: name one, --kind next"):
        kind_of(HanoiMicro(disks=5), None)


def test_models_that_read_no_other_wordings_are_refused() -> None:
    for task, model in (("hanoi", "bundled"), ("hanoi", "simulated:p_error=0.1"), ("map", "openai/x")):
        with pytest.raises(ConfigurationError):
            refuse_models_of_one_wording(RunConfig(task=task, model=model))
    refuse_models_of_one_wording(RunConfig(task=TASK.task, model="simulated"))


def test_wordings_are_made_of_what_the_model_and_the_task_offer() -> None:
    questions, choices = ready(TASK, Adder(), TuneOptions(), "add")
    assert choices.forms == ("message", "turns")
    assert choices.questions == ("{question}", "{a} plus {b}")
    assert {one.question for one in choices.examples} == {one.example.question for one in questions.examples}
    local = RunConfig(task=TASK.task, model="smollm2", dialect="chat")
    assert set(choices_of(local, Adder(), questions).forms) == {"text", "turns", "message"}
    micro = RunConfig(task="hanoi", task_options={"disks": 9}, model="smollm2")
    _, raw = ready(micro, HanoiMicro(disks=9), TuneOptions(), "third")
    assert raw.start.form == "text"
    assert raw.questions == ("{question}", "{question_1}", "{question_2}")


def test_budgets_are_checked() -> None:
    assert TuneOptions(answers=7, draws=2).budget().answers == 6
    with pytest.raises(ConfigurationError, match="--draws 3 are more than --answers 2"):
        TuneOptions(answers=2, draws=3).budget()
    with pytest.raises(ConfigurationError, match="unknown search 'luck'"):
        TuneOptions(searches="planning,luck").budget()
    with pytest.raises(ConfigurationError, match="--searches names none of planning, random, hill-climbing"):
        TuneOptions(searches=" ,").budget()

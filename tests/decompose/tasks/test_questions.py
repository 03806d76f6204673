"""Question files: placeholders carry answers, the Monitor fails closed, no run sees the file's answers."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys.questions import answers_of
from surefoot.decompose.plan import Ref
from surefoot.decompose.referees import questions as referee
from surefoot.decompose.step import Dialect, Done, Flag, Role, Step
from surefoot.decompose.tasks.question_wordings import CheckFacts
from surefoot.decompose.tasks.questions import RETRIES, Decision, Part, Questions

FILE = (pathlib.Path(__file__).parents[2] / "data" / "questions.json").read_text()
ENTRIES: list[dict[str, Any]] = json.loads(FILE)
DIALECTS: tuple[Dialect, ...] = ("chat", "compact")


def part(text: str, *inputs: str, answer: Callable[[Step], str], **options: Any) -> tuple[Done, list[Step]]:
    """Run the chain of one sub-question."""
    task, goal = Questions(file=FILE, **options), Part(text)
    state, asked = task.begin(goal, inputs), []
    while not isinstance(step := task.next_step(goal, state), Done):
        asked.append(step)
        state = task.advance(goal, state, answer(step))
    return step, asked


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_question_is_answered_rightly_by_right_modules(grow: Any, dialect: Dialect) -> None:
    task = Questions(file=FILE)
    key, marking = answers_of({"file": FILE}), referee.of_task(task)
    assert {entry["answer"] for entry in ENTRIES} == {True, False}
    for problem in task.suite():
        output = grow(task, key, dialect, problem, (problem.start,))
        assert marking.judge(problem, tuple(output["plan"])).reached_goal


def test_a_placeholder_reads_the_answer_it_names_and_no_other() -> None:
    task = Questions(file=FILE)
    candidate = "How many legs has a spider?\nHow many has a dog?\nWhat is two times #2?\nIs #1 more than #3?"
    children = task.expand(task.problem_of_run(), ("open",), candidate).children
    assert [child.inputs for child in children[:4]] == [(), (), (Ref(1),), (Ref(0), Ref(2))]
    assert children[4].inputs == (Ref(0), Ref(1), Ref(2), Ref(3))
    assert isinstance(children[4].goal, Decision)
    step = task.next_step(children[3].goal, task.begin(children[3].goal, ("8", "10")))
    assert isinstance(step, Step)
    for dialect in DIALECTS:
        assert "Is 8 more than 10?" in task.prompt(step, dialect).user
    decided = task.next_step(children[4].goal, task.begin(children[4].goal, ("8", "4", "8", "no")))
    assert isinstance(decided, Step)
    assert decided.role is Role.PREDICTOR
    assert decided.reads.told[2:] == (("What is two times 4?", "8"), ("Is 8 more than 8?", "no"))


@pytest.mark.parametrize(
    "candidate", ["Is #1 large?", "What is it?\nIs #2 large?", "What is it?\nIs #3 large?\nIs #0 so?"]
)
def test_a_placeholder_without_an_answer_is_flagged(candidate: str) -> None:
    task = Questions(file=FILE)
    step = task.decomposition_step(task.problem_of_run(), ("open",))
    assert step is not None
    flag = task.check(step, candidate)
    assert flag is not None
    assert flag.name == "inconsistent"
    assert task.check(step, "What is it?\nIs #1 large?") is None


def test_a_mistake_travels_to_the_decision() -> None:
    """The placebo of the flow: a key that is told one wrong answer decides the other way."""
    task, key = Questions(file=FILE), answers_of({"file": FILE})
    entry = ENTRIES[0]
    parts = tuple(entry["decomposition"])
    for found, right in (
        (tuple(entry["answers"]), entry["answer"]),
        (("6", *entry["answers"][1:]), not entry["answer"]),
    ):
        goal = Decision(entry["question"], parts)
        step = task.next_step(goal, task.begin(goal, found))
        assert isinstance(step, Step)
        assert key(task.prompt(step, "compact")).right == ("yes" if right else "no",)


def asked_alone(entry: dict[str, Any]) -> dict[str, Any]:
    """What is no secret of an entry, and its answer."""
    return {key: entry[key] for key in ("qid", "question", "answer")}


def test_no_prompt_depends_on_what_only_the_referee_may_see() -> None:
    """Answers turned round and everything else removed: the same steps, the same prompts; only the referee notices."""
    bare = json.dumps([{**entry, "answer": not entry["answer"]} for entry in map(asked_alone, ENTRIES)])
    seeing, blind = Questions(file=FILE, number=3), Questions(file=bare, number=3)
    assert seeing.root() == blind.root()
    step = seeing.decomposition_step(seeing.root().goal, ("open",))
    assert step == blind.decomposition_step(blind.root().goal, ("open",))
    assert step is not None
    assert seeing.prompt(step, "chat") == blind.prompt(step, "chat")
    for word in ("facts", "decomposition", "true", ENTRIES[2]["decomposition"][0]):
        assert word not in seeing.prompt(step, "chat").user
    one, other = (referee.of_task(task).judge(task.problem_of_run(), ("yes",)) for task in (seeing, blind))
    assert (one.reached_goal, other.reached_goal) == (True, False)


def test_an_answer_that_does_not_pass_is_asked_for_again() -> None:
    said = iter(["seven", "no", "eight", "yes"])
    done, asked = part("How many legs has a spider?", answer=lambda step: next(said))
    assert (done.output, done.failure) == ("eight", "")
    assert [step.kind for step in asked] == ["answer", "correct", "answer", "correct"]
    assert asked[2].reads.rejected == ("seven",)


def test_as_published_each_sub_question_is_shown_all_answers_before_it() -> None:
    candidate = "How many legs has a spider?\nHow many has a dog?\nIs #1 more than #2?"
    task = Questions(file=FILE, preset="paper")
    children = task.expand(task.problem_of_run(), ("open",), candidate).children
    assert [child.inputs for child in children[:3]] == [(), (Ref(0),), (Ref(0), Ref(1))]
    step = task.next_step(children[2].goal, task.begin(children[2].goal, ("8", "4")))
    assert isinstance(step, Step)
    told = (("How many legs has a spider?", "8"), ("How many has a dog?", "4"))
    assert (step.reads.question, step.reads.told) == ("Is 8 more than 4?", told)
    state = task.advance(children[2].goal, task.begin(children[2].goal, ("8", "4")), "yes")
    checked = task.next_step(children[2].goal, state)
    assert isinstance(checked, Step)
    assert checked.reads.told == told
    for dialect in DIALECTS:
        assert "Asked before: How many has a dog?\nAnswered: 4" in task.prompt(checked, dialect).user
        assert answers_of({"file": FILE})(task.prompt(checked, dialect)).right
    alone = Questions(file=FILE, preset="paper", without="history").expand(task.problem_of_run(), ("open",), candidate)
    assert [child.inputs for child in alone.children[:3]] == [(), (), (Ref(0), Ref(1))]


def test_as_published_the_actor_is_told_what_the_monitor_said() -> None:
    task = Questions(file=FILE, preset="paper")
    goal, said = Part("How many legs has a spider?"), "Spiders have eight.\ncorrect = no"
    state = task.advance(goal, task.begin(goal, ()), "seven")
    check = task.next_step(goal, state)
    assert isinstance(check, Step)
    verdict = task.parse(check, said, "chat")
    assert verdict == "no: Spiders have eight."
    assert task.same(check, str(verdict), "no: It is not.")
    assert not task.same(check, str(verdict), "yes")
    again = task.next_step(goal, task.advance(goal, state, str(verdict)))
    assert isinstance(again, Step)
    shown = task.prompt(again, "chat").user
    assert "Not correct: seven\nThe Monitor said: Spiders have eight." in shown
    ours = Questions(file=FILE).parse(Step("correct", Role.MONITOR, CheckFacts("a?", "b")), said, "chat")
    assert ours == "no"


def test_an_answer_that_never_passes_fails_and_is_used_only_as_published() -> None:
    def never(step: Step) -> str:
        return "no" if step.kind == "correct" else "nine"

    done, asked = part("How many legs has a spider?", answer=never)
    assert "passed the Monitor" in done.failure
    assert len(asked) == 2 * (RETRIES + 1)
    as_published, asked = part("How many legs has a spider?", answer=never, preset="paper")
    assert (as_published.output, as_published.failure) == ("nine", "")
    assert len(asked) == 2 * RETRIES
    assert part("How many legs has a spider?", answer=never, preset="paper", without="resort")[0].failure
    unchecked, asked = part("How many legs has a spider?", answer=never, without="monitor")
    assert (unchecked.output, len(asked)) == ("nine", 1)


@pytest.mark.parametrize("text", ["", "perhaps", "It depends on the spider.", "answer = maybe", "answer = yes or no"])
def test_an_undecided_reply_is_spoiled_never_a_yes(text: str) -> None:
    """The published code takes what it cannot read for true."""
    task = Questions(file=FILE, method="zero-shot")
    step = task.next_step(task.problem_of_run(), task.begin(task.problem_of_run(), ("open",)))
    assert isinstance(step, Step)
    for dialect in DIALECTS:
        assert isinstance(task.parse(step, text, dialect), Flag)
    assert task.parse(step, "A dog has 4 legs.\nanswer = True.", "chat") == "yes"


def test_answers_are_compared_in_one_form_and_never_grow() -> None:
    task = Questions(file=FILE)
    step = task.next_step(Part("Who?"), task.begin(Part("Who?"), ()))
    assert isinstance(step, Step)
    assert task.parse(step, "answer = The  Nile.", "chat") == task.parse(step, "nile", "compact") == "nile"
    for text in ("x" * 121, "answer =", "a\x1b[2Jb"):
        assert isinstance(task.parse(step, text, "compact"), Flag if text != "answer =" else str)
        assert isinstance(task.parse(step, f"answer = {text}" if text != "answer =" else text, "chat"), Flag)


@pytest.mark.parametrize("method", ["zero-shot", "in-context", "cot", "best-of-n"])
def test_baselines_ask_the_question_itself(method: str, walk: Any) -> None:
    task = Questions(file=FILE, method=method, plans=5)
    steps, _, output = walk(task, answers_of({"file": FILE}), "chat")
    assert len(steps) == (5 if method == "best-of-n" else 1)
    assert {step.lead for step in steps} == {1}
    assert referee.of_task(task).judge(task.problem_of_run(), tuple(output["plan"])).reached_goal


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("{}", "no question"), ("[]", "no question"), ('[{"term": "x"}]', "question"), ('[{"question": " "}]', "empty"),
        ("[", "truncated"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_an_error_of_one_line(file: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        Questions(file=file)
    assert "\n" not in str(error.value)


def test_a_question_that_is_not_there_and_a_missing_file_are_errors() -> None:
    with pytest.raises(ValueError, match="has 16"):
        Questions(file=FILE, number=17)
    with pytest.raises(ValueError, match="--file"):
        Questions()

"""The answer key of generated problems: right by the referee, from prompts alone, and wrong where it says so."""

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.problem_parts import filled, parts_of
from surefoot.decompose.answer_keys.problems import KINDS, answers, mistaken, slips, told_by
from surefoot.decompose.methods.asking import Asked, Asking
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Done, Flag, Prompt, Step
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems.families import FAMILIES
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile

BASELINES = ("direct", "chain-of-thought", "self-ask")


def walked(task: Generated, number: int = 0) -> tuple[str, list[Answers]]:
    """The answer to a question with right replies to every step, and all replies on the way."""
    node = task.posed(number, task.questions()[number])
    state, seen = task.begin(node.goal, node.inputs), []
    while not isinstance(asked := task.next_step(node.goal, state), Done):
        assert isinstance(asked, Step)
        known = answers(task.prompt(asked, "chat"))
        seen.append(known)
        said = task.parse(asked, known.right[0], "chat")
        assert isinstance(said, str), said
        for slip in known.wrong:
            read = task.parse(asked, slip, "chat")
            assert isinstance(read, str), (read, slip)
            assert read != said
        state = task.advance(node.goal, state, said)
    return asked.output, seen


@pytest.mark.parametrize("method", BASELINES)
@pytest.mark.parametrize("family", FAMILIES)
def test_right_replies_lead_to_the_exact_answer(family: str, method: str) -> None:
    task = Generated(family=family, length=5, count=6, method=method)
    for number, question in enumerate(task.questions()):
        output, seen = walked(task, number)
        assert output == answer_of(question, task.context(number))
        assert all(known.wrong for known in seen)


def test_every_kind_of_question_has_an_answer() -> None:
    kinds = {kind for make in METHODS.values() if isinstance(found := make(0), Asking) for kind in found.wordings}
    assert set(KINDS) == kinds


def test_a_follow_up_builds_on_a_wrong_answer() -> None:
    """The key reads what the prompt shows: a mistake shown is gone on with, as a model would."""
    task = Generated(family="chains", length=2, method="self-ask")
    state = task.begin(task.root().goal, ())
    asked = task.next_step(task.root().goal, state)
    for said in (answers(task.prompt(asked, "chat")).right[0], "55"):  # type: ignore[arg-type]
        state = task.advance(task.root().goal, state, said)
    asked = task.next_step(task.root().goal, state)
    assert isinstance(asked, Step)
    assert answers(task.prompt(asked, "chat")).right[0].startswith("Follow up: What is (55 ")


def test_a_prompt_is_read_as_it_was_written() -> None:
    task = Generated(family="ledger", length=3)
    step = task.sample_step(0)
    told = told_by(task.prompt(step, "chat"))
    assert told.kind == "answer"
    assert told.question == task.questions()[0]
    assert told.all("Context") == (task.context(0),)
    assert isinstance(step.reads, Asked)


def test_what_is_no_question_of_a_method_is_refused() -> None:
    for text in ("", "Say hello.", "Answer the question.\n\nQuestion: Who are you?\n\nEnd"):
        with pytest.raises(ValueError, match="not a question of"):
            answers(Prompt(text))


def test_slips_are_in_form_and_never_right() -> None:
    for question, right in (("What is 3 + 4?", "7"), ("What is true or false?", "true"), ("What is 0 * 4?", "0")):
        task = Generated()
        for slip in slips(question, right):
            assert task.read_answer(slip) == slip != right
            assert not isinstance(slip, Flag)


def test_a_simulated_model_errs_in_each_operation_of_a_question() -> None:
    """One in a hundred operations: 60 at once go wrong in about 1 - 0.99 ** 60 = 45 %, one alone in 1 %."""

    def errors(length: int) -> int:
        task = Generated(family="chains", length=length, count=1)
        model = SimulatedModel(answers, parse_profile("p_error=0.01"))
        prompt = task.prompt(task.sample_step(0), "compact")
        right = f"Answer: {answer_of(task.questions()[0])}"
        request = Request(prompt, (0,), 1.0, 64, 0)
        return sum(model.reply(request, draw).text != right for draw in range(1000))

    assert 2 <= errors(1) <= 20
    assert 400 <= errors(60) <= 500


@pytest.mark.parametrize("family", ["expressions", "graphs", "chains", "dictionary"])
def test_every_mistake_of_a_decomposer_is_a_question_that_has_an_answer(family: str) -> None:
    """Else a run would end where the solver is asked about it, rather than with a wrong answer."""
    for question in Generated(family=family, length=4, count=20).questions():
        known: tuple[str, ...] = ()
        for part in parts_of(question):
            for slip in mistaken(part):
                assert slip != part
                answer_of(filled(slip, known))
            known = (*known, answer_of(filled(part, known)))

"""Tower of Hanoi by questions of one fact: what the code does, and that it does nothing without the model's answers."""

import itertools
import random
from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.referees.hanoi import verify
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.hanoi_micro import OFFSET, HanoiMicro, Number, Pair, counting
from surefoot.decompose.tasks.micro_prompts import WAYS, number_in
from tests.decompose.tasks.micro_walks import right_by, walk

right = right_by(answers)
TOWERS = [HanoiMicro(disks=n, start=a, goal=b) for n in range(1, 8) for a, b in (("a", "c"), ("b", "a"), ("a", "b"))]


@pytest.mark.parametrize("task", TOWERS, ids=lambda t: f"{t.disks}{t.start}{t.goal}")
def test_right_answers_make_every_move(task: HanoiMicro) -> None:
    done = walk(task, right)
    steps = done.steps
    assert done.output == task.goal * task.disks
    found = verify(task, done)
    assert (found.valid, found.reached_goal, found.steps) == (True, True, 2**task.disks - 1)
    goal = task.root().goal
    assert len(steps) == task.size(goal, ()) == task.outline(31).steps
    assert sum(step.kind == "next" for step in steps) == counting(task.disks, goal)


def guess(rng: random.Random) -> Callable[[HanoiMicro, Step], str]:
    """Answers in perfect form that know nothing."""

    def say(task: HanoiMicro, step: Step) -> str:
        return rng.choice("abc") if step.kind == "third" else str(rng.randint(1, task.disks + 1))

    return say


def test_answers_that_know_nothing_never_move_a_tower() -> None:
    task = HanoiMicro(disks=5)
    ends = [walk(task, guess(random.Random(seed))) for seed in range(300)]
    assert not any(end.output == task.goal * task.disks for end in ends)


@pytest.mark.parametrize("disks", range(1, 7))
def test_one_wrong_answer_ends_the_chain_with_its_promise_unkept(disks: int) -> None:
    """Nothing puts a wrong answer right: the code has no facts of its own. Placebo: the answers as they were."""
    task = HanoiMicro(disks=disks)
    steps = walk(task, right).steps
    largest = {number for number, step in enumerate(steps) if step.kind == "next"}
    for number in range(-1, len(steps)):
        end = walk(task, slip(number))
        # A count that says "past the largest disk" where it only comes to that later has said nothing wrong yet.
        assert (end.output == task.goal * disks) == (number < 0) or number in largest


def slip(at: int) -> Callable[[HanoiMicro, Step], str]:
    """Right answers but for one."""
    numbers = itertools.count()

    def say(task: HanoiMicro, step: Step) -> str:
        answer = right(task, step)
        if next(numbers) != at:
            return answer
        return next(peg for peg in "abc" if peg != answer) if step.kind == "third" else str(int(answer) + 1)

    return say


def test_a_count_that_skips_the_other_disk_breaks_a_rule() -> None:
    task = HanoiMicro(disks=5)
    steps = walk(task, right).steps
    met = [
        number
        for number, step in enumerate(steps)
        if step.kind == "next" and int(step.candidate) == step.state.state.find(step.state.ahead) + 1
    ]
    assert met
    for number in met:
        assert walk(task, slip(number)).output != task.goal * 5


def test_no_step_is_made_without_an_answer() -> None:
    for task in TOWERS:
        root = task.root()
        assert isinstance(task.next_step(root.goal, task.begin(root.goal, root.inputs)), Step)
        assert task.decomposition_step(root.goal, root.inputs) is None


@pytest.mark.parametrize("wording", range(WAYS))
def test_prompts_hold_the_question_and_not_the_answer(wording: int) -> None:
    task = HanoiMicro(disks=20)
    for one, other in itertools.permutations("abc", 2):
        prompt = task.prompt(Step("third", Role.ACTOR, Pair(one, other)), "micro", wording)
        (third,) = set("ABC") - {one.upper(), other.upper()}
        assert prompt.raw
        assert f"Pegs {one.upper()}, {other.upper()}, {third}" not in prompt.user
        assert answers(prompt).right == (f" {third}",)
    for disk in range(1, 31):
        prompt = task.prompt(Step("next", Role.ACTOR, Number(disk)), "micro", wording)
        assert prompt.user.endswith(f", {OFFSET + disk}, ")
        assert str(OFFSET + disk + 1) not in prompt.user
        assert "," in prompt.stop


def test_other_wordings_are_other_prompts() -> None:
    task = HanoiMicro(disks=5)
    for facts in (Pair("a", "c"), Number(3)):
        step = Step("third" if isinstance(facts, Pair) else "next", Role.ACTOR, facts)
        assert len({task.prompt(step, "micro", wording).user for wording in range(WAYS)}) == WAYS


@pytest.mark.parametrize("text", ["", "a", "D", "B C", "the third peg is B", "1", "\x00", "B" * 99])
def test_a_peg_is_one_letter(text: str) -> None:
    found = HanoiMicro().parse(Step("third", Role.ACTOR, Pair("a", "c")), text, "micro")
    assert isinstance(found, Flag)


def test_a_peg_that_was_shown_is_an_answer_too() -> None:
    """Were it flagged, a model that guesses would be left with the right answer alone."""
    task, step = HanoiMicro(), Step("third", Role.ACTOR, Pair("a", "c"))
    for letter in "ABC":
        assert task.parse(step, f" {letter}", "micro") == letter.lower()
        assert task.check(step, letter.lower()) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("21", 21), ("21]. ", 21), ("21 22", 21), ("", None), (" 21", None), ("021", None), ("-21", None), ("x", None),
     ("99999", None), ("٢١", None), ("21٣", 21)],
)  # fmt: skip
def test_a_number_ends_at_the_first_other_character(text: str, number: int | None) -> None:
    assert number_in(text) == number


def test_samples_are_questions_of_the_tower() -> None:
    task = HanoiMicro(disks=6)
    samples = [task.sample_step(number) for number in range(200)]
    assert samples == [task.sample_step(number) for number in range(200)]
    assert {step.kind for step in samples} == {"third", "next"}
    steps = walk(task, right).steps
    asked = {(step.kind, repr(step.reads)) for step in steps}
    assert {(step.kind, repr(step.reads)) for step in samples if step.kind == "third"} <= {
        *asked, *(("third", repr(Pair(*pair))) for pair in itertools.permutations("abc", 2))
    }  # fmt: skip


def test_the_mode_is_named_with_the_facts_a_step() -> None:
    assert HanoiMicro(disks=7).mode().startswith("mode micro: 180 facts for 127 moves, 1.42 facts a step")

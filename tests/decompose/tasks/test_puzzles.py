"""Puzzles that people quote: solved by right answers in both dialects, judged by referees, wrong plans refused."""

import importlib
from typing import Any

import pytest

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.step import Dialect, Done, Flag, Step
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.tasks.checkers import Checkers, moved, places, plain
from surefoot.decompose.tasks.dictionary_sum import DictionarySum
from surefoot.decompose.tasks.ledger import Ledger, edited, instruction, said
from surefoot.decompose.tasks.river import River
from surefoot.decompose.tasks.sort import Merged, Sort, Sorted
from surefoot.decompose.tasks.stacks import Stacks
from tests.decompose.finished import Finished

DIALECTS: tuple[Dialect, ...] = ("chat", "compact")


def part(folder: str, name: str) -> Any:
    return importlib.import_module(f"surefoot.decompose.{folder}.{name}")


def chain(
    task: Any, name: str, dialect: Dialect = "chat", slip: int = -1, goal: Any = None, inputs: Any = None
) -> Finished:
    """Run a chain by its key's right answers; at one step by the first wrong one that can be read."""
    key = part("answer_keys", name).answers
    root = task.root()
    goal, inputs = goal or root.goal, inputs or root.inputs
    state, steps = task.begin(goal, inputs), []
    while isinstance(step := task.next_step(goal, state), Step):
        known = key(task.prompt(step, dialect))
        texts = known.wrong if len(steps) == slip else known.right
        read = [task.parse(step, text, dialect) for text in texts]
        good = [one for one in read if not isinstance(one, Flag)]
        assert good or slip >= 0
        steps.append(PlanStep(step.kind, step.reads, str(good[0]), state))
        state = task.advance(goal, state, str(good[0]))
    assert isinstance(step, Done)
    return Finished(steps, step.output)


@pytest.mark.parametrize("name", ["checkers", "sort", "dictionary-sum", "ledger", "river", "stacks"])
def test_each_puzzle_comes_with_task_key_and_referee(name: str) -> None:
    assert name in BUILT_IN_TASKS
    module = name.replace("-", "_")
    assert callable(part("answer_keys", module).answers)
    assert callable(part("referees", module).verify)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_checkers_change_places_in_the_known_number_of_moves(dialect: Dialect, count: int) -> None:
    task = Checkers(checkers=count)
    plan = chain(task, "checkers", dialect)
    assert len(list(task.answer(plan.output, iter(plan)))) == (count + 1) ** 2 - 1 == task.size("swap", ())
    found = part("referees", "checkers").verify(task, plan)
    assert (found.valid, found.reached_goal) == (True, True)
    assert plan.output == task.root().promise


def test_a_losing_move_is_legal_and_breaks_the_promise() -> None:
    """What LEAD is about: nothing that the step shows speaks against it."""
    task = Checkers(checkers=3)
    step = task.sample_step(0)
    second = task.next_step("swap", "RRR_BBB".replace("R_", "_R"))
    assert isinstance(second, Step)
    lost = "2 R_RRBBB"
    assert task.check(second, lost) is None
    assert not part("answer_keys", "checkers").can_be_won("R_RRBBB")
    flag = task.check(step, "1 _RRRBBB")
    assert flag is not None
    assert flag.name == "illegal"
    wrong = task.check(step, "3 RRR_BBB")
    assert wrong is not None
    assert wrong.name == "inconsistent"


def test_a_checker_that_cannot_move_ends_the_referee_s_game() -> None:
    task = Checkers(checkers=2)
    plan = chain(task, "checkers")
    bad = Finished([PlanStep("jump", None, "1 whatever"), *plan], plan.output)
    found = part("referees", "checkers").verify(task, bad)
    assert (found.valid, found.steps) == (False, 0)
    short = part("referees", "checkers").verify(task, Finished(list(plan)[:-1], plan.output))
    assert (short.valid, short.reached_goal) == (True, False)


def test_other_letters_make_another_prompt_with_the_same_answer() -> None:
    task = Checkers(checkers=3)
    step = task.sample_step(0)
    other = task.relabel(step, 1)
    assert other.reads.facts == "XXX_OOO"
    asked = task.prompt(other, "chat", 1)
    assert "(X)" in asked.system
    assert "(R)" not in asked.system
    key = part("answer_keys", "checkers").answers
    right = task.parse(other, key(asked).right[0], "chat")
    assert task.check(other, str(right)) is None
    assert task.unlabel(str(right), 1) == task.parse(step, key(task.prompt(step, "chat")).right[0], "chat")
    assert plain("3 XX_XOOO") == "3 RR_RBBB"


@pytest.mark.parametrize(("row", "can_move"), [("RR_BB", [2, 4]), ("R_RBB", [1, 4]), ("RB_RB", [1, 5]), ("BB_RR", [])])
def test_only_steps_and_jumps_over_the_other_colour_are_moves(row: str, can_move: list[int]) -> None:
    assert places(row) == can_move
    for place in can_move:
        assert sorted(moved(row, place)) == sorted(row)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("numbers", ["3 1 2", "5", "2 2 1 1", "-7 0 7 -70 12 3 3 -1", "[9, 8, 7]"])
def test_lists_are_sorted_by_comparisons(dialect: Dialect, numbers: str) -> None:
    task = Sort(numbers=numbers)

    def run(goal: Any, inputs: Any) -> Any:
        split = task.decomposition_step(goal, inputs)
        if split is None:
            return chain(task, "sort", dialect, goal=goal, inputs=inputs).output
        left, right = (run(child.goal, (child.inputs[0].value,)) for child in split.children[:2])  # type: ignore[union-attr]
        return run(split.children[2].goal, (left, right))

    output = run(task.root().goal, task.root().inputs)
    assert output == sorted(task.listed())
    assert part("referees", "sort").verify(task, Finished([], output)).reached_goal
    assert not part("referees", "sort").verify(task, Finished([], [*output[::-1], 1])).reached_goal


def test_sorting_splits_without_a_question_and_takes_few_comparisons() -> None:
    task = Sort(length=64)
    numbers = task.listed()
    split = task.decomposition_step(Sorted(), (numbers,))
    assert split is not None
    assert [type(child.goal) for child in split.children] == [Sorted, Sorted, Merged]
    assert task.decomposition_step(Sorted(), (numbers[:2],)) is None
    assert task.size(Sorted(), (numbers,)) == 64 * 6
    step = task.sample_step(1)
    assert task.check(step, "123456789") is not None
    merged = chain(task, "sort", goal=Merged(), inputs=([1, 4], [2, 3, 9]))
    assert merged.output == [1, 2, 3, 4, 9]
    wrong = chain(task, "sort", slip=0, goal=Merged(), inputs=([1, 4], [2, 3]))
    assert part("referees", "sort").verify(task, wrong).first_error is not None


def test_what_is_no_list_of_integers_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers: a list of integers"):
        Sort(numbers="3 one 2")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dictionary_s_sum_is_followed_and_a_slip_is_found(dialect: Dialect) -> None:
    task = DictionarySum(turns=25)
    plan = chain(task, "dictionary_sum", dialect)
    assert plan.output == sum(task.values()[task.word(number)] for number in range(25))
    verify = part("referees", "dictionary_sum").verify
    assert verify(task, plan).reached_goal
    slipped = verify(task, chain(task, "dictionary_sum", dialect, slip=7))
    assert (slipped.valid, slipped.steps) == (False, 7)


def test_a_turn_shows_the_sum_the_word_and_the_dictionary_and_no_more() -> None:
    """Its size does not grow with the turns."""
    task = DictionarySum(turns=1000)
    early, late = (len(task._asked(total, "apple").reads.facts.split()) for total in (0, 12345))
    assert early == late


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_entry_comes_back_as_it_was(dialect: Dialect) -> None:
    task = Ledger(lines=6, edits=15)
    split = task.decomposition_step(task.root().goal, task.root().inputs)
    assert split is not None
    steps: list[PlanStep] = []
    for child in split.children:
        trip = chain(task, "ledger", dialect, goal=child.goal, inputs=(child.promise,))
        assert trip.output == child.promise
        steps += list(trip)
    ledger = task.answer(None, iter(steps))
    assert ledger != list(task.text())
    assert part("referees", "ledger").verify(task, Finished(steps, None)).reached_goal
    broken = [*steps[:-2], PlanStep("edit", None, "day-100 rent 0.00", steps[-2].state), steps[-1]]
    assert len(steps) == 30
    assert (part("referees", "ledger").verify(task, Finished(broken, None)).first_error is None) == (
        steps[-2].state.done >= len(task.changes()[steps[-2].state.line])
    )


@pytest.mark.parametrize("slip", [0, 1])
def test_a_slip_on_the_way_breaks_the_round_trip(slip: int) -> None:
    task = Ledger(lines=1, edits=4)
    child = task.decomposition_step(task.root().goal, task.root().inputs).children[0]  # type: ignore[union-attr]
    assert chain(task, "ledger", slip=slip, goal=child.goal, inputs=(child.promise,)).output != child.promise


@pytest.mark.parametrize(
    ("field", "new", "words", "entry"),
    [("amount", "320", "add 3.20 to the amount", "day-100 food 0.20"),
     ("amount", "-5", "subtract 0.05 to the amount", "day-100 food -3.05"),
     ("category", "rent", "rename the category to rent", "day-100 rent -3.00"),
     ("day", "7", "add 7 to the day", "day-107 food -3.00")],
)  # fmt: skip
def test_edits_are_said_and_made(field: str, new: str, words: str, entry: str) -> None:
    assert instruction(field, new) == words
    assert edited("day-100 food -3.00", field, new) == entry
    assert (said(-5), said(0), said(12345)) == ("-0.05", "0.00", "123.45")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("task", "name", "length"),
    [(River(pairs=2), "river", 5), (River(), "river", 11), (Stacks(), "stacks", 5),
     (Stacks(first="AB|-|-", wanted="BA|-|-"), "stacks", 4)],
)  # fmt: skip
def test_worlds_are_crossed_and_rebuilt(grow: Any, dialect: Dialect, task: Any, name: str, length: int) -> None:
    problem = task.problem_of_run()
    output = grow(task, part("answer_keys", name).answers, dialect, problem, (problem.start,))
    assert len(output["plan"]) == length
    assert part("referees", name).verify(task, Finished([], output)).reached_goal
    bad = {"plan": output["plan"][1:]}
    assert not part("referees", name).verify(task, Finished([], bad)).reached_goal


def test_nobody_is_left_with_foreign_agents() -> None:
    river = part("referees", "river")
    assert set(river.moves("ABab/- left 2")) == {"cross Aa", "cross Bb", "cross ab", "cross AB", "cross a", "cross b"}
    assert river.safe({"a", "b"})
    assert not river.safe({"A", "b"})
    assert river.safe({"A", "B", "b"})

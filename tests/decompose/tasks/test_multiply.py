"""Long multiplication as a task: products, replies and limits."""

import re
import time
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.multiply import answers
from surefoot.decompose.plan import Literal, Ref
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.multiply import DigitFacts, Multiply, Product, SplitFacts, Sum

DIALECTS: tuple[Any, ...] = ("compact", "chat")
NUMBERS = st.text("0123456789", min_size=1, max_size=7)
DIGIT = Step("times", Role.ACTOR, DigitFacts("7", "8", "3"))
SPLIT = Step("split", Role.TASK_DECOMPOSER, SplitFacts("87054"))


@given(NUMBERS, NUMBERS, st.sampled_from(DIALECTS))
@example("0", "0", "compact")
@example("000", "0090", "chat")
@example("9999999", "9999999", "compact")
@example("7", "0001", "chat")
def test_chains_and_trees_give_the_product(walk: Any, grow: Any, x: str, y: str, dialect: Any) -> None:
    task, product = Multiply(x=x, y=y), str(int(x) * int(y))
    root = task.root()
    steps, _, output = walk(task, answers, dialect)
    assert output == product
    assert max(1, len(x)) * len(y) <= len(steps) <= task.size(root.goal, root.inputs)
    assert grow(task, answers, dialect, root.goal, root.inputs) == product


@given(NUMBERS, NUMBERS, st.integers(1, 6))
def test_sums_are_shifted(walk: Any, high: str, low: str, shift: int) -> None:
    goal, inputs = Sum(shift), (high, low)
    steps, _, output = walk(Multiply(), answers, "compact", goal, inputs)
    assert output == str(int(high) * 10**shift + int(low))
    assert len(steps) <= Multiply().size(goal, inputs)


def test_a_split_makes_two_products_and_their_sum() -> None:
    task, inputs = Multiply(), ("62", "87054")
    step = task.decomposition_step(Product(), inputs)
    assert step is not None
    assert (step.kind, step.role, step.reads) == ("split", Role.TASK_DECOMPOSER, SplitFacts("87054"))
    expansion = task.expand(Product(), inputs, "870 54")
    assert [child.goal for child in expansion.children] == [Product(), Product(), Sum(2)]
    assert [child.inputs for child in expansion.children] == [
        (Literal("62"), Literal("870")),
        (Literal("62"), Literal("54")),
        (Ref(0), Ref(1)),
    ]
    assert [child.promise for child in expansion.children] == [None, None, None]
    assert expansion.children[expansion.result].goal == Sum(2)
    assert task.decomposition_step(Product(), ("62", "8")) is None
    assert task.decomposition_step(Sum(1), inputs) is None


def test_a_split_is_held_against_its_number() -> None:
    for candidate in ("870 54", "8 7054", "8705 4"):
        assert Multiply().check(SPLIT, candidate) is None
    for candidate in ("870 55", "87 54", "054 870", "54 870", "8705 54"):
        found = Multiply().check(SPLIT, candidate)
        assert isinstance(found, Flag)
        assert found.name == "inconsistent"
    assert Multiply().check(DIGIT, "0 0") is None  # nothing to hold a digit against


def test_factors_are_drawn_from_the_options() -> None:
    one, other = Multiply(digits=5, draw=1).factors(), Multiply(digits=5, draw=2).factors()
    assert one == Multiply(digits=5, draw=1).factors()
    assert len({*one, *other}) == 4
    assert all(re.fullmatch("[1-9][0-9]{4}", number) for number in (*one, *other))
    assert Multiply(x="0", y="12").factors() == ("0", "12")
    assert Multiply(digits=3, x="7").factors() == ("7", Multiply(digits=3).factors()[1])


@pytest.mark.parametrize("factor", ["", "-1", "1.5", "1e3", "12\n", "١٢", "1" * 101, " 1"])
def test_factors_are_plain_digits(factor: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"x": factor}, Multiply)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_prompts_show_all_facts_and_nothing_else(walk: Any, dialect: Any) -> None:
    shown: dict[Any, set[Any]] = {}
    for x, y in (("12", "34"), ("999", "999"), ("5", "90807")):
        for step in walk(Multiply(x=x, y=y), answers, dialect)[0]:
            shown.setdefault((step.kind, step.reads), set()).add(Multiply().prompt(step, dialect))
    assert all(len(prompts) == 1 for prompts in shown.values())
    assert len({prompt for prompts in shown.values() for prompt in prompts}) == len(shown)
    for fact in ("x", "y", "carry"):
        changed = msgspec.structs.replace(DIGIT, reads=msgspec.structs.replace(DIGIT.reads, **{fact: "1"}))
        assert Multiply().prompt(changed, dialect) != Multiply().prompt(DIGIT, dialect)
    plus = msgspec.structs.replace(DIGIT, kind="plus")
    assert Multiply().prompt(plus, dialect) != Multiply().prompt(DIGIT, dialect)


def test_sampled_steps_are_those_of_runs() -> None:
    task = Multiply(digits=4)
    steps = [task.sample_step(number) for number in range(1600)]
    assert steps == [Multiply(digits=4).sample_step(number) for number in range(1600)]
    kinds = Counter(step.kind for step in steps)
    assert kinds["split"] == 100
    assert min(kinds["times"], kinds["plus"]) > 600
    for step in steps:
        if step.kind == "split":
            assert 2 <= len(step.reads.multiplier) <= 4
        else:
            limit = max(1, int(step.reads.y)) if step.kind == "times" else 2
            assert 0 <= int(step.reads.carry) < limit
    assert {step.kind for step in map(Multiply(digits=1).sample_step, range(64))} == {"times", "plus"}


PIECES = [
    "carry = 1", "digit = 2", "high = 870", "low = 54", "carry", " = ", "0 1", "8 7 0 + 5 4", " + ", " ", "\n", "9",
    "12", "-1", "1.5", "x", "\x00", "\x1b[2J", "\ud800", "١", "²", "<b>", "7" * 101,
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


@given(st.sampled_from([DIGIT, SPLIT]), TEXTS, st.sampled_from(DIALECTS))
def test_any_text_is_a_canonical_candidate_or_a_flag(step: Step, text: str, dialect: Any) -> None:
    found = Multiply().parse(step, text, dialect)
    if isinstance(found, Flag):
        assert found.name == "misformatted"
        return
    assert re.fullmatch("[0-9]{1,100} [0-9]{1,100}" if step is SPLIT else "[0-9] [0-9]", found)
    Multiply().check(step, found)
    if dialect == "compact":
        assert text == (found if step is DIGIT else " + ".join(" ".join(half) for half in found.split(" ")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("carry = 5\ndigit = 9", "5 9"),
        ("That makes 59.\ncarry=5\ndigit=9\nDone.", "5 9"),
        ("carry = 0\ndigit = 0\nNo:\ncarry = 5\ndigit = 9", "5 9"),
        ("carry = 5\ndigit = 9\ncarry = none", None),  # the last answer counts, and it is none
        ("carry = 5\ndigit = 9\ncarry = -1", None),
        ("carry = 5\ndigit = 9.5", None),
        ("carry = 5\ndigit = 95", None),
        ("carry = 5\ndigit = nine", None),
        ("carry = 5\ndigit = ٩", None),
        ("carry = 5\ndigit: 9", None),
        ("my_carry = 5\ndigit = 9", None),
        ("carry = 5", None),
        ("5 9", None),
        ("", None),
    ],
)
def test_r15_chat_replies_are_read_strictly(text: str, found: str | None) -> None:
    read = Multiply().parse(DIGIT, text, "chat")
    assert isinstance(read, Flag) if found is None else read == found


@pytest.mark.parametrize(
    "text", ["87 0 + 5 4", "8 7 0 5 4", "8 7 0 + 5 4 ", "8 7 0  + 5 4", "8 7 0+5 4", " + 5 4", "8 + 7 + 0", "1 x + 2"]
)
def test_r15_compact_splits_are_not_repaired(text: str) -> None:
    assert isinstance(Multiply().parse(SPLIT, text, "compact"), Flag)
    assert Multiply().parse(SPLIT, "8 7 0 + 5 4", "compact") == "870 54"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("step", [DIGIT, SPLIT])
@pytest.mark.parametrize(
    "text",
    [
        "9" * 2_000_000,
        "carry = " + "9" * 1_000_000,
        "high = " * 200_000,
        "carry" + " " * 2_000_000,
        "1 + " * 500_000,
        "\x00" * 1_000_000,
        "\ud800" * 1_000_000,
    ],
    ids=range(7),
)
def test_hostile_text_is_flagged_soon(text: str, step: Step, dialect: Any) -> None:
    before = time.process_time()
    assert isinstance(Multiply().parse(step, text, dialect), Flag)
    assert time.process_time() - before < 5

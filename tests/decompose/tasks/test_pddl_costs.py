"""Costs of actions, exact sums, and what is refused; brackets with their lines."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.tasks.pddl_costs import Costs, Increase, costs_of, increase, minimised, number
from surefoot.decompose.tasks.pddl_forms import DEEPEST, Form, Refused, forms
from surefoot.decompose.tasks.pddl_scope import Scope

SCOPE = Scope(functions={"total-cost": 0, "distance": 2, "fuel": 1}, objects={"a": set(), "b": set()})
COSTS = Costs(
    {"drive": (("distance", "?from", "?to"), Fraction(1)), "wait": (Fraction(1, 10),)},
    {"drive": ("?from", "?to"), "wait": ()},
    {("distance", "a", "b"): Fraction(7), ("distance", "b", "a"): Fraction(5, 2)},
)


def form(text: str) -> Form:
    (found,) = forms(text)
    assert isinstance(found, Form)
    return found


@pytest.mark.parametrize(
    ("plan", "cost"),
    [
        ([], 0), (["(drive a b)"], 8), (["(drive b a)"], 3.5), (["(load x)"], 0),
        (["(drive a b)", "(drive b a)", "(wait)"], 11.6), (["(wait)"] * 10, 1),
    ],
)  # fmt: skip
def test_a_plan_costs_what_its_actions_cost_exactly(plan: list[str], cost: float) -> None:
    assert COSTS.of_plan(plan) == cost
    assert isinstance(COSTS.of_plan(plan), int) == (cost == int(cost))


def test_a_cost_for_which_the_problem_has_no_value_is_not_made_up() -> None:
    plan = ["(drive a b)", "(drive a a)"]
    assert COSTS.of_plan(plan) is None
    assert COSTS.said(plan) == "not known: the problem gives no value of (distance a a)"
    assert "not weighed" in COSTS.said(plan[:1])


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_ten_tenths_are_one_however_often(count: int, parts: int) -> None:
    share = Costs({"step": (Fraction(count, parts),)}, {"step": ()}, {})
    assert sum((share.of("step", ()) for _ in range(3)), Fraction(0)) * parts == 3 * count


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("0.1", Fraction(1, 10)), ("-2", -2), ("1e3", 1000), ("2.50", Fraction(5, 2))]
)
def test_numbers_are_read_exactly(text: str, value: Fraction) -> None:
    assert number(text, 1) == value


@pytest.mark.parametrize("text", ["x", "", "inf", "-inf", "nan", "1e999", "1" * 41, "1/0", "1,5", "?x"])
def test_what_is_no_number_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(Refused, match=r"line 7: .* is not a number"):
        number(text, 7)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("(increase (total-cost) 3)", (Fraction(3),)),
        ("(increase (total-cost) (distance ?x b))", (("distance", "?x", "b"),)),
        ("(increase (total-cost) (+ 1 (distance ?x ?y) (+ 2 3)))",
         (Fraction(1), ("distance", "?x", "?y"), Fraction(2), Fraction(3))),
    ],
)  # fmt: skip
def test_an_increase_is_a_sum_of_numbers_and_functions(text: str, amounts: object) -> None:
    assert increase(form(text), SCOPE, frozenset({"?x", "?y"})) == Increase("total-cost", amounts, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(decrease (total-cost) 3)", "numeric effects"), ("(assign (total-cost) 3)", "numeric effects"),
        ("(increase total-cost 3)", "numeric effects"), ("(increase (total-cost))", "numeric effects"),
        ("(increase (total-cost) (* 2 3))", "arithmetic"), ("(increase (total-cost) (- 3))", "arithmetic"),
        ("(increase (total-cost) (distance (fuel ?x) b))", "arithmetic"), ("(increase (speed) 3)", "no function speed"),
        ("(increase (total-cost) (distance ?x))", "no function distance with 1"),
        ("(increase (total-cost) (fuel ?z))", r"variable \?z"), ("(increase (total-cost) (fuel c))", "no object c"),
    ],
)  # fmt: skip
def test_other_numeric_effects_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        increase(form(text), SCOPE, frozenset({"?x", "?y"}))


@pytest.mark.parametrize(
    ("metric", "function"),
    [
        ("(:metric minimize (total-cost))", "total-cost"), ("(:metric minimize total-time)", "total-time"),
        ("(:metric maximize (total-cost))", None), ("(:metric minimize (fuel a))", None), ("(:metric minimize)", None),
    ],
)  # fmt: skip
def test_the_metric_names_what_is_minimised(metric: str, function: str | None) -> None:
    assert minimised(form(metric)) == function
    assert minimised(None) is None


def test_only_the_function_that_is_minimised_costs_and_it_may_not_change_itself() -> None:
    toll, fuel = Increase("total-cost", (Fraction(2),), 3), Increase("fuel", (Fraction(1),), 4)
    found = costs_of({"drive": [toll, fuel, toll], "wait": [fuel], "load": []}, "total-cost")
    assert found == {"drive": (Fraction(2), Fraction(2))}
    by_fuel = Increase("total-cost", (("fuel", "?x"),), 9)
    with pytest.raises(Refused, match="line 9: costs that change, as fuel does"):
        costs_of({"drive": [by_fuel, fuel]}, "total-cost")
    assert costs_of({"drive": [by_fuel]}, "total-cost") == {"drive": (("fuel", "?x"),)}


words = st.text("abcxyz?:-=0123456789", min_size=1, max_size=8)
trees = st.recursive(words, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=15)


def written(tree: object) -> str:
    return tree if isinstance(tree, str) else f"({' '.join(map(written, tree))})"  # type: ignore[call-overload]


def bare(part: object) -> object:
    return tuple(map(bare, part.parts)) if isinstance(part, Form) else part


@given(st.lists(trees, max_size=4))
def test_brackets_are_read_as_they_are_written(found: list[object]) -> None:
    text = "\n".join(map(written, found))
    assert [bare(part) for part in forms(text)] == found
    assert [bare(part) for part in forms(text.upper())] == found
    assert [bare(part) for part in forms(text.replace("\n", " ; (a comment\r\n"))] == found


@given(st.lists(trees.map(written), min_size=1, max_size=5), st.integers(0, 4))
def test_every_bracket_knows_its_line(found: list[str], blank: int) -> None:
    gap = "\n" * (blank + 1)
    lines = [part.line for part in forms(gap.join(found)) if isinstance(part, Form)]
    assert lines == [number * (blank + 1) + 1 for number, text in enumerate(found) if text.startswith("(")]


def test_brackets_that_do_not_match_are_refused_with_their_line() -> None:
    with pytest.raises(Refused, match="line 2: a closing bracket '\\)' is missing"):
        forms("(a)\n(b (c)\n")
    with pytest.raises(Refused, match="line 1: a closing bracket '\\)' too many"):
        forms("(a))\n(b)")
    assert len(forms("(a)))")) == 1  # published files end so
    assert len(forms("(" * DEEPEST + ")" * DEEPEST)) == 1
    with pytest.raises(Refused, match="inside each other"):
        forms("(" * (DEEPEST + 1) + ")" * (DEEPEST + 1))

"""Conditions, worlds in lines and the order of derived predicates, held against tables of truth."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.referees.strips_matching import Facts, bindings, is_settled, true
from surefoot.decompose.tasks.pddl_forms import Refused, forms
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_derived import check_layers, layers
from surefoot.decompose.tasks.strips_formulas import (
    FALSE,
    TRUE,
    Formula,
    Parameter,
    all_of,
    any_of,
    bound,
    conjuncts,
    is_atom,
    is_literal,
    literals_in,
    opposite,
    text_of,
)
from surefoot.decompose.tasks.strips_from_lines import formula_of, world_of
from surefoot.decompose.tasks.strips_schemas import Derived, Effect, Schema

OBJECTS = ("a", "b", "c")
ATOMS = [("p", name) for name in OBJECTS] + [("q", x, y) for x in OBJECTS for y in OBJECTS]


def terms(variables: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from([*OBJECTS, *variables])


def atoms_over(variables: tuple[str, ...]) -> st.SearchStrategy[Formula]:
    term = terms(variables)
    return st.one_of(
        st.tuples(st.just("p"), term), st.tuples(st.just("q"), term, term), st.tuples(st.just("="), term, term)
    )


def formulas(variables: tuple[str, ...] = (), depth: int = 3) -> st.SearchStrategy[Formula]:
    """Formulas whose free variables are some of these."""
    atom = atoms_over(variables)
    literal = atom | atom.map(lambda one: ("not", one))
    if depth == 0:
        return literal
    inner = formulas(variables, depth - 1)
    name = f"?v{depth}"
    deeper = formulas((*variables, name), depth - 1)
    joined = st.builds(lambda word, parts: (word, *parts), st.sampled_from(["and", "or"]), st.lists(inner, max_size=3))
    quantified = st.builds(lambda word, body: (word, ((name,),), body), st.sampled_from(["forall", "exists"]), deeper)
    return st.one_of(literal, joined, quantified)


closed = formulas()
states = st.frozensets(st.sampled_from(ATOMS), max_size=9)


def facts(state: frozenset[Any]) -> Facts:
    return Facts([(name, ()) for name in OBJECTS], state)


def value(formula: Formula, state: frozenset[Any]) -> bool:
    """The truth of a formula, by writing every quantifier out: slow, and plainly right."""
    word, *rest = formula
    if word == "not":
        return not value(rest[0], state)
    if word in ("and", "or"):
        return (all if word == "and" else any)(value(part, state) for part in rest)
    if word in ("forall", "exists"):
        ((name,),), body = rest
        return (all if word == "forall" else any)(value(bound(body, {name: one}), state) for one in OBJECTS)
    return rest[0] == rest[1] if word == "=" else formula in state


@given(closed, states)
def test_the_matching_of_the_referee_agrees_with_a_table_of_truth(formula: Formula, state: frozenset[Any]) -> None:
    assert true(facts(state), formula, {}) == value(formula, state)


@given(closed, states)
def test_the_opposite_is_true_exactly_where_a_formula_is_not(formula: Formula, state: frozenset[Any]) -> None:
    assert value(opposite(formula), state) != value(formula, state)
    assert value(opposite(opposite(formula)), state) == value(formula, state)


def flat(formula: Formula) -> Formula:
    """A formula as the reader makes it: from the inside outwards."""
    if formula[0] in ("and", "or"):
        return (all_of if formula[0] == "and" else any_of)(list(map(flat, formula[1:])))
    return (*formula[:2], flat(formula[2])) if formula[0] in ("forall", "exists") else formula


@given(st.lists(closed, max_size=4), states)
def test_conjunctions_and_disjunctions_are_flat_and_mean_what_their_parts_mean(
    parts: list[Formula], state: frozenset[Any]
) -> None:
    both, either = all_of(list(map(flat, parts))), any_of(list(map(flat, parts)))
    assert value(both, state) == all(value(part, state) for part in parts)
    assert value(either, state) == any(value(part, state) for part in parts)
    assert all(part[0] != "and" for part in conjuncts(both))
    assert either[0] != "or" or all(part[0] != "or" for part in either[1:])


def test_what_is_always_or_never_true_is_left_out() -> None:
    p = ("p", "a")
    assert all_of([TRUE, p, TRUE]) == any_of([FALSE, p]) == p
    assert all_of([p, FALSE]) == any_of([]) == FALSE
    assert any_of([p, TRUE]) == all_of([]) == TRUE


@given(closed)
def test_a_formula_is_read_back_from_its_text(formula: Formula) -> None:
    (form,) = forms(text_of(formula))
    assert formula_of(form) == formula


@given(formulas(("?x", "?y")))
def test_a_formula_is_settled_exactly_if_its_free_variables_have_values(formula: Formula) -> None:
    free = {"?x", "?y"} & set(text_of(formula).replace("(", " ").replace(")", " ").split())
    for chosen in itertools.chain.from_iterable(itertools.combinations(("?x", "?y"), n) for n in range(3)):
        assert is_settled(formula, dict.fromkeys(chosen, "a")) == (free <= set(chosen))


@given(formulas(("?x", "?y")), states)
def test_every_binding_is_found_once_and_no_other(formula: Formula, state: frozenset[Any]) -> None:
    variables = [Parameter("?x"), Parameter("?y")]
    found = [(one["?x"], one["?y"]) for one in bindings(facts(state), variables, conjuncts(formula), {})]
    wanted = {(x, y) for x in OBJECTS for y in OBJECTS if value(bound(formula, {"?x": x, "?y": y}), state)}
    assert set(found) == wanted
    assert len(found) == len(set(found))


def test_bindings_keep_to_types_and_to_values_that_are_given() -> None:
    known = Facts(
        [("a", ("block",)), ("b", ("block", "red")), ("c", ())], frozenset({("p", "a"), ("p", "b"), ("p", "c")})
    )
    assert [one["?x"] for one in bindings(known, [Parameter("?x", ("red",))], [("p", "?x")], {})] == ["b"]
    assert [one["?x"] for one in bindings(known, [Parameter("?x", ("block",))], [], {})] == ["a", "b"]
    either = bindings(known, [Parameter("?x", ("red", "green"))], [], {})
    assert [one["?x"] for one in either] == ["b"]
    given_y = bindings(known, [Parameter("?x")], [("p", "?x"), ("not", ("=", "?x", "?y"))], {"?y": "b"})
    assert sorted(one["?x"] for one in given_y) == ["a", "c"]


@given(closed)
def test_every_atom_of_a_formula_is_named_with_its_sign(formula: Formula) -> None:
    found = list(literals_in(formula))
    assert all(is_atom(atom) for atom, _ in found)
    assert len(found) == sum(text_of(formula).count(f"({word} ") for word in ("p", "q", "="))
    assert sum(not positive for _, positive in found) == text_of(formula).count("(not ")
    assert is_literal(formula) == (len(found) == 1 and formula in (found[0][0], ("not", found[0][0])))


def test_a_quantifier_hides_a_value_of_the_same_name() -> None:
    inner = ("forall", (("?x",),), ("q", "?x", "?y"))
    assert bound(("and", ("p", "?x"), inner), {"?x": "a", "?y": "b"}) == (
        "and", ("p", "a"), ("forall", (("?x",),), ("q", "?x", "b"))
    )  # fmt: skip


names = st.sampled_from(["p", "q", "go-on", "lit"])
parameters = st.lists(
    st.builds(Parameter, st.sampled_from(["?x", "?y", "?z"]), st.sampled_from([(), ("truck",), ("truck", "plane")])),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
some_atoms = st.lists(atoms_over(("?x",)), max_size=3).map(tuple)
effects = st.builds(Effect, parameters, formulas(("?x",), 1) | st.just(TRUE), some_atoms, some_atoms)
schemas = st.builds(
    Schema, names, parameters, some_atoms, some_atoms, some_atoms, some_atoms,
    st.lists(formulas(("?x",), 1), max_size=2).map(tuple), st.lists(effects, max_size=2).map(tuple),
)  # fmt: skip
rules = st.builds(Derived, names, parameters, formulas(("?x",), 1))
some_worlds = st.builds(
    StripsWorld, st.just("dom"), st.just((("a", ("truck",)), ("b", ()))), st.just((("p", 1), ("q", 2))),
    st.lists(schemas, min_size=1, max_size=2).map(tuple), st.just((("p", "a"),)),
    st.lists(rules, max_size=2).map(tuple),
)  # fmt: skip


@given(some_worlds)
def test_a_world_is_read_back_from_the_lines_that_prompts_show(world: StripsWorld) -> None:
    assert world_of(world.lines) == world
    assert world_of(["You are the Monitor of a planner.", *world.lines, "(stack a b)"]) == world
    assert world_of(world.preamble().removesuffix(" |").split(" | ")) == world


@pytest.mark.parametrize("lines", [[], ["domain d"], ["action go () adds (p a)"], ["domain two words", "object a"]])
def test_lines_without_a_domain_or_an_action_are_no_world(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="not a question about a STRIPS world"):
        world_of(lines)


@pytest.mark.parametrize(
    "line",
    ["action go () adds word (p a) also", "derived (p ?x) (?x) if", "always (p (q a)", "action go ()) adds (p a)"],
)
def test_a_damaged_line_is_an_error_and_not_another_world(line: str) -> None:
    with pytest.raises(ValueError, match=r"damaged|bracket"):
        world_of(["domain d", "action stay () adds (p a)", line])


def rule(head: str, *body: Formula) -> Derived:
    return Derived(head, (Parameter("?x"),), ("and", *body))


def test_what_a_rule_negates_is_worked_out_in_a_layer_before() -> None:
    chain = [
        rule("c", ("not", ("b", "?x"))), rule("b", ("a", "?x"), ("not", ("a", "?x"))), rule("a", ("base", "?x")),
        rule("a", ("a", "?x")),
    ]  # fmt: skip
    found = [[one.predicate for one in layer] for layer in layers(chain)]
    assert found == [["a", "a"], ["b"], ["c"]]
    assert layers(chain[2:]) == [chain[2:]]
    assert layers([]) == []
    check_layers(chain)


@pytest.mark.parametrize(
    "circle",
    [
        [rule("a", ("not", ("a", "?x")))],
        [rule("a", ("b", "?x")), rule("b", ("not", ("a", "?x")))],
        [rule("a", ("forall", (("?y",),), ("or", ("p", "?y"), ("not", ("b", "?y"))))), rule("b", ("a", "?x"))],
    ],
)
def test_a_predicate_that_depends_on_its_own_negation_is_refused(circle: list[Derived]) -> None:
    with pytest.raises(Refused, match="its own negation"):
        check_layers(circle)

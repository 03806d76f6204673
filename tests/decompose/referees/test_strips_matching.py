"""How objects are found that make conditions true: by the rarest argument first, each choice once, types kept."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.referees.strips_matching import Facts, Search, bind, bindings, matched, true
from surefoot.decompose.tasks.strips_formulas import Atom, Formula, Parameter

OBJECTS = ("a", "b", "c", "d")
TYPES = {"a": ("block",), "b": ("block", "red"), "c": (), "d": ("red",)}
X, Y = Parameter("?x"), Parameter("?y")


def facts(*atoms: Atom) -> Facts:
    return Facts([(name, TYPES[name]) for name in OBJECTS], frozenset(atoms))


def test_candidates_are_those_of_the_argument_with_the_fewest_matches() -> None:
    known = facts(*(("on", "a", name) for name in OBJECTS), ("on", "b", "a"), ("clear", "a"))
    assert len(known.candidates(("on", "?x", "?y"), {})) == 5
    assert known.candidates(("on", "b", "?y"), {}) == [("on", "b", "a")]
    assert sorted(known.candidates(("on", "?x", "?y"), {"?y": "a"})) == [("on", "a", "a"), ("on", "b", "a")]
    assert known.candidates(("on", "?x", "?y"), {"?x": "a", "?y": "d"}) == [("on", "a", "d")]
    assert known.candidates(("gone", "?x"), {}) == []
    assert known.candidates(("on", "c", "?y"), {}) == []


def test_an_atom_is_matched_place_by_place_and_a_variable_stands_for_one_thing() -> None:
    search = Search(facts(), {"?x": (), "?y": ()})
    assert matched(search, ("on", "?x", "?y"), ("on", "a", "b"), {}) == {"?x": "a", "?y": "b"}
    assert matched(search, ("on", "?x", "?x"), ("on", "a", "a"), {}) == {"?x": "a"}
    assert matched(search, ("on", "?x", "?x"), ("on", "a", "b"), {}) is None
    assert matched(search, ("on", "?x", "b"), ("on", "a", "b"), {"?x": "a"}) == {"?x": "a"}
    assert matched(search, ("on", "?x", "b"), ("on", "a", "b"), {"?x": "c"}) is None
    assert matched(search, ("on", "?x"), ("on", "a", "b"), {}) is None


def test_values_that_are_given_are_not_changed() -> None:
    given_values = {"?y": "b"}
    found = matched(Search(facts(), {}), ("on", "?x", "?y"), ("on", "a", "b"), given_values)
    assert found == {"?x": "a", "?y": "b"}
    assert given_values == {"?y": "b"}


def test_a_variable_is_of_one_of_its_types() -> None:
    known = facts(*(("clear", name) for name in OBJECTS))
    for types, names in (((), "abcd"), (("block",), "ab"), (("red",), "bd"), (("block", "red"), "abd"), (("no",), "")):
        found = bindings(known, [Parameter("?x", types)], [("clear", "?x")], {})
        assert "".join(sorted(one["?x"] for one in found)) == names
        unbound = bindings(known, [Parameter("?x", types)], [], {})
        assert "".join(one["?x"] for one in unbound) == names


atoms = st.lists(st.tuples(st.just("p"), st.sampled_from(OBJECTS), st.sampled_from(OBJECTS)), max_size=8)
conditions = st.lists(
    st.sampled_from([
        ("p", "?x", "?y"), ("p", "?y", "?x"), ("p", "?x", "a"), ("=", "?x", "?y"), ("not", ("=", "?x", "?y")),
        ("not", ("p", "?y", "b")), ("or", ("p", "?x", "c"), ("=", "?y", "d")),
        ("forall", (("?z",),), ("or", ("not", ("p", "?z", "?x")), ("p", "?z", "?y"))),
        ("exists", (("?z", "red"),), ("p", "?x", "?z")),
    ]),
    max_size=3,
)  # fmt: skip


@settings(max_examples=60)
@given(atoms, conditions)
def test_every_choice_is_found_once_whatever_the_order_of_the_conditions(
    found: list[Atom], wanted: list[Formula]
) -> None:
    known = facts(*found)
    right = sorted(
        (x, y)
        for x, y in itertools.product(OBJECTS, repeat=2)
        if all(true(known, one, {"?x": x, "?y": y}) for one in wanted)
    )
    for order in itertools.permutations(wanted):
        made = [(one["?x"], one["?y"]) for one in bindings(known, [X, Y], order, {})]
        assert sorted(made) == right


def test_a_value_from_outside_does_not_bind_a_variable_of_the_same_name() -> None:
    known = facts(("p", "a", "b"), ("p", "c", "d"))
    assert [one["?x"] for one in bindings(known, [X], [("p", "?x", "?y")], {"?x": "c", "?y": "b"})] == ["a"]


def test_nothing_to_choose_is_one_choice_or_none() -> None:
    known = facts(("p", "a", "b"))
    assert list(bindings(known, [], [("p", "a", "b")], {})) == [{}]
    assert list(bindings(known, [], [("p", "b", "a")], {})) == []
    assert bind(("p", "?x", "a"), {"?x": "b"}) == ("p", "b", "a")

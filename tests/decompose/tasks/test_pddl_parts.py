"""The parts of a PDDL text, each by itself: names and types, conditions, effects, actions, goals, what is declared."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.tasks.pddl_actions import derived_rule, schema_of
from surefoot.decompose.tasks.pddl_conditions import condition
from surefoot.decompose.tasks.pddl_declarations import scope_of, within
from surefoot.decompose.tasks.pddl_effects import Change, effects
from surefoot.decompose.tasks.pddl_forms import Form, Refused, forms
from surefoot.decompose.tasks.pddl_goals import MOST, goal_of
from surefoot.decompose.tasks.pddl_init import initial
from surefoot.decompose.tasks.pddl_scope import Scope, name, typed_list, variables_of
from surefoot.decompose.tasks.pddl_sections import KNOWN, REFUSED, Sections, sections
from surefoot.decompose.tasks.strips_formulas import FALSE, TRUE, Formula, Parameter, text_of

SCOPE = Scope(
    {"object": set(), "thing": {"object"}, "box": {"thing"}, "ball": {"thing"}, "gift": {"box", "ball"}},
    {"p": 1, "q": 2, "r": 0}, {"cost": 1, "total-cost": 0},
    {"a": {"box"}, "b": {"ball"}, "c": {"gift"}, "d": set()},
)  # fmt: skip
XY = frozenset({"?x", "?y"})


def form(text: str) -> Any:
    (found,) = forms(text)
    return found


def listed(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.name, one.types) for one in typed_list(form(f"({text})").parts, 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []), ("a b", [("a", ()), ("b", ())]), ("a b - box c", [("a", ("box",)), ("b", ("box",)), ("c", ())]),
        ("a -box", [("a", ("box",))]), ("a - (either box ball)", [("a", ("box", "ball"))]),
        ("a - (either box box)", [("a", ("box",))]), ("a - object", [("a", ())]),
        ("a - (either box object)", [("a", ())]), ("a - box b - ball", [("a", ("box",)), ("b", ("ball",))]),
    ],
)  # fmt: skip
def test_a_type_is_that_of_all_names_before_it(text: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert listed(text) == found


@pytest.mark.parametrize("text", ["a -", "a - -", "(a)", "a - (either)", "a - (box ball)", "a - (either (box))"])
def test_a_list_of_names_without_a_type_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        listed(text)


def test_all_types_above_are_found_however_they_are_reached() -> None:
    assert SCOPE.all_types(["gift"]) == ("ball", "box", "gift", "thing")
    assert SCOPE.all_types(["box", "ball"]) == ("ball", "box", "thing")
    assert SCOPE.all_types([]) == ()
    assert Scope({"a": {"b"}, "b": {"a"}}).all_types(["a"]) == ("a", "b"), "a circle ends"


@pytest.mark.parametrize("word", ["a", "a-1", "x.y", "3d", "a_b", "é", "go-to"])
def test_names_that_people_use_are_names(word: str) -> None:
    assert name(word, 1, "an object") == word


@pytest.mark.parametrize("word", ["?x", "-a", "and", "not", "=", "forall", "a'b", "", None, "when"])
def test_words_of_pddl_are_no_names(word: Any) -> None:
    with pytest.raises(Refused, match=r"cannot be the name|needs a name"):
        name(word, 1, "an object")


@pytest.mark.parametrize("text", ["(x)", "(?x ?x)", "(?)", "(?x - )", "(?-x)"])
def test_variables_begin_with_a_question_mark_and_differ(text: str) -> None:
    with pytest.raises(Refused):
        variables_of(form(text), 1)
    with pytest.raises(Refused, match="a bracket with variables"):
        variables_of("?x", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("()", TRUE), ("(and)", TRUE), ("(or)", FALSE), ("(p ?x)", ("p", "?x")), ("(and (p ?x))", ("p", "?x")),
        ("(not (not (p a)))", ("p", "a")), ("(not (and (p a) (r)))", ("or", ("not", ("p", "a")), ("not", ("r",)))),
        ("(imply (p a) (r))", ("or", ("not", ("p", "a")), ("r",))),
        ("(not (imply (p a) (r)))", ("and", ("p", "a"), ("not", ("r",)))),
        ("(not (forall (?z) (p ?z)))", ("exists", (("?z",),), ("not", ("p", "?z")))),
        ("(exists (?z - box) (q ?x ?z))", ("exists", (("?z", "box"),), ("q", "?x", "?z"))),
        ("(forall () (p a))", ("p", "a")), ("(and (and (p a) (r)) (p b))", ("and", ("p", "a"), ("r",), ("p", "b"))),
        ("(= ?x a)", ("=", "?x", "a")), ("(not (= ?x ?y))", ("not", ("=", "?x", "?y"))),
    ],
)  # fmt: skip
def test_conditions_become_formulas_with_no_negation_but_of_atoms(text: str, found: Formula) -> None:
    assert condition(form(text), SCOPE, XY) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(p)", "declared with 1 arguments, not 0"), ("(s a)", "no predicate s"), ("(p ?z)", "not a parameter"),
        ("(p e)", "no object e"), ("(not (p a) (r))", "no condition"), ("(> (cost a) 3)", "numeric conditions"),
        ("(= (cost a) 3)", "numeric conditions"), ("(preference x (p a))", "preferences"), ("(= a)", "compares two"),
        ("(exists (?z - room) (p ?z))", "not declared"), ("(and p)", "in brackets"), ("((p a))", "no condition"),
        ("(forall (?z) (p ?z) (r))", "no condition"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        condition(form(text), SCOPE, XY)


formulas = st.recursive(
    st.sampled_from(["(r)", "(p a)", "(p b)", "(q a b)", "(= a b)", "(= a a)"]),
    lambda inner: st.one_of(
        st.builds("(not {})".format, inner), st.builds("(imply {} {})".format, inner, inner),
        st.builds(lambda word, parts: f"({word} {' '.join(parts)})", st.sampled_from(["and", "or"]),
                  st.lists(inner, max_size=3)),
    ),
    max_leaves=8,
)  # fmt: skip


def value(found: Any, state: set[tuple[str, ...]]) -> bool:
    """The truth of a bracket as PDDL says it, straight from the text."""
    words = tuple(map(str, found.parts[1:]))
    match found.head:
        case "and" | "or":
            return (all if found.head == "and" else any)(value(part, state) for part in found.parts[1:])
        case "not":
            return not value(found.parts[1], state)
        case "imply":
            return not value(found.parts[1], state) or value(found.parts[2], state)
        case "=":
            return words[0] == words[1]
    return (found.head, *words) in state


def read_value(formula: Formula, state: set[tuple[str, ...]]) -> bool:
    word, *rest = formula
    if word in ("and", "or"):
        return (all if word == "and" else any)(read_value(part, state) for part in rest)
    if word == "not":
        assert rest[0][0] not in ("and", "or", "not")
        return not read_value(rest[0], state)
    return rest[0] == rest[1] if word == "=" else formula in state


@settings(max_examples=60)
@given(formulas)
def test_a_condition_means_what_its_text_means_in_every_state(text: str) -> None:
    atoms = [("r",), ("p", "a"), ("p", "b"), ("q", "a", "b")]
    read = condition(form(text), SCOPE, frozenset())
    for chosen in itertools.chain.from_iterable(itertools.combinations(atoms, n) for n in range(5)):
        assert read_value(read, set(chosen)) == value(form(text), set(chosen))


def test_effects_know_what_they_stand_in() -> None:
    text = """(and (p ?x) (not (r)) (forall (?z - box) (when (q ?x ?z) (and (not (p ?z)) (when (r) (q ?z ?x)))))
     (increase (total-cost) (+ 1 (cost ?x))))"""
    found = effects(form(text), SCOPE, XY)
    z = (Parameter("?z", ("box",)),)
    when: Formula = ("q", "?x", "?z")
    assert found.changes == [
        Change(("p", "?x"), True), Change(("r",), False), Change(("p", "?z"), False, z, when),
        Change(("q", "?z", "?x"), True, z, ("and", when, ("r",))),
    ]  # fmt: skip
    ((function, amounts),) = [(one.function, one.amounts) for one in found.increases]
    assert (function, amounts) == ("total-cost", (Fraction(1), ("cost", "?x")))
    assert effects(form("()"), SCOPE, XY).changes == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(or (r))", "an atom or a negated one"), ("(not (not (r)))", "an atom or a negated one"),
        ("(= a b)", "an atom"),
        ("(probabilistic 0.5 (r))", "probabilistic"), ("(decrease (total-cost) 1)", "numeric effects"),
        ("(when (r) (increase (total-cost) 1))", "costs that depend"),
        ("(forall (?z) (increase (total-cost) 1))", "costs that depend"),
        ("(when (r) (forall (?x) (p ?x)))", "a second time"), ("(and r)", "in brackets"), ("(not r)", "an atom"),
        ("(forall (?z - room) (p ?z))", "not declared"), ("(p ?z)", "not a parameter"),
    ],
)  # fmt: skip
def test_what_is_no_effect_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        effects(form(text), SCOPE, XY)


def test_an_action_is_sorted_into_needs_forbids_and_further_conditions() -> None:
    text = """(:action go :parameters (?x - box ?y) :effect (and (p ?y) (not (p ?x)) (when (r) (q ?x ?y)))
     :precondition (and (p ?x) (not (p ?y)) (not (= ?x ?y)) (or (r) (q ?x ?y))))"""
    schema, increases = schema_of(form(text), SCOPE)
    assert schema.parameters == (Parameter("?x", ("box",)), Parameter("?y"))
    assert (schema.needs, schema.forbids) == ((("p", "?x"),), (("p", "?y"), ("=", "?x", "?y")))
    assert (schema.adds, schema.deletes) == ((("p", "?y"),), (("p", "?x"),))
    assert schema.where == (("or", ("r",), ("q", "?x", "?y")),)
    ((effect),) = schema.effects
    assert (effect.when, effect.adds, effect.deletes) == (("r",), (("q", "?x", "?y"),), ())
    assert increases == []


def test_changes_under_the_same_condition_are_one_effect() -> None:
    text = "(:action go :parameters (?x) :effect (and (when (r) (p ?x)) (when (r) (not (p a))) (when (p a) (r))))"
    schema, _ = schema_of(form(text), SCOPE)
    assert [(one.when, one.adds, one.deletes) for one in schema.effects] == [
        (("r",), (("p", "?x"),), (("p", "a"),)), (("p", "a"), (("r",),), ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(:action)", "needs a name"), ("(:action go :parameters)", "something is missing"),
        ("(:action go :cost 3)", ":cost is not expected"), ("(:action go :effect (r) :effect (r))", "two :effect"),
        ("(:action go :vars (?x) :parameters (?x))", "names a variable twice"), ("(:action go (r))", "missing"),
        ("(:action go :precondition r)", "line 1: a condition is expected"),
    ],
)  # fmt: skip
def test_what_is_no_action_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        schema_of(form(text), SCOPE)


def test_a_derived_predicate_has_different_variables_and_a_condition() -> None:
    found = derived_rule(form("(:derived (q ?x ?y - box) (and (p ?x) (not (p ?y))))"), SCOPE)
    assert found.predicate == "q"
    assert found.variables == (Parameter("?x", ("box",)), Parameter("?y", ("box",)))
    for text in ("(:derived (q ?x ?x) (r))", "(:derived (q a ?x) (r))", "(:derived (p ?x))", "(:derived p (r))",
                 "(:derived (p ?x ?y) (r))", "(:derived (p ?x) (q ?x ?z))"):  # fmt: skip
        with pytest.raises(Refused):
            derived_rule(form(text), SCOPE)


def goal(text: str, scope: Scope = SCOPE) -> Any:
    return goal_of(form(f"(:goal {text})"), scope)


def test_a_goal_is_a_list_of_literals_and_of_what_is_none() -> None:
    found = goal("(and (p a) (not (r)) (or (p a) (p b)))")
    assert found.literals == ("(p a)", "(not (r))", "(goal-part-1)")
    ((rule),) = found.rules
    assert (rule.predicate, rule.variables, rule.when) == ("goal-part-1", (), ("or", ("p", "a"), ("p", "b")))
    taken = Scope(SCOPE.parents, {**SCOPE.predicates, "goal-part-1": 0}, {}, SCOPE.objects)
    assert goal("(or (r) (p a))", taken).literals == ("(goal-part-1-x)",)


def test_a_goal_for_all_is_written_out_over_its_objects() -> None:
    assert goal("(forall (?z - box) (and (p ?z) (not (q ?z a))))").literals == (
        "(p a)", "(not (q a a))", "(p c)", "(not (q c a))",
    )  # fmt: skip
    many = Scope(SCOPE.parents, SCOPE.predicates, {}, {f"o{number}": set() for number in range(MOST + 1)})
    assert goal("(forall (?z) (p ?z))", many).literals == ("(goal-part-1)",), "not written out without end"


def test_what_compares_objects_is_no_literal_of_a_goal() -> None:
    assert goal("(and (p a) (not (= a b)))").literals == ("(p a)", "(goal-part-1)")


@pytest.mark.parametrize(("text", "said"), [("()", "the goal is empty"), ("(p a) (p b)", "a goal is"), ("p", "line 1")])
def test_what_is_no_goal_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        goal(text)


def start(text: str, derived: set[str] | None = None) -> Any:
    return initial(Sections("p", {":init": [form(f"(:init {text})")]}), SCOPE, derived or set())


def test_the_start_is_facts_and_values() -> None:
    facts, table = start("(p a) (and (r) (q a b)) (not (p b)) (= (cost a) 2.5) (= (total-cost) 0) (p a)")
    assert facts == [("p", "a"), ("r",), ("q", "a", "b")]
    assert table == {("cost", "a"): Fraction(5, 2), ("total-cost",): 0}


@pytest.mark.parametrize(
    ("text", "said"),
    [("(p a) (not (p a))", "true and not"), ("r", "not in brackets"), ("(at 5 (p a))", "timed"),
     ("()", "empty bracket"),
     ("(= (cost) 3)", "no function cost with 0"), ("(= (cost a) x)", "not a number"), ("(= (cost a))", "NUMBER"),
     ("(p e)", "no object e"), ("(p (a))", "not a fact")],
)  # fmt: skip
def test_what_is_no_start_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        start(text)
    with pytest.raises(Refused, match="is derived"):
        start("(p a)", {"p"})


def declared(domain: str, problem: str = "") -> Scope:
    of = {":types": [], ":predicates": [], ":functions": [], ":constants": [], ":objects": []}
    for text in filter(None, (*domain.split(";"), problem)):
        found = form(text)
        of[found.head].append(found)
    return scope_of(Sections("d", {k: v for k, v in of.items() if k != ":objects"}), Sections("p", of))


def test_an_object_may_be_named_in_both_texts_and_has_all_its_types() -> None:
    found = declared("(:types box - thing ball);(:constants a - box)", "(:objects a - ball b)")
    assert found.objects == {"a": {"box", "ball"}, "b": set()}
    assert found.parents == {"object": set(), "thing": set(), "box": {"thing"}, "ball": set()}


def test_predicates_and_functions_are_counted_by_their_arguments() -> None:
    found = declared("(:predicates (p ?x ?y) (r));(:functions (cost ?x) - number (total))")
    assert (found.predicates, found.functions) == ({"p": 2, "r": 0}, {"cost": 1, "total": 0})


@pytest.mark.parametrize(
    ("domain", "problem", "said"),
    [("(:predicates (p ?x) (p))", "", "domain, line 1: predicate p is declared twice"),
     ("(:predicates p)", "", "domain, line 1: predicate 'p' is not in brackets"),
     ("(:constants a - box)", "", "domain, line 1: a is of type box"),
     ("", "(:objects a - box)", "problem, line 1: a is of type box"), ("(:types and)", "", "cannot be the name")],
)  # fmt: skip
def test_what_is_declared_wrongly_is_said_with_its_text(domain: str, problem: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declared(domain, problem)


def test_errors_of_our_own_are_not_taken_for_the_texts() -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        within("domain", fails)


@pytest.mark.parametrize("word", sorted(REFUSED))
def test_sections_that_are_not_supported_are_named(word: str) -> None:
    text = f"(define (domain d) (:predicates (r)) (:action go)\n ({word} x))"
    with pytest.raises(Refused, match=rf"line 2: {REFUSED[word]} \({word}\) are not supported"):
        sections("domain", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("(define (problem p) (:init) (:goal))", "this is not a domain"), ("", "this is not a domain"),
     ("(define (domain d))", r"has no \(:predicates"), ("(define (domain) (:predicates) (:action))", "needs a name"),
     ("(define (domain d) x (:predicates))", "stands outside"), ("(define (domain d) () )", "is not known"),
     ("(define (domain d)) (define (domain e))", "second domain"),
     ("(define (domain d) (:metric x) (:metric y))", "a second section")],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        sections("domain", text)


def test_sections_may_come_in_any_order_and_some_more_than_once() -> None:
    found = sections("domain", "(define (domain d) (:action b) (:predicates (r)) (:action a) (:requirements))")
    assert [one.parts[1] for one in found.all(":action")] == ["b", "a"]
    assert found.one(":types") is None
    assert {":types", ":action"} <= set(KNOWN["domain"])


names = st.sampled_from(["a", "b", "?x", "p"])
nested = st.recursive(names, lambda inner: st.lists(inner, max_size=3), max_leaves=10)


def written(found: Any) -> str:
    return found if isinstance(found, str) else f"({' '.join(map(written, found))})"


@settings(max_examples=40)
@given(st.lists(nested, max_size=4))
def test_brackets_are_read_back_as_they_were_written(found: list[Any]) -> None:
    def plain(part: Any) -> Any:
        return list(map(plain, part.parts)) if isinstance(part, Form) else part

    assert [plain(one) for one in forms(" ".join(map(written, found)))] == found
    assert text_of(TRUE) == "(and)"

"""Generated problems: the exact answers agree with another way of finding them, and questions stand for themselves."""

import random
import re

import pytest

from surefoot.decompose.answer_keys.problem_parts import filled, parts_of, work_of
from surefoot.decompose.referees.problems import answer_of, chance_answers, right_answers
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems import bridges, crafting, dictionary, expressions, graphs, ledger
from surefoot.decompose.tasks.problems.families import FAMILIES, number, number_or_truth

NUMBERS = range(30)


def questions(family: str, length: int) -> list[str]:
    return list(Generated(family=family, length=length, count=len(NUMBERS)).questions())


@pytest.mark.parametrize("family", FAMILIES)
def test_questions_are_drawn_by_number_and_have_answers_in_form(family: str) -> None:
    task = Generated(family=family, length=5, count=8)
    assert task.questions() == Generated(family=family, length=5, count=8).questions()
    assert task.questions() != Generated(family=family, length=5, count=8, series=1).questions()
    assert task.questions()[2] == Generated(family=family, length=5, number=3).question()
    assert len({(text, task.context(n)) for n, text in enumerate(task.questions())}) == 8
    for answer in right_answers(task):
        assert task.read_answer(answer) == answer
    for at in range(8):
        assert len(chance_answers(task, at)) > 1


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_expressions_are_what_python_says(size: int) -> None:
    """Two algebras are drawn; ``xor`` is ``!=`` of truth values."""
    seen = set()
    for question in questions("expressions", size):
        text = question.removeprefix("What is ").removesuffix("?").removesuffix(" mod 97")
        modular = question.endswith(" mod 97?")
        assert len(re.findall(r"\+|\*|\band\b|\bor\b|\bxor\b", text)) == size
        python = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", text)).replace("xor", "!=")
        value = eval(python)
        assert answer_of(question) == (str(value % 97) if modular else str(bool(value)).lower())
        seen.add(modular)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "text",
    ["What is 1 +?", "What is (1 + 2?", "What is 1 + 2)?", "What is + 1?", "What is 1 2?", "What is x + 1?", "What?"],
)
def test_what_is_no_expression_is_not_read(text: str) -> None:
    assert expressions.read(text) is None


def test_brackets_without_end_are_refused() -> None:
    deep = "(" * 5000 + "1" + ")" * 5000
    assert expressions.read(f"What is {deep}?") is None


@pytest.mark.parametrize("family", ["graphs", "chains"])
def test_graphs_are_what_python_says(family: str) -> None:
    for question in questions(family, 12):
        found = graphs.read(question)
        assert found is not None
        defined, wanted = found
        names: dict[str, int] = {}
        while len(names) < len(defined):
            for one in defined.values():
                text = f" {one.operator} ".join(one.operands)
                if one.name not in names and all(op in names or op.isdigit() for op in one.operands):
                    names[one.name] = eval(text, {}, dict(names)) % 97
        assert answer_of(question) == str(names[wanted])
    if family == "chains":
        assert len(graphs.needed(*found)) == 13


def test_a_definition_by_itself_is_refused() -> None:
    read = graphs.read("With a1000 = b1000 + 1, b1000 = a1000 * 2, all mod 97: what is a1000?")
    assert read is not None
    with pytest.raises(ValueError, match="defined by itself"):
        graphs.needed(*read)


@pytest.mark.parametrize(("gadgets", "nodes", "shortest"), [(3, 62, 9), (5, 102, 15), (8, 162, 24)])
def test_bridges_are_the_published_graphs(gadgets: int, nodes: int, shortest: int) -> None:
    """Nodes and shortest path as in the source; every gadget has a way of 3, one of 5 and a dead end of 3 edges."""
    for at, question in enumerate(questions("bridges", gadgets)[:10]):
        found = bridges.read(question)
        assert found is not None
        graph, start, places = found
        assert len(graph) == nodes
        degrees = sorted(map(len, graph.values()))
        assert degrees.count(5) == 2 * (gadgets - 1)  # junctions inside: two ways in, three out
        assert degrees.count(3) == 2  # the starts
        far = distances(graph, start)
        reached = [place for place in places if place in far]
        assert reached == [answer_of(question)]
        assert far[reached[0]] == shortest
        assert set(chance_answers(Generated(family="bridges", length=gadgets), at)) == set(places)


def distances(graph: bridges.Graph, start: str) -> dict[str, int]:
    far, front = {start: 0}, [start]
    while front:
        at = front.pop(0)
        for other in graph[at]:
            if other not in far:
                far[other] = far[at] + 1
                front.append(other)
    return far


def test_crafting_needs_what_unfolding_the_recipes_gives() -> None:
    for question in questions("crafting", 9):
        found = crafting.read(question)
        assert found is not None
        recipes, raw, made = found
        heap, count = [made], 0
        while heap:
            thing = heap.pop()
            count += thing == raw
            for amount, what in recipes[thing].needs if thing in recipes else ():
                heap += [what] * amount
        assert answer_of(question) == str(count)


def test_a_ledger_is_counted_line_by_line() -> None:
    for at, question in enumerate(questions("ledger", 300)):
        kinds = ledger.read(question)
        assert kinds is not None
        lines = Generated(family="ledger", length=300).context(at).splitlines()
        assert len(lines) == 300
        users: dict[str, set[str]] = {}
        single = 0
        for line in lines:
            user, word = line.split(". user ")[1].split(": ")
            single += word in ledger.KINDS[kinds[0]]
            users.setdefault(user, set()).update(kind for kind in kinds if word in ledger.KINDS[kind])
        both = sum(len(kinds_of) == 2 for kinds_of in users.values())
        assert answer_of(question, "\n".join(lines)) == str(single if len(kinds) == 1 else both)
        assert not any(kind in "\n".join(lines) for kind in kinds), "the kind of a word stands nowhere"


def test_a_dictionary_sum_is_the_sum_of_its_words() -> None:
    for question in questions("dictionary", 20):
        found = dictionary.read(question)
        assert found is not None
        assert len(found.turns) == 20
        words = " ".join(map(" ".join, found.turns)).split()
        assert answer_of(question) == str(sum(found.values[word] for word in words))


@pytest.mark.parametrize("family", ["expressions", "graphs", "chains", "crafting", "dictionary"])
def test_parts_filled_in_one_after_the_other_give_the_answer(family: str) -> None:
    """The placebo: with one answer off, the result is another one in nearly all of the questions."""
    spoiled = 0
    for question in questions(family, 9):
        parts = parts_of(question)
        for wrong in (False, True):
            known: tuple[str, ...] = ()
            for part in parts:
                assert parts_of(part) == () or family in ("dictionary", "crafting")
                known = (*known, answer_of(filled(part, known)))
                if wrong and len(known) == 1:
                    known = (str(int(known[0]) + 1) if known[0].isdigit() else "true",)
            if parts and not wrong:
                assert known[-1] == answer_of(question)
            spoiled += bool(wrong and parts and known[-1] != answer_of(question))
    assert spoiled > len(NUMBERS) // 3


def test_work_grows_with_the_question() -> None:
    assert work_of("What is 3 + 4?") == 1
    for family in ("expressions", "chains", "dictionary"):
        short, long = (work_of(Generated(family=family, length=size).question()) for size in (5, 50))
        assert short >= 5
        assert long > 5 * short
    lines = random.Random(1)
    assert work_of("How many lines name a tree?", ledger.context(lines, 2500)) == 100


def test_answers_are_read_in_one_form_only() -> None:
    assert [number(text) for text in (" 1,024. ", "-3", "+07", "seven", "", "9" * 41)] == [
        "1024", "-3", "7", None, None, None,
    ]  # fmt: skip
    assert [number_or_truth(text) for text in ("True.", "FALSE", "12", "maybe")] == ["true", "false", "12", None]


def test_a_family_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(ValueError, match="there is no 'riddles'; there are expressions, "):
        Generated(family="riddles")
    with pytest.raises(ValueError, match="method: there is no 'magic'; there are direct, "):
        Generated(method="magic")
    with pytest.raises(ValueError, match="not a question of a family"):
        answer_of("Who are you?")

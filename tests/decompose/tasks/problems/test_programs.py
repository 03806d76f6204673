"""A program worked through by exact arithmetic gives the answer that the question's definitions give."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.tasks.problems import dictionary, expressions, graphs
from surefoot.decompose.tasks.problems.expressions import MODULUS
from surefoot.decompose.tasks.problems.programs import absorbed, first_state, next_spec

seeds = st.integers(0, 10**6).map(random.Random)


def worked(question: str, slip: int | None = None) -> tuple[str, list[str]]:
    """The answer, and what was asked; the answer to question ``slip`` is one too large."""
    state, asked = first_state(question), list[str]()
    while not isinstance(spec := next_spec(state), str):
        text = spec.rendered(state)
        asked.append(text)
        found = re.fullmatch(r"What is ([-0-9 +*()]+)( mod 97)?\?", text)
        assert found is not None, text
        value = eval(found[1])  # digits, signs and brackets, as matched
        value = value % MODULUS if found[2] else value
        state = absorbed(state, spec, str(value + (len(asked) - 1 == slip)))
    return spec, asked


def value_in(question: str) -> int:
    """By recursion over the definitions."""
    parts = graphs.read(question)
    assert parts is not None
    defined, wanted = parts

    def of(name: str) -> int:
        if name.isdigit():
            return int(name)
        one = defined[name]
        values = [of(operand) for operand in one.operands]
        return (sum(values) if one.operator != "*" else values[0] * values[1]) % MODULUS

    return of(wanted)


@given(seeds, st.integers(1, 15), st.sampled_from([graphs.pose, graphs.pose_chain]))
def test_a_graph_is_worked_through_in_as_many_questions_as_it_needs(
    rng: random.Random, size: int, pose: object
) -> None:
    question = pose(rng, size)  # type: ignore[operator]
    answer, asked = worked(question)
    assert int(answer) == value_in(question)
    parts = graphs.read(question)
    assert parts is not None
    assert len(asked) == sum(len(one.operands) == 2 for one in graphs.needed(*parts))


@given(seeds, st.integers(1, 20))
def test_a_sum_goes_on_from_what_was_said_before(rng: random.Random, size: int) -> None:
    question = dictionary.pose(rng, size)
    parts = dictionary.read(question)
    assert parts is not None
    assert len(parts.turns) == size
    total = sum(parts.values[word] for turn in parts.turns for word in turn)
    answer, asked = worked(question)
    assert (int(answer), len(asked)) == (total, size)
    slip = rng.randrange(size)
    assert int(worked(question, slip)[0]) == total + 1, (
        "a slip goes on to the end: nothing here looks anything up again"
    )


@given(seeds, st.integers(1, 6))
def test_a_word_without_a_value_makes_it_no_question(rng: random.Random, size: int) -> None:
    question = dictionary.pose(rng, size)
    head, told, tail = question.rpartition(". What is")
    assert dictionary.read(f"{head} nobody{told}{tail}") is None
    assert dictionary.read(question.replace("begin with 0", "begin with none")) is None
    assert dictionary.read(question.replace(": begin", "; begin")) is None


@given(seeds, st.integers(1, 12), st.integers(-400, 400))
def test_a_total_may_begin_anywhere(rng: random.Random, size: int, begins: int) -> None:
    """What stands after some turns are done is a question of the same form, which code and referee go on from."""
    drawn = dictionary.read(dictionary.pose(rng, size))
    assert drawn is not None
    assert drawn.begins == 0
    later = dictionary.worded(drawn.values, drawn.turns, begins)
    found = dictionary.read(later)
    assert found == dictionary.Totals(drawn.values, drawn.turns, begins)
    total = begins + sum(drawn.values[word] for turn in drawn.turns for word in turn)
    assert worked(later)[0] == str(total) == answer_of(later)
    assert found.part(0, "7").startswith("What is 7 + ")


@pytest.mark.parametrize("question", ["", "What is 1 + 2?", "Who painted this?"])
def test_other_questions_have_no_program(question: str) -> None:
    with pytest.raises(ValueError, match="method: there are programs for"):
        first_state(question)


@given(seeds, st.integers(1, 8))
def test_no_family_reads_the_questions_of_another(rng: random.Random, size: int) -> None:
    readers = {dictionary: dictionary.pose, graphs: graphs.pose, expressions: expressions.pose}
    for mine, pose in readers.items():
        question = pose(rng, size)
        assert [other for other in readers if other.read(question) is not None] == [mine]

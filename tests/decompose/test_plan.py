"""What a plan may look like."""

import pathlib
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.plan import Child, Expansion, Failure, Literal, Ref, as_output, failure_of, node_name
from surefoot.decompose.segment import segment_key

ROOT = pathlib.Path(__file__).parents[2]


def child(*reads: int) -> Child:
    return Child("goal", tuple(Ref(number) for number in reads))


def test_a_node_has_one_name_and_so_has_the_root() -> None:
    assert (node_name(()), node_name((7,)), node_name((0, 12, 3))) == ("root", "7", "0.12.3")


def test_no_message_shows_a_path_in_another_way() -> None:
    """Errors had said ``node ()`` and ``node [0, 2]`` of what every list, picture and option calls root and 0.2."""
    shown = re.compile(r"node \{(list\()?[\w.]*path\b")
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for folder in ("decompose", "runtime", "scripts", "voting")
        for file in (ROOT / folder).rglob("*.py")
        for line in file.read_text().splitlines()
        if shown.search(line)
    ]
    assert not found
    assert shown.search('f"node {node.path} did not"')
    assert shown.search('f"node {list(node.path)} did not"')
    assert not shown.search('f"node {node_name(node.path)} did not"')


def test_references_point_backwards_and_inside() -> None:
    expansion = Expansion((child(), child(0), child(0, 1)), result=1)
    assert expansion.children[expansion.result].inputs == (Ref(0),)
    assert Expansion((child(), child())).result == -1
    assert Expansion((Child("goal", (Literal("x"),)),), result=-1).children[0].promise is None


@pytest.mark.parametrize(
    ("children", "said"),
    [
        ((), "at least one child"),
        ((child(0),), "child 0 reads child 0"),
        ((child(), child(1)), "child 1 reads child 1"),
        ((child(1), child()), "child 0 reads child 1"),
        ((child(), child(-1)), "child 1 reads child -1"),
        ((child(), child(7)), "child 1 reads child 7"),
    ],
)
def test_other_references_are_refused(children: tuple[Child, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Expansion(children)


@pytest.mark.parametrize("result", [-3, 2, 100])
def test_the_result_is_one_of_the_children(result: int) -> None:
    with pytest.raises(ValueError, match="not one of 2 children"):
        Expansion((child(), child()), result)


def test_segments_have_names_of_their_own() -> None:
    places = [((), None), ((), 0), ((), 1), ((0,), None), ((1, 2), None), ((12,), None), ((1, 2), 0), ((1024, 2), 3)]
    assert len({segment_key(path, split) for path, split in places}) == len(places)
    assert segment_key((1024, 2), 3) == "/1024.2#3"


counts = st.integers(1, 6)


@given(
    count=counts,
    reads=st.lists(st.tuples(st.integers(0, 5), st.integers(-2, 8)), max_size=6),
    result=st.integers(-8, 8),
)
def test_an_expansion_is_accepted_exactly_if_it_can_be_run_in_order(
    count: int, reads: list[tuple[int, int]], result: int
) -> None:
    children = [child(*(source for reader, source in reads if reader == number)) for number in range(count)]
    runnable = all(0 <= source < reader for reader, source in reads if reader < count)
    try:
        Expansion(tuple(children), result)
    except ValueError:
        accepted = False
    else:
        accepted = True
    assert accepted == (runnable and -count <= result < count)


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_failure_comes_back_from_among_outputs(error: str, message: str) -> None:
    failure = Failure(error, message)
    assert failure_of(as_output(failure)) == failure
    assert failure_of(msgspec.json.decode(msgspec.json.encode(as_output(failure)))) == failure


@pytest.mark.parametrize(
    "value",
    [
        None, "failure", [], {}, {"failure": None}, {"failure": "late"}, {"failure": {"error": "E"}},
        {"failure": {"error": 1, "message": "m"}}, {"failure": {"error": "E", "message": "m"}, "total": 3},
        {"Failure": {"error": "E", "message": "m"}}, [{"failure": {"error": "E", "message": "m"}}],
    ],
)  # fmt: skip
def test_a_users_own_output_is_never_taken_for_a_failure(value: object) -> None:
    assert failure_of(value) is None


def test_an_input_says_of_itself_whether_it_is_known() -> None:
    """Both are written down in the journal: the tags keep a literal 3 apart from the output of child 3."""
    for source in (Literal(3), Ref(3), Literal(None)):
        assert msgspec.json.decode(msgspec.json.encode(source), type=Literal | Ref) == source

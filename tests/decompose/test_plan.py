"""What a plan may look like."""

import pytest

from surefoot.decompose.plan import Child, Expansion, Literal, Ref
from surefoot.decompose.segment import segment_key


def child(*reads: int) -> Child:
    return Child("goal", tuple(Ref(number) for number in reads))


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

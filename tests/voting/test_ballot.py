import msgspec
import pytest

from surefoot.voting.ballot import Ballot


def test_names_a_candidate_or_says_what_spoiled_it() -> None:
    assert Ballot(0, "move").spoiled_by is None
    assert Ballot(1, None, "overlong").candidate is None
    assert Ballot(2, "").candidate == ""  # opaque: the empty answer is an answer


@pytest.mark.parametrize(("candidate", "spoiled_by"), [(None, None), ("move", "overlong")])
def test_never_both_and_never_neither(candidate: str | None, spoiled_by: str | None) -> None:
    with pytest.raises(ValueError, match="either name a candidate or say what spoiled it"):
        Ballot(0, candidate, spoiled_by)


def test_draws_are_numbered_from_zero() -> None:
    with pytest.raises(ValueError, match="numbered from 0"):
        Ballot(-1, "move")


def test_is_frozen_and_hashable() -> None:
    ballot = Ballot(0, "move")
    with pytest.raises(AttributeError):
        ballot.candidate = "other"  # type: ignore[misc]
    assert len({ballot, Ballot(0, "move")}) == 1


def test_travels_as_an_array() -> None:
    for ballot, wire in (
        (Ballot(0, "move"), b'[0,"move",null,[]]'),
        (Ballot(7, None, "refused"), b'[7,null,"refused",[]]'),
    ):
        assert msgspec.json.encode(ballot) == wire
        assert msgspec.json.decode(wire, type=Ballot) == ballot
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(ballot), type=Ballot) == ballot


@pytest.mark.parametrize("wire", [b"[0,null,null]", b'[0,"move","refused"]', b'[-1,"move"]', b"[0,5]"])
def test_a_damaged_one_does_not_come_in_by_wire(wire: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wire, type=Ballot)

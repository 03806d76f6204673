"""A command that takes long says what it does, and one that is quick says nothing."""

import threading

import pytest

from surefoot.scripts.commands import patience


def test_a_line_where_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told = threading.Event(), []

    def tell(text: str) -> None:
        told.append(text)
        said.set()

    monkeypatch.setattr(patience, "tell", tell)
    with patience.saying(patience.looking_for("openai/m"), after_s=0):
        assert said.wait(30)
    assert told == ["loading what openai/m needs, and looking whether it can be asked"]


def test_no_line_where_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(patience, "tell", told.append)
    with patience.saying("never", after_s=3600):
        waiting = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        assert waiting
        assert all(one.daemon for one in waiting), "nothing waits for it at the end of the program"
    for one in waiting:
        one.join(30)
    assert told == []


def test_no_line_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(patience, "tell", told.append)
    with pytest.raises(ValueError, match="wrong"), patience.saying("never", after_s=3600):
        raise ValueError("wrong")
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.finished.is_set()]

"""By schema against free text: both ways are asked the same steps, and replies are judged by the key."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.models.factory import answer_key
from surefoot.scripts.benchmarks.structured import WAYS, _shown, main, right_answers, sampled


def way(**changed: Any) -> dict[str, Any]:
    usual = {"replies": 4, "read": 0.75, "right_of_read": 1 / 3, "discarded": {"misformatted": 1, "long": 2}}
    return {**usual, "tokens_in": 20.4, "tokens_out": 5.0, "seconds": 0.25, **changed}


def test_both_ways_are_printed(printed: Callable[..., str]) -> None:
    out = printed(main, "--per-kind", "2", "--at-once", "2", "--model", "simulated")
    *lines, last = out.splitlines()
    found = json.loads(last)
    assert list(found) == list(WAYS) == ["free text", "structured"]
    assert [line.partition("  ")[0].strip() for line in lines] == list(WAYS)
    assert found["free text"]["replies"] == found["structured"]["replies"] > 0
    assert found["free text"]["right_of_read"] == 1.0


def test_an_erring_model_is_not_all_right(printed: Callable[..., str]) -> None:
    out = printed(main, "--per-kind", "20", "--model", "simulated:p_error=0.5,p_format=0.2")
    found = json.loads(out.splitlines()[-1])["free text"]
    assert 0.1 < found["right_of_read"] < 0.9
    assert found["read"] < 1
    assert found["discarded"]


def test_each_kind_has_as_many_steps() -> None:
    task = Hanoi(disks=6)
    kinds = Counter(step.kind for step in sampled(task, 3))
    assert len(kinds) > 1
    assert set(kinds.values()) == {3}


def test_right_answers_are_the_keys() -> None:
    task = Hanoi(disks=4)
    for number in range(10):
        step = task.sample_step(number)
        right = right_answers(task, step, answer_key("hanoi"))
        assert right
        assert all(isinstance(one, str) for one in right)


def test_a_line_has_shares_and_reasons() -> None:
    told = _shown("structured", way())
    assert told == (
        "structured      4 replies  read  75.0%  right of those  33.3%  "
        "20 in, 5 out, 0.25 s  discarded: long 2, misformatted 1"
    )
    assert "right of those      -" in _shown("free text", way(right_of_read=None))
    assert _shown("free text", way(discarded={})).endswith("discarded: none")

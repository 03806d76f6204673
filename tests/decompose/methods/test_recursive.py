"""Recursion over a large input: the root's prompt does not grow, limits stand outside, failures are typed."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.methods import recursive
from surefoot.decompose.methods.asking import Goal, Turning, asked_next
from surefoot.decompose.methods.recursive import (
    MOST_CALLS,
    MOST_CELLS,
    Recursive,
    Request,
    _request,
    key_of,
)
from surefoot.decompose.plan import Failure, as_output, failure_of
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Done, Flag, Prompt
from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods.walking import Walk


def cells(**arguments: Any) -> Any:
    """The sandbox's tool as a plain function: cells that may ask, run from the start with the answers known."""
    missing: list[Any] = []

    class Asks(Exception):
        pass

    def ask_all(requests: list[Any]) -> list[Any]:
        missing.extend(one for one in requests if key_of(one) not in arguments["answers"])
        if missing:
            raise Asks
        known = [arguments["answers"][key_of(one)] for one in requests]
        return [RuntimeError(one["failed"]) if "failed" in one else one["value"] for one in known]

    def ask(request: Any) -> Any:
        [said] = ask_all([request])
        if isinstance(said, Exception):
            raise said
        return said

    names = {"ask": ask, "ask_all": ask_all, **arguments["variables"]}
    value = None
    try:
        for code in arguments["cells"]:
            *rows, last = code.split("\n")
            exec("\n".join(rows), names)
            value = eval(last, names) if "=" not in last or last.startswith("{") else exec(last, names)
    except Asks:
        return {"state": "asks", "requests": missing}
    except Exception as error:  # noqa: BLE001  whatever a cell does is its failure
        return as_output(Failure("crashed", f"{type(error).__name__}: {error}"))
    return {"state": "ended", "value": value, "is_value": True, "shown": repr(value), "printed": ""}


def walked(length: int, number: int, method: str = "recursive", **options: Any) -> tuple[Walk, Any]:
    task = Generated(family="ledger", length=length, number=number, method=method)
    walk = Walk(task, tools={"cells": cells}, **options)
    return walk, walk.run()


@pytest.mark.parametrize("method", ["recursive", "recursive-2"])
@pytest.mark.parametrize("number", [1, 3])
def test_counts_and_pairs_are_exact(number: int, method: str) -> None:
    """Number 1 asks for users with two kinds, number 3 counts lines; slices of 100 lines."""
    task = Generated(family="ledger", length=1234, number=number)
    walk, output = walked(1234, number, method)
    assert output == answer_of(task.question(), task.context(number - 1))
    assert walk.kinds.count("sub") == {1: 26, 3: 13}[number] or method == "recursive-2"


def test_the_roots_prompt_does_not_grow_with_the_input() -> None:
    """A1: as many words at 1,000 and at 100,000 lines, and nothing of the input but its beginning."""
    sizes = []
    for length in (1000, 100_000):
        task = Generated(family="ledger", length=length, method="recursive")
        step = task.sample_step(0)
        prompt = task.prompt(step, "chat").user
        sizes.append(len(prompt.split()))
        assert task.context(0).split("\n")[2] in prompt
        assert task.context(0).split("\n")[3] not in prompt
    assert sizes[0] == sizes[1]


def test_two_levels_are_roots_below_a_root() -> None:
    """A6: with depth 2 the slices are asked by roots of their own; with depth 1 there is one root."""
    plain, _ = walked(5000, 3)
    assert plain.kinds.count("cell") == 1
    deep, output = walked(5000, 3, "recursive-2")
    assert deep.kinds.count("cell") == 11
    assert deep.kinds.count("sub") == 50
    assert output == walked(5000, 3)[1]


def test_a_failed_cell_is_told_as_a_failure_and_the_root_goes_on() -> None:
    said = iter(["```python\n1 / 0\n```", "```python\nx = 3\nx\n```", '```python\n{"answer": x + 4}\n```'])
    seen: list[str] = []

    def reply(prompt: Prompt) -> str:
        seen.append(prompt.user)
        return next(said)

    _, output = walked(10, 3, reply=reply)
    assert output == "7"
    assert "Gave: [failed: crashed: ZeroDivisionError" in seen[1]
    assert "Gave: 3" in seen[2]


def test_one_failed_sub_question_leaves_the_rest_of_its_batch() -> None:
    """A4: the cell gets an error value for the one, and the answers to the others."""
    code = (
        'r = ask_all([{"question": "How many lines name a bird?", "from": a, "to": a + 5} for a in (0, 5, 99)])\n'
        '{"answer": sum(isinstance(one, Exception) for one in r)}'
    )

    def reply(prompt: Prompt) -> str:
        return f"```python\n{code}\n```" if prompt.user.startswith("Write a cell") else answers(prompt).right[0]

    walk, output = walked(10, 3, reply=reply)
    assert output == "1"
    assert walk.kinds.count("sub") == 2


@pytest.mark.parametrize(
    "raw",
    [
        "text", 3, None, [], {}, {"question": ""}, {"question": "x" * 3000}, {"question": "q", "from": -1},
        {"question": "q", "from": 5, "to": 4}, {"question": "q", "to": 11}, {"question": "q", "depth": 99},
        {"question": "q", "from": "0"}, {"question": 7},
    ],
)  # fmt: skip
def test_requests_are_hostile(raw: Any) -> None:
    assert isinstance(_request(raw, 100, 110), str)


def test_lines_are_counted_within_the_slice_that_a_root_is_about() -> None:
    assert _request({"question": "q\n?", "from": 2, "to": 5}, 100, 110) == Request("q ?", 102, 105)


def test_limits_hold_whatever_cells_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pitfalls 7 and 8: cells, rounds, calls and depth are counted outside, and children have what is left."""
    endless, _ = walked(10, 3, reply=lambda prompt: "```python\n1\n```")
    assert endless.kinds.count("cell") == MOST_CELLS
    monkeypatch.setattr(recursive, "MOST_PASSES", 5)
    rounds = 'for n in range(10**6): ask({"question": f"Which bird is number {n}?"})\n1'

    def reply(prompt: Prompt) -> str:
        return f"```python\n{rounds}\n```" if prompt.user.startswith("Write a cell") else "Answer: 0"

    walk, output = walked(10, 3, reply=reply)
    assert failure_of(output) is not None
    assert walk.kinds.count("part") == 5 * MOST_CELLS
    method = Recursive(depth=9)
    asked = [{"question": "q", "from": 0, "to": 1, "recursive": True}] * 1
    goal = Goal("q", 0, "", 0, (0, 10, 3))
    state = Turning((), ("code\n1", {"state": "asks", "requests": [*asked, {"question": "r"}]}))
    found = asked_next(method, Generated(family="ledger", length=10), goal, state)
    goals = [one.goal for one in found.children]  # type: ignore[union-attr]
    assert [one.given for one in goals] == [(0, 1, 1), (0, 0, 1)], "three calls, two of them spent here"
    assert [one.part for one in goals] == ["", "sub"]
    assert [one.depth for one in goals] == [1, 1]
    flat = asked_next(Recursive(depth=1), Generated(family="ledger", length=10), goal, state)
    assert [one.goal.part for one in flat.children] == ["sub", "sub"]  # type: ignore[union-attr]
    none_left = Goal("q", 0, "", 0, (0, 10, 0))
    again = asked_next(method, Generated(family="ledger", length=10), none_left, state)
    assert again.arguments["answers"][key_of({"question": "r"})] == {"failed": "no calls are left"}  # type: ignore[union-attr]
    assert MOST_CALLS < 10**6


def test_lists_of_a_slice_are_not_too_long_for_a_reply() -> None:
    """A million lines are asked about in slices of 250, whose users are up to a hundred numbers."""
    task = Generated(family="ledger", length=250, method="recursive")
    shown = (("Context", task.context(0)),)
    for kind in ("bird", "tree", "metal", "fruit"):
        step = Recursive().ask("sub", Goal(""), f"Which users have a line that names a {kind}?", shown)
        reply = answers(task.prompt(step, "chat")).right[0]
        assert 20 < 2 * len(reply.split()) <= step.max_reply_tokens, kind


def test_slices_too_large_for_a_prompt_fail_by_themselves() -> None:
    goal = Goal("How many lines name a bird?", 0, "sub", 1, (0, 20_000, 1))
    ended = asked_next(Recursive(), Generated(family="ledger", length=20_000), goal, Turning(()))
    assert isinstance(ended, Done)
    assert "more than a prompt shows" in ended.failure


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Let me see.\n```python\nx = 1\n```\nDone.", "code\nx = 1"),
        ("```\nx\n```", "code\nx"),
        ("```python\na\n```\nno:\n```py\nb\n```", "code\nb"),
        ("Answer: 7", "7"),
        ("```python\n\n```", None),
        ("```python\nx = 1", None),
        ("x = 1", None),
        ("```python\n" + "x" * 30_000 + "\n```", None),
    ],
)
def test_replies_are_a_cell_or_an_answer(reply: str, said: str | None) -> None:
    task = Generated(family="ledger", length=10, method="recursive")
    step = Recursive().ask("cell", Goal("q"), "q")
    read = task.parse(step, reply, "chat")
    assert read == said if said is not None else isinstance(read, Flag)


@pytest.mark.parametrize("method", ["recursive", "recursive-0"])
def test_cells_have_the_question_as_a_variable(method: str) -> None:
    """A running total over a thousand turns: one cell as long as for ten, which reads the turns from the question."""
    sizes = []
    for length in (10, 1000):
        task = Generated(family="dictionary", length=length, method=method)
        walk = Walk(task, tools={"cells": cells})
        assert walk.run() == answer_of(task.question(), "")
        assert walk.kinds.count("part") == (length if method == "recursive" else 0)
        sizes.append(len(answers(walk.prompts[0]).right[0]))
    assert sizes[0] == sizes[1] < 600


def test_the_root_is_told_of_both_variables() -> None:
    for method in ("recursive", "recursive-0"):
        task = Generated(family="ledger", length=10, method=method)
        said = task.prompt(task.sample_step(0), "chat").user
        assert "in the variable context, the question in the variable question" in " ".join(said.split())
        assert ("ask(" in said) == (method == "recursive"), "who may ask nothing is not told how to"


@pytest.mark.parametrize("number", [1, 3])
def test_the_control_arm_asks_nothing(number: int) -> None:
    """A2: the words are shown once each, and judged by the root; its prompts have none of the lines but the first."""
    task = Generated(family="ledger", length=1234, number=number)
    walk, output = walked(1234, number, "recursive-0")
    assert walk.kinds == ["cell alone", "cell alone"]
    assert output == answer_of(task.question(), task.context(number - 1))
    assert "user" not in walk.prompts[1].user.partition("Cell:")[2].partition("Question:")[0]


def test_no_cell_of_the_control_arm_gets_an_answer() -> None:
    code = (
        'r = ask_all([{"question": "How many lines name a bird?", "to": 5}])\n{"answer": isinstance(r[0], Exception)}'
    )
    seen: list[Any] = []

    def watched(**arguments: Any) -> Any:
        seen.append(arguments["answers"])
        return cells(**arguments)

    task = Generated(family="ledger", length=10, method="recursive-0")
    walk = Walk(task, lambda prompt: f"```python\n{code}\n```", {"cells": watched})
    walk.run()
    assert set(walk.kinds) == {"cell alone"}
    assert list(seen[1].values()) == [{"failed": "no calls are left"}]


def test_a_wrong_cell_is_wrong() -> None:
    """Cells are not voted on: where the root errs, the answer is another one, in each family it has code for."""
    for family, method in (("dictionary", "recursive"), ("dictionary", "recursive-0"), ("ledger", "recursive-0")):
        task = Generated(family=family, length=200, number=3, method=method)
        wrong = Walk(task, tools={"cells": cells}, reply=lambda prompt: _erring(prompt)).run()
        assert wrong != answer_of(task.question(), task.context(2)), (family, method)


def _erring(prompt: Prompt) -> str:
    """What is wrong where a last cell is written, else what is right."""
    found = answers(prompt)
    return found.wrong[0] if '"answer"' in found.right[0] else found.right[0]

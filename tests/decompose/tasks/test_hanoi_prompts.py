"""What a prompt shows: what its step declares to read, in the same words at every step, and nothing else."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt, Role, Step
from surefoot.decompose.tasks.hanoi import Carry, GoalFacts, Hanoi, MoveFacts, Tower, Walk
from surefoot.decompose.tasks.hanoi_states import moved

DIALECTS: tuple[Any, ...] = ("compact", "chat")
PAIRS = [(start, goal) for start in "abc" for goal in "abc" if start != goal]
States = list[list[int]]
# Published steps of 20 disks, 0-based: state before, previous move, the only right move.
PUBLISHED: dict[int, tuple[States, str, str]] = {
    10241: ([[20, 19, 18, 17, 16, 15, 12, 1], [13], [14, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]], "1ca", "2cb"),
    539011: ([[14, 13, 12, 9, 8], [19, 18, 17, 16, 15, 2, 1], [20, 11, 10, 7, 6, 5, 4, 3]], "1ba", "3ca"),
    950202: ([[6, 5, 4, 1], [17, 16, 7, 2], [20, 19, 18, 15, 14, 13, 12, 11, 10, 9, 8, 3]], "2cb", "1ab"),
}


def letters(lists: States) -> str:
    where = {disk: "abc"[peg] for peg, disks in enumerate(lists) for disk in disks}
    return "".join(where[disk] for disk in sorted(where))


def asked(prompt: Prompt) -> str:
    """The move that the words of a chat prompt ask for, with no knowledge but what they say."""
    cycle = dict(re.findall(r"from (\d) to (\d)[,.]? ?(?:or)?", prompt.user.split("that is,")[1].split(".")[0]))
    assert len(cycle) == 3
    lists = json.loads(prompt.user.split("Current state: ")[1].splitlines()[0])
    previous = prompt.user.split("Previous move: ")[1].splitlines()[0]
    if previous == "none" or json.loads(previous)[0] != 1:
        (peg,) = (i for i, disks in enumerate(lists) if disks and disks[-1] == 1)
        return f"1{'abc'[peg]}{'abc'[int(cycle[str(peg)])]}"
    one, two = (i for i, disks in enumerate(lists) if not disks or disks[-1] != 1)
    if not lists[one] or (lists[two] and lists[two][-1] < lists[one][-1]):
        one, two = two, one
    return f"{lists[one][-1]}{'abc'[one]}{'abc'[two]}"


@pytest.mark.parametrize(("start", "goal"), PAIRS)
def test_r9_the_strategy_in_words_solves_every_tower(start: Any, goal: Any) -> None:
    """Odd and even, every pair of pegs: by reading the chat prompt and not by asking any of our code."""
    for disks in range(1, 8):
        task = Hanoi(disks=disks, start=start, goal=goal)
        walk, moves = task.begin(task.root().goal, task.root().inputs), 0
        while isinstance(step := task.next_step(task.root().goal, walk), Step):
            move = asked(task.prompt(step, "chat"))
            walk, moves = Walk(moved(walk.state, move), move, moves + 1), moves + 1
        assert walk.state == goal * disks
        assert moves == 2**disks - 1


@pytest.mark.parametrize("number", PUBLISHED)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_published_steps_have_their_published_answer(number: int, dialect: Any) -> None:
    lists, previous, move = PUBLISHED[number]
    task, state = Hanoi(disks=20), letters(lists)
    step = task.next_step(task.root().goal, Walk(state, previous, number))
    assert isinstance(step, Step)
    (right,) = answers(task.prompt(step, dialect)).right
    candidate = task.parse(step, right, dialect)
    assert isinstance(candidate, str)
    assert candidate.split(" ")[0] == move
    assert "".join(candidate.split(" ")[1:]) == moved(state, move)
    assert asked(task.prompt(step, "chat")) == move
    # The closed form: after t moves disk d has moved (t + 2^(d-1)) >> d times, odd disks one way, even ones the other.
    turned = ((number + 2 ** (d - 1) >> d) * (1 if d % 2 else -1) for d in range(1, 21))
    assert state == "".join("abc"[turns % 3] for turns in turned)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("state_by", ["model", "task"])
def test_r11_one_template_for_every_step(dialect: Any, state_by: Any) -> None:
    """Put the same fact in the place of each fact: what is left is the same, byte for byte, at every step."""
    task = Hanoi(disks=20, state_by=state_by)
    templates = set()
    for number, (lists, previous, _) in {0: ([[*range(20, 0, -1)], [], []], "-", ""), **PUBLISHED}.items():
        step = task.next_step(task.root().goal, Walk(letters(lists), previous, number))
        assert isinstance(step, Step)
        shown = task.prompt(step, dialect)
        user = re.sub(r"\[\[.*\]\]|[abc]{5}( [abc]{5})+", "STATE", shown.user)
        if dialect == "chat":
            user = re.sub(r"Previous move: (none|\[\d+, \d, \d\])", "PREVIOUS", user)
        else:
            user = re.sub(r" (-|\d+[abc]{2}) ", " PREVIOUS ", user)
        assert user.count("STATE") == user.count("PREVIOUS") == 1
        templates.add((shown.system, user))
    assert len(templates) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_prompt_does_not_grow_with_the_steps_done(walk: Any, dialect: Any) -> None:
    steps, _, _ = walk(Hanoi(disks=9), answers)
    sizes = [len(Hanoi().prompt(step, dialect).user) for step in steps]
    assert max(sizes[256:]) == max(sizes[1:256])
    assert max(sizes) - min(sizes[1:]) <= 2  # a move of a disk above 9 is one character longer


@given(st.integers(1, 30), st.sampled_from(PAIRS), st.data())
def test_a_prompt_follows_from_what_its_step_reads(disks: int, pair: Any, data: st.DataObject) -> None:
    """The steps done, the options of the task, and the rest of the goal do not matter."""
    state = data.draw(st.text("abc", min_size=disks, max_size=disks))
    previous = data.draw(st.sampled_from(["-", "1ab", "2ca"]))
    done = [data.draw(st.integers(0, 2**disks - 2)) for _ in range(2)]
    goal = Tower(disks, *pair)
    tasks = [Hanoi(disks=disks, start=pair[0], goal=pair[1]), Hanoi(disks=30, start="c", goal="b")]
    steps = [task.next_step(goal, Walk(state, previous, count)) for task, count in zip(tasks, done, strict=True)]
    assert steps[0] == steps[1]
    if isinstance(steps[0], Step) and isinstance(steps[1], Step):
        for dialect in DIALECTS:
            assert tasks[0].prompt(steps[0], dialect) == tasks[1].prompt(steps[1], dialect)


def test_chains_that_come_to_the_same_facts_ask_the_same() -> None:
    """Many chains, from many nodes: one prompt for each set of facts."""
    shown: dict[Any, set[tuple[Prompt, Prompt]]] = {}
    for start, goal in PAIRS:
        for height in range(1, 6):
            for rest in ("a", "b", "ca"):
                task = Hanoi(disks=height + len(rest), start=start, goal=goal)
                walk = Walk(start * height + rest)
                while isinstance(step := task.next_step(Tower(height, start, goal), walk), Step):
                    both = task.prompt(step, "compact"), task.prompt(step, "chat")
                    shown.setdefault(step.reads, set()).add(both)
                    move = asked(both[1])
                    walk = Walk(moved(walk.state, move), move, walk.steps + 1)
    assert len(shown) > 200
    assert all(len(prompts) == 1 for prompts in shown.values())
    assert len({prompts for (prompts,) in shown.values()}) == len(shown)


FACTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("move", MoveFacts("cw", "2cb", "bca"), {"direction": "ccw", "previous": "1ab", "state": "cca"}),
    ("carry", GoalFacts("2ca", "bca"), {"goal": "2cb", "state": "bcb"}),
    ("split", GoalFacts("2ca", "cca"), {"goal": "2cb", "state": "ccb"}),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("kind", "facts", "others"), FACTS)
def test_every_fact_is_shown(dialect: Any, kind: str, facts: Any, others: dict[str, Any]) -> None:
    shown = Hanoi().prompt(Step(kind, Role.ACTOR, facts), dialect)
    for name, other in others.items():
        changed = msgspec.structs.replace(facts, **{name: other})
        assert Hanoi().prompt(Step(kind, Role.ACTOR, changed), dialect) != shown, name


def test_roles_and_limits() -> None:
    """A right reply stays below its step's limit in words, which are the bundled model's tokens."""
    for disks in (1, 5, 6, 17, 30):
        for state_by in ("model", "task"):
            task = Hanoi(disks=disks, state_by=state_by)
            goals = [Tower(disks, "a", "c"), Carry(disks, "a", "c")]
            states = ["a" * disks, "b" * (disks - 1) + "a"]
            steps = [task.next_step(goal, Walk(state)) for goal, state in zip(goals, states, strict=True)]
            split = task.decomposition_step(goals[0], ("a" * disks,))
            assert [getattr(step, "role", None) for step in steps] == [Role.ACTOR, Role.ACTOR]
            assert split is None or split.role is Role.TASK_DECOMPOSER
            for step in [*steps, split]:
                if isinstance(step, Step):
                    (right,) = answers(task.prompt(step, "compact")).right
                    assert len(right.split(" ")) + 1 < step.max_reply_tokens <= 2 * len(right.split(" ")) + 3

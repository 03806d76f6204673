"""Tower of Hanoi as a task: it is solved by following its own questions, and its checks know right from wrong."""

from collections import Counter
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.plan import Literal, Ref
from surefoot.decompose.step import Done, Flag, Role, Step
from surefoot.decompose.tasks.hanoi import Carry, GoalFacts, Hanoi, MoveFacts, Tower, Walk, direction
from surefoot.decompose.tasks.hanoi_states import illegal, moved, words

PAIRS = [(start, goal) for start in "abc" for goal in "abc" if start != goal]


@pytest.mark.parametrize("dialect", ["compact", "chat"])
@pytest.mark.parametrize(("start", "goal"), PAIRS)
def test_r9_following_the_prompts_literally_solves_every_tower(
    walk: Any, recursive: Any, dialect: Any, start: Any, goal: Any
) -> None:
    for disks in range(1, 9):
        steps, candidates, output = walk(Hanoi(disks=disks, start=start, goal=goal), answers, dialect)
        assert output == goal * disks
        done = [(step.reads.state, candidate.split(" ")[0]) for step, candidate in zip(steps, candidates, strict=True)]
        assert done == recursive(disks, start, goal)


@pytest.mark.parametrize(("start", "goal"), PAIRS)
def test_the_task_can_keep_the_state_itself(walk: Any, recursive: Any, start: Any, goal: Any) -> None:
    for dialect in ("compact", "chat"):
        task = Hanoi(disks=5, start=start, goal=goal, state_by="task")
        steps, candidates, output = walk(task, answers, dialect)
        assert output == goal * 5
        assert candidates == [move for _, move in recursive(5, start, goal)]
        assert not any(step.reads.states_next for step in steps)


@pytest.mark.parametrize("dialect", ["compact", "chat"])
@pytest.mark.parametrize("state_by", ["model", "task"])
@pytest.mark.parametrize("shown", ["tower", "all"])
def test_splitting_down_to_single_moves_keeps_every_promise(grow: Any, dialect: Any, state_by: Any, shown: Any) -> None:
    for start, goal in PAIRS:
        task = Hanoi(disks=5, start=start, goal=goal, state_by=state_by, shown=shown)
        root = task.root()
        assert root.promise == goal * 5
        assert grow(task, answers, dialect, root.goal, root.inputs) == root.promise


def test_a_decomposition_states_three_promises() -> None:
    task = Hanoi(disks=4)
    expansion = task.expand(Tower(3, "a", "c"), ("aaab",), "2ab bbab / 3ac bbcb / 2bc cccb")
    assert [child.goal for child in expansion.children] == [Tower(2, "a", "b"), Carry(3, "a", "c"), Tower(2, "b", "c")]
    assert [child.promise for child in expansion.children] == ["bbab", "bbcb", "cccb"]
    assert [child.inputs for child in expansion.children] == [(Literal("aaab"),), (Ref(0),), (Ref(1),)]
    assert expansion.children[expansion.result].promise == "cccb"


def test_a_tower_is_shown_its_own_disks_and_the_larger_ones_stay_where_they_are() -> None:
    goal, climbs = Tower(3, "b", "a"), [Walk("bcb" + rest, "1bc", 1) for rest in ("", "a", "cab")]
    for shown in ("tower", "all"):  # the placebo is shown all
        task = Hanoi(disks=6, shown=shown)
        steps = [task.next_step(goal, climb) for climb in climbs]
        prompts = {task.prompt(step, "compact").user for step in steps if isinstance(step, Step)}
        assert prompts == {
            f"move ccw 1bc {words(climb.state)}" for climb in (climbs[:1] if shown == "tower" else climbs)
        }
    tower = Hanoi(disks=6, shown="tower")
    assert [tower.advance(goal, climb, "2ba caa").state for climb in climbs] == ["caa", "caaa", "caacab"]
    assert tower.advance(goal, climbs[1], "2ba caaa").state == "caaa"  # a journal from before, with all disks
    carry, split = tower.next_step(Carry(3, "a", "c"), Walk("bbacab")), tower.decomposition_step(goal, ("bbbcab",))
    assert [step.reads.state for step in (carry, split) if isinstance(step, Step)] == ["bba", "bbb"]
    for said in ("2bc ccb / 3ba cca / 2ca aaa", "2bc ccbcab / 3ba ccacab / 2ca aaacab"):
        expansion = tower.expand(goal, ("bbbcab",), said)
        assert [child.promise for child in expansion.children] == ["ccbcab", "ccacab", "aaacab"]


def test_sizes_are_those_of_the_chains(walk: Any) -> None:
    task = Hanoi(disks=6)
    for goal, state in ((Tower(6, "a", "c"), "aaaaaa"), (Tower(3, "b", "a"), "bbbcac"), (Carry(4, "b", "a"), "cccbaa")):
        steps, _, output = walk(task, answers, "compact", goal, (state,))
        assert len(steps) == task.size(goal, (state,))
        assert output[goal.disks - 1 if isinstance(goal, Tower) else goal.disk - 1] == "a" or output == "cccccc"
    assert task.decomposition_step(Tower(1, "a", "b"), ("aaaaaa",)) is None
    assert task.decomposition_step(Carry(4, "b", "a"), ("cccbaa",)) is None


def test_a_chain_ends_when_its_steps_are_used_up() -> None:
    task, goal = Hanoi(disks=2), Tower(2, "a", "c")
    assert isinstance(task.next_step(goal, Walk("ba", "1ab", 2)), Step)
    assert task.next_step(goal, Walk("ba", "1ab", 3)) == Done("ba")
    assert task.next_step(goal, Walk("cc", "1bc", 3)) == Done("cc")
    assert task.next_step(goal, task.begin(goal, ("cc",))) == Done("cc")


@pytest.mark.parametrize("kind", ["move", "carry"])
def test_check_finds_the_only_legal_answers(kind: str) -> None:
    """All moves in all states of three disks, against pegs with disks on them."""
    for code in range(27):
        state = "".join("abc"[code // 3**i % 3] for i in range(3))
        tops = {peg: state.find(peg) for peg in "abc"}  # -1 where empty, else disk - 1
        for disk in (1, 2, 3, 4):
            for source, target in PAIRS:
                is_legal = tops[source] == disk - 1 and (tops[target] == -1 or tops[target] > disk - 1)
                move = f"{disk}{source}{target}"
                assert (illegal(state, move) == "") == is_legal, (state, move)
                facts = GoalFacts(move, state) if kind == "carry" else MoveFacts("cw", "-", state)
                step = Step(kind, Role.ACTOR, facts)
                for code_after in range(27):
                    after = "".join("abc"[code_after // 3**i % 3] for i in range(3))
                    found = Hanoi(disks=3).check(step, f"{move} {after}")
                    if not is_legal:
                        assert found is not None
                        assert found.name == "illegal"
                    elif after == moved(state, move):
                        assert found is None
                    else:
                        assert found is not None
                        assert found.name == "inconsistent"


def test_a_carry_carries_what_it_was_asked_to() -> None:
    step = Step("carry", Role.ACTOR, GoalFacts("2ac", "ba"))
    assert Hanoi().check(step, "2ac bc") is None
    wrong = Hanoi().check(step, "1bc ca")
    assert wrong is not None
    assert wrong.name == "inconsistent"


RIGHT_SPLIT = "2ab bbab / 3ac bbcb / 2bc cccb"


@pytest.mark.parametrize(
    "wrong",
    [
        "2ac ccab / 3ac bbcb / 2bc cccb",  # the small tower to the wrong peg
        "2ab bbab / 3ac bbcb / 2ac cccb",  # from the wrong peg
        "1ab bbab / 3ac bbcb / 2bc cccb",  # one disk too few
        "2ab bbab / 4ac bbcb / 2bc cccb",  # the wrong disk across
        "2ab bbaa / 3ac bbcb / 2bc cccb",  # the largest disk strays, in each state
        "2ab bbab / 3ac bbca / 2bc cccb",
        "2ab bbab / 3ac bbcb / 2bc ccca",
        "2ab abab / 3ac bbcb / 2bc cccb",  # a small disk strays, in each state
        "2ab bbab / 3ac cbcb / 2bc cccb",
        "2ab bbab / 3ac bbcb / 2bc bccb",
        "2bc cccb / 3ac bbcb / 2ab bbab",  # in the wrong order
    ],
)
def test_check_holds_a_split_against_its_goal(wrong: str) -> None:
    step = Hanoi(disks=4).decomposition_step(Tower(3, "a", "c"), ("aaab",))
    assert step is not None
    assert Hanoi(disks=4).parse(step, wrong, "compact") == wrong
    assert Hanoi(disks=4).check(step, RIGHT_SPLIT) is None
    found = Hanoi(disks=4).check(step, wrong)
    assert isinstance(found, Flag)
    assert found.name == "inconsistent"


def test_disk_1_goes_straight_for_the_target_when_the_tower_is_odd() -> None:
    for height in range(1, 9):
        for start, goal in PAIRS:
            (aside,) = set("abc") - {start, goal}
            first = goal if height % 2 else aside
            assert direction(Tower(height, start, goal)) == ("cw" if start + first in "abca" else "ccw")


def test_start_and_goal_differ() -> None:
    with pytest.raises(ValueError, match="both peg b"):
        Hanoi(start="b", goal="b")


@pytest.mark.parametrize(("start", "goal"), PAIRS)
@pytest.mark.parametrize("disks", [1, 2, 3, 6])
def test_sampled_steps_lie_on_the_way(recursive: Any, disks: int, start: Any, goal: Any) -> None:
    task = Hanoi(disks=disks, start=start, goal=goal)
    way = recursive(disks, start, goal)
    before = {state: ("-" if i == 0 else way[i - 1][1], i) for i, (state, _) in enumerate(way)}
    splits = {(goal, state) for goal, state in goals_met(disks, start, goal, start * disks)}
    carries = {(move, state) for state, move in way}
    for number in range(400):
        step = task.sample_step(number)
        assert step == Hanoi(disks=disks, start=start, goal=goal).sample_step(number)
        facts = step.reads
        if step.kind == "move":
            previous, moment = before[facts.state]
            assert facts.previous == previous or (facts.previous == "-" and moment % 2 == 0)
            assert facts.direction == direction(Tower(disks, start, goal))
        else:
            assert (facts.goal, facts.state) in (splits if step.kind == "split" else carries)


@pytest.mark.parametrize("disks", [3, 6])
def test_sampled_leaves_are_those_of_the_plan(recursive: Any, disks: int) -> None:
    """Towers of 2 disks and their moves; what is split comes as often as in a plan.

    A tower of n disks is met 2^(6 - n) times: within 6 standard deviations, a false alarm in less than one of 1e7 runs.
    """
    task = Hanoi(disks=disks, shown="tower")
    ways = {(direction(Tower(2, *pair)), step) for pair in PAIRS for step in recursive(2, *pair)}
    splits = {(goal, state[: int(goal[0])]) for goal, state in goals_met(disks, "a", "c", "a" * disks)}
    heights: Counter[int] = Counter()
    for number in range(4000):
        step = task.sample_leaf(number, 3)
        assert step == Hanoi(disks=disks, shown="tower").sample_leaf(number, 3)
        facts = step.reads
        if step.kind == "move":
            (right,) = answers(task.prompt(step, "compact")).right
            assert (facts.direction, (facts.state, right.split(" ")[0])) in ways
        else:
            heights[len(facts.state)] += 1
            assert step.kind == "carry" or (facts.goal, facts.state) in splits
    total = sum(2 ** (disks - n) for n in range(3, disks + 1))
    for n in range(3, disks + 1):
        share = 2 ** (disks - n) / total
        assert abs(heights[n] - 500 * share) <= 6 * (500 * share * (1 - share)) ** 0.5
    assert set(heights) == set(range(3, disks + 1))
    assert task.sample_leaf(7, 2**disks) == task.sample_step(7)


def goals_met(height: int, source: str, target: str, state: str) -> list[tuple[str, str]]:
    """Every tower met on the way down the decomposition, with its state; those of one disk cannot be split."""
    if height < 2:
        return []
    (aside,) = set("abc") - {source, target}
    above = aside * (height - 1) + target + state[height:]
    first = goals_met(height - 1, source, aside, state)
    return [(f"{height}{source}{target}", state), *first, *goals_met(height - 1, aside, target, above)]


def test_r17_samples_cover_the_whole_run_and_every_kind(recursive: Any) -> None:
    """The 15 moments of 4 disks come equally often, within 6 standard deviations.

    False-alarm rate, if the numbers were drawn anew each time: below 15 x 2e-9 < 1e-6.
    """
    steps = [Hanoi(disks=4).sample_step(number) for number in range(8000)]
    kinds = Counter(step.kind for step in steps)
    assert kinds["move"] == 7000
    assert min(kinds["carry"], kinds["split"]) > 300
    moments = Counter(step.reads.state for step in steps if step.kind == "move")
    assert set(moments) == {state for state, _ in recursive(4, "a", "c")}
    mean, sigma = 7000 / 15, (7000 * (1 / 15) * (14 / 15)) ** 0.5
    assert all(abs(count - mean) < 6 * sigma for count in moments.values())


def test_words_and_states_are_the_same_thing() -> None:
    for disks in range(1, 31):
        state = "abcca" * 6
        assert "".join(words(state[:disks]).split(" ")) == state[:disks]
        assert [len(word) for word in words(state[:disks]).split(" ")][:-1] == [5] * ((disks - 1) // 5)

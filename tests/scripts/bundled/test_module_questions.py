"""Module questions for training: right, within the vocabulary, and without what is examined."""

import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.answer_keys import digit_hanoi, graph
from surefoot.decompose.modular_planner import actor
from surefoot.decompose.modular_planner.wording import answer
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.castles import N15STAR, edges_of
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.rooms import Rooms
from surefoot.scripts.bundled import list_questions as lists
from surefoot.scripts.bundled import room_questions as rooms
from surefoot.scripts.bundled.module_questions import SHARES, exams, lesson, question, vocabulary
from surefoot.scripts.bundled.questions import held_out

KNOWN = frozenset(vocabulary())


@pytest.mark.parametrize(("family", "module"), SHARES)
def test_replies_end_with_the_keys_answer_and_every_word_is_known(family: str, module: str) -> None:
    rng = random.Random(f"{module} {family}")
    key = digit_hanoi if family == "lists" else graph
    for _ in range(150):
        prompt, reply = question(rng, family, module)
        assert prompt.startswith(f"{module} ")
        known = [answer(one) for one in key.answers(Prompt(prompt)).right]  # a castle's key shows a room before it
        right = {one.replace(" ", "") if module == "value" else one for one in known}
        if module == "subgoal" and right == {"-"} and answer(reply) != "-":  # the planner takes these for none
            assert answer(reply) in prompt.removeprefix("subgoal ").split(" not ")[0].split(" to ")
        elif (family, module) == ("rooms", "propose"):  # any of the best first
            assert rooms.proposes_well(prompt, answer(reply))
        else:
            assert answer(reply) in right
        assert KNOWN.issuperset(f"{prompt} {reply}".split(" "))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64), st.sampled_from(lists.MODULES))
def test_lists_of_four_are_never_taught(seed: int, module: str) -> None:
    prompt, reply = lists.question(random.Random(seed), module)
    told = [prompt.partition(" ")[2], answer(reply)] if module in ("predict", "subgoal") else [prompt.partition(" ")[2]]
    for state in re.findall(r"[1-9][abc](?: [1-9][abc])*(?= |$)", " = ".join(told)):
        assert len(state.split(" ")) in (3, 5)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64))
def test_the_published_castle_is_never_taught(seed: int) -> None:
    """Nor is it with its rooms renumbered: no castle has as many doors at each room."""
    degrees = sorted(Counter(room for edge in edges_of(N15STAR) for room in edge).values())
    edges = rooms.doors(random.Random(seed))
    if sorted(Counter(room for edge in edges for room in edge).values()) == degrees:
        assert rooms.regular(edges)  # thrown away
    world = rooms.castle(random.Random(seed), with_chests=True)
    assert sorted(Counter(room for edge in world.edges for room in edge).values()) != degrees
    assert 4 <= len(world.rooms()) <= 15


def test_a_castle_with_the_doors_of_the_published_one_is_thrown_away() -> None:
    numbers = random.Random(1).sample(range(1, 16), 15)
    renumbered = tuple((numbers[a - 1], numbers[b - 1]) for a, b in edges_of(N15STAR))
    assert rooms.regular(renumbered)
    assert not rooms.regular(renumbered[1:])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64), st.sampled_from((3, 5)))
def test_the_monitors_work_decides(seed: int, numbers: int) -> None:
    """What stands on top where a move begins and ends is all that the rules ask."""
    prompt, reply = lists.question(random.Random(seed), "check", numbers)
    (disk, *_), (source, target), said = prompt.split(" ")[1], reply.split(" = ")[0].split(" "), answer(reply)
    if source[0] != disk:
        assert said == "no rule1"
    else:
        assert said == ("yes" if target == "-" or target[0] > disk else "no rule2")


def test_castles_grow_while_a_model_is_trained() -> None:
    def most(done: float) -> int:
        prompts = [prompt for prompt, _ in lesson(random.Random(1), 400, done) if "|" in prompt]
        return max(len(set(re.findall(r"\d+", prompt.split(" |")[0]))) for prompt in prompts)

    assert (most(0.0), most(1.0)) == (6, 15)


def test_every_room_of_a_castle_can_be_reached() -> None:
    for seed in range(200):
        edges = rooms.doors(random.Random(seed))
        met, left = {edges[0][0]}, list(edges)
        while joined := [edge for edge in left if met & set(edge)]:
            met |= {room for edge in joined for room in edge}
            left = [edge for edge in left if edge not in joined]
        assert not left
        assert len({frozenset(edge) for edge in edges}) == len(edges)


def test_lessons_hold_back_what_is_examined() -> None:
    five = [
        prompt
        for prompt, _ in lesson(random.Random(1), 4000)
        if re.search("5[abc] 4[abc] 3[abc] 2[abc] 1[abc]", prompt)
    ]
    assert len(five) > 300
    assert not any(map(held_out, five))


def test_all_that_is_evaluated_is_in_the_vocabulary() -> None:
    tasks = [DigitHanoi(numbers=numbers) for numbers in (3, 4, 5)]
    asked = ("steppath", "valuepath", "detour", "revaluation", "transfer")
    castles = [GraphNavigation(question=name) for name in asked]  # type: ignore[arg-type]
    for task in (*tasks, *castles, GraphNavigation(graph="n7tree")):
        for number in range(100):
            assert KNOWN.issuperset(task.prompt(task.sample_step(number), "compact").user.split(" "))
    for name, pairs in exams(1, 20).items():
        assert all(KNOWN.issuperset(f"{prompt} {reply}".split(" ")) for prompt, reply in pairs), name


def test_the_evaluators_work_adds_up() -> None:
    rng = random.Random(2)
    for _ in range(300):
        prompt, reply = lists.question(rng, "value")
        work, _, said = reply.partition(" = ")
        assert work.split(" ")[-1] == said
        assert [digit_hanoi.answers(Prompt(prompt)).right[0].replace(" ", "")] == [said]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64), st.sampled_from(lists.MODULES), st.sampled_from((3, 5)))
def test_other_names_keep_the_question(seed: int, module: str, numbers: int) -> None:
    """Put back in order, they are the question as it was; a state keeps its three words."""
    pair = lists.question(random.Random(seed), module, numbers)
    new = lists.renamed(random.Random(seed), pair)
    names = sorted(set(re.findall(r"\b[1-5](?=[abc]+\b)", new[0])))
    assert len(names) == numbers
    back = [re.sub(r"\b[1-5](?=[abc]+\b)", lambda found: str(names.index(found[0]) + 1), text) for text in new]
    assert tuple(back) == pair


def test_the_rooms_work_is_a_way_by_doors() -> None:
    """Its steps go through open doors, each from a room not seen before, and as many follow as are counted."""
    rng = random.Random(3)
    for _ in range(300):
        prompt, reply = rooms.question(rng, "value")
        asked, world = graph.read_compact(prompt)
        rules, said = graph.RoomRules(world), int(answer(reply))
        found, *followed = re.split(r" \d+(?= |$)", reply.partition("> ")[2].partition(" = ")[0])
        steps = [step.split(">") for step in re.findall(r"\d+>\d+", found)]
        assert all(rules.broken(a, f"{a}-{b}") == "" for a, b in steps)
        assert len({a for a, _ in steps}) == len(steps)
        if 0 < said < graph.FAR:
            assert steps[-1][0] == asked.state
            assert len(followed) == said


def test_what_proposes_well() -> None:
    """In a square with a door to a fifth room; a detour first, a wall, too few or a rejected door do not."""
    castle = "1-2 2-3 3-4 4-1 4-5"
    assert rooms.proposes_well(f"propose {castle} | 2 4 to 1", "4 1 / 4 3")
    for said in ("4 3 / 4 1", "4 2 / 4 1", "4 1", "4 1 / 4 1", "-"):
        assert not rooms.proposes_well(f"propose {castle} | 2 4 to 1", said)
    assert rooms.proposes_well(f"propose {castle} | 2 4 to 1 not 4 1", "4 3 / 4 5")
    assert not rooms.proposes_well(f"propose {castle} | 2 4 to 1 not 4 1", "4 5 / 4 3")
    assert rooms.proposes_well(f"propose {castle} | 2 5 to 1 not 5 4", "-")


def test_a_rejected_step_is_not_the_way() -> None:
    """With its first step rejected the work finds another one, if there is another."""
    world = Rooms(edges_of("1-2 2-3 3-4 4-1 4-5"))
    direct, around = (
        rooms.asked(random.Random(1), world, actor.step(actor.ActorFacts(world, "4", "1", 1, rejected)))[1]
        for rejected in ((), (actor.Rejected("4-1", "visited"),))
    )
    assert direct.endswith("4>1 = 4 1")
    assert around == "@4 > 1 1: 2>1 2: 3>2 3: 4>3 = 4 3"

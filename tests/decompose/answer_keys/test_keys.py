"""Answer keys read prompts and nothing else: their right replies are right, their wrong ones readable and wrong."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.answer_keys import digit_hanoi, graph, pddl
from surefoot.decompose.answer_keys.graph import FAR, RoomRules
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.answer_keys.questions import answers_of
from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.modular_planner.modular_task import MODULES
from surefoot.decompose.step import Dialect, Flag, Prompt, Step
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.decompose.tasks.questions import Questions
from surefoot.decompose.tasks.rooms import BEST, Rooms

DIALECTS: tuple[Dialect, ...] = ("chat", "compact")
LISTS, RULES = DigitLists(3), digit_hanoi.DigitRules(3)
GOAL = "-/-/012"
moves = st.sampled_from([f"{number}{a}{b}" for number in range(3) for a, b in itertools.permutations("ABC", 2)])
states = st.sampled_from(all_states(3))


def read(step: Step, prompt: Prompt, dialect: Dialect, key: Any) -> tuple[list[Any], list[Any]]:
    """What the module makes of the key's right and wrong replies."""
    known, module = key(prompt), MODULES[step.kind]
    right, wrong = ([module.parse(step.reads, text, dialect) for text in texts] for texts in (known.right, known.wrong))
    return right, wrong


def asked_in(dialect: Dialect, step: Step, wording: int = 0) -> Prompt:
    prompt: Prompt = MODULES[step.kind].prompt(step.reads, dialect, wording)
    return prompt


@pytest.mark.parametrize("dialect", DIALECTS)
@given(state=states, move=moves, wording=st.integers(0, 2))
def test_verdicts_on_moves_are_those_of_the_rules(dialect: Dialect, state: str, move: str, wording: int) -> None:
    step = monitor.step(monitor.MonitorFacts(LISTS, state, move))
    right, wrong = read(step, asked_in(dialect, step, wording), dialect, digit_hanoi.answers)
    assert [monitor.broken_rule(candidate) for candidate in right] == [RULES.broken(state, move) or None]
    assert all(isinstance(c, Flag) or (monitor.broken_rule(c) is None) != (right[0] == monitor.VALID) for c in wrong)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(state=states, data=st.data())
def test_predicted_states_are_those_of_the_rules(dialect: Dialect, state: str, data: st.DataObject) -> None:
    move = data.draw(st.sampled_from(RULES.actions(state)))
    step = predictor.step(predictor.PredictorFacts(LISTS, state, move))
    right, wrong = read(step, asked_in(dialect, step), dialect, digit_hanoi.answers)
    assert right == [RULES.after(state, move)]
    assert wrong
    assert right[0] not in wrong
    assert all(isinstance(candidate, Flag) or candidate in all_states(3) for candidate in wrong)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(state=states, goal=states)
def test_distances_and_goals_are_those_of_the_rules(dialect: Dialect, state: str, goal: str) -> None:
    value = evaluator.step(evaluator.EvaluatorFacts(LISTS, state, goal))
    right, wrong = read(value, asked_in(dialect, value), dialect, digit_hanoi.answers)
    assert right == [str(RULES.distance(state, goal))]
    assert right[0] not in wrong
    reached = orchestrator.step(orchestrator.OrchestratorFacts(LISTS, state, goal))
    right, wrong = read(reached, asked_in(dialect, reached), dialect, digit_hanoi.answers)
    assert right == ["yes" if state == goal else "no"]
    assert right[0] not in wrong


@pytest.mark.parametrize("dialect", DIALECTS)
@given(state=states, breadth=st.integers(1, 3), data=st.data())
def test_proposals_are_the_best_moves_that_were_not_rejected(
    dialect: Dialect, state: str, breadth: int, data: st.DataObject
) -> None:
    ranked = RULES.ranked(state, GOAL)
    rejected = data.draw(st.lists(st.sampled_from(ranked), max_size=2, unique=True))
    facts = actor.ActorFacts(LISTS, state, GOAL, breadth, tuple(actor.Rejected(move, "visited") for move in rejected))
    step = actor.step(facts)
    right, wrong = read(step, asked_in(dialect, step), dialect, digit_hanoi.answers)
    assert actor.proposals(right[0]) == tuple(move for move in ranked if move not in rejected)[:breadth]
    assert actor.check(facts, right[0]) is None
    assert right[0] not in wrong


@pytest.mark.parametrize("dialect", DIALECTS)
@given(state=states)
def test_sub_goals_are_the_key_s_own_unless_they_failed(dialect: Dialect, state: str) -> None:
    facts = task_decomposer.DecomposerFacts(LISTS, state, GOAL)
    step = task_decomposer.step(facts)
    right, _ = read(step, asked_in(dialect, step), dialect, digit_hanoi.answers)
    assert task_decomposer.subgoals(right[0], facts) == RULES.subgoals(state, GOAL)[:1]
    if RULES.subgoals(state, GOAL):
        again = task_decomposer.DecomposerFacts(LISTS, state, GOAL, 1, RULES.subgoals(state, GOAL))
        right, _ = read(step, asked_in(dialect, task_decomposer.step(again)), dialect, digit_hanoi.answers)
        assert task_decomposer.check(again, right[0]) is None


@pytest.mark.parametrize("text", ["", "hello", "proposes 2 x to y", "Propose 2", "move x"])
def test_what_no_module_asks_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="not a module's question"):
        role_of(text)
    with pytest.raises(ValueError, match="not a module's question"):
        read_chat(Prompt(text, f"You are a planner. {text}"), LISTS)
    for key in (digit_hanoi.answers, graph.answers, pddl.answers):
        for prompt in (Prompt(text), Prompt(text, "You are helpful.")):
            with pytest.raises(ValueError, match="not a"):
                key(prompt)


def test_a_key_without_wrong_replies_says_something_that_is_read_as_nothing() -> None:
    class Nowhere:
        """A world with one state and no action."""

        def __getattr__(self, name: str) -> Any:
            return lambda *given: "" if name == "broken" else 0 if name in ("distance", "rule_of_thumb") else ()

    asked = Asked("Actor", "012/-/-", "012/-/-")
    known = module_answers(asked, Nowhere(), LISTS, "compact")
    assert known.wrong
    facts = actor.ActorFacts(LISTS, "012/-/-", "012/-/-", 2)
    assert all(isinstance(actor.parse(facts, text, "compact"), Flag) for text in known.wrong)


LINE = Rooms(((1, 2), (2, 3), (3, 4)), chests=((1, 9), (4, 30)))


@pytest.mark.parametrize(
    ("world", "state", "goal", "steps"),
    [
        (Rooms(((1, 2), (2, 3))), "1", "3", 2), (Rooms(((1, 2), (3, 4))), "1", "4", FAR),
        (Rooms(((1, 2), (2, 3)), one_way=((3, 1),)), "3", "1", 1), (Rooms(((1, 2),), locked=((2, 1),)), "1", "2", FAR),
        (Rooms(((1, 2),), opened=((2, 3),)), "1", "3", 2), (LINE, "2", BEST, 2), (LINE, "3", BEST, 1),
        (LINE, "4", BEST, 0),
        (LINE, "1", BEST, FAR), (Rooms(((1, 2), (2, 3)), chests=((3, -5),)), "1", BEST, FAR),
    ],
)  # fmt: skip
def test_steps_to_the_goal_are_counted_through_open_doors(world: Rooms, state: str, goal: str, steps: int) -> None:
    assert RoomRules(world).distance(state, goal) == steps


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda e: e[0] != e[1]), min_size=2, max_size=9),
    st.data(),
)
def test_a_castle_is_read_back_from_either_prompt(edges: list[tuple[int, int]], data: st.DataObject) -> None:
    """Every list of doors, chests and changes survives being put in words; steps are then counted in what was read."""
    world = Rooms(tuple(dict.fromkeys(edges)), ((1, 5), (2, -3)), ((2, 8),), (edges[0],), ((1, 7),), ((7, 2),))
    state, goal = (str(data.draw(st.sampled_from(world.rooms()))) for _ in range(2))
    step = evaluator.step(evaluator.EvaluatorFacts(world, state, goal))
    for dialect in DIALECTS:
        right, _ = read(step, asked_in(dialect, step), dialect, graph.answers)
        assert right == [str(RoomRules(world).distance(state, goal))]


def test_leaving_by_a_door_is_judged_without_coming_back() -> None:
    rules = RoomRules(Rooms(((1, 2), (1, 3), (3, 4), (2, 5), (5, 4))))
    assert rules.by_door("1", "4", "1-3") == 2
    assert rules.by_door("1", "4", "1-2") == 3
    assert rules.by_door("3", "2", "3-1") == 2
    assert RoomRules(Rooms(((1, 2), (1, 3)))).by_door("1", "3", "1-2") == FAR


ENTRY = {
    "question": "Has a spider more legs than two dogs?",
    "answer": False,
    "decomposition": ["How many legs has a spider?", "How many has a dog?", "Is #1 more than two times #2?"],
    "answers": ["Eight.", "4", "no"],
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_s_key_fills_in_its_own_answers(dialect: Dialect) -> None:
    file = json.dumps([ENTRY])
    task, key = Questions(file=file), answers_of({"file": file})
    split = task.decomposition_step(task.problem_of_run(), ("open",))
    assert split is not None
    known = key(task.prompt(split, dialect))
    assert task.parse(split, known.right[0], dialect) == "\n".join(ENTRY["decomposition"])  # type: ignore[arg-type]
    children = task.expand(task.problem_of_run(), ("open",), str(task.parse(split, known.right[0], dialect))).children
    last = task.next_step(children[2].goal, task.begin(children[2].goal, ("eight", "4")))
    assert isinstance(last, Step)
    assert last.reads.question == "Is eight more than two times 4?"
    assert task.parse(last, key(task.prompt(last, dialect)).right[0], dialect) == "no"
    for told, right in ((("eight", "4", "no"), "no"), (("six", "4", "no"), "yes")):
        decide = task.next_step(children[3].goal, told)
        assert isinstance(decide, Step)
        assert task.parse(decide, key(task.prompt(decide, dialect)).right[0], dialect) == right


def test_a_key_without_answers_gives_the_same_word_for_the_same_sub_question() -> None:
    bare = {"question": ENTRY["question"], "answer": False, "decomposition": ENTRY["decomposition"]}
    keys = [answers_of({"file": json.dumps([bare])}) for _ in range(2)]
    prompts = [Prompt(f"answer\nQuestion: {text}") for text in ("How many legs has a spider?", "How many has a dog?")]
    first, second = ([key(prompt).right for prompt in prompts] for key in keys)
    assert first == second
    assert first[0] != first[1]


@pytest.mark.parametrize("file", ['[{"question": "x"}]', '[{"answer": true}]', "{}", "["])
def test_a_file_without_answers_has_no_key(file: str) -> None:
    with pytest.raises(ValueError, match="the simulated model needs files"):
        answers_of({"file": file})


def test_a_question_of_another_file_has_no_key() -> None:
    key = answers_of({"file": json.dumps([ENTRY])})
    with pytest.raises(ValueError, match="not a question of the file"):
        key(Prompt("decide\nQuestion: Is it late?"))
    for text in ("decide", "guess\nQuestion: Is it late?"):
        with pytest.raises(ValueError, match="not a question about a question"):
            key(Prompt(text))

"""Decomposers that learn from screened decompositions, and from all: the same runs, equal tokens, fresh exams."""

import pathlib
import sys
import types
from collections.abc import Sequence
from typing import Any

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime.logs import configure_logs
from surefoot.scripts.benchmarks import screened_decompositions
from surefoot.scripts.benchmarks.screened_decompositions import (
    ARMS,
    SAID,
    Design,
    Material,
    batches,
    lesson_of,
    main,
    material,
    right_pair,
    score,
)
from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson
from tests.scripts.benchmarks.conftest import Printed

TINY = Design(runs=24, exams=10, tokens=500, batch=100)
QUESTION = "What is (66 + (6 * 66)) mod 97?"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Material:
    configure_logs("none")
    return material(TINY, 0, tmp_path_factory.mktemp("screened"))


def test_the_screen_takes_of_the_same_runs_what_a_referee_found_right(found: Material) -> None:
    assert set(found.pairs) == set(ARMS)
    assert set(found.pairs["referee"]) < set(found.pairs["none"])
    assert found.right["referee"] > found.right["none"]
    assert len(found.pairs["none"]) <= TINY.runs


def test_the_placebo_has_as_many_and_knows_no_referee(found: Material) -> None:
    assert len(found.pairs["fewer"]) == len(found.pairs["referee"])
    assert set(found.pairs["fewer"]) <= set(found.pairs["none"])
    assert set(found.pairs["fewer"]) != set(found.pairs["referee"])


def test_no_lesson_asks_what_an_exam_asks(found: Material) -> None:
    def asked(lesson: Lesson) -> tuple[str, ...]:
        return lesson.tokens[: lesson.tokens.index(SAID)]

    learned = {asked(lesson_of(pair)) for pairs in found.pairs.values() for pair in pairs}
    assert found.exams
    assert not learned & {asked(exam) for exam in found.exams}
    assert found.vocabulary[0] == PADDING
    every = [*found.exams, *(lesson_of(pair) for pairs in found.pairs.values() for pair in pairs)]
    assert {token for one in every for token in one.tokens} <= set(found.vocabulary)


def test_the_right_decomposition_is_that_of_the_answer_key() -> None:
    task = Generated(family="expressions", length=3, method="two-stage", count=20)
    for number, question in enumerate(task.questions()):
        key = answers(task.prompt(task.sample_step(number), "compact"))
        assert right_pair(question) == (question, key.right[0])
        assert all(right_pair(question)[1] != wrong for wrong in key.wrong)


def test_numbers_are_names_in_the_order_in_which_they_appear() -> None:
    lesson = lesson_of(right_pair(QUESTION))
    said = lesson.tokens.index(SAID) + 1
    assert " ".join(lesson.tokens[1 : said - 1]) == "What is ( n0 + ( n1 * n0 ) ) mod 97 ?"
    assert " ".join(lesson.tokens[said:-1]) == "1. What is ( n1 * n0 ) mod 97 ? 2. What is ( n0 + #1 ) mod 97 ?"
    assert lesson.said == (False,) * said + (True,) * (len(lesson.tokens) - said)
    # A number that the question has not, as a mistake has it, is a name that no right reply has.
    wrong = lesson_of((QUESTION, "1. What is (7 * 66) mod 97?"))
    assert "n2" in wrong.tokens


def test_every_model_is_given_as_many_tokens() -> None:
    short, long = Lesson(("a",) * 3, (True,) * 3), Lesson(("a",) * 7, (True,) * 7)
    design = Design(tokens=100, batch=20)
    for lessons in ([short], [long], [short, long]):
        given = list(batches(lessons, design, 1))
        assert 100 <= sum(len(one.tokens) for batch in given for one in batch) < 107
        assert given == list(batches(lessons, design, 1))


def test_a_model_learns_its_arm_and_is_examined_on_what_all_are(
    found: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, seen = types.ModuleType("tiny_learner"), list[Any]()

    def learn(lessons: Any, size: Any, vocabulary: Sequence[str], seed: int) -> str:
        seen.append(({one for batch in lessons for one in batch}, size, seed))
        return "model"

    stub.Size = lambda *told: told  # type: ignore[attr-defined]
    stub.learn = learn  # type: ignore[attr-defined]
    stub.share_right = lambda model, exams, vocabulary: len(exams) / 100  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "surefoot.scripts.bundled.tiny_learner", stub)
    for arm in ARMS:
        assert score(TINY, found, arm, 7) == len(found.exams) / 100
        lessons, size, seed = seen[-1]
        assert lessons <= {lesson_of(pair) for pair in found.pairs[arm]}
        assert (size, seed) == ((TINY.width, TINY.layers, TINY.tokens), 7)


def test_the_command_prints_a_line_for_each_arm(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Design, int]] = []

    def of(design: Design, seed: int, folder: pathlib.Path) -> Material:
        made.append((design, seed))
        return Material({arm: [("q", "a")] for arm in ARMS}, dict.fromkeys(ARMS, 0.25), [], [])

    monkeypatch.setattr(screened_decompositions, "material", of)
    monkeypatch.setattr(screened_decompositions, "score", lambda *_: 0.5)
    lines = printed(main, "--seeds", "2", "--first-seed", "3", "--runs", "9").splitlines()
    assert [line.split()[0] for line in lines] == ["seed", *ARMS] * 2
    assert lines[1].endswith("25.0 % of them right; exams right 50.0")
    assert [(design.runs, seed) for design, seed in made] == [(9, 3), (9, 4)]

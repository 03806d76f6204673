"""Models that learn from exports of the same runs: equal tokens, exams that no lesson asks, and the real comparison."""

import pathlib
import sys
import types
from collections.abc import Sequence
from typing import Any

import pytest

from surefoot.runtime.logs import configure_logs
from surefoot.scripts.benchmarks import learning_from_runs
from surefoot.scripts.benchmarks.learning_from_runs import (
    ARMS,
    EXAMINED,
    LEARNED,
    Design,
    Material,
    batches,
    main,
    material,
    numbers,
    score,
)
from surefoot.scripts.benchmarks.run_lessons import Exam, tokens_of
from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson
from tests.scripts.benchmarks.conftest import Printed

TINY = Design(disks=(4,), runs=2, exam_runs=4, tokens=2_000, batch=200, width=32, layers=1)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Material:
    configure_logs("none")
    return material(TINY, 0, tmp_path_factory.mktemp("learned"))


def test_every_arm_learns_from_the_same_runs(found: Material) -> None:
    assert set(found.lessons) == {*ARMS, "single"}
    notes = {arm: sum(one.tokens.count("[") for one in lessons) for arm, lessons in found.lessons.items()}
    assert notes["polished"] == 0
    assert notes["process"] > 20
    learned = {arm: sum(sum(one.said) for one in lessons) for arm, lessons in found.lessons.items()}
    assert learned["process"] > 0.9 * learned["shuffled"] > 0


def test_exams_are_of_other_towers_and_ask_what_no_lesson_asks(found: Material) -> None:
    assert {"clean", "perturbed", "dead end"} <= set(found.exams)
    asked = {exam.prompt for exams in found.exams.values() for exam in exams}
    learned = {" ".join(one.tokens) for lessons in found.lessons.values() for one in lessons}
    for prompt in asked:
        words = " ".join(tokens_of(prompt))
        assert not any(f"<user> {words} <assistant>" in text for text in learned), prompt


def test_every_token_has_a_number_and_the_same_seed_gives_the_same_material(
    found: Material, tmp_path: pathlib.Path
) -> None:
    assert found.vocabulary[0] == PADDING
    assert len(set(found.vocabulary)) == len(found.vocabulary)
    tiny = Design(disks=(2,), runs=1, exam_runs=1)
    assert material(tiny, 0, tmp_path / "one") == material(tiny, 0, tmp_path / "other")


def test_every_model_is_given_as_many_tokens() -> None:
    short, long = Lesson(("a",) * 3, (True,) * 3), Lesson(("a",) * 7, (True,) * 7)
    design = Design(tokens=100, batch=20)
    for lessons in ([short], [long], [short, long]):
        given = list(batches([lessons], design, 1))
        used = sum(len(one.tokens) for batch in given for one in batch)
        assert 100 <= used < 107
        assert all(sum(len(one.tokens) for one in batch) >= 20 for batch in given[:-1])


def test_lessons_come_as_often_as_each_other_in_an_order_of_the_seed() -> None:
    lessons = [Lesson((letter,), (True,)) for letter in "abcdefgh"]
    design = Design(tokens=16, batch=4)
    orders = [[one.tokens[0] for batch in batches([lessons], design, seed) for one in batch] for seed in (1, 1, 2)]
    assert sorted(orders[0]) == sorted("abcdefgh" * 2)
    assert orders[0] == orders[1] != orders[2]


def test_the_command_prints_a_line_for_each_arm(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_from_runs, "material", lambda *_: Material({arm: [] for arm in ARMS}, {}, []))
    monkeypatch.setattr(learning_from_runs, "score", lambda *_: {"clean": 0.5})
    lines = printed(main, "--seeds", "1", "--arms", "process,polished").splitlines()
    assert [line.split()[0] for line in lines] == ["seed", "process", "polished"]
    assert lines[1].endswith("clean 50.0")


def test_towers_that_are_learned_from_are_not_examined_and_seeds_share_no_run() -> None:
    assert not set(LEARNED) & set(EXAMINED)
    assert not set(numbers(0, 1000)) & set(numbers(1, 1000))


class StubLearner(types.ModuleType):
    """Stands in for the learner: no torch, no training; it remembers what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__("tiny_learner")
        self.Size = lambda *told: told
        self.given: list[tuple[int, Any]] = []
        self.examined: list[list[str]] = []
        monkeypatch.setitem(sys.modules, "surefoot.scripts.bundled.tiny_learner", self)

    def learn(self, lessons: Any, size: Any, vocabulary: Sequence[str], seed: int) -> str:
        self.given.append((sum(len(one.tokens) for batch in lessons for one in batch), size))
        return f"model {seed}"

    def share_right(self, model: str, exams: Sequence[Lesson], vocabulary: Sequence[str]) -> float:
        assert model == "model 7"
        self.examined.append([" ".join(one.tokens) for one in exams])
        return len(self.examined) / 10


def examined(monkeypatch: pytest.MonkeyPatch, arm: str) -> tuple[dict[str, float], StubLearner]:
    """What a stub is given of one arm and examined on, with a clean start and a dead end."""
    learner = StubLearner(monkeypatch)
    lessons = {"process": [Lesson(("a",) * 5, (True,) * 5)], "polished": [Lesson(("b",), (True,))]}
    note = "[discarded as illegal: disk 2 is not the top of peg a]"
    context = (("user", "move-only cw - aaa"), ("assistant", "2ab"), ("user", note))
    exams = {
        "clean": [Exam(context[:1], "move-only cw - aaa", "1ab")],
        "dead end": [Exam(context, "move-only cw - aaa", "1ab")],
    }
    return score(Design(tokens=50, batch=10), Material(lessons, exams, []), arm, 7), learner


@pytest.mark.parametrize("arm", ["process", "polished"])
def test_every_arm_has_one_size_and_one_budget(monkeypatch: pytest.MonkeyPatch, arm: str) -> None:
    _, learner = examined(monkeypatch, arm)
    assert learner.given == [(50, (Design().width, Design().layers, 50))]


def test_dead_ends_are_examined_in_their_context_and_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, learner = examined(monkeypatch, "process")
    assert scores == {"clean": 0.1, "dead end": 0.2, "dead end, afresh": 0.3}
    (clean,), (dead,), (afresh,) = learner.examined
    assert "discarded" in dead
    assert "2ab" in dead
    assert afresh == clean
    assert all(text.endswith("<assistant> 1ab <end>") for text in (clean, dead, afresh))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_what_was_seen_when_it_was_measured(tmp_path: pathlib.Path) -> None:
    """At dead ends the process teaches and its placebo does not; that clean starts cost nothing did not hold."""
    pytest.importorskip("torch", reason="needs the extra train")
    design = Design()
    found = material(design, 0, tmp_path)
    scores = {arm: score(design, found, arm, 0) for arm in ARMS}
    print(scores)
    dead = {arm: one["dead end"] for arm, one in scores.items()}
    assert dead["process"] >= dead["polished"] + 0.15
    assert dead["shuffled"] < dead["polished"] + 0.05


def test_two_parts_are_given_as_many_tokens_each() -> None:
    long, short = Lesson(("a",) * 30, (True,) * 30), Lesson(("b",) * 3, (True,) * 3)
    given = [one for batch in batches([[long], [short]], Design(tokens=3000, batch=100), 1) for one in batch]
    used = {token: sum(len(one.tokens) for one in given if one.tokens[0] == token) for token in "ab"}
    assert abs(used["a"] - used["b"]) <= 30
    assert sum(used.values()) >= 3000

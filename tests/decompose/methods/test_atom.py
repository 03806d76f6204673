"""Contractions: each keeps the answer, gets simpler, forgets what came before; wrong ones are caught by the judge."""

import hashlib
import itertools
import re

import pytest
from scipy.stats import binomtest

from surefoot.decompose.answer_keys.problem_contractions import contracted
from surefoot.decompose.answer_keys.problem_parts import parts_of
from surefoot.decompose.answer_keys.problems import answers, told_by
from surefoot.decompose.methods import atom
from surefoot.decompose.methods.asking import LONGEST_LINE, Goal, Turning, asked_next
from surefoot.decompose.methods.atom import DEEPEST, Atom
from surefoot.decompose.methods.two_stage import MOST_PARTS
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Done, Flag, Prompt
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems import dictionary
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from tests.decompose.methods.walking import Walk


class Unjudged(Generated, frozen=True, kw_only=True):
    """Accepts every contraction."""

    def decomposed_by(self) -> Atom:
        return Atom(judged=False)


CONTRACTED = [("graphs", 5), ("graphs", 20), ("graphs", 60), ("expressions", 12), ("dictionary", 30)]


def stages(walk: Walk) -> list[str]:
    """The questions that stood, in order: one for each split."""
    return [told_by(prompt).question for prompt, kind in zip(walk.prompts, walk.kinds, strict=True)
            if kind == "dependencies"]  # fmt: skip


@pytest.mark.parametrize(("family", "length"), CONTRACTED)
def test_every_contraction_has_the_same_answer_and_is_simpler(family: str, length: int) -> None:
    """A1: an exact evaluator confirms each; open nodes strictly fall; as many stages as the longest path."""
    for number in range(1, 6):
        task = Generated(family=family, length=length, number=number, method="atom")
        walk = Walk(task)
        assert walk.run() == answer_of(task.question())
        stood = stages(walk)
        assert {answer_of(one) for one in stood} == {answer_of(task.question())}
        open_nodes = [len(parts_of(one)) for one in stood]
        assert all(later < earlier for earlier, later in itertools.pairwise(open_nodes))
        assert open_nodes[-1] == 0
        assert len(stood) == max(1, longest_path(parts_of(task.question())))


def longest_path(parts: tuple[str, ...]) -> int:
    depth: list[int] = []
    for part in parts:
        depth.append(1 + max((depth[int(number) - 1] for number in re.findall(r"#(\d+)", part)), default=0))
    return max(depth, default=1)


def test_nothing_of_an_earlier_stage_is_shown_later() -> None:
    """A2: names are canaries, each of them unlike all others; those that were contracted away never come back."""
    walk = Walk(Generated(family="chains", length=12, method="atom"))
    walk.run()
    gone: set[str] = set()
    standing: set[str] = set()
    for prompt, kind in zip(walk.prompts, walk.kinds, strict=True):
        assert not [name for name in gone if name in prompt.user], kind
        if kind == "dependencies":
            names = {word for word in told_by(prompt).question.replace(":", " ").split() if word[1:5].isdigit()}
            gone |= standing - names
            standing = names
    assert len(gone) >= 10


def test_a_stage_is_a_function_of_its_question() -> None:
    """Going on from the question that stands gives the same prompts, byte for byte, as having come to it."""
    whole = Walk(Generated(family="chains", length=8, method="atom"))
    whole.run()
    third = stages(whole)[3]

    class Later(Generated, frozen=True, kw_only=True):
        def question(self) -> str:
            return third

    later = Walk(Later(family="chains", method="atom"))
    later.run()
    assert later.prompts == whole.prompts[-len(later.prompts) :]


def spoiled(share: float, task: Generated, seed: int) -> str:
    """The answer where in a share of the contractions all replies are one wrong question, and steps err at 1 %."""
    model = SimulatedModel(answers, parse_profile("p_error=0.01"), name=f"s{seed}")

    def reply(prompt: Prompt) -> str:
        known = answers(prompt)
        if prompt.user.startswith("Put the question again"):
            digest = hashlib.blake2b(f"{seed}{prompt.user}".encode(), digest_size=4).digest()
            if int.from_bytes(digest) / 2**32 < share:
                return known.wrong[0]
        said = [model.reply(Request(prompt, (draw,), 1.0, 4096, seed), draw).text for draw in range(7)]
        return max(said, key=said.count)  # stands for a race: votes are the engine's business

    return str(Walk(task, reply).run())


def right(method: type[Generated], share: float, name: str) -> int:
    tasks = [method(family="chains", length=10, number=number, method=name) for number in range(1, 41)]
    return sum(spoiled(share, task, seed) == answer_of(task.question()) for seed, task in enumerate(tasks))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_wrong_contractions_are_caught_by_the_judge(share: float) -> None:
    """A3: forty questions of ten contractions each. The placebo: without the judge they are gone on with."""
    assert right(Generated, share, "atom") >= 38
    assert right(Unjudged, share, "atom") <= 32


def test_a_rejected_contraction_costs_no_answer() -> None:
    """Where every contraction is wrong the question itself is answered: never worse than asking it at once."""
    assert right(Generated, 1.0, "atom") == right(Generated, 0.0, "direct")


def test_a_sum_of_more_turns_than_contractions_is_answered_as_it_then_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit ends the loop with a question that is left, never with none; 1,000 turns are below it."""
    assert DEEPEST >= MOST_PARTS == 1000
    monkeypatch.setattr(atom, "DEEPEST", 5)
    task = Generated(family="dictionary", length=9, method="atom")
    walk = Walk(task)
    assert walk.run() == answer_of(task.question())
    assert walk.kinds.count("contract") == 5
    left = dictionary.read(stages(walk)[-1])
    assert left is not None
    assert len(left.turns) == 4


def test_a_contracted_sum_begins_with_what_was_found_and_has_fewer_turns() -> None:
    question = Generated(family="dictionary", length=4).question()
    drawn = dictionary.read(question)
    assert drawn is not None
    first = drawn.part(0, "0")
    later = dictionary.read(contracted(question, {first: "-31"}))
    assert later == dictionary.Totals(drawn.values, drawn.turns[1:], -31)
    both = contracted(question, {first: "-31", drawn.part(1, "-31"): "5", drawn.part(2, "5"): "6"})
    assert dictionary.read(both) == dictionary.Totals(drawn.values, drawn.turns[3:], 6)
    assert contracted(question, {"What is 1 + 1?": "2"}) == question
    every = {drawn.part(number, before): str(number) for number, before in enumerate(("0", "0", "1", "2"))}
    last = dictionary.read(contracted(question, every))
    assert last is not None
    assert len(last.turns) == 1, "a question with no turn left would be none of the family"


def test_a_long_question_may_be_put_again_at_its_length_and_no_longer() -> None:
    """A thousand turns are 12,000 characters, more than other lines of a reply may have."""
    question = Generated(family="dictionary", length=1000).question()
    assert len(question) > LONGEST_LINE
    step, task = Atom().ask("contract", Goal(question), question), Generated(method="atom")
    assert task.parse(step, f"So\nQuestion: {question}", "chat") == question
    assert isinstance(task.parse(step, f"Question: {question} again", "chat"), Flag)
    short = Atom().ask("contract", Goal("q"), "q")
    assert task.parse(short, f"Question: {'x ' * 1900}", "chat") == ("x " * 1900).strip()
    assert isinstance(task.parse(short, f"Question: {question}", "chat"), Flag)


def test_one_that_is_no_simpler_ends_the_loop() -> None:
    def reply(prompt: Prompt) -> str:
        known = answers(prompt)
        same = f"Question: {told_by(prompt).question}"
        return same if prompt.user.startswith("Put the question again") else known.right[0]

    task = Generated(family="chains", length=6, method="atom")
    walk = Walk(task, reply)
    assert walk.run() == answer_of(task.question())
    assert walk.kinds == ["dependencies", "part", "contract", "answer"]


@pytest.mark.parametrize("text", ["1. a #1", "1. a #2\n2. b #1", "1. a #9", "2. a", ""])
def test_malformed_dependencies_are_a_red_flag(text: str) -> None:
    """A5: a circle, a reference out of range, one to itself: asked again by the race, never taken for a default."""
    step = Atom().ask("dependencies", Goal("q"), "q")
    assert isinstance(Generated(method="atom").parse(step, text, "chat"), Flag)


def test_the_judges_no_is_no_tie() -> None:
    """Pitfall 19: an undecided judge has no default; only a voted yes accepts."""
    goal, task = Goal("What is (1 + 2) * 3?"), Generated(method="atom")
    answered = ("1. What is 1 + 2?\n2. What is #1 * 3?", ["3"], "What is 3 * 3?")
    asked = asked_next(Atom(), task, goal, Turning((), answered))
    assert isinstance(task.parse(asked, "Answer: maybe", "chat"), Flag)  # type: ignore[arg-type]
    rejected = asked_next(Atom(), task, goal, Turning((), (*answered, "no")))
    assert rejected.reads.question == goal.text  # type: ignore[union-attr]
    ended = asked_next(Atom(), task, goal, Turning((), (*answered, "no", "9")))
    assert ended == Done("9")


def drawn(task: Generated, seed: int, share: float = 0.0, splits: bool = True) -> bool:
    """Whether a question is answered rightly, each prompt by the majority of five draws that err in 12 % an operation.

    Args:
        task: The question.
        seed: Of the draws.
        share: Of the contractions that are wrong in every draw.
        splits: Whether dependencies are those of the question; else a sub-question that has nothing to do with it.
    """
    model = SimulatedModel(answers, parse_profile("p_error=0.12"), name=f"d{seed}")

    def reply(prompt: Prompt) -> str:
        if prompt.user.startswith("Split the question into sub-questions that say") and not splits:
            return "1. What is 1 + 1?\n2. What is #1 + 1?"
        digest = hashlib.blake2b(f"{seed}{prompt.user}".encode(), digest_size=4).digest()
        if prompt.user.startswith("Put the question again") and int.from_bytes(digest) / 2**32 < share:
            return answers(prompt).wrong[0]
        said = [model.reply(Request(prompt, (draw,), 1.0, 4096, seed), draw).text for draw in range(5)]
        return max(said, key=said.count)

    return bool(Walk(task, reply).run() == answer_of(task.question()))


def better(one: list[bool], other: list[bool]) -> float:
    """Return how likely it is by chance that the first is ahead so often, of the questions in which they differ."""
    wins, losses = (
        sum(a > b for a, b in zip(one, other, strict=True)),
        sum(a < b for a, b in zip(one, other, strict=True)),
    )
    return float(binomtest(wins, wins + losses, 0.5, "greater").pvalue) if wins + losses else 1.0


def test_contractions_beat_the_whole_question_and_the_judge_beats_none() -> None:
    """A3, twenty seeds, two questions each, one contraction of twenty wrong; and A4: a split that says nothing."""
    told = [(seed, {"family": "chains", "length": 10, "number": number}) for seed in range(20) for number in (1, 2)]
    direct = [drawn(Generated(**options, method="direct"), seed) for seed, options in told]  # type: ignore[arg-type]
    unjudged = [drawn(Unjudged(**options, method="atom"), seed, 0.05) for seed, options in told]  # type: ignore[arg-type]
    judged = [drawn(Generated(**options, method="atom"), seed, 0.05) for seed, options in told]  # type: ignore[arg-type]
    assert better(unjudged, direct) < 0.05
    assert better(judged, unjudged) < 0.05
    placebo = [drawn(Generated(**options, method="atom"), seed, splits=False) for seed, options in told]  # type: ignore[arg-type]
    assert better(placebo, direct) > 0.05


def test_a_contracted_question_is_cheaper_for_another_method() -> None:
    """A6: handed on half way, the same answer for at most 70 % of the words of its prompts."""
    for number in (1, 2, 3):
        walk = Walk(Generated(family="chains", length=12, number=number, method="atom"))
        answer = walk.run()
        half = stages(walk)[len(stages(walk)) // 2]

        class Handed(Generated, frozen=True, kw_only=True):
            text: str = half

            def question(self) -> str:
                return self.text

        whole, rest = Walk(Generated(family="chains", length=12, number=number, method="self-ask")), Walk(
            Handed(family="chains", method="self-ask")
        )  # fmt: skip
        assert whole.run() == rest.run() == answer
        assert rest.words <= 0.7 * whole.words

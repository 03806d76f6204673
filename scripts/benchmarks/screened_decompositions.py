"""Is a decomposer better that learned from decompositions whose answers a referee found right (S_D-R)?

    python -m surefoot.scripts.benchmarks.screened_decompositions

Divide-or-Conquer, arXiv 2402.15000. Needs the extra ``train``. Questions are nested expressions by ``two-stage``: a
decomposer that errs often, a solver that seldom does, no votes. Tiny models with the same first weights learn from what
``surefoot export --kind decomposer`` takes of the same runs, as many tokens each, and are asked to split questions that
no lesson asks. Arms: ``referee``, screened; ``none``, all of solved runs; ``fewer``, as many of those as the screen
lets through, drawn by chance (placebo). Numbers stand as names in the order in which they appear, as a model so small
cannot learn to copy a hundred of them.
"""

import json
import pathlib
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click
import msgspec

from surefoot.decompose.answer_keys.problem_parts import parts_of
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime.config import RunConfig
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.trace.export import Wanted, export
from surefoot.scripts.benchmarks.kept_run import kept_run
from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson
from surefoot.scripts.commands.export import judged

ARMS: Final = ("referee", "none", "fewer")
AT_ONCE: Final = 100
"""Runs that are exported together: each is an open journal."""
_TOKEN: Final = re.compile(r"#?\d+\.?|\w+|\S")
ASKED, SAID, END = "<question>", "<parts>", "<end>"

Pair = tuple[str, str]
"""A question and its decomposition."""


class Design(msgspec.Struct, frozen=True):
    """Everything that was decided before arms were compared.

    Attributes:
        runs: Questions that are run to learn from.
        exams: Questions of other forms that a model is asked to split, at most.
        length: Operations of a question.
        decomposer_error: How often the simulated decomposer errs.
        solver_error: How often the solver does, for each operation.
        tokens: Tokens that a model is given to learn from.
        batch: Tokens of one update, about.
        width: Floats in what flows through the model's layers.
        layers: How many.
    """

    runs: int = 300
    exams: int = 200
    length: int = 3
    decomposer_error: float = 0.3
    solver_error: float = 0.01
    tokens: int = 300_000
    batch: int = 1_000
    width: int = 64
    layers: int = 2


def run_questions(design: Design, seed: int, folder: pathlib.Path) -> list[pathlib.Path]:
    """Run questions with a decomposer that errs often, and keep all replies; the run directories."""
    found: list[pathlib.Path] = []
    for number in range(1, design.runs + 1):
        options = {"family": "expressions", "length": design.length, "number": number, "series": seed}
        config = RunConfig(
            task="problems", task_options={**options, "method": "two-stage"}, address="none", workers=1, k=1,
            model=f"simulated:p_error={design.solver_error}", dialect="compact", keep_replies="all", seed=number,
            modules=f"TaskDecomposer.model=simulated:p_error={design.decomposer_error}",
        )  # fmt: skip
        found.append(folder / str(number))
        kept_run(config, found[-1])
    return found


def exported(runs: Sequence[pathlib.Path], screen: str, folder: pathlib.Path) -> list[Pair]:
    """Export decompositions as ``surefoot export --kind decomposer --screen ...`` does, and read them back."""
    found: list[Pair] = []
    for start in range(0, len(runs), AT_ONCE):
        some = runs[start : start + AT_ONCE]
        verdicts = {str(run): judged(run, screen) for run in some}
        path = folder / f"{screen}-{start}.jsonl"
        export(some, Wanted("decomposer", "chat", judged=verdicts), path)
        found += [_pair_of(json.loads(line)["messages"]) for line in path.read_text().splitlines()]
    return found


def _pair_of(messages: Sequence[Mapping[str, Any]]) -> Pair:
    asked = next(line for line in messages[-2]["content"].split("\n") if line.startswith("Question: "))
    return asked.removeprefix("Question: "), messages[-1]["content"]


def right_pair(question: str) -> Pair:
    """Return a question with the decomposition of the answer key."""
    return question, "\n".join(f"{number}. {part}" for number, part in enumerate(parts_of(question), start=1))


def lesson_of(pair: Pair) -> Lesson:
    """Return a lesson in which the decomposition is learned; numbers are names in the order in which they appear."""
    names: dict[str, str] = {}

    def named(text: str) -> list[str]:
        tokens = _TOKEN.findall(text)
        return [names.setdefault(one, f"n{len(names)}") if one.isdigit() and one != "97" else one for one in tokens]

    asked, said = [ASKED, *named(pair[0]), SAID], [*named(pair[1]), END]
    return Lesson((*asked, *said), (False,) * len(asked) + (True,) * len(said))


class Material(msgspec.Struct, frozen=True):
    """What one seed's models learn from and are examined on.

    Attributes:
        pairs: By arm.
        right: Share of an arm's decompositions that are those of the answer key.
        exams: Lessons of forms that no arm learns from.
        vocabulary: All tokens.
    """

    pairs: dict[str, list[Pair]]
    right: dict[str, float]
    exams: list[Lesson]
    vocabulary: list[str]


def material(design: Design, seed: int, folder: pathlib.Path) -> Material:
    """Run questions, export their decompositions by both screens, and draw the placebo's and the exams."""
    runs = run_questions(design, seed, folder / "runs")
    pairs = {screen: exported(runs, screen, folder) for screen in ("referee", "none")}
    pairs["fewer"] = random.Random(seed).sample(pairs["none"], len(pairs["referee"]))
    right = {arm: sum(one == right_pair(one[0]) for one in told) / len(told) for arm, told in pairs.items()}
    known = {_form(lesson_of(one)) for told in pairs.values() for one in told}
    asked = Generated(family="expressions", length=design.length, series=seed + 1000, count=4 * design.exams)
    others = [lesson_of(right_pair(question)) for question in asked.questions()]
    exams = [one for one in others if _form(one) not in known][: design.exams]
    every = [*exams, *(lesson_of(one) for told in pairs.values() for one in told)]
    return Material(pairs, right, exams, [PADDING, *sorted({token for one in every for token in one.tokens})])


def _form(lesson: Lesson) -> tuple[str, ...]:
    return lesson.tokens[: lesson.tokens.index(SAID)]


def batches(lessons: Sequence[Lesson], design: Design, seed: int) -> Iterator[list[Lesson]]:
    """Yield updates until the tokens are used up: lessons in a random order, each as often as any other."""
    rng, left, batch = random.Random(f"lessons {seed}"), design.tokens, list[Lesson]()
    while left > 0:
        for lesson in rng.sample(lessons, len(lessons)):
            batch.append(lesson)
            left -= len(lesson.tokens)
            if sum(len(one.tokens) for one in batch) >= design.batch or left <= 0:
                yield batch
                batch = []
            if left <= 0:
                return


def score(design: Design, found: Material, arm: str, seed: int) -> float:
    """Train the model of one arm and return the share of exams that it splits as the answer key does."""
    from surefoot.scripts.bundled.tiny_learner import Size, learn, share_right

    size = Size(design.width, design.layers, design.tokens)
    lessons = [lesson_of(one) for one in found.pairs[arm]]
    model = learn(batches(lessons, design, seed), size, found.vocabulary, seed)
    return share_right(model, found.exams, found.vocabulary)


@click.command()
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--first-seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--runs", default=Design().runs, show_default=True, type=click.IntRange(1))
@click.option("--tokens", default=Design().tokens, show_default=True, type=click.IntRange(1))
def main(seeds: int, first_seed: int, runs: int, tokens: int) -> None:
    """Train a decomposer on each export and print how often it splits a question rightly, in percent."""
    configure_logs("none")
    design = Design(runs=runs, tokens=tokens)
    for seed in range(first_seed, first_seed + seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = material(design, seed, pathlib.Path(folder))
        print(f"seed {seed}: {len(found.exams)} exams", flush=True)
        for arm in ARMS:
            told = f"{arm:8} {len(found.pairs[arm]):4} decompositions, {100 * found.right[arm]:.1f} % of them right"
            print(f"{told}; exams right {100 * score(design, found, arm, seed):.1f}", flush=True)


if __name__ == "__main__":
    main()

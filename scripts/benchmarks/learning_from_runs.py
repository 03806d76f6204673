"""Closes the loop once: tiny models learn from exports of the same runs, and are examined on runs of other tasks.

    python -m surefoot.scripts.benchmarks.learning_from_runs

Needs the extra ``train``. What is compared was written down before the first comparison (docs/learning-from-runs.md):
models of one size with the same first weights, given as many tokens each, of which the loss counts those that the
export marks. Arms: ``process``; ``polished``; ``shuffled``, the process in another order (placebo). ``recovery``, found
on other seeds than those it is reported of, learns in runs that were given up as well, and is given half its tokens as
single questions; ``scrambled`` is its placebo.
"""

import pathlib
import random
import tempfile
from collections.abc import Iterator, Sequence
from typing import Final

import click
import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.trace.export import Kind, Wanted, export
from surefoot.scripts.benchmarks.kept_run import kept_run
from surefoot.scripts.benchmarks.run_lessons import (
    Exam,
    Messages,
    exam_lesson,
    exams_of,
    lessons_of,
    prompts_in,
    read_talks,
    shuffled,
    singles,
    unrefuted,
)
from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson

ARMS: Final = ("process", "polished", "shuffled", "recovery", "scrambled")
HALVES: Final = {"recovery": "single", "scrambled": "single"}
"""What an arm is given half its tokens of, beside its own lessons."""
LEARNED: Final = ("ab", "bc", "ca", "ac")
EXAMINED: Final = ("ba", "cb")
"""Pegs of the towers that are learned from, and of those that the exams are of."""
MOST_EXAMS: Final = 400


class Design(msgspec.Struct, frozen=True):
    """Everything that was decided before arms were compared.

    Attributes:
        disks: Towers of these heights are run.
        runs: Runs of each tower to learn from, by turns with a lead of 1 and of 2.
        exam_runs: Runs of each tower that the exams are of.
        error: How often the simulated model errs.
        tokens: Tokens that a model is given to learn from.
        batch: Tokens of one update, about.
        width: Floats in what flows through the model's layers.
        layers: How many.
    """

    disks: tuple[int, ...] = (8,)
    runs: int = 6
    exam_runs: int = 10
    error: float = 0.2
    tokens: int = 1_000_000
    batch: int = 1_500
    width: int = 64
    layers: int = 2


def run_towers(design: Design, pegs: Sequence[str], runs: range, folder: pathlib.Path) -> list[pathlib.Path]:
    """Run the towers of some pegs with a noisy simulated model, and keep all replies; the run directories."""
    found: list[pathlib.Path] = []
    for disks in design.disks:
        for pair in pegs:
            for number in runs:
                config = RunConfig(
                    task="hanoi", task_options={"disks": disks, "start": pair[0], "goal": pair[1]}, address="none",
                    model=f"simulated:p_error={design.error}", workers=1, k=1 + number % 2, leaf_steps=7,
                    dialect="compact", state_by="task", keep_replies="all", seed=number,
                )  # fmt: skip
                found.append(folder / f"{disks}{pair}-{number}")
                kept_run(config, found[-1])
    return found


def numbers(seed: int, runs: int) -> range:
    """Return the seeds of a tower's runs, which no other seed of the benchmark shares."""
    return range(1000 * seed, 1000 * seed + runs)


def exported(runs: Sequence[pathlib.Path], kind: Kind, folder: pathlib.Path) -> list[Messages]:
    """Export some runs as ``surefoot export --format chat`` does, and read the conversations back."""
    path = folder / f"{kind}.jsonl"
    export(runs, Wanted(kind, "chat"), path)
    return read_talks(path)


class Material(msgspec.Struct, frozen=True):
    """What one seed's models learn from and are examined on.

    Attributes:
        lessons: By arm.
        exams: By class.
        vocabulary: All tokens.
    """

    lessons: dict[str, list[Lesson]]
    exams: dict[str, list[Exam]]
    vocabulary: list[str]


def material(design: Design, seed: int, folder: pathlib.Path) -> Material:
    """Run towers, export them, and make lessons and exams."""
    runs = run_towers(design, LEARNED, numbers(seed, design.runs), folder / "learned")
    talks: dict[str, list[Messages]] = {
        "process": exported(runs, "process", folder), "polished": exported(runs, "polished", folder),
    }  # fmt: skip
    rng = random.Random(seed)
    talks["shuffled"] = [shuffled(talk, rng) for talk in talks["process"]]
    talks["recovery"] = [*unrefuted(talks["process"])]
    talks["scrambled"] = [shuffled(talk, rng) for talk in talks["recovery"]]
    talks["single"] = [*singles(talks["recovery"])]
    known = {prompt for told in talks.values() for prompt in prompts_in(told)}
    other = run_towers(design, EXAMINED, numbers(seed, design.exam_runs), folder / "examined")
    (folder / "exams").mkdir()
    exams = exams_of(exported(other, "process", folder / "exams"), known, MOST_EXAMS)
    lessons = {arm: lessons_of(told) for arm, told in talks.items()}
    every = [one for told in lessons.values() for one in told]
    every += [exam_lesson(exam.context, exam.right) for asked in exams.values() for exam in asked]
    return Material(lessons, exams, [PADDING, *sorted({token for one in every for token in one.tokens})])


def batches(parts: Sequence[Sequence[Lesson]], design: Design, seed: int) -> Iterator[list[Lesson]]:
    """Yield updates until the tokens are used up: as many of each part, its lessons in random orders."""
    endless = [_again_and_again(part, random.Random(f"lessons {seed}")) for part in parts]
    used, batch = [0] * len(parts), list[Lesson]()
    while sum(used) < design.tokens:
        part = used.index(min(used))
        batch.append(next(endless[part]))
        used[part] += len(batch[-1].tokens)
        if sum(len(one.tokens) for one in batch) >= design.batch or sum(used) >= design.tokens:
            yield batch
            batch = []


def _again_and_again(lessons: Sequence[Lesson], rng: random.Random) -> Iterator[Lesson]:
    while True:
        yield from rng.sample(lessons, len(lessons))


def score(design: Design, found: Material, arm: str, seed: int) -> dict[str, float]:
    """Train the model of one arm and return the share of right replies by class of exam."""
    from surefoot.scripts.bundled.tiny_learner import Size, learn, share_right

    size = Size(design.width, design.layers, design.tokens)
    parts = [found.lessons[name] for name in (arm, HALVES.get(arm)) if name is not None]
    model = learn(batches(parts, design, seed), size, found.vocabulary, seed)
    scores: dict[str, float] = {}
    for name, exams in found.exams.items():
        shown = [exam_lesson(exam.context, exam.right) for exam in exams]
        scores[name] = share_right(model, shown, found.vocabulary)
        if name in ("dead end", "rolled back"):
            afresh = [exam_lesson((("user", exam.prompt),), exam.right) for exam in exams]
            scores[f"{name}, afresh"] = share_right(model, afresh, found.vocabulary)
    return scores


@click.command()
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--tokens", default=Design().tokens, show_default=True, type=click.IntRange(1))
@click.option("--first-seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--arms", default=",".join(ARMS), show_default=True)
def main(seeds: int, tokens: int, first_seed: int, arms: str) -> None:
    """Train a model on each export and print how often its replies are right, in percent."""
    configure_logs("none")
    design = Design(tokens=tokens)
    for seed in range(first_seed, first_seed + seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = material(design, seed, pathlib.Path(folder))
        print(f"seed {seed}: " + ", ".join(f"{name} {len(exams)}" for name, exams in found.exams.items()))
        for arm in arms.split(","):
            print("  ".join([f"{arm:9}", *_figures(found, arm), *_cells(score(design, found, arm, seed))]), flush=True)


def _figures(found: Material, arm: str) -> list[str]:
    lessons = found.lessons[arm]
    tokens, said = sum(len(one.tokens) for one in lessons), sum(sum(one.said) for one in lessons)
    return [f"{len(lessons):,} lessons, {tokens:,} tokens, {said:,} learned"]


def _cells(scores: dict[str, float]) -> list[str]:
    return [f"{name} {100 * share:.1f}" for name, share in scores.items()]


if __name__ == "__main__":
    main()

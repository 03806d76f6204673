"""Measures the bundled model on the steps of runs and writes its card.

::

    python -m surefoot.scripts.bundled.evaluate --samples 4000

Every prompt is held out from training, except the digit questions, and is asked once at temperature 1 and once
greedily, through CTranslate2 as a run asks.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from surefoot.runtime.models.bundled import ABREAST, START, STOP_PROMPT, WEIGHTS
from surefoot.scripts.bundled.exams import DISKS, LEAF, classes, exam, met_move
from surefoot.scripts.bundled.questions import Pair
from surefoot.voting.error_rate import clopper_pearson

MOVES_HEADING: Final = "## Several moves at once\n\n"
"""Where the second part of the card begins, which ``surefoot.scripts.bundled.evaluate_moves`` writes."""
HEADING: Final = "## The planner\n\n"
"""Where the third part of the card begins, which ``surefoot.scripts.bundled.evaluate_planner`` writes."""
FINITE: Final = ("start", "digits")
"""Tables of which some questions are never held out."""


class Measured(msgspec.Struct, frozen=True):
    """How often questions of one class are answered wrong.

    Attributes:
        samples: Replies taken, one a prompt where there are enough prompts.
        prompts: Distinct prompts among them.
        wrong: Replies at temperature 1 that are not the right one.
        misled: Replies that are wrong when the most likely word is always taken: no vote repairs most of these.
    """

    samples: int
    prompts: int
    wrong: int
    misled: int

    def cell(self) -> str:
        """Percent wrong at temperature 1 with its 95 % interval, and percent misled."""
        if not self.samples:
            return "-"
        bounds = clopper_pearson(self.wrong, self.samples)
        rate, misled = 100 * self.wrong / self.samples, 100 * self.misled / self.samples
        return f"{rate:.2f} ({100 * bounds.low:.2f} to {100 * bounds.high:.2f}) / {misled:.2f}"


def replies(generator: Any, prompts: Sequence[str], greedy: bool) -> list[str]:
    """Ask a generator one reply to each prompt, in batches of 256."""
    said = []
    for start in range(0, len(prompts), 256):
        results = generator.generate_batch(
            [[START, *prompt.split(" "), STOP_PROMPT] for prompt in prompts[start : start + 256]],
            max_length=64,
            include_prompt_in_result=False,
            sampling_topk=1 if greedy else 0,
        )
        said += [" ".join(result.sequences[0]) for result in results]
    return said


def measure(generator: Any, pairs: Sequence[Pair]) -> Measured:
    """Ask every question twice, at temperature 1 and greedily."""
    prompts = [prompt for prompt, _ in pairs]
    wrong, misled = (
        sum(reply != right for reply, (_, right) in zip(replies(generator, prompts, greedy), pairs, strict=True))
        for greedy in (False, True)
    )
    return Measured(len(pairs), len(set(prompts)), wrong, misled)


def speed(folder: Path, threads: int, batch: int, disks: int = 20) -> float:
    """Measure replies a second to questions about ``disks`` disks, in batches of one size."""
    import ctranslate2

    generator = ctranslate2.Generator(str(folder), intra_threads=threads)
    rng, took, began = random.Random(batch), [], time.perf_counter()
    prompts = [[START, *met_move(rng, disks)[0].split(" "), STOP_PROMPT] for _ in range(batch)]
    while time.perf_counter() < began + 3:
        start = time.perf_counter()
        generator.generate_batch(
            prompts, max_batch_size=ABREAST, max_length=16, include_prompt_in_result=False, sampling_topk=0
        )
        if start > began + 1.5:  # the first calls are slower
            took.append(time.perf_counter() - start)
    return batch / sorted(took)[len(took) // 2]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a head and rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def results(generator: Any, samples: int, seed: int) -> dict[tuple[str, str], Measured]:
    """Measure every class of questions; return the measurements by table and row."""
    found = {}
    for where, row, draw in classes():
        rng = random.Random(f"evaluate {seed} {where} {row}")
        found[where, row] = measure(generator, exam(draw, samples, rng, finite=where in FINITE))
        print(f"{where:12} {row:40} {found[where, row].cell()}", flush=True)
    return found


def tables(found: dict[tuple[str, str], Measured]) -> dict[str, str]:
    """Format the measurements as the model card's tables."""
    kinds = ["move", "move-only", "carry", "carry-only", "split"]
    by_disks = [[str(n), *(found[kind, str(n)].cell() for kind in kinds)] for n in DISKS]

    def listed(where: str, head: str) -> str:
        rows = [[row, measured.cell(), str(measured.prompts)] for (of, row), measured in found.items() if of == where]
        return table([head, "% wrong", "prompts"], rows)

    return {
        "overall": listed("all", "questions"),
        "by_disks": table(["disks", *kinds], by_disks),
        "towers": listed("tower", "disks in the leading tower"),
        "starts": listed("start", "questions"),
        "digits": listed("digits", "questions"),
    }


def speeds(folder: Path) -> str:
    """Measure and format the model card's table of replies a second."""
    rows = [[str(batch), *(f"{speed(folder, n, batch):,.0f}" for n in (1, 2))] for batch in (1, 32, 256, 512)]
    return table(["prompts in a batch", "1 thread", "2 threads"], rows)


def card(folder: Path, samples: int, seed: int) -> str:
    """Measure a model and return the text of its model card."""
    import ctranslate2

    ctranslate2.set_random_seed(seed)
    generator = ctranslate2.Generator(str(folder), intra_threads=2)
    recipe = msgspec.json.decode((folder / "recipe.json").read_bytes())
    size = (folder / "model.bin").stat().st_size
    shown = tables(results(generator, samples, seed))
    return CARD.format(
        **recipe, **shown, samples=samples, eval_seed=seed, size=size / 1e6, speeds=speeds(folder), leaf=LEAF
    )


CARD: Final = """\
# Model card: the bundled model

A decoder of the Llama shape with {parameters:,} parameters ({layers} layers, width {width}, {heads} heads), trained
from scratch for the questions that Surefoot's tasks hanoi and multiply ask in the compact dialect. It knows nothing
else: a word outside its vocabulary of {vocabulary} is refused.

**What it is for.** To try out, test and demonstrate runs with a real, fallible model, on any machine, offline. It errs
now and then at temperature 1; that is its use.

**What it is not.** Evidence about language models. It was trained on the right answers to exactly these questions: that
it answers them does not show that a model which was not can plan, and its error rates say nothing of other models'.

## How often it is wrong

Measured by `python -m surefoot.scripts.bundled.evaluate --samples {samples} --seed {eval_seed}`. A reply is wrong if it
differs from the right one in any word. The first figure is percent wrong at temperature 1, with the 95 % interval of
Clopper and Pearson in parentheses; the figure after the stroke is percent wrong when always the likeliest word is
taken. That one matters for votes: where the likeliest reply is wrong, more votes make it worse.

{samples} replies in each class, each to another held-out prompt. Where there are fewer prompts, they repeat, and the
interval is too narrow. States are those met at a random moment of a run, of the whole tower or of a leaf of at most
{leaf} disks under larger ones.

{overall}

### By number of disks

{by_disks}

### Disk n + 1 moves from under a tower of n

The hardest moves, in otherwise random states of 3 to 22 disks.

{towers}

### The first question of a run

{starts}

### Long multiplication

{digits}

## What is held out

One prompt in {held_out}, chosen by a hash of its text, was never trained on, and the figures above are of such prompts.
It cannot be so where there are few questions and each stands for itself: the 1,100 digit questions (900 `times`, 200
`plus`) and those about disks that all stand on one peg, with which a run begins. They are all trained on; the figures
say how well they are remembered. Multipliers of more than {most_digits} digits are not in the training data, and the
model cannot halve them.

## Data and recipe

Generated by `scripts/bundled/questions.py`; right replies are those of `decompose/answer_keys`. Moves: 60 % at moments
of runs (half of them chosen so that each disk is the moving one equally often), 15 % in random states, 25 % in states
with a leading tower. Carries and splits: as a decomposition meets them, and some in states that none leads to.

    python -m surefoot.scripts.bundled.train --seed {seed} --steps {steps} --batch {batch} \\
        --layers {layers} --width {width} --heads {heads} --inner {inner}

makes these weights from nothing: {steps} updates of {batch} pairs, Muon for the matrices and AdamW for the rest, cosine
decay, {minutes:.0f} minutes on two shared cores (torch {torch}). Stored as {quantization}: {size:.2f} MB.

## Speed

Replies a second, 20 disks, by CTranslate2, warm, on the machine that measured the rest (two shared cores). A model so
small gains nothing from a second thread: threads wait for each other at every layer.

{speeds}
"""


def write_part(folder: Path, runs: str | None = None, moves: str | None = None, planner: str | None = None) -> None:
    """Write one part of the model card and keep the other parts."""
    path = folder / "MODEL_CARD.md"
    old, _, old_planner = path.read_text().partition(HEADING) if path.exists() else ("", "", "")
    old_runs, _, old_moves = old.partition(MOVES_HEADING)
    several = (moves or old_moves).rstrip()
    parts = [(runs or old_runs).rstrip(), *([MOVES_HEADING + several] if several else [])]
    text = "\n\n".join([*parts, HEADING + (planner or old_planner)])
    path.write_text(text)
    print(text)


def parsed(arguments: Sequence[str] | None, does: str, samples: int) -> argparse.Namespace:
    """Read the arguments of a program that writes a part of the model card: ``weights``, ``samples`` and ``seed``.

    Args:
        arguments: Those of the command line, or ``None`` for this process's own.
        does: What the program does, for its help.
        samples: Questions in each class, where nothing else is said.
    """
    parser = argparse.ArgumentParser(description=does)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the model (default: the package's)")
    parser.add_argument("--samples", type=int, default=samples, help="questions in each class (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the bundled model and write its card."""
    said = parsed(arguments, "Measure the bundled model and write its card.", samples=4000)
    write_part(said.weights, runs=card(said.weights, said.samples, said.seed))


if __name__ == "__main__":
    main()

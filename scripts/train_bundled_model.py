"""Trains the bundled model from nothing and writes it as CTranslate2 runs it.

::

    python -m scripts.train_bundled_model --seed 1

A decoder of the Llama shape (a norm before each part, rotary positions, gated feed-forward) learns prompt -> reply
pairs; the loss counts reply words only. Needs the extra ``train``. The same seed and number of threads on the same
build of torch give the same weights; elsewhere another model of about the same error.
"""

import argparse
import math
import os
import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from runtime.models.bundled import END, START, STOP_PROMPT
from scripts import bundled_questions as questions
from scripts.bundled_courses import COURSES, Course, course_of
from scripts.bundled_decoder import Decoder, Recipe, export, restore
from scripts.bundled_muon import Muon

NUMBERS: Final = ("seed", "steps", "batch", "layers", "width", "heads", "inner")
RATES: Final = ("rate", "matrix_rate")
"""What of the recipe the command line can change."""


GAPPED: Final = 40
"""Longest lines in which positions are told with gaps."""
A_PART: Final = 20
"""Pairs that are computed together, about."""


class Rectangle(NamedTuple):
    """Lines of about one length.

    Attributes:
        tokens: Numbers of words, (batch, time).
        wanted: Mask of the positions that are to say a reply word, (batch, time).
        words: Those words, in that order.
        places: Position of each word in its own question, (batch, time).
        heard: Which words a word attends to, (batch, 1, time, time); ``None`` for all before it.
    """

    tokens: Tensor
    wanted: Tensor
    words: Tensor
    places: Tensor
    heard: Tensor | None


Line = tuple[list[int], list[int], list[int], list[bool]]
"""Of each word its number, its question (0 for what all share), its position, and whether it is to be said."""


def lines_of(pairs: Sequence[questions.Pair], number: Mapping[str, int], share: bool) -> list[Line]:
    """A line for each question; or, if shared, for all that begin with the same facts: up to the last ``|``."""
    shared: dict[tuple[str, int], list[list[tuple[str, bool]]]] = {}
    for count, (prompt, reply) in enumerate(pairs):
        facts, bar, asked = prompt.rpartition(" | ")
        told = [(word, False) for word in (*asked.split(" "), STOP_PROMPT)]
        told += [(word, True) for word in (*reply.split(" "), END)]
        shared.setdefault((facts + bar, 0 if bar and share else count), []).append(told)
    lines: list[Line] = []
    for (facts, _), asked_there in shared.items():
        start = [number[word] for word in (START, *facts.split())]
        line: Line = (start, [0] * len(start), list(range(len(start))), [False] * len(start))
        for question, said in enumerate(asked_there, 1):
            line[0].extend(number[word] for word, _ in said)
            line[1].extend([question] * len(said))
            line[2].extend(range(len(start), len(start) + len(said)))
            line[3].extend(is_reply for _, is_reply in said)
        lines.append(line)
    return lines


def rectangles(
    pairs: Sequence[questions.Pair], number: Mapping[str, int], parts: int, share: bool = True
) -> Iterator[Rectangle]:
    """Pairs, sorted by length so that little is padding, with the number of each word; first those without facts."""
    lines = sorted(lines_of(pairs, number, share), key=lambda line: len(line[0]))
    told = [line for line in lines if line[1].count(0) > 1]
    for part in (*cut([line for line in lines if line[1].count(0) < 2], parts), *cut(told, parts)):
        longest = len(part[-1][0])
        padded = [[row + [0] * (longest - len(row)) for row in rows] for rows in zip(*part, strict=True)]
        tokens, asked, places, said = map(torch.tensor, padded)
        wanted, heard = said[:, 1:].bool(), None
        if asked.max() > 1:
            from_asked, to_asked = asked[:, None, :-1, None], asked[:, None, None, :-1]
            heard = ((to_asked == 0) | (to_asked == from_asked)).tril()
        yield Rectangle(tokens[:, :-1], wanted, tokens[:, 1:][wanted], places[:, :-1], heard)


def cut(lines: Sequence[Line], parts: int) -> Iterator[Sequence[Line]]:
    """Lines in so many parts, or fewer."""
    size = math.ceil(len(lines) / parts)
    for start in range(0, len(lines), size or 1):
        yield lines[start : start + size]


def apart(places: Tensor, share: float) -> Tensor:
    """Positions, (batch, time), with gaps between them in every other line.

    What is learned with them does not lean on how many words are between two others, so that it holds for prompts of
    other lengths (Ruoss et al., "Randomized positional encodings", 2023).
    """
    skipped = (torch.rand(places.shape) < share) * torch.randint(1, 4, places.shape)
    skipped[torch.rand(len(places)) < 0.5] = 0
    return places + skipped.cumsum(1)


def wrong_at_1(model: Decoder, pairs: Sequence[questions.Pair], number: Mapping[str, int]) -> float:
    """Probability that a reply sampled at temperature 1 is not the right one, exactly, averaged over questions."""
    right = 0.0
    for tokens, wanted, words, _, _ in rectangles(pairs, number, 4, share=False):
        logs = torch.zeros(wanted.shape)
        with torch.no_grad():
            logs[wanted] = -functional.cross_entropy(model(tokens, wanted), words, reduction="none")
        right += logs.sum(1).exp().sum().item()
    return 1 - right / len(pairs)


def tell(step: int, loss: float, began: float, wrongs: Mapping[str, float]) -> None:
    """Print the loss, in nats a word, and how often held-out questions are answered wrong."""
    wrong = "  ".join(f"{name} {100 * share:.2f} %" for name, share in wrongs.items())
    print(f"step {step}  loss {loss:.5f}  {time.monotonic() - began:.0f} s  wrong: {wrong}", flush=True)


def spelling(course: Course) -> Tensor | None:
    """Weights of the parts of each word, (words, parts); ``None`` where every word stands for itself."""
    if course.spell is None:
        return None
    spelt = [course.spell(word) for word in course.vocabulary()]
    parts = {part: i for i, part in enumerate(dict.fromkeys(part for word in spelt for part in word))}
    table = torch.zeros(len(spelt), len(parts))
    for row, word in enumerate(spelt):
        for part, weight in word.items():
            table[row, parts[part]] = weight
    return table


def average(weights: Sequence[nn.Parameter], ranks: int) -> None:
    """Give every process the mean of all processes' gradients."""
    flat = torch.cat([w.grad.flatten() for w in weights])
    torch.distributed.all_reduce(flat)
    for w, part in zip(weights, (flat / ranks).split([w.numel() for w in weights]), strict=True):
        w.grad.copy_(part.view_as(w))


def prepared(course: Course, rng: random.Random, size: int) -> Generator[list[questions.Pair], float, None]:
    """Batches, each made by another process while the one before is learned; is sent the share of the training done."""
    with ProcessPoolExecutor(1) as pool:
        made: tuple[list[questions.Pair], random.Random] = ([], rng)
        done = 0.0
        while True:
            to_come = pool.submit(made_lesson, course.lesson, made[1], size, done)
            done = yield made[0]
            made = to_come.result()


def made_lesson(
    lesson: Callable[[random.Random, int, float], list[questions.Pair]], rng: random.Random, size: int, done: float
) -> tuple[list[questions.Pair], random.Random]:
    """A batch, and the generator after it."""
    return lesson(rng, size, done), rng


def train(
    recipe: Recipe,
    course: Course,
    minutes: float | None = None,
    every: int = 500,
    keep: Callable[[Decoder], None] | None = None,
    start: Path | None = None,
) -> Decoder:
    """A model trained by a recipe.

    Args:
        recipe: Size, updates and rates.
        course: What is taught.
        minutes: Stop by the clock instead of by ``steps``, which is not repeatable.
        every: Updates between two lines of progress.
        keep: Called with the model after each of these.
        start: Folder with exported weights to go on from, in place of random ones.
    """
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
    torch.manual_seed(recipe.seed)
    number = {word: i for i, word in enumerate(course.vocabulary())}
    rng, model = random.Random(recipe.seed + 1_000_000 * rank), Decoder(recipe, len(number), spelling(course))
    if start is not None:
        restore(model, start)
    matrices = [w for w in model.parameters() if w.dim() == 3]
    others = [w for w in model.parameters() if w.dim() < 3]
    muon, adamw = Muon(matrices), torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    exams, began, step, done, mean = course.exams(recipe.seed), time.monotonic(), 0, 0.0, 0.0
    batches = prepared(course, rng, recipe.batch // ranks)
    next(batches)
    while done < 1:
        share = min(1.0, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
        pairs = batches.send(done)
        parts = list(rectangles(pairs, number, max(1, recipe.batch // A_PART // ranks)))
        said = sum(len(part.words) for part in parts)
        model.zero_grad()
        loss = 0.0
        for tokens, wanted, words, places, heard in parts:
            if recipe.gaps and heard is None and tokens.shape[1] <= GAPPED:
                places = apart(places, recipe.gaps)
            share_of_loss = (
                functional.cross_entropy(model(tokens, wanted, places, heard), words, reduction="sum") / said
            )
            share_of_loss.backward()
            loss += share_of_loss.item()
        if ranks > 1:
            average(list(model.parameters()), ranks)
        nn.utils.clip_grad_norm_(others, 1.0)
        adamw.param_groups[0]["lr"] = recipe.rate * share
        adamw.step()
        muon.step(recipe.matrix_rate * share)
        step, mean = step + 1, loss if step == 0 else 0.98 * mean + 0.02 * loss
        done = (time.monotonic() - began) / 60 / minutes if minutes else step / recipe.steps
        if rank == 0 and (step % every == 0 or done >= 1):
            tell(step, mean, began, {name: wrong_at_1(model, pairs, number) for name, pairs in exams.items()})
            if keep is not None:
                keep(model)
    return model


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description="Train the bundled model and export it for CTranslate2.")
    parser.add_argument("--course", choices=COURSES, default="runs", help="which of its two parts (default: runs)")
    for name in NUMBERS:
        parser.add_argument(f"--{name}", type=int, help="(default: the course's)")
    for name in RATES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, help="(default: the course's)")
    parser.add_argument("--start", type=Path, help="folder of exported weights to go on from (default: random ones)")
    parser.add_argument("--minutes", type=float, help="stop by the clock instead of --steps; not repeatable")
    parser.add_argument("--threads", type=int, default=2, help="part of the recipe: sums depend on it (default: 2)")
    parser.add_argument("--every", type=int, default=500, help="updates between two lines of progress (default: 500)")
    parser.add_argument("--quantization", choices=["float32", "int8"], default="int8", help="(default: int8)")
    parser.add_argument("--out", type=Path, help="folder to write to (default: the package's)")
    said = parser.parse_args(arguments)
    course = course_of(said.course)
    chosen = {name: getattr(said, name) for name in (*NUMBERS, *RATES) if getattr(said, name) is not None}
    recipe = msgspec.structs.replace(course.recipe, **chosen)
    if recipe.width % (2 * recipe.heads):
        parser.error(f"--width {recipe.width} does not divide among --heads {recipe.heads} in even parts")
    torch.set_num_threads(said.threads)
    began, folder = time.monotonic(), said.out or course.folder
    quantization = None if said.quantization == "float32" else said.quantization

    def keep(model: Decoder) -> None:
        export(model, recipe, course.vocabulary(), folder, quantization)

    model = train(recipe, course, said.minutes, said.every, keep, said.start)
    if int(os.environ.get("RANK", 0)):
        return
    facts = {
        **msgspec.to_builtins(recipe),
        **course.facts,
        "parameters": sum(w.numel() for w in model.parameters()),
        "vocabulary": len(course.vocabulary()),
        "quantization": said.quantization,
        "threads": said.threads,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "torch": str(torch.__version__),
    }
    if said.start is not None:
        facts["start"] = msgspec.json.decode((said.start / "recipe.json").read_bytes())
    (folder / "recipe.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    print(f"wrote {folder}")


if __name__ == "__main__":
    main()

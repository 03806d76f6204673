"""Trains the bundled model from nothing and writes it as CTranslate2 runs it.

::

    python -m surefoot.scripts.bundled.train --seed 1

A decoder of the Llama shape (a norm before each part, rotary positions, gated feed-forward) learns prompt -> reply
pairs; the loss counts reply words only. Needs the extra ``train``. The same seed, threads and makers on the same build
of torch give the same weights on CPUs; elsewhere another model of about the same error. The planner's course wants a
GPU (``--device cuda --makers 14``): nine minutes on an H200; on two cores a day, reckoned from a few updates.
"""

import argparse
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from surefoot.scripts.bundled.courses import COURSES, Course, course_of
from surefoot.scripts.bundled.decoder import Decoder, Recipe, export, restore
from surefoot.scripts.bundled.graphs import Graphs
from surefoot.scripts.bundled.lines import A_RANK, Block, blocks, prepared
from surefoot.scripts.bundled.muon import Muon
from surefoot.scripts.bundled.questions import Pair

NUMBERS: Final = ("seed", "steps", "batch", "layers", "width", "heads", "inner")
RATES: Final = ("rate", "matrix_rate")
"""What of the recipe the command line can change."""


GAPPED: Final = 40
"""Longest lines in which positions are told with gaps."""
A_PART: Final = 20
A_PART_ON_GPU: Final = 1000
"""Pairs that are computed together, about."""


class Rectangle(NamedTuple):
    """Lines of about one length as tensors, on the device that computes.

    Attributes:
        tokens: Numbers of words, (batch, time).
        wanted: Which positions are to say a reply word, counted along the lines one after another, (replies,).
        words: Those words, (replies,).
        places: Position of each word in its own question, (batch, time).
        heard: Which words a word attends to, (batch, 1, time, time); ``None`` for all before it.
    """

    tokens: Tensor
    wanted: Tensor
    words: Tensor
    places: Tensor
    heard: Tensor | None


def rectangle(block: Block, device: str = "cpu") -> Rectangle:
    """Turn a block into tensors as the model reads it: each word but the last is asked for the next."""
    wanted = torch.from_numpy(np.flatnonzero(block.said[:, 1:])).to(device)
    tokens, asked, places = (torch.from_numpy(part).to(device) for part in block[:3])
    heard = None
    if not alone(block):
        from_asked, to_asked = asked[:, None, :-1, None], asked[:, None, None, :-1]
        heard = ((to_asked == 0) | (to_asked == from_asked)).tril()
    return Rectangle(tokens[:, :-1], wanted, tokens[:, 1:].flatten()[wanted], places[:, :-1], heard)


def alone(block: Block) -> bool:
    """Whether each line of a block has one question."""
    return int(block.asked.max()) < 2


def apart(block: Block, share: float) -> Block:
    """Put gaps between the positions in every other line of a block that is not long.

    What is learned with them does not lean on how many words are between two others, so that it holds for prompts of
    other lengths (Ruoss et al., "Randomized positional encodings", 2023).
    """
    shape = block.places[:, 1:].shape
    skipped = (torch.rand(shape) < share) * torch.randint(1, 4, shape)
    skipped[torch.rand(len(block.places)) < 0.5] = 0
    skipped[block.said[:, GAPPED + 1 :].any(1)] = 0
    places = block.places.copy()
    places[:, :-1] += skipped.cumsum(1).numpy()
    return block._replace(places=places)


def wrong_at_1(model: Decoder, pairs: Sequence[Pair], number: Mapping[str, int]) -> float:
    """Probability that a reply sampled at temperature 1 is not the right one, exactly, averaged over questions."""
    right = 0.0
    for block in blocks(pairs, number, 4, share=False):
        tokens, wanted, words, _, _ = rectangle(block, model.device)
        logs = torch.zeros(tokens.numel(), device=model.device)
        with torch.no_grad():
            logs[wanted] = -functional.cross_entropy(model(tokens, wanted), words, reduction="none")
        right += logs.view_as(tokens).sum(1).exp().sum().item()
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


def gradients(model: Decoder, lesson: Sequence[Block], gaps: float, graphs: Graphs | None) -> Tensor:
    """Set every weight's gradient; returns the mean loss in nats a word, on the model's device."""
    said = sum(int(block.said[:, 1:].sum()) for block in lesson)
    lesson = [apart(block, gaps) if gaps and alone(block) else block for block in lesson]
    model.zero_grad(set_to_none=False)
    if graphs is not None:
        graphs.loss.zero_()
        graphs.said.fill_(said)
        for block in lesson:
            graphs.add_gradients(block)
        return graphs.loss.clone()
    loss = torch.zeros(())
    for tokens, wanted, words, places, heard in map(rectangle, lesson):
        share = functional.cross_entropy(model(tokens, wanted, places, heard), words, reduction="sum") / said
        share.backward()
        loss += share.detach()
    return loss


class Session(NamedTuple):
    """How a model is trained besides its recipe: where it starts, what computes, and when progress is told.

    Attributes:
        minutes: Stop by the clock instead of by the recipe's ``steps``, which is not repeatable.
        every: Updates between two lines of progress.
        start: Folder with exported weights to go on from, in place of random ones.
        device: What computes: ``cpu`` or ``cuda``, whose sums are not the same from run to run.
        makers: Processes that make lessons, each its own.
    """

    minutes: float | None = None
    every: int = 500
    start: Path | None = None
    device: str = "cpu"
    makers: int = 1


class Optimizers:
    """Muon for the matrices inside a model's layers, AdamW for embeddings, norms and scores."""

    def __init__(self, model: Decoder, recipe: Recipe) -> None:
        self.recipe = recipe
        self.others = [w for w in model.parameters() if w.dim() < 3]
        self.muon = Muon([w for w in model.parameters() if w.dim() == 3])
        self.adamw = torch.optim.AdamW(self.others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)

    def step(self, share: float) -> None:
        """Update every weight by its gradient, at a share of the recipe's rates."""
        nn.utils.clip_grad_norm_(self.others, 1.0)
        self.adamw.param_groups[0]["lr"] = self.recipe.rate * share
        self.adamw.step()
        self.muon.step(self.recipe.matrix_rate * share)


def share_of_rate(step: int, done: float) -> float:
    """Share of the learning rate at an update, from 0: a rise over 100 updates, then cosine decay to 1 %."""
    return min(1.0, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def open_model(recipe: Recipe, course: Course, session: Session) -> Decoder:
    """Make the model to train, with random or earlier weights and a gradient of zero for each."""
    torch.manual_seed(recipe.seed)
    model = Decoder(recipe, len(course.vocabulary()), spelling(course))
    if session.start is not None:
        restore(model, session.start)
    model.to(session.device)
    for w in model.parameters():
        w.grad = torch.zeros_like(w)
    return model


def train(
    recipe: Recipe, course: Course, session: Session, keep: Callable[[Decoder], None] | None = None
) -> tuple[Decoder, int]:
    """Train a model by a recipe; return the model and how many updates it took.

    Args:
        recipe: Size, updates and rates.
        course: What is taught.
        session: Where to start, what computes, and when to stop and to tell.
        keep: Called with the model after each line of progress.
    """
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
    model, device = open_model(recipe, course, session), session.device
    graphs = Graphs(model) if device == "cuda" else None
    optimizers, number = Optimizers(model, recipe), {word: i for i, word in enumerate(course.vocabulary())}
    exams, step, done, mean = course.exams(recipe.seed), 0, 0.0, torch.zeros((), device=device)
    seeds = [recipe.seed + A_RANK * (rank * session.makers + maker) for maker in range(session.makers)]
    parts = max(1, recipe.batch // (A_PART if device == "cpu" else A_PART_ON_GPU) // ranks)
    batches = prepared(course.lesson, number, seeds, recipe.batch // ranks, parts)
    next(batches)
    began = time.monotonic()
    while done < 1:
        lesson = batches.send(done)
        loss = gradients(model, lesson, recipe.gaps, graphs)
        if ranks > 1:
            average(list(model.parameters()), ranks)
        optimizers.step(share_of_rate(step, done))
        step, mean = step + 1, loss if step == 0 else 0.98 * mean + 0.02 * loss
        passed = (time.monotonic() - began) / 60
        done = passed / session.minutes if session.minutes else step / recipe.steps
        if rank == 0 and (step % session.every == 0 or done >= 1):
            tell(step, mean.item(), began, {name: wrong_at_1(model, pairs, number) for name, pairs in exams.items()})
            if keep is not None:
                keep(model)
    return model, step


def facts_of(model: Decoder, recipe: Recipe, course: Course, steps: int, said: argparse.Namespace) -> dict[str, Any]:
    """The content of ``recipe.json`` beside the time taken: how to make the weights again, and their size."""
    facts = {
        **msgspec.to_builtins(recipe),
        **course.facts,
        "steps": steps,
        "parameters": sum(w.numel() for w in model.parameters()),
        "vocabulary": len(course.vocabulary()),
        "quantization": said.quantization,
        "threads": said.threads,
        "device": said.device,
        "makers": said.makers,
        "processes": int(os.environ.get("WORLD_SIZE", 1)),
        "torch": str(torch.__version__),
    }
    if said.start is not None:
        facts["start"] = msgspec.json.decode((said.start / "recipe.json").read_bytes())
    return facts


def options() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(description="Train the bundled model and export it for CTranslate2.")
    parser.add_argument("--course", choices=COURSES, default="runs", help="which of its parts (default: runs)")
    for name in NUMBERS:
        parser.add_argument(f"--{name}", type=int, help="(default: the course's)")
    for name in RATES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, help="(default: the course's)")
    parser.add_argument("--start", type=Path, help="folder of exported weights to go on from (default: random ones)")
    parser.add_argument("--minutes", type=float, help="stop by the clock instead of --steps; not repeatable")
    parser.add_argument("--threads", type=int, default=2, help="part of the recipe: sums depend on it (default: 2)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="what computes (default: cpu)")
    parser.add_argument("--makers", type=int, default=1, help="processes that make lessons, likewise (default: 1)")
    parser.add_argument("--every", type=int, default=500, help="updates between two lines of progress (default: 500)")
    parser.add_argument("--quantization", choices=["float32", "int8"], default="int8", help="(default: int8)")
    parser.add_argument("--out", type=Path, help="folder to write to (default: the package's)")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the model of one course and export it for CTranslate2."""
    parser = options()
    said = parser.parse_args(arguments)
    course = course_of(said.course)
    chosen = {name: getattr(said, name) for name in (*NUMBERS, *RATES) if getattr(said, name) is not None}
    recipe = msgspec.structs.replace(course.recipe, **chosen)
    if recipe.width % (2 * recipe.heads):
        parser.error(f"--width {recipe.width} does not divide among --heads {recipe.heads} in even parts")
    torch.set_num_threads(said.threads)
    if said.device == "cuda":
        if not torch.cuda.is_available():
            parser.error("--device cuda: torch finds no GPU")
        torch.set_float32_matmul_precision("high")
    began, folder = time.monotonic(), said.out or course.folder
    quantization = None if said.quantization == "float32" else said.quantization

    def keep(model: Decoder) -> None:
        export(model, recipe, course.vocabulary(), folder, quantization)

    session = Session(said.minutes, said.every, said.start, said.device, said.makers)
    model, steps = train(recipe, course, session, keep)
    if int(os.environ.get("RANK", 0)):
        return
    minutes = round((time.monotonic() - began) / 60, 1)
    facts = {**facts_of(model, recipe, course, steps, said), "minutes": minutes}
    (folder / "recipe.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    print(f"wrote {folder}")


if __name__ == "__main__":
    main()

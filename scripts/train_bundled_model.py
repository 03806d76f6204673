"""Trains the bundled model from nothing and writes it as CTranslate2 runs it.

::

    python -m scripts.train_bundled_model --seed 1

A decoder of the Llama shape (a norm before each part, rotary positions, gated feed-forward) learns prompt -> reply
pairs; the loss counts reply words only. Needs the extra ``train``. The same seed and number of threads on the same
build of torch give the same weights; elsewhere another model of about the same error.
"""

import argparse
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from runtime.models.bundled import END, START, STOP_PROMPT, WEIGHTS
from scripts import bundled_questions as questions
from scripts.bundled_decoder import Decoder, Recipe, export
from scripts.bundled_exams import exam, met_goal, met_move

NUMBERS: Final = ("seed", "steps", "batch", "layers", "width", "heads", "inner")
"""What of the recipe the command line can change."""


class Muon:
    """Momentum made orthogonal, for matrices (K. Jordan, "Muon: an optimizer for hidden layers", 2024).

    Came to the same loss as AdamW here in about half the steps. Matrices of one shape are updated together.
    """

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        shapes = sorted({w.shape[1:] for w in weights})
        self.groups = [[w for w in weights if w.shape[1:] == shape] for shape in shapes]
        self.momenta = [torch.zeros_like(torch.cat(list(group))) for group in self.groups]

    def step(self, rate: float) -> None:
        """Update every weight that has a gradient, with a decay of 0.02 of the rate."""
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradient = torch.cat([w.grad for w in group if w.grad is not None])
            momentum.lerp_(gradient, 0.05)
            update = orthogonal(gradient.lerp(momentum, 0.95))
            update *= math.sqrt(update.shape[1] / update.shape[2])
            for w, part in zip(group, update.split([len(w) for w in group]), strict=True):
                w.data.mul_(1 - 0.02 * rate).sub_(part, alpha=rate)


def orthogonal(x: Tensor) -> Tensor:
    """Matrices with singular values of about 1 in place of those given; five Newton-Schulz steps of order 5."""
    x = x.mT / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (2.0315 * square @ square - 4.7750 * square) @ x
    return x.mT


Rectangle = tuple[Tensor, Tensor, Tensor]
"""Token numbers (batch, time), mask of the positions that are to say a reply word, and those words in that order."""


def rectangles(pairs: Sequence[questions.Pair], parts: int) -> Iterator[Rectangle]:
    """Pairs, sorted by length so that little is padding."""
    number = {word: i for i, word in enumerate(questions.vocabulary())}
    lines = []
    for prompt, reply in pairs:
        asked, said = [START, *prompt.split(" "), STOP_PROMPT], [*reply.split(" "), END]
        lines.append(([number[word] for word in asked + said], len(asked)))
    lines.sort(key=lambda line: len(line[0]))
    size = math.ceil(len(lines) / parts)
    for start in range(0, len(lines), size):
        part = lines[start : start + size]
        longest = len(part[-1][0])
        tokens = torch.tensor([numbers + [0] * (longest - len(numbers)) for numbers, _ in part])
        place = torch.arange(1, longest)
        first, end = torch.tensor([[asked, len(numbers)] for numbers, asked in part]).T[:, :, None]
        wanted = (place >= first) & (place < end)
        yield tokens[:, :-1], wanted, tokens[:, 1:][wanted]


def wrong_at_1(model: Decoder, pairs: Sequence[questions.Pair]) -> float:
    """Probability that a reply sampled at temperature 1 is not the right one, exactly, averaged over questions."""
    right = 0.0
    for tokens, wanted, words in rectangles(pairs, 4):
        logs = torch.zeros(wanted.shape)
        with torch.no_grad():
            logs[wanted] = -functional.cross_entropy(model(tokens, wanted), words, reduction="none")
        right += logs.sum(1).exp().sum().item()
    return 1 - right / len(pairs)


def tell(step: int, loss: float, began: float, model: Decoder, exams: dict[str, list[questions.Pair]]) -> None:
    """Print the loss, in nats a word, and how often held-out questions are answered wrong."""
    wrong = "  ".join(f"{name} {100 * wrong_at_1(model, pairs):.2f} %" for name, pairs in exams.items())
    print(f"step {step}  loss {loss:.5f}  {time.monotonic() - began:.0f} s  wrong: {wrong}", flush=True)


def make_exams(seed: int, samples: int = 500) -> dict[str, list[questions.Pair]]:
    """Held-out questions by kind, of 3 to 22 disks and 2 to 12 digits."""
    rng = random.Random(f"exam {seed}")
    draws: dict[str, Callable[[random.Random], questions.Pair]] = {
        "move": lambda rng: met_move(rng, rng.randint(3, 22)),
        "carry": lambda rng: met_goal(rng, rng.randint(3, 22), "carry"),
        "split": lambda rng: met_goal(rng, rng.randint(3, 22), "split"),
        "times": questions.times,
        "plus": questions.plus,
        "halve": lambda rng: questions.ask_halve(rng, rng.randint(2, 12)),
    }
    return {name: exam(draw, samples, rng, finite=True) for name, draw in draws.items()}


def train(recipe: Recipe, minutes: float | None = None, every: int = 500) -> Decoder:
    """A model trained by a recipe; with ``minutes``, by the clock instead of ``steps``, which is not repeatable."""
    torch.manual_seed(recipe.seed)
    rng, model = random.Random(recipe.seed), Decoder(recipe, len(questions.vocabulary()))
    matrices = [w for w in model.parameters() if w.dim() == 3]
    others = [w for w in model.parameters() if w.dim() < 3]
    muon, adamw = Muon(matrices), torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    exams, began, step, done, mean = make_exams(recipe.seed), time.monotonic(), 0, 0.0, 0.0
    while done < 1:
        share = min(1.0, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
        parts = list(rectangles(questions.lesson(rng, recipe.batch), 12))
        said = sum(len(words) for _, _, words in parts)
        model.zero_grad()
        loss = 0.0
        for tokens, wanted, words in parts:
            part = functional.cross_entropy(model(tokens, wanted), words, reduction="sum") / said
            part.backward()
            loss += part.item()
        nn.utils.clip_grad_norm_(others, 1.0)
        adamw.param_groups[0]["lr"] = recipe.rate * share
        adamw.step()
        muon.step(recipe.matrix_rate * share)
        step, mean = step + 1, loss if step == 0 else 0.98 * mean + 0.02 * loss
        done = (time.monotonic() - began) / 60 / minutes if minutes else step / recipe.steps
        if step % every == 0 or done >= 1:
            tell(step, mean, began, model, exams)
    return model


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description="Train the bundled model and export it for CTranslate2.")
    usual = Recipe()
    for name in NUMBERS:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name), help="(default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="stop by the clock instead of --steps; not repeatable")
    parser.add_argument("--threads", type=int, default=2, help="part of the recipe: sums depend on it (default: 2)")
    parser.add_argument("--every", type=int, default=500, help="updates between two lines of progress (default: 500)")
    parser.add_argument("--quantization", choices=["float32", "int8"], default="int8", help="(default: int8)")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to (default: the package's)")
    said = parser.parse_args(arguments)
    if said.width % (2 * said.heads):
        parser.error(f"--width {said.width} does not divide among --heads {said.heads} in even parts")
    torch.set_num_threads(said.threads)
    recipe, began = Recipe(**{name: getattr(said, name) for name in NUMBERS}), time.monotonic()
    model = train(recipe, said.minutes, said.every)
    export(model, recipe, said.out, None if said.quantization == "float32" else said.quantization)
    facts = {
        **msgspec.to_builtins(recipe),
        "parameters": sum(w.numel() for w in model.parameters()),
        "vocabulary": len(questions.vocabulary()),
        "held_out": questions.HELD_OUT,
        "most_digits": questions.MOST_DIGITS,
        "quantization": said.quantization,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "torch": str(torch.__version__),
    }
    (said.out / "recipe.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    print(f"wrote {said.out}")


if __name__ == "__main__":
    main()

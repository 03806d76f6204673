"""Trains a tiny decoder on lessons with masks, and examines it; needs torch."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from surefoot.scripts.bundled.decoder import Decoder, Recipe
from surefoot.scripts.bundled.masked_lessons import Lesson, alike, block_of
from surefoot.scripts.bundled.train import Optimizers, gradients, rectangle, share_of_rate

HEAD = 32
"""Floats of one attention head."""
AT_ONCE = 100
"""Exams that are looked at together."""


class Size(NamedTuple):
    """How large a model is, and how many tokens it is given.

    Attributes:
        width: Floats in what flows through its layers.
        layers: How many.
        tokens: Tokens of all lessons.
    """

    width: int
    layers: int
    tokens: int


def learn(batches: Iterable[Sequence[Lesson]], size: Size, vocabulary: Sequence[str], seed: int) -> Decoder:
    """Train a model from first weights that the seed alone decides.

    Args:
        batches: The lessons of each update.
        size: Of the model, and how many tokens the batches have together.
        vocabulary: All tokens.
        seed: Of the first weights.
    """
    recipe = Recipe(seed=seed, layers=size.layers, width=size.width, heads=size.width // HEAD, inner=2 * size.width)
    torch.set_num_threads(1)  # the sums depend on it, and threads of a model so small wait for each other
    torch.manual_seed(seed)
    model = Decoder(recipe, len(vocabulary))
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizers, number, used = Optimizers(model, recipe), {token: i for i, token in enumerate(vocabulary)}, 0
    for step, batch in enumerate(batches):
        gradients(model, [block_of(part, number) for part in alike(batch)], 0.0, None)
        used += sum(len(one.tokens) for one in batch)
        optimizers.step(share_of_rate(step, min(1.0, used / size.tokens)))
    return model


def share_right(model: Decoder, exams: Sequence[Lesson], vocabulary: Sequence[str]) -> float:
    """Return the share of exams to which the model's likeliest reply, token by token, is the right one."""
    number = {token: i for i, token in enumerate(vocabulary)}
    right = 0
    for start in range(0, len(exams), AT_ONCE):
        block = block_of(exams[start : start + AT_ONCE], number)
        tokens, wanted, words, _, _ = rectangle(block)
        with torch.no_grad():
            likeliest = model(tokens, wanted).argmax(-1)
        missed = np.unique(wanted[likeliest != words].numpy() // tokens.shape[1])
        right += len(block.tokens) - len(missed)
    return right / len(exams) if exams else 0.0

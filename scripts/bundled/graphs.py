"""Training on a GPU: passes of the small model recorded once for each shape, and replayed.

Its kernels take less time to run than Python takes to start them; a recording starts them all at once.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from surefoot.scripts.bundled.decoder import Decoder
from surefoot.scripts.bundled.lines import Block

LINES: Final = 16
WORDS: Final = 32
"""Blocks are padded to multiples of these, so that few shapes need recording."""
NOTHING: Final = -100
"""Where no word is to be said."""


class Recorded(NamedTuple):
    """A recorded pass through the model and back.

    Attributes:
        inputs: Where the recording reads tokens, questions, positions and the words to be said, (4, batch, time).
        replay: Runs it.
    """

    inputs: Tensor
    replay: Callable[[], None]


class Graphs:
    """Adds a block's gradients to a model's existing ones, and the block's loss to ``loss``, by recorded passes."""

    def __init__(self, model: Decoder) -> None:
        self.model = model
        self.weights = list(model.parameters())
        self.loss = torch.zeros((), device=model.device)
        self.said = torch.ones((), device=model.device)
        self._pool = torch.cuda.graph_pool_handle()
        self._recorded: dict[tuple[int, int], Recorded] = {}

    def add_gradients(self, block: Block) -> None:
        """Add the gradients of a block's summed loss, in nats, divided by ``said``."""
        inputs = torch.from_numpy(padded(block)).pin_memory()
        lines, words = inputs.shape[1:]
        if (lines, words) not in self._recorded:
            self._recorded[lines, words] = self._record(inputs)
        recorded = self._recorded[lines, words]
        recorded.inputs.copy_(inputs, non_blocking=True)
        recorded.replay()

    def _record(self, example: Tensor) -> Recorded:
        inputs, graph = example.to(self.model.device), torch.cuda.CUDAGraph()
        kept = [w.grad.clone() for w in self.weights], self.loss.clone()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # what allocates or chooses kernels at its first run must have run
            for _ in range(2):
                self._pass(inputs)
        torch.cuda.current_stream().wait_stream(aside)
        with torch.cuda.graph(graph, pool=self._pool):
            self._pass(inputs)
        for w, gradient in zip(self.weights, kept[0], strict=True):
            w.grad.copy_(gradient)
        self.loss.copy_(kept[1])
        return Recorded(inputs, graph.replay)

    def _pass(self, inputs: Tensor) -> None:
        tokens, asked, places, words = inputs
        from_asked, to_asked = asked[:, None, :, None], asked[:, None, None, :]
        heard = ((to_asked == 0) | (to_asked == from_asked)).tril()
        scores = self.model(tokens, None, places, heard)
        loss = functional.cross_entropy(scores, words.flatten(), ignore_index=NOTHING, reduction="sum") / self.said
        gradients = torch.autograd.grad(loss, self.weights)
        for w, gradient in zip(self.weights, gradients, strict=True):
            w.grad.add_(gradient)
        self.loss.add_(loss.detach())


def padded(block: Block) -> np.ndarray[tuple[int, int, int], np.dtype[np.int64]]:
    """Tokens, questions and positions of all words but the last, and the words they are to say, (4, batch, time)."""
    lines, words = block.tokens.shape[0], block.tokens.shape[1] - 1
    whole = np.zeros((4, -(-lines // LINES) * LINES, -(-words // WORDS) * WORDS), np.int64)
    whole[3] = NOTHING
    whole[0, :lines, :words] = block.tokens[:, :-1]
    whole[1, :lines, :words] = block.asked[:, :-1]
    whole[2, :lines, :words] = block.places[:, :-1]
    whole[3, :lines, :words][block.said[:, 1:]] = block.tokens[:, 1:][block.said[:, 1:]]
    return whole

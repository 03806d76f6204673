"""The bundled model as it is trained: a small decoder in plain torch, and how CTranslate2 gets its weights."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from surefoot.runtime.models.bundled import END, START

EPSILON: Final = 1e-5
ROTARY_BASE: Final = 1000.0
"""Base of the rotary angles: short, as sequences have some hundred words at most."""


class Recipe(msgspec.Struct, frozen=True):
    """Everything that decides the trained weights, except the data.

    Attributes:
        seed: Of the first weights and of the data.
        steps: Updates.
        batch: Pairs in one update.
        rate: Learning rate of embeddings, norms and scores (AdamW), cosine decay.
        matrix_rate: Learning rate of the matrices inside the layers (Muon), same decay.
        layers: How many.
        width: Floats in what flows through the layers.
        heads: Attention heads in a layer.
        inner: Floats inside the feed-forward network.
        gaps: How often positions skip some, in half of the lines.
    """

    seed: int = 1
    steps: int = 5000
    batch: int = 256
    rate: float = 3e-3
    matrix_rate: float = 0.02
    layers: int = 2
    width: int = 96
    heads: int = 3
    inner: int = 256
    gaps: float = 0.0


class Layer(nn.Module):  # type: ignore[misc]
    """Self-attention and a gated feed-forward network, each after a norm and added to what came in.

    Matrices are kept as (blocks, rows, columns) with rows >= columns, as the optimizer wants them.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        width, inner, self.heads = recipe.width, recipe.inner, recipe.heads
        last = 0.02 / math.sqrt(2 * recipe.layers)
        self.norm_1 = nn.Parameter(torch.ones(width))
        self.norm_2 = nn.Parameter(torch.ones(width))
        self.attend = nn.Parameter(torch.randn(3, width, width) * 0.02)
        self.out = nn.Parameter(torch.randn(1, width, width) * last)
        self.gates = nn.Parameter(torch.randn(2, inner, width) * 0.02)
        self.down = nn.Parameter(torch.randn(1, inner, width) * last)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, heard: Tensor | None) -> Tensor:
        """Apply one layer to ``x``, (batch, time, width); ``cos`` and ``sin`` are (time, width of a head).

        ``heard`` is as for `Decoder.forward`.
        """
        batch, long, width = x.shape
        asked = functional.linear(norm(x, self.norm_1), self.attend.flatten(0, 1))
        asked = asked.view(batch, long, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        low, high = asked[:2].chunk(2, -1)
        turned = asked[:2] * cos + torch.cat((-high, low), -1) * sin
        told = functional.scaled_dot_product_attention(
            turned[0], turned[1], asked[2], attn_mask=heard, is_causal=heard is None
        )
        x = x + functional.linear(told.transpose(1, 2).reshape(batch, long, width), self.out[0])
        semaphore, up = functional.linear(norm(x, self.norm_2), self.gates.flatten(0, 1)).chunk(2, -1)
        return x + functional.silu(semaphore) * up @ self.down[0]


def norm(x: Tensor, gain: Tensor) -> Tensor:
    """Root mean square norm over the last axis."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * gain


class Decoder(nn.Module):  # type: ignore[misc]
    """The decoder that is trained: token numbers in, a score for each word of the vocabulary out.

    Args:
        recipe: Its size.
        vocabulary: How many words there are.
        spelling: What a word's embedding is the sum of, (words, parts), so that words with a part in common, such as
            doors of one room, share what is learned of it; ``None`` for an embedding of its own for each word.
    """

    def __init__(self, recipe: Recipe, vocabulary: int, spelling: Tensor | None = None) -> None:
        super().__init__()
        size = recipe.width // recipe.heads
        self.register_buffer("turns", ROTARY_BASE ** -(torch.arange(0, size, 2) / size))
        self.register_buffer("spelling", spelling)
        self.parts = nn.Parameter(
            torch.randn(vocabulary if spelling is None else spelling.shape[1], recipe.width) * 0.5
        )
        self.layers = nn.ModuleList(Layer(recipe) for _ in range(recipe.layers))
        self.norm = nn.Parameter(torch.ones(recipe.width))
        self.scores = nn.Parameter(torch.randn(self.parts.shape) * 0.02)

    @property
    def device(self) -> str:
        """Device on which the model computes, such as ``cpu`` or ``cuda``."""
        return str(self.norm.device)

    def spelt(self, parts: Tensor) -> Tensor:
        """Embeddings of all words, (words, width), as sums of the embeddings of their parts."""
        return parts if self.spelling is None else self.spelling @ parts

    def forward(
        self, tokens: Tensor, wanted: Tensor | None, places: Tensor | None = None, heard: Tensor | None = None
    ) -> Tensor:
        """Scores of the next word at all positions of ``tokens``, (batch, time), or at the positions in ``wanted``.

        ``places`` of the shape of ``tokens`` are the positions that attention is told, by default 0, 1, 2 and so on.
        ``heard``, (batch, 1, time, time), says which words a word can attend to, by default all before it.
        """
        where = torch.arange(tokens.shape[1], device=tokens.device) if places is None else places[:, None]
        angles = (where[..., None] * self.turns).repeat(*(1,) * where.dim(), 2)
        x = self.spelt(self.parts).index_select(0, tokens.flatten()).view(*tokens.shape, -1)
        for layer in self.layers:
            x = layer(x, angles.cos(), angles.sin(), heard)
        flat = x.flatten(0, 1)
        return functional.linear(norm(flat if wanted is None else flat[wanted], self.norm), self.spelt(self.scores))


def export(model: Decoder, recipe: Recipe, vocabulary: Sequence[str], folder: Path, quantization: str | None) -> None:
    """Write a model as CTranslate2 reads it: ``model.bin``, ``config.json`` and ``vocabulary.json``."""
    from ctranslate2.specs import common_spec, transformer_spec

    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        recipe.layers, recipe.heads, activation=common_spec.Activation.SWISH, pre_norm=True, ffn_glu=True,
        rms_norm=True, rotary_dim=0, rotary_interleave=False, rotary_base=ROTARY_BASE,
    )  # fmt: skip
    # Contiguous, as what is written is the array's own memory.
    weights: dict[str, Any] = {name: w.detach().cpu().clone().numpy() for name, w in model.named_parameters()}
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = model.spelt(model.parts).detach().cpu().clone().numpy()
    decoder.layer_norm.gamma = weights["norm"]
    decoder.projection.weight = model.spelt(model.scores).detach().cpu().clone().numpy()
    for number, to in enumerate(decoder.layer):
        of = {name.split(".")[2]: w for name, w in weights.items() if name.startswith(f"layers.{number}.")}
        to.self_attention.layer_norm.gamma, to.ffn.layer_norm.gamma = of["norm_1"], of["norm_2"]
        to.self_attention.linear[0].weight = of["attend"].reshape(-1, recipe.width)
        to.self_attention.linear[1].weight = of["out"][0]
        to.ffn.linear_0.weight, to.ffn.linear_0_noact.weight = of["gates"]
        to.ffn.linear_1.weight = of["down"][0].T.copy()
    spec.register_vocabulary(list(vocabulary))
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = START, END, ""
    spec.config.layer_norm_epsilon = EPSILON
    spec.validate()
    spec.optimize(quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def restore(model: Decoder, folder: Path) -> None:
    """Load the weights that `export` wrote into a model, as exact as they were stored.

    Raises:
        ValueError: They are of a model of another size.
    """
    stored = {name.removeprefix("decoder/"): w for name, w in _read(folder / "model.bin").items()}

    def weight(name: str) -> Tensor:
        w = torch.tensor(stored[name].astype("float32"))
        scale = stored.get(name + "_scale")
        return w if scale is None else w / torch.tensor(scale)[:, None]

    def parts(words: Tensor) -> Tensor:
        return words if model.spelling is None else torch.linalg.pinv(model.spelling) @ words

    found = {"norm": weight("layer_norm/gamma"), "parts": parts(weight("embeddings/weight"))}
    found["scores"] = parts(weight("projection/weight"))
    for number in range(len(model.layers)):
        attention, ffn = (f"layer_{number}/{part}/" for part in ("self_attention", "ffn"))
        to = f"layers.{number}."
        found[f"{to}norm_1"], found[f"{to}norm_2"] = (weight(f"{a}layer_norm/gamma") for a in (attention, ffn))
        found[f"{to}attend"] = weight(f"{attention}linear_0/weight").unflatten(0, (3, -1))
        found[f"{to}out"] = weight(f"{attention}linear_1/weight")[None]
        found[f"{to}gates"] = torch.stack([weight(f"{ffn}linear_0/weight"), weight(f"{ffn}linear_0_noact/weight")])
        found[f"{to}down"] = weight(f"{ffn}linear_1/weight").T[None]
    for name, w in model.named_parameters():
        if found[name].shape != w.shape:
            raise ValueError(f"{folder}: {name} has the shape {tuple(found[name].shape)}, not {tuple(w.shape)}")
        w.data.copy_(found[name])


def _read(file: Path) -> dict[str, Any]:
    """Each weight's array by its name, from CTranslate2's format, version 6."""
    import numpy as np

    data, at = memoryview(file.read_bytes()), 0

    def some(size: int) -> memoryview:
        nonlocal at
        at += size
        return data[at - size : at]

    def number(size: int) -> int:
        return int.from_bytes(some(size), "little")

    def name() -> str:
        return bytes(some(number(2))[:-1]).decode()

    if (version := number(4)) != 6:
        raise ValueError(f"{file}: format {version} of CTranslate2 is not known here")
    name(), number(4)
    found: dict[str, Any] = {}
    for _ in range(number(4)):
        called, shape = name(), [number(4) for _ in range(number(1))]
        kind = (np.float32, np.int8, np.int16, np.int32, np.float16)[number(1)]
        found[called] = np.frombuffer(some(number(4)), kind).reshape(shape)
    for _ in range(number(4)):  # arrays that are the same are stored once
        other = name()
        found[other] = found[name()]
    return found

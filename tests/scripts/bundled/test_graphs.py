"""Training on a GPU: recorded passes compute what the plain ones do."""

import random
from collections.abc import Iterator

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from surefoot.scripts.bundled.courses import course_of  # noqa: E402
from surefoot.scripts.bundled.decoder import Decoder, Recipe  # noqa: E402
from surefoot.scripts.bundled.graphs import NOTHING, Graphs, padded  # noqa: E402
from surefoot.scripts.bundled.lines import Block, blocks  # noqa: E402
from surefoot.scripts.bundled.train import gradients, spelling  # noqa: E402

COURSE = course_of("planner")


def lessons() -> Iterator[list[Block]]:
    """Of several sizes, so that shapes differ and come again."""
    number, rng = {word: i for i, word in enumerate(COURSE.vocabulary())}, random.Random(1)
    for size in (60, 200, 61, 60, 200):
        yield list(blocks(COURSE.lesson(rng, size, 1.0), number, 1))


def model() -> Decoder:
    """The same each time."""
    torch.manual_seed(1)
    made = Decoder(Recipe(layers=2, width=64, heads=4, inner=96), len(COURSE.vocabulary()), spelling(COURSE))
    for w in made.parameters():
        w.grad = torch.zeros_like(w)
    return made


def test_padding_says_nothing() -> None:
    for lesson in lessons():
        for block in lesson:
            tokens, asked, places, words = padded(block)
            lines, long = block.tokens.shape
            assert tokens.shape[0] % 16 == 0
            assert tokens.shape[1] % 32 == 0
            assert (words != NOTHING).sum() == block.said[:, 1:].sum()
            assert (words[:lines, : long - 1][block.said[:, 1:]] == block.tokens[:, 1:][block.said[:, 1:]]).all()
            assert (tokens[:lines, : long - 1] == block.tokens[:, :-1]).all()
            assert (places[:lines, : long - 1] == block.places[:, :-1]).all()
            assert (asked[:lines, : long - 1] == block.asked[:, :-1]).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_recorded_passes_give_the_plain_gradients() -> None:
    plain, on_gpu = model(), model().to("cuda")
    graphs = Graphs(on_gpu)
    for lesson in lessons():
        loss = gradients(plain, lesson, 0.0, None)
        again = gradients(on_gpu, lesson, 0.0, graphs)
        assert again.item() == pytest.approx(loss.item(), rel=1e-4)
        for w, other in zip(plain.parameters(), on_gpu.parameters(), strict=True):
            assert w.grad is not None
            assert other.grad is not None
            assert (other.grad.cpu() - w.grad).norm() < 1e-3 * w.grad.norm()

"""A tiny decoder learns what the masks of its lessons mark and nothing else, the same from the same seed."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from surefoot.scripts.bundled.decoder import Decoder, Recipe  # noqa: E402
from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson, block_of  # noqa: E402
from surefoot.scripts.bundled.tiny_learner import Size, learn, share_right  # noqa: E402
from surefoot.scripts.bundled.train import gradients  # noqa: E402

WORDS = [PADDING, "q", "r", "s", "x", "y"]
SIZE = Size(width=32, layers=1, tokens=600)
LESSONS = [Lesson(("q", "s", "x"), (False, False, True)), Lesson(("r", "s", "y"), (False, False, True))]


def test_it_learns_what_is_marked_the_same_from_the_same_seed() -> None:
    models = [learn([LESSONS] * 100, SIZE, WORDS, 1) for _ in range(2)]
    assert share_right(models[0], LESSONS, WORDS) == 1.0
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_reply_counts_as_right_only_as_a_whole() -> None:
    model = learn([LESSONS] * 100, SIZE, WORDS, 1)
    both = Lesson(("q", "s", "x", "q"), (False, False, True, True))
    assert share_right(model, [LESSONS[0], both], WORDS) == 0.5
    assert share_right(model, [], WORDS) == 0.0


def test_the_gradient_of_what_is_not_marked_is_zero() -> None:
    torch.manual_seed(1)
    model = Decoder(Recipe(layers=1, width=32, heads=1, inner=32), len(WORDS))
    found = []
    for last in ("x", "y"):  # another word behind the last that is said: nothing may change
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        number = {word: i for i, word in enumerate(WORDS)}
        lesson = Lesson(("q", "s", "x", last), (False, False, True, False))
        gradients(model, [block_of([lesson], number)], 0.0, None)
        found.append([weight.grad.clone() for weight in model.parameters()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)

"""The decoder and its optimizer at tiny size: shapes, causality, shared spellings, and rates."""

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from surefoot.scripts.bundled.decoder import Decoder, Recipe, _read, export, norm  # noqa: E402
from surefoot.scripts.bundled.lines import blocks  # noqa: E402
from surefoot.scripts.bundled.muon import Muon, orthogonal  # noqa: E402
from surefoot.scripts.bundled.train import Optimizers, apart, open_model, share_of_rate, wrong_at_1  # noqa: E402

TINY = Recipe(layers=2, width=32, heads=4, inner=48)
WORDS = ["<bos>", "<sep>", "<eos>", "a", "b", "c", "d"]


def model(seed: int = 1, spelling: "torch.Tensor | None" = None) -> Decoder:
    torch.manual_seed(seed)
    return Decoder(TINY, len(WORDS), spelling)


def test_scores_are_of_each_word_at_each_position_or_at_those_wanted() -> None:
    tokens = torch.randint(len(WORDS), (3, 5))
    decoder = model()
    whole = decoder(tokens, None)
    assert whole.shape == (15, len(WORDS))
    wanted = torch.tensor([2, 7])
    torch.testing.assert_close(decoder(tokens, wanted), whole[wanted])


def test_a_word_hears_nothing_that_comes_later() -> None:
    decoder = model()
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.mul_(20 if weight.dim() == 3 else 2)
    first, second = torch.tensor([[3, 4, 5, 6]]), torch.tensor([[3, 4, 6, 5]])
    scores, others = decoder(first, None), decoder(second, None)
    torch.testing.assert_close(scores[:2], others[:2])
    assert (scores[3] - others[3]).abs().max() > 1e-3


def test_words_that_share_parts_share_what_is_learned() -> None:
    spelling = torch.zeros(len(WORDS), 3)
    spelling[3], spelling[4], spelling[5] = torch.eye(3)
    spelling[6] = spelling[3] + spelling[4]
    decoder = model(spelling=spelling)
    spelt = decoder.spelt(decoder.parts)
    torch.testing.assert_close(spelt[6], spelt[3] + spelt[4])
    assert decoder.parts.shape == (3, TINY.width)
    assert model().spelt(model().parts).shape == (len(WORDS), TINY.width)


def test_a_norm_leaves_the_direction_and_sets_the_length() -> None:
    x = torch.randn(4, 32) * 7
    scaled = norm(x, torch.ones(32))
    assert scaled.square().mean(-1).allclose(torch.ones(4), atol=1e-4)
    assert torch.nn.functional.cosine_similarity(scaled, x).allclose(torch.ones(4))


def test_what_is_exported_is_named_and_read_back(tmp_path: Path) -> None:
    decoder = model()
    export(decoder, TINY, WORDS, tmp_path / "out", None)
    assert {place.name for place in (tmp_path / "out").iterdir()} == {"model.bin", "config.json", "vocabulary.json"}
    stored = _read(tmp_path / "out" / "model.bin")
    assert stored["decoder/layer_norm/gamma"].shape == (TINY.width,)
    assert stored["decoder/embeddings/weight"].shape == (len(WORDS), TINY.width)
    data = bytearray((tmp_path / "out" / "model.bin").read_bytes())
    data[0] = 99
    (tmp_path / "other.bin").write_bytes(bytes(data))
    with pytest.raises(ValueError, match="format 99 of CTranslate2"):
        _read(tmp_path / "other.bin")


def test_orthogonal_matrices_have_singular_values_of_about_one() -> None:
    torch.manual_seed(2)
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 48, 32)))
    assert values.shape == (3, 32)
    assert values.min() > 0.5
    assert values.max() < 1.5
    assert torch.linalg.svdvals(torch.randn(3, 48, 32)).max() > 5  # a placebo: they had others before


def test_muon_moves_matrices_against_their_gradient_as_far_as_the_rate() -> None:
    torch.manual_seed(3)
    weight = torch.nn.Parameter(torch.zeros(1, 48, 32))
    weight.grad = torch.randn(1, 48, 32)
    before = weight.grad.clone()
    Muon([weight]).step(0.1)
    assert (weight.data * before).sum() < 0
    assert weight.data.norm() == pytest.approx(0.1 * math.sqrt(48 / 32) * math.sqrt(32), rel=0.2)


@pytest.mark.parametrize(
    ("step", "done", "share"), [(0, 0.0, 0.01), (49, 0.0, 0.5), (99, 0.0, 1.0), (500, 0.5, 0.505), (999, 1.0, 0.01)]
)
def test_the_rate_rises_and_decays(step: int, done: float, share: float) -> None:
    assert share_of_rate(step, done) == pytest.approx(share)


def test_each_weight_has_one_optimizer() -> None:
    decoder = model()
    for weight in decoder.parameters():
        weight.grad = torch.randn_like(weight)
    before = [weight.detach().clone() for weight in decoder.parameters()]
    optimizers = Optimizers(decoder, TINY)
    optimizers.step(0.5)
    assert optimizers.adamw.param_groups[0]["lr"] == 0.5 * TINY.rate
    assert all((weight != old).any() for weight, old in zip(decoder.parameters(), before, strict=True))
    assert {weight.dim() for weight in optimizers.others} == {1, 2}


def test_a_model_that_knows_nothing_is_wrong_as_often_as_chance_says() -> None:
    """All scores equal: a reply of two words and its end is right once in 7 x 7 x 7."""
    decoder = model()
    with torch.no_grad():
        decoder.scores.zero_()
    number = {word: i for i, word in enumerate(WORDS)}
    assert wrong_at_1(decoder, [("a", "b c"), ("b", "c d")], number) == pytest.approx(1 - 7**-3)


def test_gaps_of_share_one_are_between_all_words_of_some_lines() -> None:
    number = {word: i for i, word in enumerate(WORDS)}
    torch.manual_seed(1)
    (block,) = blocks([("a b c", "d")] * 40, number, 1)
    told = apart(block, 1.0)
    moved = (told.places != block.places).any(1)
    assert 5 < moved.sum() < 35
    assert (told.places[~moved] == block.places[~moved]).all()
    assert (told.places[moved][:, 1:4] > block.places[moved][:, 1:4]).all()


def test_the_same_seed_opens_the_same_model() -> None:
    from surefoot.scripts.bundled.courses import course_of
    from surefoot.scripts.bundled.train import Session

    course = course_of("runs")
    first, again, other = (
        open_model(Recipe(seed=seed, layers=1, width=32, heads=4, inner=48), course, Session()) for seed in (1, 1, 2)
    )
    assert torch.equal(first.parts, again.parts)
    assert not torch.equal(first.parts, other.parts)
    assert all(w.grad is not None and not w.grad.any() for w in first.parameters())

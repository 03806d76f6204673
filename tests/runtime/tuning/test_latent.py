"""The latent world model predicts what was not asked (A1), and answers alike lie close (A2); placebos do not."""

import math
import random

import numpy
import pytest
from scipy.stats import spearmanr

from surefoot.decompose.wordings.edit import SCALES
from surefoot.runtime.tuning.latent import LatentModel, Lesson
from surefoot.runtime.tuning.space import Outcome
from tests.runtime.tuning.landscapes import Flags, Landscape, easy

SPACE = Flags()
SEEDS, QUERIES, HELD_OUT = range(20), 100, 60


def taught(landscape: Landscape, seed: int, shuffled: bool) -> LatentModel:
    """A model of so many random queries; the placebo is shown their outcomes in another order."""
    dice = random.Random(f"latent {seed}")
    asked = [SPACE.drawn(dice.randrange) for _ in range(QUERIES)]
    outcomes = [landscape.asked(one, dice) for one in asked]
    if shuffled:
        dice.shuffle(outcomes)
    return LatentModel([Lesson(SPACE.features(a), o) for a, o in zip(asked, outcomes, strict=True)], seed)


def odds(landscape: Landscape, template: frozenset[int]) -> float:
    return math.log(landscape.right(template) / (1 - landscape.right(template)))


def figures(seed: int, shuffled: bool) -> tuple[float, float, float]:
    """Held-out rank correlation of utility; gain of the transition over "nothing changes"; that of distances."""
    (landscape,), dice = easy(1000 + seed), random.Random(f"held out {seed}")
    model = taught(landscape, seed, shuffled)
    held = [SPACE.drawn(dice.randrange) for _ in range(HELD_OUT)]
    edited = [SPACE.edited(one, dice.choice(SPACE.edits(one, dice.choice(SCALES)))) for one in held]
    states = model.encode(map(SPACE.features, held))
    means, _ = model.utility(states)
    shares = numpy.array([landscape.right(one) for one in held])
    after = model.step(states, model.content_of(map(SPACE.features, edited)) - states.content)
    moved = (after.responses - states.responses).mean(axis=1)
    truly = numpy.array([odds(landscape, b) - odds(landscape, a) for a, b in zip(held, edited, strict=True)])
    gain = 1 - float(numpy.sqrt(numpy.mean((moved - truly) ** 2) / numpy.mean(truly**2)))
    one, other = numpy.triu_indices(HELD_OUT, 1)
    points = states.vectors()
    apart = numpy.linalg.norm(points[one] - points[other], axis=1)
    return spearmanr(means, shares)[0], gain, spearmanr(apart, abs(shares[one] - shares[other]))[0]


@pytest.fixture(scope="module")
def trained() -> tuple[float, float, float]:
    return tuple(numpy.mean([figures(seed, shuffled=False) for seed in SEEDS], axis=0))


@pytest.fixture(scope="module")
def placebo() -> tuple[float, float, float]:
    return tuple(numpy.mean([figures(seed, shuffled=True) for seed in SEEDS], axis=0))


def test_held_out_utility_is_ranked_and_not_by_the_placebo(
    trained: tuple[float, ...], placebo: tuple[float, ...]
) -> None:
    assert trained[0] >= 0.6
    assert placebo[0] < 0.2


def test_the_transition_beats_no_change_by_a_fifth_and_not_that_of_the_placebo(
    trained: tuple[float, ...], placebo: tuple[float, ...]
) -> None:
    assert trained[1] >= 0.2
    assert placebo[1] < 0


def test_wordings_that_are_answered_alike_lie_close_and_not_for_the_placebo(
    trained: tuple[float, ...], placebo: tuple[float, ...]
) -> None:
    assert trained[2] >= 0.5
    assert placebo[2] < 0.2


def test_an_imagined_state_is_the_state_of_the_edited_wording() -> None:
    """Rollouts of several edits lead where the encoder places their result."""
    model, dice = taught(easy(7)[0], 7, shuffled=False), random.Random(7)
    at = SPACE.drawn(dice.randrange)
    state = model.encode([SPACE.features(at)])
    for _ in range(3):
        after = SPACE.edited(at, dice.choice(SPACE.edits(at, dice.choice(SCALES))))
        state = model.step(state, model.content_of([SPACE.features(after)]) - state.content)
        at = after
    encoded = model.encode([SPACE.features(at)])
    assert numpy.allclose(state.responses, encoded.responses)
    assert (state.content == encoded.content).all()


def test_members_agree_where_there_are_records_and_differ_far_away() -> None:
    near, far = frozenset({"a"}), frozenset({"b", "c"})
    lessons = [*[Lesson(near, Outcome(18, 20))] * 20, Lesson(frozenset({"b"}), Outcome(2, 20))]
    model = LatentModel([*lessons, Lesson(frozenset({"c"}), Outcome(15, 20))])
    means, doubts = model.utility(model.encode([near, far]))
    assert doubts[0] < doubts[1]
    assert means[0] == pytest.approx(lessons[0].log_odds, abs=0.3)


def test_features_that_no_record_had_count_for_nothing() -> None:
    model = LatentModel([Lesson(frozenset({"a"}), Outcome(9, 20)), Lesson(frozenset({"b"}), Outcome(3, 20))])
    known, more = model.encode([{"a"}]), model.encode([{"a", "never seen"}])
    assert (known.responses == more.responses).all()


def test_a_lesson_of_less_weight_counts_for_less() -> None:
    right, wrong = Lesson(frozenset({"a"}), Outcome(18, 20)), Lesson(frozenset({"a"}), Outcome(2, 20), 0.1)
    model = LatentModel([right, wrong] * 5)
    assert model.utility(model.encode([{"a"}]))[0][0] > 1

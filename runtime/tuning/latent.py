"""The latent world model of a search: where a wording lies, where an edit leads, and what is expected there.

After Thoughts-as-Planning (arXiv 2605.28842), cut to what some dozens of records can teach. A wording x is a set of
named features. Its latent state is z = (u, v): v says which features there are, u is the log-odds of a right reply as
each of eight members expects them. The members are ridge regressions on features and half-weighted pairs of features,
fitted to bootstrap samples of real records. So wordings that are answered alike lie close to each other.

- Transition T(z, a): an edit a takes features away and brings others. v moves by that difference d; u moves by
  g d + c (v A d + d A d / 2). The weights g and A are those of the encoder, so that T needs no records of its own,
  and an imagined state and the encoded text of the edited wording agree.
- Utility R(z): the mean of u; their standard deviation says how unsure it is.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from surefoot.runtime.tuning.space import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEMBERS = 8
"""Fits to bootstrap samples."""
RIDGE = 6.0
"""Penalty on weights, in records."""
PAIRS = 0.25
"""Weight of a pair of features, squared."""
CONTENT = 0.1
"""Scale of what a wording consists of beside how it is answered, in distances between latent states."""
USUAL_CALLS = 20.0
"""Calls of a query that counts as one record."""


class Lesson(msgspec.Struct, frozen=True):
    """One thing that a latent model learns from.

    Attributes:
        features: Of a wording.
        outcome: Of real calls.
        weight: How much it counts; less than 1 for another kind of question.
    """

    features: frozenset[str]
    outcome: Outcome
    weight: float = 1.0

    @property
    def log_odds(self) -> float:
        """Log-odds of a right reply, half a reply added to either side."""
        import math

        return math.log((self.outcome.right + 0.5) / (self.outcome.calls - self.outcome.right + 0.5))


class Latent(msgspec.Struct, frozen=True):
    """Latent states, one a row.

    Attributes:
        responses: Expected log-odds of a right reply, one column for each member.
        content: Which features there are, one column for each.
    """

    responses: "NDArray[Any]"
    content: "NDArray[Any]"

    def vectors(self) -> "NDArray[Any]":
        """The states as points, between which distances can be taken."""
        import numpy

        return numpy.hstack([self.responses, CONTENT * self.content])

    def rows(self, numbers: Sequence[int]) -> "Latent":
        """Return some of the states."""
        return Latent(self.responses[list(numbers)], self.content[list(numbers)])


class LatentModel:
    """Encoder, transition and utility, fitted to lessons.

    Args:
        lessons: At least one.
        seed: Of the bootstrap samples.
    """

    def __init__(self, lessons: Sequence[Lesson], seed: int = 0) -> None:
        import numpy

        self._number = {name: at for at, name in enumerate(sorted(set().union(*(one.features for one in lessons))))}
        content = self.content_of(one.features for one in lessons)
        weights = numpy.array([one.weight * one.outcome.calls / USUAL_CALLS for one in lessons])
        odds = numpy.array([one.log_odds for one in lessons])
        self._mean = float(numpy.average(odds, weights=weights))
        alphas = _fitted(content, odds - self._mean, weights, numpy.random.default_rng(seed))
        self._constant = self._mean + alphas.sum(axis=1)
        self._single = alphas @ content
        self._pair = (content.T * alphas[:, None, :]) @ content

    def content_of(self, features: "Iterable[Iterable[str]]") -> "NDArray[Any]":
        """Rows that say which features there are; features that no lesson had are not known and count for nothing."""
        import numpy

        rows, width = list(features), len(self._number)
        found = numpy.zeros((len(rows), width))
        known = [(row * width, name) for row, names in enumerate(rows) for name in names if name in self._number]
        found.flat[[first + self._number[name] for first, name in known]] = 1.0
        return found

    def encode(self, features: "Iterable[Iterable[str]]") -> Latent:
        """Return the latent states of wordings, by their features."""
        import numpy

        content = self.content_of(features)
        moved = _moved(self._single, self._pair, numpy.zeros_like(content), content)
        return Latent(self._constant + moved, content)

    def step(self, states: Latent, changes: "NDArray[Any]") -> Latent:
        """Imagine an edit in each state: a row of ``changes`` is 1 where a feature comes and -1 where one goes."""
        moved = _moved(self._single, self._pair, states.content, changes)
        return Latent(states.responses + moved, states.content + changes)

    def utility(self, states: Latent) -> "tuple[NDArray[Any], NDArray[Any]]":
        """Expected log-odds of a right reply in each state, and how far the members differ about them."""
        return states.responses.mean(axis=1), states.responses.std(axis=1)


def _moved(single: Any, pair: Any, content: Any, changes: Any) -> Any:
    """How far changes of features move the responses of each member."""
    linear = (1 - PAIRS / 2) * changes @ single.T
    across = ((2 * content + changes) @ pair * changes).sum(axis=2)  # one matrix product for each member
    return linear + PAIRS / 2 * across.T


def _fitted(content: Any, odds: Any, weights: Any, dice: Any) -> Any:
    """Ridge regressions in their dual form, one row of weights of the records for each member."""
    import numpy

    count = len(odds)
    shared = content @ content.T
    kernel = 1 + shared + PAIRS * shared * (shared - 1) / 2
    found = numpy.zeros((MEMBERS, count))
    for member in range(MEMBERS):
        drawn = numpy.bincount(dice.integers(0, count, count), minlength=count) * weights
        used = numpy.flatnonzero(drawn)
        penalty = RIDGE * numpy.diag(1 / drawn[used])
        found[member, used] = numpy.linalg.solve(kernel[numpy.ix_(used, used)] + penalty, odds[used])
    return found

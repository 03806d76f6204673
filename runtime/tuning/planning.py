"""Planning in a latent world model: rollouts of imagined edits choose which wording is asked about next.

Thoughts-as-Planning (arXiv 2605.28842), with every real call in the records: the model is fitted to the records, some
edits of the best wording are imagined, then edits of the best of those, and so on; the best state on the way is
turned into text, and that is asked. Nothing is ever chosen by asking about each candidate, and no expected value is
reported as a measured one.

While planning, the disagreement of the members counts for a state: it is worth finding out. At the end it counts
against one: what wins must not win by luck.
"""

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic

import msgspec

from surefoot.decompose.wordings.edit import SCALES, Edit, Scale
from surefoot.runtime.tuning.latent import Latent, LatentModel, Lesson
from surefoot.runtime.tuning.space import Record, Space, W, together

if TYPE_CHECKING:
    from numpy.typing import NDArray

CURIOSITY = 0.5
"""Standard deviations that count for a state while planning."""
CAUTION = 0.5
"""Standard deviations that count against a wording in the final ranking."""


class Planning(msgspec.Struct, frozen=True, kw_only=True):
    """Plans by rollouts of imagined edits.

    Attributes:
        horizon: Edits of a rollout.
        beams: States that are followed at the same time.
        edits: Edits that are imagined in each of them.
        cold: Queries about random candidates before the first plan, the start among them.
        scales: Of the edits.
        lessons: From other searches, such as those of another kind of question; then nothing is asked at random.
    """

    horizon: int = 3
    beams: int = 5
    edits: int = 20
    cold: int = 16
    scales: tuple[Scale, ...] = SCALES
    lessons: tuple[Lesson, ...] = ()

    def propose(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> W | None:
        """Return the start, some random candidates, then what the best rollout leads to.

        The budget ends a search, and not an expected gain of 0: stopping there was measured to end most searches
        early. ``None`` if rollouts come to nothing that was not asked about.
        """
        dice = random.Random(f"planning {seed} {len(records)}")
        if not records:
            return space.start
        if not self.lessons and len(records) < self.cold:
            return space.drawn(dice.randrange)
        model = self.model(space, records, seed)
        found = together(records)
        means, _ = model.utility(model.encode(space.features(one.candidate) for one in found))
        rollouts = _Rollouts(space, model, self, dice, {one.candidate for one in found})
        return rollouts.leading_on(found[int(means.argmax())].candidate)

    def ranked(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> list[W]:
        """Return the candidates that were asked about by what the model expects of them, less its doubt."""
        model, found = self.model(space, records, seed), together(records)
        means, spreads = model.utility(model.encode(space.features(one.candidate) for one in found))
        order = sorted(range(len(found)), key=lambda at: -(means[at] - CAUTION * spreads[at]))
        return [found[at].candidate for at in order]

    def model(self, space: Space[W], records: Sequence[Record[W]], seed: int) -> LatentModel:
        """Return the latent model that the records teach."""
        own = [Lesson(space.features(one.candidate), one.outcome) for one in together(records)]
        return LatentModel([*own, *self.lessons], seed + len(records))


class _Imagined(msgspec.Struct, Generic[W], frozen=True):
    """Candidates that rollouts have come to, with their latent states and what is thought of each."""

    candidates: list[W]
    states: Latent
    scores: "Sequence[float] | NDArray[Any]"


class _Rollouts(Generic[W]):
    """One plan: rollouts from one state, several at a time, the best of which are gone on with."""

    def __init__(
        self, space: Space[W], model: LatentModel, settings: Planning, dice: random.Random, known: set[W]
    ) -> None:
        self.space, self.model, self.settings, self.dice, self.known = space, model, settings, dice, known

    def leading_on(self, candidate: W) -> W | None:
        """Return the best candidate on the way that was not asked about; ``None`` if there is none."""
        front = _Imagined([candidate], self.model.encode([self.space.features(candidate)]), [0.0])
        best, most = None, -math.inf
        for _ in range(self.settings.horizon):
            front = self._next(front)
            for score, one in zip(front.scores, front.candidates, strict=True):
                if score > most and one not in self.known:
                    best, most = one, float(score)
        return best

    def _next(self, front: _Imagined[W]) -> _Imagined[W]:
        """Imagine some edits of each candidate; go on with the best."""
        share = max(1, self.settings.beams // len(front.candidates)) * self.settings.edits
        origins, candidates = [], []
        for at, candidate in enumerate(front.candidates):
            for edit in self._sampled(candidate, share):
                origins.append(at)
                candidates.append(self.space.edited(candidate, edit))
        if not candidates:
            return front
        before = front.states.rows(origins)
        changes = self.model.content_of(map(self.space.features, candidates)) - before.content
        states = self.model.step(before, changes)
        means, spreads = self.model.utility(states)
        scores = means + CURIOSITY * spreads
        chosen: dict[W, int] = {}
        for at in (-scores).argsort(kind="stable"):
            chosen.setdefault(candidates[at], int(at))
            if len(chosen) == self.settings.beams:
                break
        kept = list(chosen.values())
        return _Imagined([candidates[at] for at in kept], states.rows(kept), scores[kept])

    def _sampled(self, candidate: W, count: int) -> list[Edit]:
        """Draw edits, each scale as likely as the others."""
        offered = [edits for scale in self.settings.scales if (edits := self.space.edits(candidate, scale))]
        return [self.dice.choice(self.dice.choice(offered)) for _ in range(count)] if offered else []

"""Whether the advisor names the way that is cheapest when answers are really drawn.

``python -m surefoot.scripts.benchmarks.advisor`` lays a grid of depths 1 to 64, widths 1 to 64 and three error rates.
In each cell the questions of each way are put to a model that errs at that rate, every ballot is drawn, races are
counted by the engine's own rule, and a virtual clock says how many rounds waited for each other. A way that is wrong,
or never decided, in more than one trial of twenty does not count. Cells in which the second best costs less than 20 %
more are left out: there it does not matter. The placebos always say the same.
"""

import argparse
import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence

import msgspec

from surefoot.decompose.advisor import (
    CHAIN,
    GRAPH,
    MOST_BALLOTS,
    PART,
    RIVALS,
    TARGET,
    WAIT,
    WHOLE,
    Shape,
    advise,
    error_by,
    sure_of,
)
from surefoot.decompose.advisor import question_cost as cost_of
from surefoot.decompose.methods.auto import ATTEMPTS, MORE, MOST_ATTEMPTS, SURE
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.lead import k_min
from surefoot.voting.race import Race, Won

SIZES = (1, 2, 4, 8, 16, 32, 64)
ERRORS = (0.001, 0.01, 0.05)
WORDS_OF_A_PART = 8
"""Words of the question for each of its operations."""
BAND = 1.2
WRONG = tuple(f"wrong {number}" for number in range(RIVALS))


class Cell(msgspec.Struct, frozen=True):
    """One cell of the grid.

    Attributes:
        depth: Operations that need each other, one after the other.
        width: Operations beside each other at each of them.
        error: How often the model errs in one.
        costs: What each way really cost, of those that came to right answers.
        advised: The way that the advisor names if it knows the error rate.
        guessed: The way that it names from attempts at the whole question, as ``--method auto`` does.
        attempts: How many those were.
    """

    depth: int
    width: int
    error: float
    costs: dict[str, float]
    advised: str
    guessed: str
    attempts: int = ATTEMPTS

    @property
    def clear(self) -> bool:
        """Return whether one way is cheaper than all others by more than the band."""
        ranked = sorted(self.costs.values())
        return len(ranked) == 1 or (len(ranked) > 1 and ranked[1] > BAND * ranked[0])

    @property
    def best(self) -> str:
        """Return the way that was cheapest in the draws."""
        return min(self.costs, key=self.costs.__getitem__)


def lead_for(right: float, questions: int) -> int:
    """Return the lead that a run would be given: the published closed form, right against the likeliest wrong one."""
    rival = (1 - right) / RIVALS
    pair = right / (right + rival)
    return k_min(pair, questions, TARGET) if pair > 0.5 else MOST_BALLOTS


def raced(rng: random.Random, right: float, lead: int) -> tuple[bool, int, int]:
    """Draw ballots until a race is decided: whether the right answer won, ballots, and rounds of calls."""
    race, draw = Race(FirstToAheadBy(lead), MOST_BALLOTS), 0
    while race.verdict is None:
        race.cast(Ballot(draw, _drawn(rng, right)))
        draw += 1
    won = isinstance(race.verdict, Won) and race.verdict.candidate == "right"
    return won, draw, 1 + max(0, draw - lead)


def _drawn(rng: random.Random, right: float) -> str:
    return "right" if rng.random() < right else rng.choice(WRONG)


def trial(rng: random.Random, shape: Shape, error: float) -> Iterator[tuple[str, bool, float]]:
    """Answer one question in each way: its name, whether the answer is right, and what it cost."""
    words = WORDS_OF_A_PART * shape.parts
    right, ballots, rounds = raced(rng, (1 - error) ** shape.parts, lead_for((1 - error) ** shape.parts, 1))
    yield WHOLE, right, ballots * cost_of(words) + rounds * WAIT
    lead = lead_for(1 - error, shape.parts)
    levels = [
        [raced(rng, 1 - error, lead) for _ in range(shape.parts // shape.depth)]
        for _ in range(shape.depth)
    ]  # fmt: skip
    parts = [one for level in levels for one in level]
    correct, asked = all(one[0] for one in parts), sum(one[1] for one in parts) * cost_of(PART)
    yield CHAIN, correct, asked + sum(one[2] for one in parts) * WAIT
    plan, solve = raced(rng, 1 - error, lead), raced(rng, 1 - error, lead)
    cost = asked + plan[1] * cost_of(words, PART * shape.parts) + solve[1] * cost_of(words + 2 * PART * shape.parts)
    waited = plan[2] + solve[2] + sum(max(one[2] for one in level) for level in levels)
    yield GRAPH, correct and plan[0] and solve[0], cost + waited * WAIT


def cell(depth: int, width: int, error: float, trials: int, seed: int) -> Cell:
    """Measure one cell, and ask the advisor about it."""
    shape, rng = Shape(depth * width, depth), random.Random(f"{seed} {depth} {width} {error}")
    sums: dict[str, float] = {WHOLE: 0.0, CHAIN: 0.0, GRAPH: 0.0}
    failed = dict.fromkeys(sums, 0)
    for _ in range(trials):
        for way, right, cost in trial(rng, shape, error):
            sums[way] += cost
            failed[way] += not right
    costs = {way: total / trials for way, total in sums.items() if failed[way] <= math.floor(trials / 20)}
    words = WORDS_OF_A_PART * shape.parts
    guessed, attempts = from_attempts(rng, shape, error, words)
    return Cell(depth, width, error, costs, advise(shape, error, words).way, guessed, attempts)


def from_attempts(rng: random.Random, shape: Shape, error: float, words: int) -> tuple[str, int]:
    """Choose a way as ``--method auto`` does, from attempts that are drawn until it is sure; and how many it took."""
    if shape.parts == 1:
        return advise(shape, 0.0, words).way, 0
    attempts = [_drawn(rng, (1 - error) ** shape.parts) for _ in range(ATTEMPTS)]
    while True:
        way = advise(shape, error_by(attempts, shape.parts), words).way
        if len(attempts) >= MOST_ATTEMPTS or sure_of(way, attempts, shape, words) >= SURE:
            return way, len(attempts)
        attempts += [_drawn(rng, (1 - error) ** shape.parts) for _ in range(MORE)]


def grid(trials: int, seed: int, sizes: Sequence[int] = SIZES) -> list[Cell]:
    """Measure all cells in which any way came to right answers."""
    found = [cell(*at, trials, seed) for at in itertools.product(sizes, sizes, ERRORS)]
    return [one for one in found if one.costs]


def agreement(cells: Sequence[Cell], says: Callable[[Cell], str] = lambda one: one.advised) -> tuple[int, int]:
    """Return in how many of the cells that are clear the cheapest way was named, and how many those are."""
    clear = [one for one in cells if one.clear]
    return sum(says(one) == one.best for one in clear), len(clear)


def main(argv: list[str] | None = None) -> None:
    """Measure the grid and print how often the advisor is right, which cells it misses, and the placebos."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(argv)
    cells = grid(given.trials, given.seed)
    right, clear = agreement(cells)
    print(
        f"{len(cells)} cells, {clear} of them clear; the advisor names the cheapest way in {right}: {right / clear:.1%}"
    )
    guessed, _ = agreement(cells, lambda one: one.guessed)
    drawn = sum(one.attempts for one in cells) / len(cells)
    print(f"from {drawn:.1f} attempts in the mean, the error rate not known: {guessed / clear:.1%}")
    for one in cells:
        if one.clear and one.advised != one.best:
            costs = ", ".join(f"{way} {cost:,.0f}" for way, cost in one.costs.items())
            print(f"  missed: depth {one.depth}, width {one.width}, error {one.error:.1%}: {one.advised}; {costs}")
    for way in (WHOLE, CHAIN, GRAPH):
        named, _ = agreement(cells, lambda one, way=way: way)  # type: ignore[misc]
        print(f"  placebo, always {way}: {named / clear:.1%}")


if __name__ == "__main__":
    main()

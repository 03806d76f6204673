"""When one long chain beats many short ones: bridge graphs in the vertex query model (arXiv 2505.21825).

Two bridges without a connection; the start is in one of them, and each of the two places ends one. A step looks at one
vertex and sees its neighbours; a run is a search in depth that draws which one to go to, and one that has not come to
a place when its steps are spent guesses. Many short runs whose answers are voted on stand against one long run.

``python -m surefoot.scripts.benchmarks.sequential_or_parallel --svg docs/sequential-or-parallel.svg`` prints what runs
of 1, 1.25, 1.5 and 2 shortest paths come to with 65 votes, how many votes it takes for 90 %, what one run with all its
steps comes to, what a walk without a memory takes, and what the engine makes of a model that errs in 10 % of the steps.
"""

import argparse
import itertools
import pathlib
import random
import tempfile
from collections.abc import Sequence
from typing import Any

from scipy.special import bdtrc

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems import bridges
from surefoot.runtime import api
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.runtime.report.figures import Series, chart

GADGETS = (3, 5, 8)
FACTORS = (1.0, 1.25, 1.5, 2.0)
"""Steps of a short run, in shortest paths."""
VOTES = 65
STEP_ERROR = 0.1
STYLE = (
    "svg{font:12px sans-serif;background:#fff}.grid{stroke:#ddd}.tick{fill:#444;font-size:11.5px}"
    ".line{fill:none;stroke-width:2}.a{stroke:#0b62a4}.b{stroke:#2e8b57}.c{stroke:#b4462a}.dot{fill:#fff;stroke-width:2}"
)


def shortest(gadgets: int) -> int:
    """Return the steps of a shortest path: each vertex on it is looked at."""
    return bridges.SHORT * gadgets + 1


def searched(rng: random.Random, graph: bridges.Graph, start: str, places: Sequence[str]) -> int:
    """Return the steps of a search in depth that knows its way back and what it has seen."""
    at, way, seen, steps = start, list[str](), {start}, 1
    while at not in places:
        new = [other for other in graph[at] if other not in seen]
        if new:
            way.append(at)
            at = rng.choice(new)
            seen.add(at)
        else:
            at = way.pop()
        steps += 1
    return steps


def wandered(rng: random.Random, graph: bridges.Graph, start: str, places: Sequence[str]) -> int:
    """Return the steps of a walk that knows where it stands and nothing else."""
    at, steps = start, 1
    while at not in places:
        at = rng.choice(graph[at])
        steps += 1
    return steps


def posed(rng: random.Random, gadgets: int) -> tuple[bridges.Graph, str, tuple[str, str]]:
    """Draw a question as it is read from its text."""
    found = bridges.read(bridges.pose(rng, gadgets))
    assert found is not None
    return found


def reached(gadgets: int, trials: int, seed: int, memory: bool = True) -> list[int]:
    """Return the steps of so many runs, each on a graph of its own."""
    rng = random.Random(f"{gadgets} {seed} {memory}")
    walk = searched if memory else wandered
    return [walk(rng, *posed(rng, gadgets)) for _ in range(trials)]


def right_after(steps: Sequence[int], budget: float) -> float:
    """Return how often a run with a budget is right: it comes to the place in time, or guesses."""
    in_time = sum(one <= budget for one in steps) / len(steps)
    return in_time + (1 - in_time) / 2


def voted(right: float, votes: int) -> float:
    """Return how often the majority of an odd number of independent answers is right."""
    return float(bdtrc(votes // 2, votes, right))


def votes_for(right: float, wanted: float = 0.9) -> int:
    """Return the fewest votes, an odd number, whose majority is right so often; at most 2,001."""
    return next((votes for votes in range(1, 1000, 2) if voted(right, votes) >= wanted), 2001)


def engine(gadgets: int, count: int, k: int, directory: pathlib.Path) -> tuple[int, float, int]:
    """Let the engine search, a model erring in 10 % of the steps, and spend the same calls on whole answers.

    Returns:
        Questions of ``count`` that the search answers rightly, its calls for each step, and the questions that a
        majority of as many answers to the whole question gets right.
    """
    model, profile = f"simulated:p_error={STEP_ERROR}", parse_profile(f"p_error={STEP_ERROR}")
    rng = random.Random(f"guesses {gadgets}")
    whole, right, steps, calls, voted_right = SimulatedModel(answers, profile), 0, 0, 0, 0
    for number in range(1, count + 1):
        task = Generated(family="bridges", length=gadgets, number=number, method="program")
        options: dict[str, Any] = {"family": "bridges", "length": gadgets, "number": number, "method": "program"}
        found = api.run(
            "problems", model, run_dir=directory / str(number), k=k, address="none", workers=1, **options
        )  # fmt: skip
        wanted = answer_of(task.question())
        right += found.status == "solved" and found.output == wanted
        steps, calls = steps + found.counts.steps, calls + found.counts.calls
        direct = Generated(family="bridges", length=gadgets, number=number)
        prompt = direct.prompt(direct.sample_step(number - 1), "chat")
        replies = [whole.reply(Request(prompt, (), 1.0, 64, 0), draw).text for draw in range(found.counts.calls | 1)]
        # Whoever loses the way in a whole answer is left with two places to guess between.
        good = sum(text == f"Answer: {wanted}" or rng.random() < 0.5 for text in replies)
        voted_right += good > len(replies) / 2
    return right, calls / steps, voted_right


def drawing(curves: Sequence[tuple[int, list[tuple[float, float]]]], whole: float) -> str:
    """The plot as an SVG file: how often votes on short runs are right, by their number, and one long run."""
    lines = [Series(f"{gadgets} gadgets", points, style, dots=True)
             for (gadgets, points), style in zip(curves, "abc", strict=False)]  # fmt: skip
    last = curves[0][1][-1][0]
    lines.append(Series("one long run", [(0.0, whole), (last, whole)], "c"))
    markup = chart(lines, "runs of 1.5 shortest paths, as a power of two, voted on", "right", percent=True)
    svg = markup[markup.index("<svg") : markup.index("</svg>")]
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return svg.replace(">", f"><style>{STYLE}</style>", 1) + "</svg>\n"


def main(argv: list[str] | None = None) -> None:
    """Run all of it, print a table, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--questions", type=int, default=40, help="questions of eight gadgets for the engine; 0 for none"
    )
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--svg", type=pathlib.Path)
    given = parser.parse_args(argv)
    curves, whole = [], 1.0
    for gadgets in GADGETS:
        steps = reached(gadgets, given.trials, given.seed)
        path = shortest(gadgets)
        shares = [right_after(steps, factor * path) for factor in FACTORS]
        told = ", ".join(
            f"x{factor:g} {voted(share, VOTES):.2f}" for factor, share in zip(FACTORS, shares, strict=True)
        )
        whole = min(whole, right_after(steps, max(steps)))
        wandering = reached(gadgets, given.trials, given.seed, memory=False)
        print(
            f"{gadgets} gadgets: {VOTES} votes {told}; votes for 90 % at x1.5: {votes_for(shares[2])}; "
            f"one run with all of its steps {right_after(steps, max(steps)):.2f} (mean {sum(steps) / len(steps):.1f}, "
            f"most {max(steps)}); without a memory mean {sum(wandering) / len(wandering):,.0f}"
        )
        powers = itertools.takewhile(lambda power: power <= 9, itertools.count())
        curves.append((gadgets, [(float(power), voted(shares[2], (1 << power) | 1)) for power in powers]))
    if given.questions:
        with tempfile.TemporaryDirectory() as folder:
            right, calls, parallel = engine(GADGETS[-1], given.questions, given.k, pathlib.Path(folder))
        print(
            f"engine, {STEP_ERROR:.0%} of the steps wrong, lead {given.k}: {right} of {given.questions} right with "
            f"{calls:.1f} calls a step; the same calls on whole answers: {parallel} of {given.questions}"
        )
    if given.svg is not None:
        given.svg.write_text(drawing(curves, whole))


if __name__ == "__main__":
    main()

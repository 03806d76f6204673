"""How far a small model walks before a wrong verdict, by votes: measured with drawn answers, beside the formula.

``python -m surefoot.scripts.benchmarks.walks --svg docs/walks.svg`` draws answers to every distinct question of a tower
in the ``micro`` dialect at temperature 1 and walks the tower's facts with them, round after round, each answer used
once. The formula takes the model's own distribution instead, one look at each question: at lead k a step with shares p
and q of the right and of the wrong answers is lost with probability 1 / (1 + (p / q)^k) (MAKER, arXiv 2511.09030).
"""

import argparse
import asyncio
import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.runtime.config import RunConfig
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model, Request
from surefoot.runtime.report.figures import Series, chart
from surefoot.voting.lead import p_step

BATCH = 16
"""Answers of one call."""
STYLE = (
    "svg{font:12px sans-serif;background:#fff}.grid{stroke:#ddd}.tick{fill:#444;font-size:11.5px}"
    ".line{fill:none;stroke-width:2}.line.a,.dot.a{stroke:#0b62a4}.line.a{stroke:none}.line.c{stroke:#b4462a;"
    "stroke-dasharray:5 4}.dot{fill:#fff;stroke-width:2}"
)


class Question(msgspec.Struct, frozen=True):
    """A distinct question with what the model says of it.

    Attributes:
        right: The right candidate.
        drawn: Candidates in the order drawn; ``None`` for one that cannot be read.
        p: Share of the right answer among readable ones, from a look.
    """

    right: str
    drawn: tuple[str | None, ...]
    p: float


class Walked(msgspec.Struct, frozen=True):
    """What a lead led to: steps decided, wrong verdicts among them, ballots, and steps per wrong verdict by formula."""

    lead: int
    steps: int
    wrong: int
    ballots: int
    expected: float


def facts_of(task: HanoiMicro) -> Iterator[Step]:
    """The questions of a whole tower, if every answer is right."""
    root = task.root()
    state = task.begin(root.goal, root.inputs)
    while isinstance(step := task.next_step(root.goal, state), Step):
        yield step
        state = task.advance(root.goal, state, right_of(task, step))


def right_of(task: HanoiMicro, step: Step) -> str:
    """The right candidate of a question."""
    return str(task.parse(step, micro_answers(task.prompt(step, "micro")).right[0], "micro"))


async def ask(model: Model, task: HanoiMicro, step: Step, draws: int, seed: int) -> Question:
    """Draw answers to a question and take one look at it."""
    prompt, drawn = task.prompt(step, "micro"), list[str | None]()
    request = Request(prompt, (), 1.0, step.max_reply_tokens, seed, raw=prompt.raw, stop=prompt.stop)
    for first in range(0, draws, BATCH):
        numbers = tuple(range(first, min(draws, first + BATCH)))
        for reply in await model.ask(msgspec.structs.replace(request, draws=numbers)):
            read = task.parse(step, reply.text, "micro")
            drawn.append(read if isinstance(read, str) else None)
    look, right, shares = await model.look(request), right_of(task, step), dict[str, float]()
    for text, share in look.answers:
        read = task.parse(step, text, "micro")
        if isinstance(read, str):
            shares[read] = shares.get(read, 0.0) + share
    # What was not followed to its end may be any wrong answer.
    left = max(0.0, 1 - look.unread - sum(share for _, share in look.answers))
    return Question(right, tuple(drawn), shares.get(right, 0.0) / max(1e-9, sum(shares.values()) + left))


def walk(sequence: Sequence[str], questions: Mapping[str, Question], lead: int) -> Walked:
    """Decide the questions one after the other, each answer used once, until the answers to one of them run out."""
    left = {name: iter(question.drawn) for name, question in questions.items()}
    steps = wrong = ballots = 0
    for name in itertools.cycle(sequence):
        counts: dict[str, int] = {}
        winner = None
        for candidate in left[name]:
            ballots += 1
            if candidate is None:
                continue
            counts[candidate] = counts.get(candidate, 0) + 1
            others = max((n for one, n in counts.items() if one != candidate), default=0)
            if counts[candidate] - others >= lead:
                winner = candidate
                break
        if winner is None:
            break
        steps, wrong = steps + 1, wrong + (winner != questions[name].right)
    lost = sum(1 - p_step(questions[name].p, lead) for name in sequence) / len(sequence)
    return Walked(lead, steps, wrong, ballots, 1 / lost if lost else float("inf"))


async def walks(name: str, disks: int, draws: int, leads: Sequence[int], seed: int) -> list[Walked]:
    """Ask every distinct question of a tower, and walk it at each lead."""
    task = HanoiMicro(disks=disks)
    sequence = [repr(step.reads) for step in facts_of(task)]
    distinct = {repr(step.reads): step for step in facts_of(task)}
    model = open_model(RunConfig(task="hanoi", task_options={"disks": disks}, model=name, dialect="micro"))
    try:
        questions = {key: await ask(model, task, step, draws, seed) for key, step in distinct.items()}
    finally:
        await model.close()
    return [walk(sequence, questions, lead) for lead in leads]


def drawing(found: Sequence[Walked]) -> str:
    """The plot as an SVG file: steps walked for each wrong verdict, by lead; no dot where no verdict was wrong."""
    measured = [(float(one.lead), one.steps / one.wrong) for one in found if one.wrong]
    formula = [(float(one.lead), one.expected) for one in found]
    lines = [Series("measured", measured, "a", dots=True), Series("formula", formula, "c")]
    markup = chart(lines, "lead (votes ahead): dots measured, dashes by formula", "steps for each wrong one", log=True)
    svg = markup[markup.index("<svg") : markup.index("</svg>")]
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
        ">", f"><style>{STYLE}</style>", 1
    ) + ("</svg>\n")


def main(argv: list[str] | None = None) -> None:
    """Walk as far as the command line says, print a table, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--disks", type=int, default=7)
    parser.add_argument("--draws", type=int, default=160, help="answers to each distinct question")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--svg", type=pathlib.Path)
    given = parser.parse_args(argv)
    found = asyncio.run(walks(given.model, given.disks, given.draws, (1, 2, 3, 4, 5), given.seed))
    for one in found:
        measured = f"one in {one.steps / one.wrong:,.0f}" if one.wrong else "none"
        print(
            f"lead {one.lead}: {one.steps:,} steps, {one.wrong:,} wrong ({measured}), by formula one in "
            f"{one.expected:,.0f}; {one.ballots / max(1, one.steps):.2f} ballots a step"
        )
    if given.svg is not None:
        given.svg.write_text(drawing(found))


if __name__ == "__main__":
    main()

"""Measures the planner, the part of the bundled model that answers MAP's modules, and writes its part of the card.

::

    python -m surefoot.scripts.bundled.evaluate_planner --samples 2000

Each question is asked once at temperature 1 and once greedily, through CTranslate2 as a run asks.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from surefoot.decompose.modular_planner.wording import answer
from surefoot.runtime.models.bundled import PLANNER
from surefoot.scripts.bundled import list_questions as lists
from surefoot.scripts.bundled import room_questions as rooms
from surefoot.scripts.bundled.evaluate import Measured, parsed, replies, table, write_part
from surefoot.scripts.bundled.module_questions import SHARES, published
from surefoot.scripts.bundled.questions import HELD_OUT, Pair, held_out

Draw = Callable[[random.Random], Pair]
NAMES: Final = {
    "propose": "Actor", "check": "Monitor", "predict": "Predictor", "value": "Evaluator", "reached": "Orchestrator",
    "subgoal": "TaskDecomposer",
}  # fmt: skip
"""Modules by the first word of their questions."""


def unseen(rng: random.Random, module: str, numbers: int) -> Pair:
    """Draw a question on digit lists that was held out from training; of 3 numbers any, of 4 none was seen."""
    while True:
        pair = lists.question(rng, module, numbers)
        if numbers != 5 or held_out(pair[0]):
            return pair


def draws(module: str) -> Iterator[tuple[str, Draw]]:
    """Yield each setting that a module is asked in, and how to draw a question there."""
    for numbers in (3, 5, 4):
        yield f"{numbers} numbers", partial(unseen, module=module, numbers=numbers)
    if module in rooms.MODULES:
        yield "random castles", partial(rooms.question, module=module)
        yield "published castle", partial(published, module=module)


def good(prompt: str, said: str, right: str) -> bool:
    """Whether an answer is right; for the Actor in castles, whether it is one of several equally good ones."""
    return rooms.proposes_well(prompt, said) if prompt.startswith("propose") and "|" in prompt else said == right


def measure(generator: Any, pairs: Sequence[Pair]) -> Measured:
    """Ask every question twice and count wrong answers; the work shown before an answer does not count."""
    prompts = [prompt for prompt, _ in pairs]
    wrong, misled = (
        sum(not good(prompt, answer(reply), answer(right)) for reply, (prompt, right) in zip(said, pairs, strict=True))
        for said in (replies(generator, prompts, False), replies(generator, prompts, True))
    )
    return Measured(len(pairs), len(set(prompts)), wrong, misled)


def errors(generator: Any, samples: int, seed: int) -> str:
    """Measure the planner; return the card's table of a row a module and a column a setting."""
    places = [place for place, _ in draws("value")]
    rows = []
    for module, name in NAMES.items():
        cells = {}
        for place, draw in draws(module):
            rng = random.Random(f"planner {seed} {module} {place}")
            cells[place] = measure(generator, [draw(rng) for _ in range(samples)]).cell()
            print(f"{name:16} {place:18} {cells[place]}", flush=True)
        rows.append([name, *(cells.get(place, "") for place in places)])
    return table(["module", *places], rows)


def stages(recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """The recipes of successive training stages, first to last."""
    return [*(stages(recipe["start"]) if "start" in recipe else ()), recipe]


def commands(made: Sequence[dict[str, Any]]) -> str:
    """The commands that repeat a model's training, one a stage."""
    size = ("layers", "width", "heads", "inner")
    rest = ("seed", "steps", "batch", "rate", "matrix_rate", "threads", "device", "makers")
    lines = []
    for number, stage in enumerate(made, 1):
        processes = f"torch.distributed.run --nproc-per-node {stage['processes']} -m " if stage["processes"] > 1 else ""
        start = f" --start stage{number - 1}" if number > 1 else ""
        lines += [
            f"    python -m {processes}surefoot.scripts.bundled.train --course {stage['course']} \\",
            "        " + " ".join(f"--{name} {stage[name]}" for name in size) + " \\",
            "        " + " ".join(f"--{name.replace('_', '-')} {stage[name]}" for name in rest) + " \\",
            f"       {start} --out stage{number}",
        ]
    return "\n".join(lines)


def section(folder: Path, samples: int, seed: int) -> str:
    """Measure the planner and return its part of the model card."""
    import ctranslate2

    ctranslate2.set_random_seed(seed)
    generator = ctranslate2.Generator(str(folder), intra_threads=1)
    recipe = msgspec.json.decode((folder / "recipe.json").read_bytes())
    made = stages(recipe)
    shares = ", ".join(f"{NAMES[module]} on {family} {share}" for (family, module), share in SHARES.items())
    return PART.format(
        **recipe, errors=errors(generator, samples, seed), samples=samples, eval_seed=seed, shares=shares,
        held_out=HELD_OUT, total=sum(stage["minutes"] for stage in made), commands=commands(made),
        size=(folder / "model.bin").stat().st_size / 1e6,
    )  # fmt: skip


PART: Final = """\
A second decoder of the same shape, with {parameters:,} parameters ({layers} layers, width {width}, {heads} heads), for
the six modules of the Modular Agentic Planner on digit lists (task digit-hanoi) and castles (task graph). A prompt that
begins with a module's word goes here, every other to the model above; this one knows {vocabulary} words. A reply shows
its work before the answer, as the modules of large models do: the Monitor names what stands on top where a move begins
and ends, the Evaluator adds up the moves disk by disk. In a castle the Monitor lists the room's doors, Actor and
Evaluator write a breadth-first search that begins at the target, step by step, until it comes to the room that is
asked about, and the Evaluator then counts the steps back.

### How often it is wrong

Measured by `python -m surefoot.scripts.bundled.evaluate_planner --samples {samples} --seed {eval_seed}`, {samples}
questions a cell.
First figure: percent of answers at temperature 1, which is what runs use, that differ from the right one, with the
95 % interval of Clopper and Pearson; after the stroke: percent when always the likeliest word is taken. For the Actor
on lists the right answer is the two best actions in order, so that much of what counts as wrong there still leads on;
in castles it is a best action first, and any other doors after it.

{errors}

### What it has seen

- Lists of 3 numbers: there are 27 states, so it has seen all of them. No figure on them is one of generalisation.
- Lists of 5 numbers: one prompt in {held_out}, chosen by a hash of its text, was never trained on; the figures are of
  such prompts. A question of another module on the same state may have been.
- Lists of 4 numbers: never, in no module. More than half of the questions on 3 numbers are asked with other names for
  them, any three of five, and positions are told with gaps: without that it answered 4 as if they were 3. That was
  found by looking at its answers on 4, so the recipe, unlike the weights, has seen them.
- Castles: random ones of 4 to 15 rooms, with random locked and opened doors and changed chests, whose worths differ by
  more than 5. Not the published castle, nor any other with 15 rooms and four doors each, so that it is not among them
  under any numbering. The Actor is not asked in the goal's room, nor in that of a chest which is not the goal.
- The Evaluator is not asked about states where a number would have to move twice: its way of working cannot say that.

### Data and recipe

Generated by `scripts/bundled/list_questions.py` and `scripts/bundled/room_questions.py`; the answers are those of
`decompose/answer_keys`. Of a hundred questions: {shares}.

{commands}

made these weights in {total:.0f} minutes: the first stage on an H200 GPU and 15 cores beside it, the others
on two cores. The first stage was taught with positions that told how long a reply would be, which no prompt does, so
that it counted and compared badly; that is mended, and the later stages, with positions as they are when it is asked,
made up for it. The first two asked for no more than 1, 2, 3 or 8 actions in a castle. So the same commands give other
weights now, and may not need all stages; they were not run again. Stored as {quantization}: {size:.2f} MB.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the planner's part of the card."""
    said = parsed(arguments, "Measure the planner and write its part of the model card.", samples=2000)
    write_part(said.weights, planner=section(said.weights / PLANNER, said.samples, said.seed))


if __name__ == "__main__":
    main()

"""Extracts the facts of a long text in 376 parts as JSON with votes, and merges them by code.

    python -m surefoot.scripts.benchmarks.long_text

The text is generated, so that its facts are known. Prints the lines of the task, the questions that decide nothing
about a part, how many facts are wrong, and the seconds against the least possible with so many questions under way. A
text of a few parts is worked on first: what a process takes to import packages is printed beside it and not counted.
"""

import inspect
import json
import pathlib
import random
import re
import tempfile
import time
from typing import Any

import click
import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.question import TypedQuestion
from surefoot.decompose.typed.template import Template
from surefoot.runtime import api
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.records import Counts

PARTS, PART_BYTES, FACTS = 376, 2_000, 3
NAMES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan", "Yew")
FILLER = "The quay was quiet that winter, and the clerks wrote little of what they saw from the windows. "
FACT = re.compile(r"In (\d{4}) the house of (\w+) paid (\d+) crowns")


class Fact(msgspec.Struct, frozen=True, order=True):
    """One payment that the text mentions: who paid how much, and when."""

    year: int
    who: str
    crowns: int


QUESTION = TypedQuestion(Template("List the payments in this text.\n\n{part}"), OutputType(list[Fact]))


class Facts(Task, frozen=True, kw_only=True):
    """Find the facts in a long text, part by part."""

    text: str = ""

    def root(self) -> Node:
        """Start with the whole text."""
        return Node((), "text", ())

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Stand before the question, or before the merge."""
        return {"inputs": list(inputs)}

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        """Cut the text into parts; the last child merges what they give."""
        if goal != "text":
            return None
        parts = self.text.split("\n\n")
        merge = Child("merge", tuple(Ref(number) for number in range(len(parts))))
        return Expansion((*(Child("part", (Literal(part),)) for part in parts), merge))

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask about a part, or merge."""
        if goal == "merge":
            return Done(
                sorted({(one["year"], one["who"], one["crowns"]) for found in state["inputs"] for one in found})
            )
        return Done(state["facts"]) if "facts" in state else Step("part", Role.ACTOR, state["inputs"][0])

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        """Take the facts of a part."""
        return {"facts": json.loads(candidate)}

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Put one part of the text into a prompt."""
        return QUESTION.prompt({"part": step.reads})

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a list of facts."""
        return QUESTION.parse(text)


def answers(prompt: Prompt) -> Answers:
    """Return the facts of a part, and the same with one that is wrong or missing."""
    facts = facts_of(prompt.user)
    wrong = [facts[1:], [msgspec.structs.replace(facts[0], crowns=facts[0].crowns + 1), *facts[1:]]]
    right, *others = (msgspec.json.encode(one).decode() for one in (facts, *wrong))
    return Answers((right,), tuple(others))


def facts_of(text: str) -> list[Fact]:
    """Return the facts that a text states."""
    return [Fact(int(year), who, int(crowns)) for year, who, crowns in FACT.findall(text)]


def make_text(seed: int) -> str:
    """Return a text of 376 parts of 2,000 bytes each, with three facts in each."""
    rng = random.Random(seed)
    return "\n\n".join(_part(rng) for _ in range(PARTS))


def _part(rng: random.Random) -> str:
    facts = [
        f"In {rng.randint(1700, 1899)} the house of {rng.choice(NAMES)} paid {rng.randint(10, 99_999)} crowns. "
        for _ in range(FACTS)
    ]
    room = PART_BYTES - 2 - sum(map(len, facts))
    filler = (FILLER * (room // len(FILLER) + 1))[:room]
    cuts = sorted(rng.sample([at + 2 for at in range(room - 2) if filler[at] == "."], FACTS))
    pieces = [filler[a:b] for a, b in zip([0, *cuts], [*cuts, room], strict=True)]
    return "".join(piece + fact for piece, fact in zip(pieces, [*facts, ""], strict=True))


@click.command()
@click.option("--latency-s", default=0.5, show_default=True)
@click.option("--places", default=64, show_default=True, help="Questions under way at the same time.")
@click.option("--rate", default="0,0.02", show_default=True, help="Answers that are wrong.")
def main(latency_s: float, places: int, rate: str) -> None:
    """Run the long text at each error rate and print one line for each."""
    configure_logs("none")
    text = make_text(1)
    lines = sum(bool(line.strip()) for line in inspect.getsource(Facts).splitlines())
    print(f"{len(text.encode()):,} bytes in {PARTS} parts; the task has {lines} lines, its docstrings among them")
    started = time.perf_counter()
    _worked("\n\n".join(text.split("\n\n")[:2]), "simulated:p_error=0", places)
    print(f"the first run of a process, over two parts without latency: {time.perf_counter() - started:.2f} s")
    for p_error in rate.split(","):
        print(_row(text, latency_s, places, p_error), flush=True)


def _worked(text: str, model: str, places: int) -> tuple[float, Counts, set[Any], int]:
    """Work on a text; the seconds it took, what the run counted and found, and the bytes of its run.toml."""
    options: dict[str, Any] = {"k": 2, "workers": 1, "chains_in_flight": places, "address": "none"}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = api.run(Facts(text=text), model, run_dir=pathlib.Path(folder) / "run", **options)
        seconds = time.perf_counter() - started
        assert run.status == "solved", run.message
        return seconds, run.counts, {tuple(fact) for fact in run.output}, (run.run_dir / "run.toml").stat().st_size


def _row(text: str, latency_s: float, places: int, p_error: str) -> str:
    model = f"simulated:latency_s={latency_s},p_error={p_error}"
    seconds, counts, found, size = _worked(text, model, places)
    right = {(fact.year, fact.who, fact.crowns) for fact in facts_of(text)}
    requests = counts.calls - PARTS  # the first two answers of a part come with one request, others one by one
    least = -(-requests // places) * latency_s
    return (
        f"{float(p_error):.0%} wrong: {counts.calls} answers to {counts.steps} questions, {counts.steps - PARTS} of "
        f"which decide nothing about a part; {len(found ^ right)} of {len(right)} facts wrong or missing; "
        f"{seconds:.2f} s, least possible {least:.2f} s, {seconds / least:.2f} times; run.toml has {size:,} bytes"
    )


if __name__ == "__main__":
    main()

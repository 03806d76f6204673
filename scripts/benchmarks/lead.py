"""Steps that are wrong in every answer, planted in checker jumping: what alarms and the ladder's rungs do about them.

LEAD (arXiv 2603.06870) finds that extreme decomposition breaks in checker jumping through a few steps that a model gets
wrong *consistently*: votes agree, on the wrong move. Here such steps are planted where a legal move is a losing one.
How far the mistake reaches is varied: it may hang on one wording, on the colours' names, or on the position itself.

    python -m surefoot.scripts.benchmarks.lead [--checkers 8] [--share 0.04] [--runs 10]
"""

import argparse
import hashlib
import random
import sys
import tempfile
from typing import Any, ClassVar, Literal

import msgspec

import surefoot
from surefoot.decompose.answer_keys.checkers import answers, can_be_won
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.checkers import RENAMED, Checkers, moved, places, plain
from surefoot.runtime.report.facts import facts_of

Reach = Literal["wording", "names", "position"]
REACHES: tuple[Reach, ...] = ("wording", "names", "position")
"""What a mistake hangs on: one wording; the row as it is written, in any wording; or the position under any names."""


class OneWay(Checkers, frozen=True, kw_only=True):
    """Checker jumping asked in one way only."""

    wordings: ClassVar[int] = 1
    relabelings: ClassVar[int] = 0


class Worded(Checkers, frozen=True, kw_only=True):
    """Checker jumping in several wordings, without other names."""

    relabelings: ClassVar[int] = 0


class Named(Checkers, frozen=True, kw_only=True):
    """Checker jumping in one wording, with other names."""

    wordings: ClassVar[int] = 1


RUNGS: dict[str, tuple[type[Checkers], dict[str, Any]]] = {
    "one answer": (OneWay, {"k": 1, "ladder": False}),
    "votes only": (OneWay, {"k": 3, "ladder": False}),
    "other wordings": (Worded, {"k": 3}),
    "other names": (Named, {"k": 3}),
    "wordings and names": (Checkers, {"k": 3}),
    "another model": (OneWay, {"k": 3, "fallback_model": "simulated", "dialect": "chat"}),
}
"""Task and options by name of what is compared."""


class Consistent(surefoot.Model):
    """A model that is right, but for positions at which all its answers are the same losing move.

    Args:
        share: Of the positions that have a losing move, how many are answered wrongly.
        reach: What a mistake hangs on.
        seed: Of the mistakes.
    """

    dialect = "chat"

    def __init__(self, share: float, reach: Reach, seed: int) -> None:
        self.share, self.reach, self.seed = share, reach, seed
        self.planted: set[str] = set()
        self.asked = 0

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        """Answer a prompt: wrongly, always and in the same way, where a mistake is planted."""
        said = self.reply(request.prompt)
        self.asked += len(request.draws)
        return [surefoot.Reply(said) for _ in request.draws]

    def reply(self, prompt: Prompt) -> str:
        """Return what all draws of a prompt say."""
        shown = prompt.user.partition(" ")[2]
        row = plain(shown)
        losing = [place for place in places(row) if not can_be_won(moved(row, place))]
        if losing and self._is_planted(prompt, shown):
            self.planted.add(plain(row))
            wrong = f"{losing[0]} {moved(row, losing[0])}"
            return f"answer = {wrong if shown == row else wrong.translate(RENAMED)}"
        return answers(prompt).right[0]

    def _is_planted(self, prompt: Prompt, row: str) -> bool:
        facts = {"wording": prompt.system + row, "names": row, "position": plain(row)}[self.reach]
        digest = hashlib.blake2b(f"{self.seed}\0{facts}".encode(), digest_size=8).digest()
        return random.Random(digest).random() < self.share


class Outcome(msgspec.Struct, frozen=True):
    """What became of the runs with one rung.

    Attributes:
        solved: Runs that ended at the goal.
        named: Planted positions that the report names.
        alarmed: Those of them that an alarm names.
        planted: Planted positions that came up.
        calls: Answers drawn, all runs together.
    """

    solved: int
    named: int
    alarmed: int
    planted: int
    calls: int


def measure(rung: str, reach: Reach, checkers: int, share: float, runs: int) -> Outcome:
    """Run checker jumping several times with mistakes of one reach and one rung."""
    task, options = RUNGS[rung]
    solved = named = alarmed = planted = calls = 0
    for seed in range(runs):
        model = Consistent(share, reach, seed)
        with tempfile.TemporaryDirectory() as folder:
            run = surefoot.run(
                task(checkers=checkers),
                model,
                run_dir=f"{folder}/run",
                address="none",
                workers=1,
                keep_replies="all",
                **options,
            )
            told, raised, done = suspects(run), suspects(run, raised=True), run.status == "solved"
        solved += done
        planted += len(model.planted)
        named += len(model.planted & told)
        alarmed += len(model.planted & raised)
        calls += model.asked
    return Outcome(solved, named, alarmed, planted, calls)


def suspects(run: surefoot.Run, *, raised: bool = False) -> set[str]:
    """Return the positions that a run's report names as suspect: refuted by a second run, disputed or with an alarm.

    Args:
        run: At its end.
        raised: Whether only those with an alarm are meant.
    """
    found = [step for step in facts_of(run.run_dir).suspects if step.raised or not raised]
    rows = [step.question.partition(" ")[2] for step in found]
    return {plain(row) for row in rows if "_" in row}


RULE = "|---|---|---|---|---|---|"


RULE = "|---|---|---|---|---|---|"


def main(arguments: list[str]) -> None:
    """Print the table of rungs against reaches."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkers", type=int, default=8)
    parser.add_argument("--share", type=float, default=0.04)
    parser.add_argument("--runs", type=int, default=10)
    asked = parser.parse_args(arguments)
    print("| mistake hangs on | rung | solved | planted positions named | by an alarm | calls |", RULE, sep="\n")
    for reach in REACHES:
        for rung in RUNGS:
            end = measure(rung, reach, asked.checkers, asked.share, asked.runs)
            told = (f"{end.solved} of {asked.runs}", f"{end.named} of {end.planted}", str(end.alarmed))
            cells = (reach, rung, *told, f"{end.calls:,}")
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

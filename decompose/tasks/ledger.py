"""A ledger in plain text, edited in small steps and back again: the round trip is the seam.

In the spirit of DELEGATE-52 (arXiv 2604.15597), where models corrupt a quarter of the documents that they edit and
restore. Each entry's edits are made and then undone; what comes back must be the entry as it was, and one that does not
come back is worked on again. The answer is the edited ledger, as it stood before the undoing.
"""

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Child, Expansion, Node, PlanStep
from surefoot.decompose.plan import Literal as Given
from surefoot.decompose.step import Done, Step
from surefoot.decompose.tasks.turns import Turns, turn

CATEGORIES = ("rent", "food", "books", "travel", "repair", "music", "gifts", "fuel")


class Edit(msgspec.Struct, frozen=True):
    """One small change of one line.

    Attributes:
        field: ``amount`` (in cents, may be added to), ``category`` (renamed) or ``day`` (moved).
        old: What undoing leads back to; for amounts and days the negative of ``new``.
        new: The new category, or what is added.
    """

    field: str
    old: str
    new: str


class Whole(msgspec.Struct, frozen=True, tag=True):
    """All entries that are edited, each by itself."""


class Trip(msgspec.Struct, frozen=True, tag=True):
    """One entry's edits, done and undone."""

    line: int


class Page(msgspec.Struct, frozen=True):
    """An entry on its way there and back: which it is, what it says, and how many changes were made to it."""

    line: int
    entry: str
    done: int = 0


class Ledger(Turns, frozen=True, kw_only=True):
    """Edit a ledger in small steps, which are undone as a check."""

    lines: Annotated[int, msgspec.Meta(ge=1, le=1000, description="entries of the ledger")] = 20
    edits: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="changes to make")] = 40
    draw: Annotated[int, msgspec.Meta(ge=0, description="which random ledger and changes")] = 0

    about: ClassVar[dict[str, tuple[str, ...]]] = {
        "edit": (
            "You keep a ledger. One entry is shown, a day of the year, a category and an amount in euros, and one "
            "change to it. Write the whole entry as it is after the change, and change nothing else.",
            "An entry of an account book is followed by an instruction. Carry the instruction out and write down the "
            "whole entry in the same form: day, category, amount with two decimals.",
        )
    }
    form: ClassVar[dict[str, str]] = {"edit": "DAY CATEGORY AMOUNT"}
    pattern: ClassVar[dict[str, str]] = {"edit": r"day-[0-9]{3} [a-z]{1,12} -?[0-9]{1,9}\.[0-9]{2}"}
    summary: ClassVar[str] = "A plain-text ledger: edits are made and undone, the round trip is the seam"

    def text(self) -> tuple[str, ...]:
        """Return the ledger before any edit, a line for each entry."""
        rng = random.Random(f"ledger {self.draw}")
        return tuple(
            f"day-{rng.randint(100, 299)} {rng.choice(CATEGORIES)} {said(rng.randint(-50_000, 50_000))}"
            for _ in range(self.lines)
        )

    def changes(self) -> dict[int, tuple[Edit, ...]]:
        """Return the edits of each entry that is edited, by its line."""
        lines, rng = list(self.text()), random.Random(f"edits {self.draw}")
        found: dict[int, tuple[Edit, ...]] = {}
        for _ in range(self.edits):
            place, field = rng.randrange(self.lines), rng.choice(("amount", "category", "day"))
            now = lines[place].split(" ")[1]
            if field == "category":
                edit = Edit(field, now, rng.choice([name for name in CATEGORIES if name != now]))
            else:
                change = rng.randint(1, 9_999) if field == "amount" else rng.randint(1, 30)
                edit = Edit(field, str(-change), str(change))
            lines[place] = edited(lines[place], edit.field, edit.new)
            found[place] = (*found.get(place, ()), edit)
        return dict(sorted(found.items()))

    def root(self) -> Node:
        """Return all edits of the ledger as a node."""
        return Node((), Whole(), (list(self.text()),))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        """Return a child for each edited entry, which promises that the entry comes back as it was."""
        if isinstance(goal, Trip):
            return None
        return Expansion(tuple(Child(Trip(n), (Given(inputs[0][n]),), inputs[0][n]) for n in self.changes()))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Page:
        """Return the entry before its edits."""
        return Page(goal.line, inputs[0])

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for the entry after the next edit or undoing, or return the entry that came back."""
        trip = self.trip(goal.line)
        if state.done == len(trip):
            return Done(state.entry)
        edit = trip[state.done]
        return turn("edit", f"{state.entry} | {instruction(edit.field, edit.new)}", 8)

    def trip(self, line: int) -> tuple[Edit, ...]:
        """Return an entry's edits, then those that undo them in the opposite order."""
        edits = self.changes()[line]
        return (*edits, *(Edit(edit.field, edit.new, edit.old) for edit in reversed(edits)))

    def advance(self, goal: Any, state: Any, candidate: str) -> Page:
        """Return the entry that the answer states."""
        return Page(state.line, candidate, state.done + 1)

    def answer(self, output: Any, steps: Iterator[PlanStep]) -> list[str]:
        """Return the edited ledger: each entry as it stood before its undoing began."""
        lines, changes = list(self.text()), self.changes()
        for step in steps:
            if step.state.done < len(changes[step.state.line]):
                lines[step.state.line] = step.candidate
        return lines

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return a step for each edit and each undoing."""
        return 2 * self.edits if isinstance(goal, Whole) else len(self.trip(goal.line))

    def sample_step(self, number: int) -> Step:
        """Draw an entry and a change."""
        rng = random.Random(f"ledger step {number}")
        edit = rng.choice(next(iter(self.changes().values())))
        return turn("edit", f"{rng.choice(self.text())} | {instruction(edit.field, edit.new)}", 8)


def said(cents: int) -> str:
    """Return an amount in cents as euros with two decimals."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def instruction(field: str, new: str) -> str:
    """Return a change in words."""
    if field == "category":
        return f"rename the category to {new}"
    verb, size = ("subtract", new[1:]) if new.startswith("-") else ("add", new)
    return f"{verb} {said(int(size))} to the amount" if field == "amount" else f"{verb} {size} to the day"


def edited(entry: str, field: str, new: str) -> str:
    """Return an entry after a change."""
    day, category, amount = entry.split(" ")
    if field == "category":
        return f"{day} {new} {amount}"
    if field == "day":
        return f"day-{int(day[4:]) + int(new):03d} {category} {amount}"
    return f"{day} {category} {said(int(amount.replace('.', '')) + int(new))}"

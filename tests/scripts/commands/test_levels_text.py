"""What a person reads of level switching, and what a program does."""

import pathlib

import msgspec

from surefoot.runtime.trace.level_events import Levels
from surefoot.scripts.commands.levels_text import levels_text

FULL = Levels(
    steps=1200, decompositions=4, evidence=3, unanswered=1, revisions=2, switches=5, latency=1.5, latency_most=2,
    stale_steps=1, stability=0.75, replaced=1, depth=0.5, depths={"0": 1, "1": 1}, thrash=1, sketches=2, refined=1,
)  # fmt: skip


def test_nothing_is_said_where_nothing_spoke_about_a_plan() -> None:
    assert levels_text(Levels(steps=9, decompositions=4, switches=4, sketches=4)) == []


def test_every_measure_that_is_known_is_said() -> None:
    assert levels_text(FULL) == [
        "levels    2 revisions of 4 versions, depth 0.5, 1.5 steps after the evidence, at most 2, "
        "75.0% of what nothing spoke against kept, 1 version as one before",
        "          1 of 2 plans refined from below, 5 switches of level in 1,200 steps, 1 step under what was refuted, "
        "1 of 3 reports revised nothing",
    ]


def test_what_is_unknown_is_left_out() -> None:
    few = Levels(steps=1, decompositions=1, revisions=1, switches=1, depth=0.0, sketches=1)
    assert levels_text(few) == [
        "levels    1 revision of 1 version, depth 0.0",
        "          0 of 1 plan refined from below, 1 switch of level in 1 step",
    ]


def test_the_keys_are_what_the_documentation_names() -> None:
    page = (pathlib.Path(__file__).parents[3] / "docs" / "concepts.md").read_text()
    section = page[page.index("## Level switching") :]
    assert [name for name in msgspec.to_builtins(Levels()) if f"`{name}`" not in section] == []

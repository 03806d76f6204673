"""The code blocks of the README and of the pages, with the markers that say what a test does with them.

A marker is a comment on the line before a block: ``<!-- runs -->`` for one that is run, ``<!-- file NAME -->`` for one
that is saved, ``<!-- prints -->`` for what the block that was run last prints, ``...`` standing for anything.
"""

import pathlib
import re
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^(?:<!-- (?P<marker>[^>\n]+) -->\n)?```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """One code block.

    Attributes:
        marker: What a test does with it; empty for nothing.
        language: As the page says.
        text: Its lines.
        line: Number of its first line on the page, 1-based.
    """

    marker: str
    language: str
    text: str
    line: int


def blocks_of(text: str) -> list[Block]:
    """The code blocks of a page, in order."""
    return [
        Block(found["marker"] or "", found["language"], found["text"], text.count("\n", 0, found.start("text")) + 1)
        for found in BLOCK.finditer(text)
    ]

"""Blocks in stack notation: a state such as ``AB|CD|-`` lists stacks from bottom to top, a move takes a top block.

One of the puzzles of "The Illusion of Thinking" (Shojaee et al., 2025): two stacks are to be interleaved on the first.
"""

from typing import Annotated, ClassVar

import msgspec

from surefoot.decompose.modular_planner.world_task import WorldTask

BLOCKS = "ABCDEF"


class Stacks(WorldTask, frozen=True, kw_only=True):
    """Rebuild stacks of blocks, one top block a move: --first 'AB|C|-' --wanted 'CA|B|-'."""

    blocks: Annotated[int, msgspec.Meta(ge=2, le=6, description="blocks of the default problem")] = 4

    about: ClassVar[str] = (
        "Lettered blocks stand in three stacks. A state lists the stacks, separated by '|', each from its bottom to "
        "its top, '-' for an empty one. A move takes the top block of one stack to the top of another."
    )
    rules: ClassVar[dict[str, str]] = {
        "top": "the block is the last letter of the stack it is taken from, which is not empty."
    }
    state: ClassVar[str] = r"(?:[A-F]+|-)\|(?:[A-F]+|-)\|(?:[A-F]+|-)"
    state_form: ClassVar[str] = "S1|S2|S3"
    action: ClassVar[str] = r"move [A-F] from [123] to [123]"
    action_form: ClassVar[str] = "move B from S to T, with the stacks' numbers"
    examples: ClassVar[dict[str, str]] = {
        "Monitor": "Current state: AB|C|-\nProposed action: move A from 1 to 3\nB is the last letter of AB.\n"
        "rule = top\nvalid = no",
        "Actor": "Current state: AB|C|-\nGoal: A|CB|-\naction = move B from 1 to 2",
    }
    summary: ClassVar[str] = "Blocks in stack notation: interleave two stacks, by the six modules"

    def begin_state(self) -> str:
        """Return the blocks in two stacks, or the state that is given."""
        blocks = BLOCKS[: self.blocks]
        middle = (len(blocks) + 1) // 2
        return self.first or f"{blocks[:middle]}|{blocks[middle:]}|-"

    def goal_state(self) -> str:
        """Return both stacks interleaved on the first, or the goal that is given."""
        blocks = BLOCKS[: self.blocks]
        middle = (len(blocks) + 1) // 2
        pairs = zip(blocks[:middle], f"{blocks[middle:]} ", strict=False)
        return self.wanted or f"{''.join(a + b for a, b in pairs).strip()}|-|-"

"""The exact rules of blocks in stack notation, for scoring finished runs. Nothing that decides imports it."""

from surefoot.decompose.referees.own_world import world_referee


def moves(state: str) -> dict[str, str]:
    """Return the possible moves of top blocks, each with the stacks that follow."""
    stacks = [part.replace("-", "") for part in state.split("|")]
    found = {}
    for source, blocks in enumerate(stacks):
        for target in range(len(stacks)):
            if blocks and source != target:
                after = list(stacks)
                after[source], after[target] = blocks[:-1], stacks[target] + blocks[-1]
                found[f"move {blocks[-1]} from {source + 1} to {target + 1}"] = "|".join(part or "-" for part in after)
    return found


verify = world_referee(moves)

"""How many questions of each kind a plan has, before anything is asked: what forecasts are made from."""

import msgspec


class Chains(msgspec.Struct, frozen=True):
    """A number of chains of the same length and with the same kind of questions.

    Attributes:
        kind: Class of the questions; empty if they are of all kinds.
        count: How many chains.
        length: Steps of each.
    """

    kind: str
    count: int
    length: int


class Outline(msgspec.Struct, frozen=True):
    """A plan whose nodes are split until they are short enough, as numbers of questions.

    Attributes:
        chains: What is not split further.
        splits: Decomposition steps.
        split_kind: Class of them.
        levels: Decomposition steps that wait for each other, from the root down.
    """

    chains: tuple[Chains, ...]
    splits: int = 0
    split_kind: str = ""
    levels: int = 0

    @property
    def steps(self) -> int:
        """Return the steps of all chains together."""
        return sum(chains.count * chains.length for chains in self.chains)

    @property
    def longest(self) -> int:
        """Return the questions that wait for each other: splits from the root down, then the longest chain."""
        return self.levels + max(chains.length for chains in self.chains)


def halved(size: int, leaf_steps: int, kind: str = "", single_kind: str = "", split_kind: str = "") -> Outline:
    """Return the outline of a plan whose nodes are halved around one single step.

    Args:
        size: Steps of the root, 1 or more.
        leaf_steps: A node of at most so many is not split.
        kind: Class of the questions of chains.
        single_kind: Class of the single steps between two halves.
        split_kind: Class of the decomposition steps.
    """
    leaves, length, levels = 1, size, 0
    # A node of one step cannot be halved, whatever the leaf.
    while length > leaf_steps and length > 1:
        leaves, length, levels = leaves * 2, length // 2, levels + 1
    chains = (Chains(kind, leaves, length), *([Chains(single_kind, leaves - 1, 1)] if levels else []))
    return Outline(chains, leaves - 1, split_kind, levels)

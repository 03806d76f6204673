"""States of a written-out PDDL world as numbers: reading, saying, and which states follow."""

import functools
from collections.abc import Iterator

from surefoot.decompose.answer_keys.strips_ground import Action, Ground, holds
from surefoot.decompose.tasks.strips_words import split_literals


class States:
    """The states of a written-out PDDL world, as numbers.

    Args:
        ground: The world.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.by_name = {action.said: action for action in ground.actions}
        self._said = sorted((bit, atom) for atom, bit in ground.bits.items())
        self._base = sum(ground.bits.values())
        self._opposites = [(bit, other) for bit, other in ground.opposites.items() if bit & self._base]
        self._base_opposites = sum(other for _, other in self._opposites)
        self._unconditional, self._by_bit = self._filed()
        self._filed_bits = sum(self._by_bit)

    def _filed(self) -> tuple[list[Action], dict[int, tuple[int, list[Action]]]]:
        """Each action under the bit of its needs that the fewest actions need: most states rule it out there.

        Beside the actions of a bit stand the bits that all of them need, which rule most of the others out at once.
        """
        count: dict[int, int] = {}
        for action in self.ground.actions:
            for bit in bits(action.needs[0]):
                count[bit] = count.get(bit, 0) + 1
        free: list[Action] = []
        filed: dict[int, list[Action]] = {}
        for action in self.ground.actions:
            if action.needs[0]:
                rarest = min(bits(action.needs[0]), key=lambda bit: (count[bit], bit))
                filed.setdefault(rarest, []).append(action)
            else:
                free.append(action)
        shared = {bit: functools.reduce(int.__and__, (a.needs[0] for a in found)) for bit, found in filed.items()}
        return free, {bit: (shared[bit], found) for bit, found in filed.items()}

    def read(self, text: str) -> int | None:
        """Return a canonical state as a number; ``None`` if the state has an atom not written out here."""
        state = 0
        for literal in split_literals(text):
            bit = self.ground.bits.get(literal)
            if bit is None:
                return None
            state |= bit
        for bit, other in self._opposites:
            if not state & bit:
                state |= other
        return self._with_derived(state)

    def say(self, state: int) -> str:
        """Return the canonical form of a state that is given as a number."""
        return " ".join(sorted(atom for bit, atom in self._said if state & bit))

    def after(self, state: int, action: Action) -> int:
        """Return the state after an action, whose preconditions are not checked."""
        change = action.always
        adds, deletes, spoils, frees = change.adds, change.deletes, change.spoils, change.frees
        for one in action.changes:
            if holds(one.when, state):
                adds |= one.adds
                deletes |= one.deletes
                spoils |= one.spoils
                frees |= one.frees
        found = (state & ~(deletes | spoils)) | adds | (frees & ~spoils)
        return self._with_derived(found & (self._base | self._base_opposites)) if self.ground.layers else found

    def _with_derived(self, state: int) -> int:
        for rules, heads in self.ground.layers:
            before = -1
            while before != state:
                before = state
                for bit, when in rules:
                    if not state & bit and holds(when, state):
                        state |= bit
            for bit, other in heads:
                if not state & bit:
                    state |= other
        return state

    def actions(self, state: int) -> Iterator[Action]:
        """Yield all actions that can be done in a state."""
        for action in self._unconditional:
            if holds(action.needs, state):
                yield action
        left = state & self._filed_bits
        while left:
            bit = left & -left
            left ^= bit
            shared, filed = self._by_bit[bit]
            if state & shared != shared:
                continue
            for action in filed:
                mask, others = action.needs
                if state & mask == mask and (not others or holds(action.needs, state)):
                    yield action


def bits(mask: int) -> Iterator[int]:
    """Yield the bits that are set in a number, the lowest first."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit

"""How far a goal is if nothing ever became false: relaxed plans (Hoffmann and Nebel, JAIR 14, 2001), with supporters
chosen by the sum of costs (Bonet and Geffner, Artificial Intelligence 129, 2001)."""

import heapq

import msgspec

from surefoot.decompose.answer_keys.strips_ground import Action, Change, Condition, Ground
from surefoot.decompose.answer_keys.strips_states import bits


class Relaxed(msgspec.Struct, frozen=True):
    """A relaxed plan: a plan that would work if no action made anything false.

    Attributes:
        length: Its actions, each counted once.
        first: Those of its actions that need nothing that another one brings.
    """

    length: int
    first: frozenset[str]


class Heuristic:
    """Estimates of the steps to a goal for the states of one PDDL world.

    Args:
        ground: The world.

    Atoms are the bits of states, by number, and one for each disjunction, which each of its parts brings for nothing.
    """

    def __init__(self, ground: Ground) -> None:
        self._count = len(ground.bits) + len(ground.derived_bits) + len(ground.opposites)
        self._needs: list[list[int]] = []
        self._brings: list[list[int]] = []
        self._cost: list[int] = []
        self._action: list[Action | None] = []
        for action in ground.actions:
            for change in (action.always, *action.changes):
                self._operator(action, change)
        for rules, heads in ground.layers:
            for bit, when in rules:
                self._add(self._atoms(when), [_place(bit)], 0, None)
            # That a derived atom is false follows from others being false: here that is taken to be free.
            self._add([], [_place(other) for _, other in heads], 0, None)
        self._needed_by: list[list[int]] = [[] for _ in range(self._count)]
        for number, needs in enumerate(self._needs):
            for atom in needs:
                self._needed_by[atom].append(number)
        self._free = [number for number, needs in enumerate(self._needs) if not needs]
        self.size = sum(map(len, self._needs)) + sum(map(len, self._brings)) + 1

    def _operator(self, action: Action, change: Change) -> None:
        brought = change.adds | change.frees
        if brought:
            needs = self._atoms(action.needs)
            if change is not action.always:
                needs = list(dict.fromkeys([*needs, *self._atoms(change.when)]))
            self._add(needs, [_place(bit) for bit in bits(brought)], 1, action)

    def _add(self, needs: list[int], brings: list[int], cost: int, action: Action | None) -> None:
        self._needs.append(needs)
        self._brings.append(brings)
        self._cost.append(cost)
        self._action.append(action)

    def _atoms(self, condition: Condition) -> list[int]:
        """The atoms of a condition; one is made for each disjunction."""
        mask, others = condition
        found = [_place(bit) for bit in bits(mask)]
        for choice in others:
            made, self._count = self._count, self._count + 1
            for one in choice:
                self._add(self._atoms(one), [made], 0, None)  # type: ignore[arg-type]
            found.append(made)
        return found

    def __call__(self, state: int, goal: int) -> Relaxed | None:
        """The relaxed plan from a state to where the goal's bits are set; ``None`` if there is none."""
        wanted = list(map(_place, bits(goal)))
        supporter = self._explored(state, set(wanted))
        return self._extracted(supporter, wanted) if supporter is not None else None

    def _explored(self, state: int, goal: set[int]) -> dict[int, int] | None:
        """By reached atom, the operator that brings it at the least cost; -1 for what is true already.

        ``None`` if an atom of the goal is not reached. The goal's set is emptied.
        """
        cost: dict[int, int] = {}
        supporter: dict[int, int] = {}
        queue: list[tuple[int, int]] = []
        for place in map(_place, bits(state)):
            cost[place], supporter[place] = 0, -1
            queue.append((0, place))
        left = list(map(len, self._needs))
        total = list(self._cost)
        for number in self._free:
            self._bring(number, total[number], cost, supporter, queue)
        heapq.heapify(queue)
        done: set[int] = set()
        while queue:
            here, atom = heapq.heappop(queue)
            if atom in done:
                continue
            done.add(atom)
            goal.discard(atom)
            if not goal:
                break
            for number in self._needed_by[atom]:
                left[number] -= 1
                total[number] += here
                if not left[number]:
                    self._bring(number, total[number], cost, supporter, queue)
        return None if goal else supporter

    def _bring(
        self, number: int, cost: int, costs: dict[int, int], supporter: dict[int, int], queue: list[tuple[int, int]]
    ) -> None:
        for atom in self._brings[number]:
            known = costs.get(atom)
            if known is None or cost < known:
                costs[atom], supporter[atom] = cost, number
                heapq.heappush(queue, (cost, atom))

    def _extracted(self, supporter: dict[int, int], goal: list[int]) -> Relaxed:
        used: set[int] = set()
        waiting = list(goal)
        seen = set(waiting)
        while waiting:
            number = supporter[waiting.pop()]
            if number >= 0 and number not in used:
                used.add(number)
                further = [atom for atom in self._needs[number] if atom not in seen]
                seen.update(further)
                waiting += further
        names: dict[str, bool] = {}
        for number in used:
            action = self._action[number]
            if action is not None:
                ready = all(supporter[atom] == -1 for atom in self._needs[number])
                names[action.said] = names.get(action.said, True) and ready
        return Relaxed(len(names), frozenset(name for name, ready in names.items() if ready))


def _place(bit: int) -> int:
    """The number of a bit."""
    return bit.bit_length() - 1

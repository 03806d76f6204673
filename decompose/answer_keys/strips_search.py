"""Finds plans for written-out PDDL worlds: in breadth first where that is quick, else greedily by relaxed plans.

The greedy search looks at a state's estimate only when it is taken up, and takes up states that a helpful action led
to more often (lazy search with preferred operators: Richter and Helmert, ICAPS 2009). All bounds are counts, not
seconds: the same question has the same answer on every machine.
"""

import heapq

from surefoot.decompose.answer_keys.strips_breadth import Found, Origins, Wanted, by_name, in_breadth, plan_of
from surefoot.decompose.answer_keys.strips_ground import Action, holds
from surefoot.decompose.answer_keys.strips_relaxed import Heuristic
from surefoot.decompose.answer_keys.strips_states import States

FEW, MANY = 3_000, 100_000
"""States that a search in breadth looks at: before the greedy search, and after it."""
WORK = 40_000_000
"""Parts of conditions that a greedy search may look at, all its estimates together."""
BOOST = 1000
"""States in a row that are taken up from the helpful ones after an estimate got better."""


def find_plan(wanted: Wanted, heuristic: Heuristic, start: int, narrow: bool) -> Found:
    """Find a plan from a state, once a breadth-first search through ``FEW`` states has found none.

    Args:
        wanted: What is to be reached.
        heuristic: Estimates for the world.
        start: Where from.
        narrow: What that search found; then the search in breadth through many states comes first.
    """
    evaluations = max(WORK // heuristic.size, 200)
    found = in_breadth(wanted, start, MANY) if narrow else greedy(wanted, heuristic, start, evaluations // 8)
    if found.plan is None and not found.complete and not narrow:
        found = in_breadth(wanted, start, MANY)
    if found.plan is None and not found.complete:
        found = greedy(wanted, heuristic, start, evaluations)
    return found


class _Queue:
    """States to be taken up, those with the least estimate first, of equals the oldest."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, int, Action]] = []
        self.priority = 0
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._heap)

    def push(self, estimate: int, state: int, parent: int, action: Action) -> None:
        self._count += 1
        heapq.heappush(self._heap, (estimate, self._count, state, parent, action))

    def pop(self) -> tuple[int, int, Action]:
        _, _, state, parent, action = heapq.heappop(self._heap)
        self.priority += 1
        return state, parent, action


def greedy(wanted: Wanted, heuristic: Heuristic, start: int, evaluations: int) -> Found:
    """Find some plan by relaxed plans, most likely not the shortest."""
    origins: Origins = {start: None}
    queues = _Queue(), _Queue()
    best: int | None = None
    here: int | None = start
    while here is not None and evaluations > 0:
        if wanted.met(here):
            return Found(without_detours(wanted, start, plan_of(origins, here)))
        relaxed = heuristic(here, wanted.goal)
        evaluations -= 1
        if relaxed is not None:
            if best is None or relaxed.length < best:
                best = relaxed.length
                queues[1].priority -= BOOST
            _push(wanted.states, here, relaxed.length, relaxed.first, queues)
        here = _next(origins, queues)
    # What was left out cannot be solved even if nothing became false.
    return Found(None, complete=here is None)


def without_detours(wanted: Wanted, start: int, plan: tuple[Action, ...]) -> tuple[Action, ...]:
    """Drop the actions of a plan that are not needed, with those that need them (Nakhost and Müller 2010)."""
    place = 0
    while place < len(plan):
        shorter = _without(wanted, start, plan, place)
        if shorter is None:
            place += 1
        else:
            plan = shorter
    return plan


def _without(wanted: Wanted, start: int, plan: tuple[Action, ...], place: int) -> tuple[Action, ...] | None:
    state, kept = start, []
    for number, action in enumerate(plan):
        if number != place and holds(action.needs, state):
            state = wanted.states.after(state, action)
            kept.append(action)
    return tuple(kept) if wanted.met(state) else None


def _push(states: States, here: int, estimate: int, helpful: frozenset[str], queues: tuple[_Queue, _Queue]) -> None:
    for action in sorted(states.actions(here), key=by_name):
        reached = states.after(here, action)
        queues[0].push(estimate, reached, here, action)
        if action.said in helpful:
            queues[1].push(estimate, reached, here, action)


def _next(origins: Origins, queues: tuple[_Queue, _Queue]) -> int | None:
    """The next state that was not taken up before; ``None`` if there is none."""
    while queues[0] or queues[1]:
        ready = [queue for queue in queues if queue]
        state, parent, action = min(ready, key=lambda queue: queue.priority).pop()
        if state not in origins:
            origins[state] = parent, action
            return state
    return None

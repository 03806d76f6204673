"""What an answer key knows of one PDDL world: plans that were made, with the action for each state on their way.

A plan is made when a state is asked about for which none is known, and is kept: the states behind it are looked up. So
one instance is planned once, however many questions are asked on the way. Where a search in breadth through few states
finds the goal, what is said of a state does not depend on what was asked before: plans are shortest, and of equally
short ones the first by name. In larger worlds a state off the way is led back to it.
"""

from collections.abc import Callable, Sequence

import msgspec

from surefoot.decompose.answer_keys.strips_breadth import Found, Wanted, back, in_breadth
from surefoot.decompose.answer_keys.strips_ground import Condition, holds
from surefoot.decompose.answer_keys.strips_grounder import ground
from surefoot.decompose.answer_keys.strips_reachable import TooLarge
from surefoot.decompose.answer_keys.strips_relaxed import Heuristic
from surefoot.decompose.answer_keys.strips_search import FEW, find_plan
from surefoot.decompose.answer_keys.strips_states import States
from surefoot.decompose.referees import strips
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_formulas import Atom
from surefoot.decompose.tasks.strips_words import parts, split_literals

FAR = 999
"""Steps to the goal where no plan is known."""
BACK = 600
"""States that are looked at for a way back to a plan that is known."""


Outside = Callable[[str, str], tuple[str, ...] | None]
"""A planner elsewhere: from a state and a goal to the actions of a plan, or ``None`` where it has none."""


class Next(msgspec.Struct, frozen=True):
    """What an answer key knows of a state: the next action, and how many remain.

    Attributes:
        action: The next action of a plan; ``None`` at the goal, and where no plan is known.
        left: Actions to the goal; ``FAR`` where no plan is known.
    """

    action: str | None
    left: int


class Written:
    """A PDDL world written out from some state on, and the estimates of its states.

    Args:
        world: The world.
        start: A state.
        negated: Atoms that the goal wants to be false.

    Raises:
        TooLarge: The world is too large for that.
    """

    def __init__(self, world: StripsWorld, start: frozenset[Atom], negated: frozenset[Atom]) -> None:
        self.negated = negated
        self.states = States(ground(world, start, sorted(negated)))
        self.heuristic = Heuristic(self.states.ground)
        self.left: dict[str, dict[int, int]] = {}
        """By goal and state, how many actions lead on from states on the way of plans."""


class Ways:
    """The states from which the way to one goal is known, each with its next action.

    Args:
        goal: Canonical form.
    """

    def __init__(self, goal: str) -> None:
        self.goal = goal
        self.next: dict[str, Next] = {}
        self.far: Found | None = None
        """What a search through few states said, where it did not find the goal."""
        literals = [literal for literal in split_literals(goal) if literal.startswith("(not ")]
        self.negated = frozenset(tuple(parts(literal[5:-1])) for literal in literals)


class Plans:
    """Plans for one PDDL world, each made when first asked for.

    Args:
        world: The world.
        outside: A planner elsewhere, which is asked first.
    """

    def __init__(self, world: StripsWorld, outside: Outside | None = None) -> None:
        self.world = world
        self._outside = outside
        self._written: list[Written] = []
        self._ways: dict[str, Ways] = {}
        self._too_large = False

    def next(self, state: str, goal: str) -> Next:
        """Return the next action from a state towards a goal, and how many actions remain."""
        ways = self._ways.setdefault(goal, Ways(goal))
        known = ways.next.get(state)
        if known is None:
            self._plan(ways, state)
            known = ways.next[state]
        return known

    def written(self, state: str, negated: frozenset[Atom] = frozenset()) -> tuple[Written, int] | None:
        """Return the world written out so that it holds a state, and that state; ``None`` if the world is too large."""
        for one in self._written:
            number = one.states.read(state) if negated <= one.negated else None
            if number is not None:
                return one, number
        if self._too_large:
            return None
        try:
            made = Written(self.world, strips.facts(state), negated)
        except TooLarge:
            self._too_large = True
            return None
        self._written.insert(0, made)
        del self._written[8:]
        number = made.states.read(state)
        return None if number is None else (made, number)

    def _plan(self, ways: Ways, state: str) -> None:
        """Make a plan from a state and keep what it says of all states on its way."""
        said = self._outside(state, ways.goal) if self._outside is not None else None
        if said is not None and self._learn(ways, state, said):
            return
        found = self.written(state, ways.negated)
        condition = found[0].states.ground.goal(ways.goal) if found is not None else None
        if found is None or condition is None:
            ways.next[state] = Next(None, FAR)
            return
        written, start = found
        planned, behind = self._search(ways, written, start, condition)
        if planned.plan is None:
            ways.next[state] = Next(None, FAR)
            return
        left, known = len(planned.plan) + behind, written.left.setdefault(ways.goal, {})
        for number, action in enumerate(planned.plan):
            ways.next.setdefault(written.states.say(start), Next(action.said, left - number))
            known.setdefault(start, left - number)
            start = written.states.after(start, action)
        if not behind:
            ways.next.setdefault(written.states.say(start), Next(None, 0))
            known.setdefault(start, 0)

    def _learn(self, ways: Ways, start: str, said: Sequence[str]) -> bool:
        """Keep a plan that was made elsewhere, if it leads to the goal; whether it does."""
        trail, state = [start], start
        for action in said:
            facts = strips.facts(state)
            if strips.fault(self.world, facts, action) is not None:
                return False
            state = strips.text(strips.after(self.world, facts, action))
            trail.append(state)
        if not self.met(state, ways.goal):
            return False
        for number, (here, action) in enumerate(zip(trail, said, strict=False)):
            ways.next.setdefault(here, Next(action, len(said) - number))
        ways.next.setdefault(state, Next(None, 0))
        self._remember(ways, trail)
        return True

    def _remember(self, ways: Ways, trail: Sequence[str]) -> None:
        """Let states off the way of a plan from elsewhere be led back to it, where the world is small enough."""
        found = self.written(trail[0], ways.negated)
        if found is None:
            return
        known = found[0].left.setdefault(ways.goal, {})
        for number, state in enumerate(trail):
            place = found[0].states.read(state)
            if place is not None:
                known.setdefault(place, len(trail) - 1 - number)
        # Else a search through few states would come first, which the plan was asked for instead of.
        ways.far = ways.far or Found(None)

    def _search(self, ways: Ways, written: Written, start: int, goal: Condition) -> tuple[Found, int]:
        """A plan from a state, and how many actions lead on from where it ends."""
        wanted = Wanted(written.states, goal[0])
        if ways.far is None:
            found = in_breadth(wanted, start, FEW)
            if found.plan is not None or found.complete:
                return found, 0
            ways.far = found
        known = written.left.get(ways.goal)
        found_back = back(wanted, start, BACK, known) if known else None
        if found_back is not None:
            return Found(found_back[0]), found_back[1]
        return find_plan(wanted, written.heuristic, start, ways.far.narrow), 0

    def actions(self, state: str) -> Sequence[str]:
        """Return every action that can be done in a state, sorted."""
        found = self.written(state)
        if found is None:
            return strips.applicable(self.world, strips.facts(state))
        written, number = found
        return sorted(action.said for action in written.states.actions(number))

    def after(self, state: str, action: str) -> str:
        """Return the state after an action, whose preconditions are not checked."""
        found = self.written(state)
        known = found[0].states.by_name.get(action) if found is not None else None
        if found is None or known is None:
            return strips.text(strips.after(self.world, strips.facts(state), action))
        return found[0].states.say(found[0].states.after(found[1], known))

    def can_be_done(self, state: str, action: str) -> bool:
        """Return whether an action can be done in a state where that is quick to say; otherwise ``False``."""
        found = self.written(state)
        known = found[0].states.by_name.get(action) if found is not None else None
        return found is not None and known is not None and holds(known.needs, found[1])

    def met(self, state: str, goal: str) -> bool:
        """Return whether a goal holds in a state."""
        return strips.holds(self.world, strips.facts(state), goal)

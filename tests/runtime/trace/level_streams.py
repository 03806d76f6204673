"""Streams of events as three ways to run one plan would give them: for tests of the measures, with nothing measured."""

import random

from surefoot.runtime.trace.level_events import LevelEvent

FACTS, STEPS = 8, 6
"""Children of the plan, each resting on one hidden fact, and steps of each."""


def coupled(seed: int) -> list[LevelEvent]:
    """Evidence revises the plan at once; what does not rest on it goes on."""
    return _Stream(seed).run(at_once=True)


def end_of_pass(seed: int) -> list[LevelEvent]:
    """All children end before what they found revises the plan."""
    return _Stream(seed).run(at_once=False)


def fixed(seed: int) -> list[LevelEvent]:
    """What is found revises nothing."""
    stream = _Stream(seed)
    return [one for one in stream.run(at_once=False) if one.what != "revision" and not one.version]


class _Stream:
    """One run: each guessed fact is wrong with a chance of one half, and found out at a random step of its child."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._found_at = [self._dice.choice((None, self._dice.randrange(STEPS))) for _ in range(FACTS)]
        if not any(one is not None for one in self._found_at):
            self._found_at[0] = 0
        self._events: list[LevelEvent] = []
        self._children = list(range(FACTS))
        self._version = 0

    def run(self, *, at_once: bool) -> list[LevelEvent]:
        self._plan()
        work = [(fact, number) for fact in range(FACTS) for number in range(STEPS)]
        # Children run side by side: their steps are shuffled, each child's in order.
        order = [fact for fact, _ in work]
        self._dice.shuffle(order)
        done, found, wrong = [0] * FACTS, [], set[int]()
        for fact in order:
            if fact in wrong and at_once:
                continue
            self._step(fact)
            if done[fact] == self._found_at[fact]:
                self._events.append(LevelEvent("evidence", (fact,)))
                found.append(fact)
                wrong.add(fact)
                if at_once:
                    self._revise([fact])
                    self._again(fact)
            done[fact] += 1
        if not at_once:
            self._revise(found)
            for fact in found:
                self._again(fact)
        return self._events

    def _plan(self) -> None:
        children = tuple(self._children)
        self._events.append(
            LevelEvent("decomposition", (), version=self._version, says=str(children), children=children)
        )

    def _step(self, fact: int) -> None:
        self._events.append(LevelEvent("step", (self._children[fact], 0)))

    def _revise(self, facts: list[int]) -> None:
        before = tuple(self._children)
        affected = tuple(before[fact] for fact in facts)
        sources = tuple((fact,) for fact in facts)
        self._events.append(
            LevelEvent(
                "revision", (), version=self._version, triggers=sources, children=before, affected=affected, why="found"
            )
        )
        self._version += 1
        for fact in facts:
            self._children[fact] = 1024 * self._version + fact
        self._plan()

    def _again(self, fact: int) -> None:
        for _ in range(STEPS):
            self._step(fact)

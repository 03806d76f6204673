"""Measures how a run goes back and forth between planning and execution, from its events alone.

Nothing here depends on how steps that went on side by side are ordered between two events about the plan: a switch is
counted where the first step below a version is committed, and where a version is given up. So a run whose batches were
cut elsewhere has the same measures. Where chains go on side by side a kill drops work that was under way, and other
steps may come first: the steps, switches and latency of a resumed run can differ by it, and the others do not.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from surefoot.decompose.plan import Path
from surefoot.runtime.report.plan_history import Levels, VersionSpan
from surefoot.runtime.trace.level_events import LevelEvent


class _Plan(msgspec.Struct):
    """The plan of one node.

    Attributes:
        begun: Whether a step was made right below the newest version, of what no earlier one had begun.
        earlier: Path elements of children of earlier versions.
        says: What each version says, and what it takes for granted, by its number.
        refined: Whether a version followed one that was given up.
        children: Path elements of the newest version's children; empty if unknown.
        spans: Its versions along the run.
        given_up: The last revision, with the steps since its evidence by child, until the next version is made.
        refuted: Path elements of children that evidence spoke against, of all versions.
    """

    begun: bool = False
    earlier: set[int] = set()
    says: dict[int, list[str]] = {}
    refined: bool = False
    children: tuple[int, ...] = ()
    spans: list[VersionSpan] = []
    given_up: tuple[LevelEvent, Counter[int]] | None = None
    refuted: set[int] = set()


class _Pending(msgspec.Struct, frozen=True):
    """Evidence that revised nothing yet: where it came from, and how many steps had been committed since it counts."""

    source: Path
    since: int
    at: int


class LevelSwitching:
    """Adds up the events of a run, in the order in which they became durable.

    Attributes:
        steps: Steps so far.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._plans: dict[Path, _Plan] = {}
        self._counts: Counter[str] = Counter()
        self._depths: Counter[int] = Counter()
        self._latencies: list[int] = []
        self._pending: list[_Pending] = []
        self._since: list[tuple[Path, int]] = []
        """Steps since the oldest pending evidence."""

    def add(self, event: LevelEvent) -> None:
        """Take in the next event."""
        if event.what == "step":
            self._step(event)
        elif event.what == "decomposition":
            self._decomposition(event)
        elif event.what == "evidence":
            self._counts["evidence"] += 1
            if event.refutes:
                self._pending.append(_Pending(event.path, len(self._since), self.steps))
        else:
            self._revision(event)

    def levels(self) -> Levels:
        """Return the measures of all events so far."""
        counts, revisions = self._counts.copy(), sum(self._depths.values())
        for plan in self._plans.values():
            if plan.given_up is not None:
                counts["stale"] += _stale(*plan.given_up, kept=None)
        standing = [plan for path, plan in self._plans.items() if self._stands(path)]
        sketches, refined = len(standing), sum(plan.refined for plan in standing)
        unaffected, latencies = counts["kept"] + counts["replaced"], self._latencies
        return Levels(
            steps=self.steps,
            decompositions=counts["decompositions"],
            evidence=counts["evidence"],
            unanswered=len(self._pending),
            revisions=revisions,
            switches=counts["switches"],
            switch_rate=round(counts["switches"] / self.steps, 6) if self.steps else 0.0,
            latency=round(sum(latencies) / len(latencies), 4) if latencies else None,
            latency_most=max(latencies, default=None),
            stale_steps=counts["stale"],
            stability=round(counts["kept"] / unaffected, 4) if unaffected else None,
            replaced=counts["replaced"],
            depth=round(sum(d * n for d, n in self._depths.items()) / revisions, 4) if revisions else None,
            depths={str(depth): count for depth, count in sorted(self._depths.items())},
            thrash=sum(_repeats(plan.says) for plan in self._plans.values()),
            sketches=sketches,
            refined=refined,
            refined_share=round(refined / sketches, 4) if sketches else None,
        )

    def versions(self) -> list[VersionSpan]:
        """Return the versions of every plan that was revised or spoken against, nodes in plan order."""
        plans = sorted(self._plans.items())
        return [span for _, plan in plans if any(one.end is not None for one in plan.spans) for span in plan.spans]

    def _stands(self, path: Path) -> bool:
        """Whether a node is below the newest versions of all plans above it, as far as their children are known."""
        above = ((self._plans.get(path[:length]), path[length]) for length in range(len(path)))
        return all(plan is None or not plan.children or element in plan.children for plan, element in above)

    def _step(self, event: LevelEvent) -> None:
        self.steps += event.count
        if self._pending:
            self._since.append((event.path, event.count))
        if self._is_refuted(event.path):  # no version that follows goes on with it
            self._counts["stale"] += event.count
        for length in range(len(event.path), -1, -1):
            plan = self._plans.get(event.path[:length])
            if plan is not None:
                if not plan.begun and not plan.earlier.intersection(event.path[length : length + 1]):
                    self._counts["switches"] += 1
                    plan.begun = True
                return

    def _is_refuted(self, path: Path) -> bool:
        """Whether a node is below a child that a revision spoke against before."""
        if not self._depths:  # nothing was revised yet
            return False
        above = ((self._plans.get(path[:length]), path[length]) for length in range(len(path)))
        return any(plan is not None and element in plan.refuted for plan, element in above)

    def _decomposition(self, event: LevelEvent) -> None:
        self._counts["decompositions"] += 1
        plan = self._plans.setdefault(event.path, _Plan())
        plan.begun, plan.refined = False, plan.refined or bool(plan.spans)
        plan.says.setdefault(event.version, []).append(event.says)
        kept = 0
        plan.earlier.update(plan.children)
        if event.children:
            plan.children = event.children
        if plan.given_up is not None and event.children:  # else it was given up before it went on with any
            before, since = plan.given_up
            kept = len(set(before.children) & set(event.children))
            self._compare(before, event)
            self._counts["stale"] += _stale(before, since, kept=event.children)
            plan.given_up = None
        plan.spans.append(VersionSpan(event.path, event.version, self.steps, kept=kept))

    def _compare(self, before: LevelEvent, event: LevelEvent) -> None:
        """Count the children that nothing spoke against, by whether the next version goes on with them."""
        if before.affected is not None:
            unaffected = set(before.children) - set(before.affected)
            kept = len(unaffected & set(event.children))
            self._counts["kept"] += kept
            self._counts["replaced"] += len(unaffected) - kept

    def _revision(self, event: LevelEvent) -> None:
        self._depths[len(event.path)] += 1
        self._counts["switches"] += 1
        plan = self._plans.setdefault(event.path, _Plan())
        if not plan.spans:  # its first version was given by the task's code, which the journal does not say
            self._counts["decompositions"] += 1
            plan.spans.append(VersionSpan(event.path, event.version, 0))
        plan.says.setdefault(event.version, []).append(event.says)
        plan.earlier.update(event.children)
        answered = [one for one in self._pending if one.source in event.triggers]
        since: Counter[int] = Counter()
        if answered:
            depth = len(event.path)
            for path, count in self._since[answered[0].since :]:
                if path[:depth] == event.path and len(path) > depth:
                    since[path[depth]] += count
            self._latencies.append(sum(since.values()))
            self._forget(answered)
        end = msgspec.structs.replace(
            plan.spans[-1], end=self.steps, evidence=tuple(one.at for one in answered), why=event.why
        )
        plan.spans[-1], plan.given_up = end, plan.given_up or (event, since)
        plan.refuted.update(event.affected or ())

    def _forget(self, answered: list[_Pending]) -> None:
        self._pending = [one for one in self._pending if one not in answered]
        if not self._pending:
            self._since.clear()


def _stale(revision: LevelEvent, since: Counter[int], *, kept: tuple[int, ...] | None) -> int:
    """Steps since the evidence on what it spoke against; where that is unknown, on what the next version dropped."""
    if revision.affected is not None:
        return sum(since[element] for element in revision.affected)
    return 0 if kept is None else sum(count for element, count in since.items() if element not in kept)


def _repeats(says: dict[int, list[str]]) -> int:
    """Versions that say the same as an earlier one, or take the same for granted."""
    seen: set[str] = set()
    repeats = 0
    for version in sorted(says):
        texts = {text for text in says[version] if text}
        repeats += bool(texts & seen)
        seen |= texts
    return repeats


def levels_of(events: Iterable[LevelEvent]) -> Levels:
    """Return how a run went back and forth between planning and execution.

    Args:
        events: In the order in which they became durable.
    """
    found = LevelSwitching()
    for event in events:
        found.add(event)
    return found.levels()

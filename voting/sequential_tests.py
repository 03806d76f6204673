"""Watches a run while it goes on: what its steps are held against, and the alarms that concern the run as a whole.

A state machine without I/O: batches are told to it as they come, and it says when a look is due. A kind of alarm
shares its budget (``surefoot.voting.alarms.SHARE``) between looks: one is due whenever the run has doubled, and one at
its end;
the look of number j may use 6 / (pi j)^2 of it, which adds up to 1. Within a look, drift shares it equally between
both tails at all cuts between stretches, and ways between all ways.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.voting.alarms import SHARE, Kind, Pattern, Rates, limits_of, pattern_of, rates_of
from surefoot.voting.tails import hypergeometric_tails, poisson_at_least

FIRST_LOOK = 128
"""Races after which the first look is due."""
STRETCHES = 32
"""Most stretches that a run is held in; when there are more, neighbours are put together."""


class Alarm(msgspec.Struct, frozen=True):
    """An alarm of the whole run: something that independent errors do not do.

    Attributes:
        kind: What it is.
        races: Held when it was raised.
        p_value: Probability of what was seen, or worse, if errors were independent.
        limit: Largest such probability that raises the alarm.
        detail: The evidence, for people.
        worse: Whether it says that steps to come may be harder than those before.
    """

    kind: Kind
    races: int
    p_value: float
    limit: float
    detail: str
    worse: bool = True


class SequentialTests:
    """Statistical tests of a run for answers that go wrong together.

    Args:
        steps: That the task expects of the whole plan.
        pilot: Races of the pilot.
    """

    def __init__(self, steps: int, pilot: Mapping[Pattern, int] | None = None) -> None:
        self.steps, self.pilot = steps, Counter(pilot or {})
        self.races: Counter[int] = Counter()
        self.contested: Counter[Pattern] = Counter()
        self.ways: Counter[str] = Counter()
        self.stretches: dict[int, list[list[int]]] = {}
        self.looks = 0
        self.limits = limits_of(self.pilot, steps)
        self._next = FIRST_LOOK

    def saw(self, races: Mapping[str, int], contested: Mapping[str, int], ways: Mapping[str, int]) -> None:
        """Add what happened in one batch.

        Args:
            races: Held in the first way to ask, by lead.
            contested: Those of them whose ballots did not all agree, by pattern.
            ways: See ``pair_up``.
        """
        self.ways.update(ways)
        self.contested += patterns_from(contested)
        self.races.update({int(lead): count for lead, count in races.items()})

    def passed(
        self, races: Mapping[str, int], contested: Mapping[str, int], retried: int = 0, unraced: int = 0
    ) -> None:
        """Add the next whole stretch of the run, for the test for drift.

        Retries make bad chains finish last, so a stretch that is cut off before its end under-counts errors, and the
        next one over-counts them.

        Args:
            races: As above, of this piece.
            contested: As above.
            retried: Chains in it that did not return their promise.
            unraced: Steps of such chains that were decided without a race, as with a lead of 1.
        """
        patterns = patterns_from(contested)
        for lead, count in races.items():
            self._stretch(int(lead), count, sum(n for p, n in patterns.items() if p.k == int(lead)))
        # Chains held against their promise, by minus the lead of most of their steps: a larger lead lets fewer fail.
        leads = {**races, "1": races.get("1", 0) + unraced} if unraced else races
        if leads:
            self._stretch(-int(max(leads, key=lambda lead: leads[lead])), sum(leads.values()), retried)

    def _stretch(self, k: int, races: int, bad: int) -> None:
        bad = min(bad, races)
        rows = self.stretches.setdefault(k, [[0, 0]])
        width = max(1, sum(n for n, _ in rows) // (STRETCHES // 2))
        if rows[-1][0] >= width:
            rows.append([0, 0])
        rows[-1][0] += races
        rows[-1][1] += bad
        if len(rows) > STRETCHES:
            self.stretches[k] = [[a + c, b + d] for (a, b), (c, d) in zip(rows[::2], rows[1::2], strict=False)] + (
                [rows[-1]] if len(rows) % 2 else []
            )

    @property
    def seen(self) -> int:
        """Number of races seen so far."""
        return self.races.total()

    @property
    def due(self) -> bool:
        """Whether the run has doubled since the last look."""
        return self.seen >= self._next

    def look(self) -> tuple[Alarm, ...]:
        """Run all tests and return the alarms raised now; the limits of single steps are worked out anew."""
        self.looks += 1
        self.look_again()
        patterns = self._patterns()
        limit = SHARE * 6 / (math.pi * self.looks) ** 2
        found = [*_clusters(patterns, rates_of(self.pilot + patterns), limit), *_together(self.ways, limit)]
        found += [
            alarm for k, rows in self.stretches.items() for alarm in _drift(rows, limit / len(self.stretches), k < 0)
        ]
        return tuple(msgspec.structs.replace(alarm, races=self.seen) for alarm in found)

    def look_again(self) -> None:
        """Work out the limits of single steps anew without running any test: after a resume."""
        while self._next <= self.seen:
            self._next *= 2
        self.limits = limits_of(self.pilot + self._patterns(), self.steps)

    def _patterns(self) -> Counter[Pattern]:
        held = Counter({pattern: count for pattern, count in self.contested.items() if pattern.k in self.races})
        for k, count in self.races.items():
            rest = count - sum(n for p, n in held.items() if p.k == k)
            if rest > 0:
                held[Pattern(k, k, 0, 0)] += rest
        return held


def patterns_from(contested: Mapping[str, int]) -> Counter[Pattern]:
    """Read patterns from their texts, each with its count."""
    return Counter({pattern_of(text): count for text, count in contested.items()})


def pair_up(first: Sequence[str], other: Sequence[str], right: Sequence[str]) -> Counter[str]:
    """Compare two ways to ask over one chain, as long as both were asked the same steps.

    Args:
        first: What the first way answered.
        other: What the other way answered.
        right: What the run of the chain answered that returned the promise.

    Returns:
        Steps by whether the first was wrong and whether the other was: ``00``, ``01``, ``10`` and ``11``.
    """
    found: Counter[str] = Counter()
    for one, two, truth in zip(first, other, right, strict=False):
        found[f"{int(one != truth)}{int(two != truth)}"] += 1
        if one != truth:
            break
    return found


def _clusters(patterns: Mapping[Pattern, int], rates: Rates, limit: float) -> list[Alarm]:
    """Races with two or more dissenting (spoiled) ballots, against what independence gives."""
    found = []
    for kind, attribute, rate in (
        (Kind.DISAGREEMENTS_CLUSTER, "dissent", rates.dissent),
        (Kind.SPOILED_CLUSTER, "spoiled", rates.spoiled),
    ):
        those = [(p, count) for p, count in patterns.items() if p.k > 1 or attribute == "spoiled"]
        twice = sum(count for p, count in those if getattr(p, attribute) > 1)
        # The ballots for the winner after one dissent; a rule that looks at the evidence may ask for many.
        others = {p.k: p.k + 1 for p, _ in those}
        for p, _ in those:
            if p.dissent == 1:
                others[p.k] = max(others[p.k], p.valid - 1)
        mean = sum(count * _twice(others[p.k], rate) for p, count in those)
        p_value = poisson_at_least(twice, mean)  # an upper bound for a sum of independent rare events
        if twice > 1 and p_value <= limit:
            text = f"{twice:,} races with two or more, {mean:.3g} expected at most"
            found.append(Alarm(kind, 0, p_value, limit, text, worse=kind is Kind.DISAGREEMENTS_CLUSTER))
    return found


def _together(ways: Mapping[str, int], limit: float) -> list[Alarm]:
    """Steps at which both ways were wrong: given how often each was, they are hypergeometric (Fisher's exact test)."""
    names = sorted({key.rpartition("/")[0] for key in ways})
    found = []
    for name in names:
        ok, other, first, both = (ways.get(f"{name}/{cell}", 0) for cell in ("00", "01", "10", "11"))
        p_value = hypergeometric_tails(both, ok + other + first + both, first + both, other + both)[1] if both else 1.0
        if p_value <= limit / len(names):
            text = (
                f"{name}: wrong at {both} of {first + both} steps where the first way was, {other} of {ok + other} more"
            )
            found.append(Alarm(Kind.WAYS_TOGETHER, 0, p_value, limit / len(names), text))
    return found


def _drift(rows: Sequence[Sequence[int]], limit: float, seams: bool) -> list[Alarm]:
    """Hold all before each cut against the whole: given the totals, its contested races are hypergeometric."""
    races, contested = sum(n for n, _ in rows), sum(c for _, c in rows)
    if len(rows) < 2 or not contested:
        return []
    each = limit / (2 * (len(rows) - 1))
    tails = []
    n = c = 0
    for size, bad in rows[:-1]:
        n, c = n + size, c + bad
        at_most, at_least = hypergeometric_tails(c, races, contested, n)
        tails += [(at_least, n, c, False), (at_most, n, c, True)]
    p_value, n, c, rises = min(tails)
    if p_value > each:
        return []
    what = "steps refuted by a seam" if seams else "races contested"
    text = f"{c:,} of the first {n:,} {what}, {contested - c:,} of the {races - n:,} after them"
    return [Alarm(Kind.DRIFT, 0, p_value, each, text, worse=rises)]


def _twice(k: int, rate: float) -> float:
    """Probability of two or more such ballots before ``k`` others came."""
    return max(0.0, 1 - (1 - rate) ** k * (1 + k * rate))

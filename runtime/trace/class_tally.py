"""Counts, by class of question, how ballots and verdicts compare with what a run went on with."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from surefoot.runtime.trace.examples import level_of, prompt_digest
from surefoot.runtime.trace.races import Race
from surefoot.runtime.trace.traced_run import TracedRun

PLAN, EXECUTION = "plan", "execution"
MOST_CHOICES = 100_000
"""Plan questions whose answers are told apart; of those beyond it only the ballots are counted."""


class ClassTally(msgspec.Struct):
    """What was counted of one class of questions.

    Attributes:
        questions: Questions that a verdict stands for, or would.
        wrong: Verdicts that the run did not go on with, where a later one on the same question differs.
        refuted: Verdicts that the run did not go on with because evidence came later: no mistakes of those who voted.
        discarded: Replies that were discarded.
        patterns: How many questions had so many counted ballots, so many of them against the answer that stands.
        margins: How many questions were won by so many ballots.
        leads: How many questions were asked for with which lead.
    """

    questions: int = 0
    wrong: int = 0
    refuted: int = 0
    discarded: int = 0
    patterns: Counter[tuple[int, int]] = msgspec.field(default_factory=Counter)
    margins: Counter[int] = msgspec.field(default_factory=Counter)
    leads: Counter[int] = msgspec.field(default_factory=Counter)

    @property
    def ballots(self) -> int:
        """Number of the ballots of this class that were counted."""
        return sum(drawn * count for (drawn, _), count in self.patterns.items())

    @property
    def against(self) -> int:
        """Those of them that named another answer than the one that stands."""
        return sum(against * count for (_, against), count in self.patterns.items())

    def add(self, other: "ClassTally") -> None:
        """Add what was counted elsewhere."""
        self.questions, self.wrong = self.questions + other.questions, self.wrong + other.wrong
        self.discarded, self.refuted = self.discarded + other.discarded, self.refuted + other.refuted
        self.patterns.update(other.patterns)
        self.margins.update(other.margins)
        self.leads.update(other.leads)


class Tallies(msgspec.Struct):
    """What was counted of some runs.

    Attributes:
        classes: By level and kind of question; the kind is empty where the journal does not have it.
        choices: By plan question: how often it was answered how.
        runs: How many were read.
    """

    classes: dict[tuple[str, str], ClassTally] = {}
    choices: dict[str, Counter[str]] = {}
    runs: int = 0

    def level(self, name: str) -> ClassTally:
        """Return what was counted of a level, over all its kinds of question."""
        found = ClassTally()
        for (level, _), tally in self.classes.items():
            if level == name:
                found.add(tally)
        return found

    def plan_entropy(self) -> float:
        """Return the mean entropy of the answers to a plan question in bits, each question weighed by its ballots."""
        drawn = sum(counts.total() for counts in self.choices.values())
        return math.fsum(entropy(counts) * counts.total() for counts in self.choices.values()) / drawn if drawn else 0.0


def entropy(counts: Mapping[str, int]) -> float:
    """Return the entropy of counted answers in bits; 0 where there is one."""
    total = sum(counts.values())
    return -math.fsum(one / total * math.log2(one / total) for one in counts.values()) if total else 0.0


def tally(runs: Iterable[TracedRun]) -> Tallies:
    """Count the questions of some runs.

    Raises:
        JournalError: A journal cannot be read.
    """
    found = Tallies()
    for run in runs:
        found.runs += 1
        for race, right in _judged(run):
            _count(found, run, race, right)
    name_the_only_kind(found)
    return found


def name_the_only_kind(found: Tallies) -> None:
    """Give questions without a kept reply the kind of their level, where that has one: of each kind some are kept."""
    for level in {level for level, kind in found.classes if not kind}:
        kinds = [kind for other, kind in found.classes if other == level and kind]
        if len(kinds) == 1:
            found.classes[level, kinds[0]].add(found.classes.pop((level, "")))


def _count(found: Tallies, run: TracedRun, race: Race, right: str) -> None:
    level = level_of(race)
    one = found.classes.setdefault((level, race.question.kind), ClassTally())
    counted = Counter({right: 0})
    for ballot in race.ballots:
        if ballot.candidate is None:
            one.discarded += ballot.count
        else:
            counted[ballot.candidate] += ballot.count
    refuted = run.refuted(race)
    drawn, pilot = counted.total(), race.question.part == "sample"
    one.patterns[drawn, drawn - counted[right]] += 1
    if not pilot:
        one.questions += 1
        one.wrong += race.candidate != right
        one.refuted += refuted
        one.leads[race.end.lead if race.end is not None else 0] += 1
        second = max((count for candidate, count in counted.items() if candidate != race.candidate), default=0)
        one.margins[counted[race.candidate or ""] - second] += 1
    if level == PLAN and len(found.choices) < MOST_CHOICES:
        asked = race.question
        version = f" {asked.attempt}" if refuted else ""  # the next is asked for with what was found
        key = prompt_digest(race) if race.asked else f"{run.task} {asked.node}{version}"
        found.choices.setdefault(key, Counter()).update({c: n for c, n in counted.items() if n})


def _judged(run: TracedRun) -> Iterator[tuple[Race, str]]:
    """Questions with the answer that stands: their own, or that of a later run of their chain, or later decomposition.

    Two runs of a chain stand in the same state until they first differ: up to there a later answer is one to the same
    question, and behind it nothing can be said. Of a pilot's question the answer named most often counts as right. A
    version of a plan that evidence refuted is held against itself: who voted on it did not have that evidence.
    """
    given_up: dict[tuple[str, str], dict[int, list[Race]]] = {}
    for race in run.races():
        asked = race.question
        if asked.part == "sample":
            named = Counter(ballot.candidate for ballot in race.ballots if ballot.candidate is not None)
            if len(race.ballots) > 1 and named:
                yield race, min(named, key=lambda one: (-named[one], one))
            continue
        if race.candidate is None:
            continue
        chain = given_up.get((asked.node, asked.part))
        if run.stands(race):
            if chain is not None:
                yield from _compared(chain, race)
            yield race, race.candidate
        elif run.refuted(race):
            yield race, race.candidate  # what came later was no answer to this question
        else:
            attempts = given_up.setdefault((asked.node, asked.part), {})
            attempts.setdefault(asked.attempt, []).append(race)


def _compared(attempts: dict[int, list[Race]], stands: Race) -> Iterator[tuple[Race, str]]:
    """Earlier answers to the question of one that stands; an attempt that differs is not looked at any further."""
    for attempt, races in list(attempts.items()):
        same = next((one for one in races if one.question.number == stands.question.number), None)
        if same is None:
            continue
        yield same, str(stands.candidate)
        if same.candidate != stands.candidate:
            del attempts[attempt]

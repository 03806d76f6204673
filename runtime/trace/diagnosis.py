"""What limits some runs, planning or execution: error by class of question, a verdict, and how votes are better shared.

From journals alone. A ballot counts as wrong where it names another answer than the one that the run went on with, so
that what all ballots got wrong together, and no seam caught, is not seen. Intervals are from a Bayesian bootstrap over
questions (Rubin, Ann. Stat. 9, 1981) with half a right and half a wrong ballot added, so that questions may differ in
difficulty.
"""

import random
from collections.abc import Sequence

import msgspec

from surefoot.runtime.trace.class_tally import EXECUTION, PLAN, ClassTally, Tallies
from surefoot.voting.error_rate import Interval
from surefoot.voting.vote_split import Split, VotedClass, best_split, other_split, split_of

DRAWS = 400
"""Draws of the bootstrap; its seed is fixed, so that the same journals give the same figures."""
CONFIDENCE = 0.95
FEWEST = 20
"""Counted ballots of races or pilots of more than one ballot below which nothing is said of a level."""


class ClassFigures(msgspec.Struct, frozen=True):
    """What is known of one class of questions.

    Attributes:
        level: ``plan`` or ``execution``.
        kind: Class of the question; empty where the journals do not have it.
        questions: Decided questions.
        ballots: Ballots that were counted, the pilot's included.
        discarded: Replies that were discarded.
        against: Ballots that named another answer than the one that stands.
        error: Share of the ballots that did.
        interval: Where it lies.
        margin: Mean number of ballots by which a question was won.
        wrong: Verdicts that the run went back on, but for ``refuted`` ones.
        refuted: Versions of plans that the run gave up for evidence which came later.
    """

    level: str
    kind: str
    questions: int
    ballots: int
    discarded: int
    against: int
    error: float
    interval: Interval
    margin: float
    wrong: int
    refuted: int = 0


class Diagnosis(msgspec.Struct, frozen=True):
    """What limits some runs, and how their votes should be split.

    Attributes:
        runs: How many were read.
        classes: Figures by class of question, the most wrong verdicts first.
        verdict: ``planning-limited``, ``execution-limited``, ``both``, ``neither`` or ``cannot be told``.
        why: The verdict in one sentence.
        plan_share: Share of the expected wrong verdicts that are about plans; ``None`` if it cannot be told.
        interval: Where it lies; likewise.
        expected_wrong: Expected wrong verdicts a run, by level.
        plan_entropy: Mean entropy of the answers to a plan question, in bits.
        plan_questions: Distinct plan questions.
        now: Leads and what is expected of them, a run: the first is that of plans.
        recommended: The same at no more calls, with the fewest wrong verdicts expected.
        other: The same where the calls go to the level that errs less: the placebo.
        modules: The recommended leads as the value of ``--modules``.
    """

    runs: int
    classes: tuple[ClassFigures, ...]
    verdict: str
    why: str
    plan_share: float | None
    interval: Interval | None
    expected_wrong: dict[str, float]
    plan_entropy: float
    plan_questions: int
    now: Split | None = None
    recommended: Split | None = None
    other: Split | None = None
    modules: str = ""


class _Level(msgspec.Struct, frozen=True):
    """A level with draws of its ballots' error."""

    tally: ClassTally
    errors: tuple[float, ...]
    lead: int
    runs: int

    @property
    def error(self) -> float:
        return self.tally.against / self.tally.ballots if self.tally.ballots else 0.0

    def voted(self, error: float) -> VotedClass:
        replies = self.tally.ballots + self.tally.discarded
        valid = self.tally.ballots / replies if replies else 1.0
        # An error of a half or more has no lead that helps; the closed forms hold below it.
        return VotedClass(self.tally.questions / self.runs, 1 - min(error, 0.499), valid, self.lead)

    def wrong(self, error: float) -> float:
        return self.voted(error).wrong(self.lead)


def diagnose(found: Tallies, budget: float = 0.05, calls: float = 1.0) -> Diagnosis:
    """Say what limits the runs that were counted.

    Args:
        found: What was counted.
        budget: Wanted bound on the expected wrong verdicts of a run; a level that needs less than half limits nothing.
        calls: Most calls of the recommendation, as a multiple of those of now.
    """
    dice = random.Random(0)
    classes = tuple(_figures(name, tally, dice) for name, tally in sorted(found.classes.items()))
    plan, execution = (_level(found.level(name), found.runs, dice) for name in (PLAN, EXECUTION))
    wrong = {PLAN: plan.wrong(plan.error), EXECUTION: execution.wrong(execution.error)}
    shown = Diagnosis(
        runs=found.runs,
        classes=tuple(sorted(classes, key=lambda one: -one.wrong)),
        verdict="cannot be told", why=_unknown(plan, execution), plan_share=None, interval=None, expected_wrong=wrong,
        plan_entropy=found.plan_entropy(), plan_questions=len(found.choices),
    )  # fmt: skip
    return shown if shown.why else _decided(shown, (plan, execution), budget, calls)


def _decided(shown: Diagnosis, levels: tuple[_Level, _Level], budget: float, calls: float) -> Diagnosis:
    plan, execution = levels
    pairs = zip(plan.errors, execution.errors, strict=True)
    drawn = [(plan.wrong(one), execution.wrong(other)) for one, other in pairs]
    shares = sorted(one / (one + other) for one, other in drawn)
    interval = _middle(shares)
    most = [_middle(sorted(one[number] for one in drawn)).high for number in (0, 1)]
    verdict = _verdict(interval, most, budget)
    first, second = plan.voted(plan.error), execution.voted(execution.error)
    now = split_of(first, second, (plan.lead, execution.lead))
    best = best_split(first, second, now.calls * calls)
    return msgspec.structs.replace(
        shown, verdict=verdict, why=WHY[verdict], plan_share=shares[len(shares) // 2], interval=interval, now=now,
        recommended=best, other=other_split(first, second, now.calls * calls),
        modules=f"TaskDecomposer.k={best.first}; Actor.k={best.second}",
    )  # fmt: skip


WHY = {
    "neither": "few wrong verdicts are to be expected at either level",
    "planning-limited": "most of the wrong verdicts to be expected are about how work is split",
    "execution-limited": "most of the wrong verdicts to be expected are about single steps",
    "both": "wrong verdicts are to be expected at both levels, and which has more cannot be told",
}


def _verdict(share: Interval, most: Sequence[float], budget: float) -> str:
    if max(most) <= budget / 2:
        return "neither"
    if share.low > 0.5:
        return "planning-limited"
    return "execution-limited" if share.high < 0.5 else "both"


def _unknown(plan: _Level, execution: _Level) -> str:
    """Why nothing can be told; empty if something can."""
    for name, level in ((PLAN, plan), (EXECUTION, execution)):
        if not level.tally.questions:
            return f"no question of {'how to split work' if name == PLAN else 'a single step'} was decided"
        compared = sum(n * count for (n, _), count in level.tally.patterns.items() if n > 1)
        if compared < FEWEST and not level.tally.wrong:
            return f"{name}: {compared:,} ballots can be compared with others to the same question; {FEWEST} are needed"
    return ""


def _figures(name: tuple[str, str], tally: ClassTally, dice: random.Random) -> ClassFigures:
    ballots, won = tally.ballots, sum(margin * count for margin, count in tally.margins.items())
    return ClassFigures(
        level=name[0], kind=name[1], questions=tally.questions, ballots=ballots, discarded=tally.discarded,
        against=tally.against, error=tally.against / ballots if ballots else 0.0,
        interval=_error_interval(tally, dice), margin=won / tally.questions if tally.questions else 0.0,
        wrong=tally.wrong, refuted=tally.refuted,
    )  # fmt: skip


def _error_interval(tally: ClassTally, dice: random.Random) -> Interval:
    """Where the error of a class lies; it begins at 0 where no ballot was against, and ends at 1 where all were.

    As for the interval of Jeffreys, of which the prior's halves are (Brown, Cai and DasGupta 2001, section 4.3).
    """
    found = _middle(sorted(_errors(tally, dice)))
    low = found.low if tally.against else 0.0
    high = found.high if tally.against < tally.ballots or not tally.ballots else 1.0
    return Interval(low, high, found.confidence)


def _level(tally: ClassTally, runs: int, dice: random.Random) -> _Level:
    lead = max(1, tally.leads.most_common(1)[0][0]) if tally.leads else 1
    return _Level(tally, tuple(_errors(tally, dice)), lead, max(1, runs))


def _errors(tally: ClassTally, dice: random.Random) -> list[float]:
    """Draws of the error of a class's ballots: questions weighed anew each time."""
    drawn = []
    for _ in range(DRAWS):
        wrong, ballots = dice.gammavariate(0.5, 1), dice.gammavariate(0.5, 1)
        ballots += wrong
        for (count, against), questions in tally.patterns.items():
            weight = dice.gammavariate(questions, 1)
            wrong, ballots = wrong + weight * against, ballots + weight * count
        drawn.append(wrong / ballots if ballots else 0.5)
    return drawn


def _middle(ordered: Sequence[float]) -> Interval:
    """The middle of ordered draws."""
    outside = round(len(ordered) * (1 - CONFIDENCE) / 2)
    return Interval(ordered[outside], ordered[-1 - outside], CONFIDENCE)

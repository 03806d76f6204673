"""What a run by looks is expected to need: calls for new looks only, since a look that is kept costs none.

A plan asks the same questions again and again. How many distinct ones there are is counted on questions that the task
samples, as many as the plan asks, without a model; each is put into as many wordings as the pilot's questions of its
kind needed until the posterior was sure, and distinct texts are counted. What the pilot has asked is not asked again.

Assumptions: sampled questions come as often as the plan's own; further wordings of a question say what the pilot's
few looks at it said; the rule stays what it is, although a run goes on learning; one worker's cache serves the whole
run, and holds it. A run is without error if every distinct question gets a verdict and the verdict is right: the chance
of that is the posterior's own, so that it is as good as what ``voting/looks.py`` takes for granted.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.ballot_limit import most_ballots
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.forecast.distinct_questions import Distinct, distinct_questions
from surefoot.runtime.forecast.estimates import Estimate, LookSample, SeenLooks, pilot_steps, sample_numbers
from surefoot.runtime.forecast.forecast import Forecast
from surefoot.runtime.leads import Leads
from surefoot.runtime.model_names import members_of
from surefoot.runtime.voting_rules import rule_of
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import LookRace, Looks, chances_wrong
from surefoot.voting.race import Won

PILOT_LOOKS: Final = 3
"""Wordings of a question that a pilot asks."""


class Need(NamedTuple):
    """What a verdict over one question takes: looks, the chance that it is wrong, and whether there is one at all."""

    looks: int
    wrong: float
    decided: bool


def forecast_looks(config: RunConfig, task: Task, leads: Leads, known: Estimate, *, pilot: bool = True) -> Forecast:
    """Compute what a run by looks is expected to need, without its pilot.

    Args:
        config: Its configuration.
        task: The task.
        leads: Of the run.
        known: What looks said.
        pilot: Whether a pilot goes before, whose looks are kept.
    """
    root = task.root()
    size = task.usual_steps(root.goal, root.inputs)
    rule, ways = _rule(config, leads), _ways(config, task)
    seen = known.looks or SeenLooks()
    needs = _needs(seen.samples, rule, min(ways, most_ballots(config.max_ballots, 1))) or _without_looks(known, rule)
    distinct = distinct_questions(task, size, by_role=bool(config.modules))
    asked = _pilot_texts(config, task, size) if pilot else set()
    fresh = distinct.scale * sum(
        _new_texts(config, task, those, _mean(needs, kind), asked) for kind, those in _by_kind(distinct).items()
    )
    number = distinct.number
    return Forecast(
        fresh * seen.calls, _all_right(needs, number), fresh * seen.calls, fresh * seen.tokens_in,
        fresh * seen.tokens_out, size * _mean(needs, None, weighted=True), fresh, number,
    )  # fmt: skip


def pilot_looks(config: RunConfig, task: Task) -> int:
    """Count the distinct texts that the pilot of a run asks for looks."""
    root = task.root()
    return len(_pilot_texts(config, task, task.usual_steps(root.goal, root.inputs)))


def need_of(shares: Sequence[tuple[tuple[str, float], ...]], rule: Looks, most: int) -> Need:
    """Work out what a verdict takes if all looks at a question say what these say, in turns.

    Args:
        shares: Of each look the answers with their probabilities, likeliest first; none where it could not be read.
        rule: When there is a verdict.
        most: Wordings there are.
    """
    race, looks = LookRace(rule, most), list[dict[str, float]]()
    for number in range(most):
        said = shares[number % len(shares)]
        ballot = Ballot(number, said[0][0], None, said) if said else Ballot(number, None, "misformatted")
        looks += [dict(said)] if said else []
        if isinstance(race.cast(ballot), Won):
            return Need(number + 1, chances_wrong(looks, rule.error, rule.sharpness)[0][1], decided=True)
    return Need(most, 1.0, decided=False)


def _by_kind(distinct: Distinct) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = defaultdict(list)
    for step in distinct.questions.values():
        found[step.kind].append(step)
    return found


def _new_texts(config: RunConfig, task: Task, steps: Sequence[Step], looks: float, asked: set[Hashable]) -> float:
    """Distinct texts in so many wordings of each step, a broken number between two whole ones, without those asked."""
    few, part = int(looks), looks % 1
    less = len(_texts(config, task, steps, few) - asked)
    return less if not part else less + part * (len(_texts(config, task, steps, few + 1) - asked) - less)


def _texts(config: RunConfig, task: Task, steps: Iterable[Step], looks: int) -> set[Hashable]:
    """The texts of the first looks at steps; voters take turns, each with wordings of its own."""
    names = members_of(config.model)
    dialect = dialect_of(config)
    found: set[Hashable] = set()
    for step in steps:
        for look in range(looks):
            at, voter = divmod(look, len(names))
            wording, label = task.look_variant(at % task.ways_to_look(dialect), dialect)
            shown = task.relabel(step, label) if label else step
            prompt = task.prompt(shown, dialect, wording) if wording else task.prompt(shown, dialect)
            found.add((names[voter], prompt))
    return found


def _pilot_texts(config: RunConfig, task: Task, size: int) -> set[Hashable]:
    if config.k != "auto" or config.measurement is not None:
        return set()
    steps = [task.sample_step(number) for number in sample_numbers(config.seed, pilot_steps(size))]
    return _texts(config, task, steps, min(PILOT_LOOKS, _ways(config, task)))


def _ways(config: RunConfig, task: Task) -> int:
    return task.ways_to_look(dialect_of(config)) * len(members_of(config.model))


def _rule(config: RunConfig, leads: Leads) -> Looks:
    rule = dict(leads.sequential).get(leads.unguarded) or rule_of(config.rule, leads.unguarded)
    assert isinstance(rule, Looks)
    return rule


class _Needed(NamedTuple):
    """A question of the pilot with what it needs; ``times`` that it was asked."""

    kind: str
    times: int
    need: Need


def _needs(samples: Iterable[LookSample], rule: Looks, most: int) -> list[_Needed]:
    return [_Needed(one.kind, one.times, need_of(one.shares, rule, most)) for one in samples if one.shares]


def _without_looks(known: Estimate, rule: Looks) -> list[_Needed]:
    """What is needed by rates alone, where no look was kept: every look fully confident in its answer."""
    right = 1 - known.p_error
    looks = round(rule.expected_ballots(right, known.valid_rate))
    return [_Needed("", 1, Need(max(1, looks), 1 - rule.p_step(right), decided=True))]


def _mean(needs: Sequence[_Needed], kind: str | None, *, weighted: bool = False) -> float:
    """Mean looks of the questions of a kind, of all where there is none; ``weighted`` by how often each came."""
    those = [one for one in needs if one.kind == kind] or needs
    weights = [one.times if weighted else 1 for one in those]
    return sum(weight * one.need.looks for weight, one in zip(weights, those, strict=True)) / sum(weights)


def _all_right(needs: Sequence[_Needed], questions: float) -> float:
    """The chance that so many distinct questions all get a verdict, and the right one."""
    decided = [one.need.wrong for one in needs if one.need.decided]
    wrong = sum(decided) / len(decided) if decided else 1.0
    return float((len(decided) / len(needs) * (1 - wrong)) ** questions)

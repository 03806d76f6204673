"""What a pilot's looks teach: shares beside the verdicts of others, from which runs by looks learn their sharpness."""

import msgspec

from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import LookSample, Sample, SeenLooks, judge_pilot, pooled_estimate
from surefoot.runtime.forecast.lead_choice import choose_again, choose_leads
from surefoot.runtime.forecast.look_agreement import agreement, with_sharpness
from surefoot.runtime.forecast.look_forecast import forecast_looks
from surefoot.runtime.records import Counts
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.looks import Looks

FOUR, FIVE = (("4", 0.8), ("5", 0.2)), (("5", 0.7), ("4", 0.3))
CONFIG = RunConfig(task="hanoi", model="smollm2", rule="looks")


def seen(*samples: tuple[object, ...]) -> SeenLooks:
    return SeenLooks(tuple(LookSample("next", 1, shares) for shares in samples))  # type: ignore[arg-type]


def test_looks_stand_beside_what_most_of_their_question_named() -> None:
    assert list(agreement(LookSample("next", 7, (FOUR, FIVE, FOUR)))) == [(0.8, True), (0.7, False), (0.8, True)]
    assert list(agreement(LookSample("next", 1, (FOUR, FIVE)))) == [(0.8, False), (0.7, False)]
    assert list(agreement(LookSample("next", 1, (FOUR, (), FOUR)))) == [(0.8, True), (0.8, True)]
    assert not list(agreement(LookSample("next", 1, (FOUR,))))  # it would agree with itself
    assert not list(agreement(LookSample("next", 1, ((), ()))))


def test_a_rule_of_looks_learns_and_others_stay_as_they_are() -> None:
    rule = Looks(1e-3, 0.02)
    learned = with_sharpness(rule, seen(*[(FOUR, FOUR, FOUR)] * 20))
    assert isinstance(learned, Looks)
    assert learned.sharpness > 2
    assert with_sharpness(rule, seen(*[(FOUR, FIVE, FOUR)] * 20)) == rule
    assert with_sharpness(rule, None) is rule
    votes = FirstToAheadBy(3)
    assert with_sharpness(votes, seen((FOUR, FOUR))) is votes


def pilot() -> list[Sample]:
    """Twenty questions that are all different, in three wordings each, of which all agree."""
    each = [tuple(Ballot(n, "4", None, (("4", 0.8 + at / 1000), ("5", 0.1))) for n in range(3)) for at in range(20)]
    return [Sample(at, "next", ballots) for at, ballots in enumerate(each)]


def test_a_run_takes_fewer_looks_by_what_its_pilot_taught() -> None:
    task, known = HanoiMicro(disks=7), judge_pilot(pilot(), Counts(calls=60, fresh_looks=60))
    leads = choose_leads(CONFIG, task, known)
    rules = dict(leads.sequential)
    assert all(isinstance(rule, Looks) and rule.sharpness > 2 for rule in rules.values())
    plain = tuple((number, msgspec.structs.replace(rule, sharpness=1.0)) for number, rule in rules.items())  # type: ignore[type-var]
    unlearned = msgspec.structs.replace(leads, sequential=plain)
    ahead, before = (forecast_looks(CONFIG, task, one, known) for one in (leads, unlearned))
    assert ahead.looks < 0.8 * before.looks
    assert ahead.p_success > 0.95


def test_what_the_pilot_taught_stands_while_a_run_goes_on_learning() -> None:
    task, known = HanoiMicro(disks=7), judge_pilot(pilot(), Counts(calls=60, fresh_looks=60))
    leads = choose_leads(CONFIG, task, known)
    later = choose_again(CONFIG, task, leads, pooled_estimate(known, [(100, 0.0)]), {"3-0": 30})
    first, then = (next(iter(dict(one.sequential).values())) for one in (leads, later))
    assert isinstance(first, Looks)
    assert isinstance(then, Looks)
    assert then.sharpness == first.sharpness
    assert then.error < first.error
    assert msgspec.json.decode(msgspec.json.encode(then), type=Looks) == then

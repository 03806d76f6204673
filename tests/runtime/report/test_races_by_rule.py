"""Races of one lead that different rules decided are weighed apart."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from surefoot.runtime.records import Contested, Record
from surefoot.runtime.report.gather import gather
from surefoot.runtime.report.races_by_rule import races_by_rule
from surefoot.voting.certificate import Evidence, Group, certify
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race_outcomes import outcomes
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.rule import Rule
from tests.runtime.report.test_gather import contested, journal

FIVE, EIGHT = RaisedLead(2, 5), RaisedLead(2, 8)


def races(*entries: Any, part: str = "run") -> dict[Group, Counter[int]]:
    found = gather(journal(("/0", [Record((0,), part, 0, 0, 2, entries)])))
    return races_by_rule(found, found.standing)


def disputed(rule: RaisedLead | None, length: int) -> Contested:
    return contested("ab" + "a" * (length - 2), rule=rule)


def test_races_are_counted_by_the_rule_that_decided_them() -> None:
    """Placebo: by lead alone, all of them would count as if the last rule had decided."""
    found = races(disputed(None, 4), disputed(FIVE, 7), disputed(FIVE, 9), disputed(EIGHT, 10))
    assert {group: +lengths for group, lengths in found.items()} == {2: {4: 1}, FIVE: {7: 1, 9: 1}, EIGHT: {10: 1}}


def test_races_that_agreed_are_shared_out_as_the_disputed_ones_are() -> None:
    found = races(disputed(None, 4), disputed(FIVE, 7), disputed(FIVE, 9), disputed(EIGHT, 10), *(["a"] * 41))
    assert sum(lengths.total() for lengths in found.values()) == 45
    assert {group: lengths[2] for group, lengths in found.items()} == {FIVE: 20, EIGHT: 10, 2: 11}


@pytest.mark.parametrize("entries", [("a", "a"), (contested("a.a"), "a")])
def test_races_that_all_agreed_belong_to_the_run_s_own_rule(entries: tuple[Any, ...]) -> None:
    assert races(*entries) == {2: {2: 2}}


def test_a_rule_of_which_only_a_spoiled_race_is_known_takes_all() -> None:
    assert races(contested("a.a", rule=FIVE), "a", "a") == {FIVE: {2: 3}}


def expected(rule: Rule, rows: int) -> tuple[Counter[int], float]:
    """Races by length among rows of which a tenth are wrong in 40 of 100 ballots; and how many end wrong."""
    known = outcomes(rule, 60, ((0.6, 0.4, 0.0), (0.998, 0.002, 0.0)))
    steps = np.array([rows / 10, rows * 9 / 10])
    lengths = Counter({n: round(float((known.right[n] + known.wrong[n]) @ steps)) for n in known.right})
    return +lengths, float(sum(wrong @ steps for wrong in known.wrong.values()))


def test_the_estimate_is_not_too_small_where_a_lead_was_raised_on_the_way() -> None:
    (early, missed), (late, few) = expected(FirstToAheadBy(6), 16_000), expected(RaisedLead(6, 10), 4_000)
    apart = certify(Evidence(races={6: early, RaisedLead(6, 10): late})).voted
    estimate, bound = sum(part.expected for part in apart), sum(part.bound for part in apart)
    mixed = certify(Evidence(races={6: early + late}, rules={6: RaisedLead(6, 10)})).voted[0]
    assert mixed.expected < missed + few < estimate < bound, "weighed by the last rule alone, it is below the truth"

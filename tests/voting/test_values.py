"""What holds of all values of the package: nobody changes them, and candidates are compared by what they say."""

import importlib
import pathlib
import pkgutil

import msgspec
import pytest

import surefoot.voting
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, Won, unanimous
from surefoot.voting.rule import LeadRule, Rule

FOLDER = pathlib.Path(next(iter(surefoot.voting.__path__)))
MODULES = [f"surefoot.voting.{module.name}" for module in pkgutil.iter_modules([str(FOLDER)])]


class Plain(LeadRule, frozen=True, tag="plain"):
    """A rule with nothing but what a rule has to give."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        return mine - max(others, default=0) >= self.k


@pytest.mark.parametrize("name", MODULES)
def test_no_value_can_be_changed(name: str) -> None:
    module = importlib.import_module(name)
    structs = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    assert all(one.__struct_config__.frozen for one in structs)


def test_there_are_modules_to_look_at() -> None:
    assert {"surefoot.voting.race", "surefoot.voting.rule", "surefoot.voting.alarms"} <= set(MODULES)


def test_candidates_are_alike_that_say_the_same() -> None:
    """Equal texts from two replies are two objects."""
    one, other = "".join(["3", "ab"]), "".join(["3a", "b"])
    assert one is not other
    assert unanimous([one, other, one], 3) == one
    race = Race(FirstToAheadBy(2), 9)
    race.cast(Ballot(0, one))
    assert race.cast(Ballot(1, other)) == Won(one, 2, 2)
    assert race.tally == {one: 2}


def test_classes_of_lengths_follow_the_rule() -> None:
    assert FirstTo(3).length_classes == (3, 4, 5, 7)
    assert FirstToAheadBy(3).length_classes == (3, 5, 7, 11)
    assert Plain(3).length_classes == (3, 6, 9, 12)


@pytest.mark.parametrize("rule", [FirstToAheadBy(3), FirstTo(3), Plain(3)], ids=str)
def test_ballots_are_unspoiled_unless_it_is_said(rule: Rule) -> None:
    assert rule.expected_ballots(0.9) == rule.expected_ballots(0.9, 1.0)
    assert rule.expected_requests(0.9) == rule.expected_requests(0.9, 1.0)
    assert rule.expected_ballots(0.9, 0.5) == pytest.approx(2 * rule.expected_ballots(0.9))
    assert rule.expected_requests(0.9, 0.5) > rule.expected_requests(0.9)


def test_a_plain_rule_learns_nothing() -> None:
    for cls in (FirstTo, FirstToAheadBy, Plain):
        assert not cls.learns
        assert cls.learned_rules((0.1, 0.01), {(3, 0): 9}, 100) == {}


def test_a_step_that_is_surely_wrong_fails_every_run() -> None:
    assert FirstTo(3).p_run(0.0, 1) == Plain(3).p_run(0.0, 1) == 0.0
    assert FirstTo(3).p_run(1.0, 10**6) == Plain(3).p_run(1.0, 10**6) == 1.0

"""Suites and rows of ``surefoot bench``: every suite can be opened, and a method's name says what is changed."""

import pytest

from surefoot.decompose.modular_planner.settings import ABLATIONS
from surefoot.decompose.step import Role
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task, task_class
from surefoot.runtime.errors import ConfigurationError
from surefoot.scripts.commands.bench_suites import ALWAYS, BASELINES, SUITES, row_of

NEED_A_FILE = {"pddl", "questions", "items"}


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_names_a_task_and_options_that_it_has(name: str) -> None:
    suite = SUITES[name]
    assert set(suite.options) <= set(task_class(suite.task).__struct_fields__)
    if name not in NEED_A_FILE:
        assert isinstance(open_task(RunConfig(task=suite.task, task_options=suite.options, model="simulated")), Task)


@pytest.mark.parametrize("name", SUITES)
def test_published_figures_are_percentages_and_their_rows_are_told_apart(name: str) -> None:
    rows = SUITES[name].published
    assert all(0 <= solved <= 100 and (invalid is None or 0 <= invalid <= 100) for _, solved, invalid in rows)
    assert len({method for method, _, _ in rows}) == len(rows)


@pytest.mark.parametrize("name", [*BASELINES, *ALWAYS, *(row for one in SUITES.values() for row in one.always)])
def test_every_row_that_stands_in_a_table_is_known(name: str) -> None:
    assert row_of(name, "").method == name


def test_a_preset_has_the_planner_and_asks_with_votes() -> None:
    row = row_of("paper", "")
    assert row.options == {"method": "map", "preset": "paper"}
    assert row.votes
    assert row.oracles == ()
    assert row_of("surefoot", "").options["preset"] == "surefoot"


@pytest.mark.parametrize("name", sorted(ABLATIONS))
def test_an_ablation_behind_the_preset_is_left_out_of_the_planner(name: str) -> None:
    row = row_of(f"paper-{name}", "")
    assert row.options["without"] == name
    assert row.votes == (name != "votes")


def test_ablations_of_the_name_and_of_the_option_come_once_each() -> None:
    one, other = sorted(set(ABLATIONS) - {"votes"})[:2]
    assert row_of(f"paper-{one}", f"{other},{one}").options["without"] == f"{one},{other}"
    assert "without" not in row_of("paper", ",").options
    assert not row_of("paper", "votes").votes


def test_an_oracle_answers_for_all_modules_or_for_the_one_that_is_named() -> None:
    assert row_of("oracle", "").oracles == tuple(role.value for role in Role)
    assert not row_of("oracle", "").votes, "what is always right needs no vote"
    one = row_of(f"oracle:{Role.MONITOR.value}", "")
    assert one.oracles == (Role.MONITOR.value,)
    assert one.votes


def test_rows_without_a_model_do_not_ask_for_one() -> None:
    assert row_of("always:no", "").plan == ("no",)
    assert row_of("random-legal", "").options == {}


def test_a_baseline_is_asked_without_votes() -> None:
    assert all(not row_of(name, "").votes for name in BASELINES)
    assert row_of("cot", "").options == {"method": "cot"}


@pytest.mark.parametrize("name", ["papers", "paper-nothing", "", "oracle:Nobody", "surefoot-", "cot-votes", "-votes"])
def test_a_method_that_is_not_known_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="--method"):
        row_of(name, "")

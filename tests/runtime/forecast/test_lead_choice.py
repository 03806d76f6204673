"""How leads follow from a target and from what is known of a model."""

import math
from collections.abc import Callable

import msgspec
import pytest

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import LEAF_CHOICES, basis_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.forecast import Forecast, double_mistakes, forecast
from surefoot.runtime.forecast.lead_choice import (
    CANCEL,
    choose_again,
    choose_leads,
    explain_leads,
    has_few_rows,
    leads_of_few_rows,
    next_checkpoint,
    seen_in,
    with_raised_lead,
)
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts
from surefoot.voting.lead import k_min, p_full

Configured = Callable[..., RunConfig]


def pilot(p_error: float, p_error_high: float) -> Estimate:
    return Estimate(600, 3, 0, p_error, p_error_high)


def final_steps(config: RunConfig, task: Task, leaf_steps: int) -> int:
    return basis_of(config, task, rate_table(pilot(0.01, 0.02)), leaf_steps).shapes[leaf_steps].final_steps


def cheapest(config: RunConfig, task: Task, known: Estimate) -> Forecast:
    leads = choose_leads(config, task, known)
    return forecast(basis_of(config, task, rate_table(known), leads.leaf_steps), leads)


def test_a_lead_that_the_limit_on_ballots_cannot_give_is_refused_before_the_first_step(configured: Configured) -> None:
    """A pilot with 15 of 60 ballots dissenting asks for a lead that 30 ballots do not reach. Placebos: room enough."""
    known, task = Estimate(60, 15, 0, 0.25, 0.45), Hanoi(disks=6)
    with pytest.raises(
        ConfigurationError, match=r"--max-ballots 30: the pilot saw 15 of 60 .* takes a lead of"
    ) as said:
        choose_leads(configured("hanoi", {"disks": 6}, k="auto", max_ballots=30, strategy="chain"), task, known)
    assert "or --max-ballots" in said.value.context["hint"]
    for limit in (400, "auto"):
        leads = choose_leads(
            configured("hanoi", {"disks": 6}, k="auto", max_ballots=limit, strategy="chain"), task, known
        )
        assert leads.unguarded > 30


@pytest.mark.parametrize("p_error_high", [0.001, 0.0022, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("disks", [4, 12, 20])
def test_without_seams_the_lead_is_that_of_the_formula(configured: Configured, disks: int, p_error_high: float) -> None:
    """Equation 14 of the paper, over all steps, at the pessimistic end."""
    task = Hanoi(disks=disks)
    for values in ({"strategy": "chain"}, {"seams": False}):
        for target in (0.5, 0.95, 0.999):
            config = configured("hanoi", {"disks": disks}, k="auto", target=target, **values)
            leads = choose_leads(config, task, pilot(p_error_high / 2, p_error_high))
            final = (
                basis_of(config, task, rate_table(pilot(0.01, 0.02)), leads.leaf_steps)
                .shapes[leads.leaf_steps]
                .final_steps
            )
            assert final >= 2**disks - 1
            k = k_min(1 - p_error_high, final, target)
            assert (leads.guarded, leads.unguarded) == (k, k)
            assert leads.suspect > k
            assert p_full(1 - p_error_high, k, final) >= target


def test_a_product_has_no_seams(configured: Configured) -> None:
    task = Multiply(digits=8)
    root = task.root()
    leads = choose_leads(configured("multiply", {}, k="auto"), task, pilot(0.005, 0.01))
    config = configured("multiply", {}, k="auto")
    final = final_steps(config, task, leads.leaf_steps)
    assert final > task.size(root.goal, root.inputs)  # the decompositions as well
    assert leads.guarded == leads.unguarded == k_min(0.99, final, 0.95)


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("p_error", [0.0001, 0.002, 0.01, 0.05, 0.15])
def test_with_seams_the_choice_is_the_cheapest(configured: Configured, p_error: float, checked: bool) -> None:
    """No other leads and no other length of leaves have fewer expected calls by the same arithmetic.

    Where no step is checked, a wrong decomposition may go through: those have the lead of the formula. So may a chain
    with two mistakes: such chains are kept within the budget.
    """
    task = Hanoi(disks=14)
    flags = {"red_flags": "all" if checked else "none"}
    config, known = configured(options={"disks": 14}, k="auto", leaf_steps="auto", **flags), pilot(p_error, p_error * 2)
    leads = choose_leads(config, task, known)
    assert 1 <= leads.guarded <= leads.suspect > leads.unguarded >= 1
    basis = basis_of(config, task, rate_table(known))
    best = forecast(basis, leads)
    assert best.p_success >= 0.95
    budget = -math.log(0.95) / CANCEL
    for leaf_steps in LEAF_CHOICES:
        most = k_min(1 - p_error * 2, task.outline(leaf_steps).splits, 0.95)
        for unguarded in range(1, most + 1) if checked else (most,):
            for guarded in range(1, most + 1):
                other = Leads(guarded, unguarded, max(guarded, unguarded) + 2, leaf_steps)
                if double_mistakes(basis, other) <= budget:
                    assert best.calls <= forecast(basis, other).calls * (1 + 1e-9)
    if not checked:
        assert double_mistakes(basis, leads) <= budget
        assert leads.unguarded == k_min(1 - p_error * 2, task.outline(leads.leaf_steps).splits, 0.95)


def test_the_leads_of_a_checked_plan_cost_less(configured: Configured) -> None:
    """A mistake that costs calls is not guarded against as one that costs the run."""
    task, saved = Hanoi(disks=14), []
    for p_error in (0.01, 0.05, 0.1):
        calls = []
        for flags in ("all", "none"):
            config = configured(options={"disks": 14}, k="auto", leaf_steps="auto", red_flags=flags)
            known = pilot(p_error, p_error * 1.2)
            calls.append(cheapest(config, task, known).calls)
        saved.append(1 - calls[0] / calls[1])
    assert min(saved) > 0.06
    assert max(saved) > 0.12


def test_detection_is_cheaper_than_correction_when_errors_are_rare(configured: Configured) -> None:
    task = Hanoi(disks=14)
    config = configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto")
    steps, calls = 2**14 - 1, []
    for p_error in (0.001, 0.01, 0.02, 0.05):
        known = pilot(p_error, p_error * 1.2)
        calls.append(cheapest(config, task, known).calls / steps)
        chain = configured("hanoi", {"disks": 14}, k="auto", strategy="chain")
        dear = cheapest(chain, task, known)
        assert calls[-1] < 0.8 * dear.calls / steps
    assert calls == sorted(calls)
    assert calls[0] < 1.2


@pytest.mark.parametrize("flags", ["all", "none"])
def test_a_kind_that_denies_the_rate_of_all_is_believed(configured: Configured, flags: str) -> None:
    """Splits that err far more often than moves need another lead; a few splits without a mistake need none."""
    task, config = Hanoi(disks=12), configured(options={"disks": 12}, k="auto", leaf_steps=31, red_flags=flags)
    moves = KindEstimate("move", 2000, 4, 2000, 1, 1)
    known = Estimate(2000, 4, 0, 0.002, 0.006, kinds=(moves,), trials=2000, errors=4)
    alike = choose_leads(config, task, known)
    few = msgspec.structs.replace(known, kinds=(moves, KindEstimate("split", 36, 0, 36, 1, 1)))
    worse = msgspec.structs.replace(known, kinds=(moves, KindEstimate("split", 100, 20, 100, 1, 1)), p_error=0.0117)
    assert choose_leads(config, task, few) == alike
    assert choose_leads(config, task, worse).unguarded > alike.unguarded


def test_a_run_that_learned_keeps_its_shape(configured: Configured) -> None:
    task, config = Hanoi(disks=12), configured("hanoi", {"disks": 12}, k="auto", leaf_steps="auto")
    leads = choose_leads(config, task, pilot(0.001, 0.002))
    for p_error in (0.0001, 0.01, 0.1):
        again = choose_again(config, task, leads, pilot(p_error, 1.2 * p_error), {})
        assert again.leaf_steps == leads.leaf_steps
    assert choose_again(config, task, leads, pilot(0.2, 0.6), {}) == leads  # no lead helps: go on, alarms will say why


def test_a_long_run_looks_some_dozen_times() -> None:
    looks, steps = 0, 0
    while steps < 2**20:
        looks, steps = looks + 1, next_checkpoint(steps)
    assert 60 < looks < 100


def test_what_a_run_saw_is_dissent_and_refuted_steps() -> None:
    counts = Counts(races={"3": 102, "1": 500}, contested={"3/5/1/0": 2, "3/3/0/2": 4, "1/1/0/1": 9})
    assert seen_in(counts) == (300 + 10, 2.0)
    assert seen_in(Counts(guarded_steps=500, refuted_steps=3)) == (500, 3.0)


def test_disputed_races_that_were_cut_short_are_seen_as_well() -> None:
    """Placebo: the same counts of a run in which every dispute was decided."""
    counts = Counts(races={"3": 100}, contested={"3/5/1/0": 2}, disagreements=2, disputes=2)
    assert seen_in(counts) == (304, 2.0)
    assert seen_in(msgspec.structs.replace(counts, disputes=12)) == (324, 12.0)
    decided = Counts(races={"3": 110}, contested={"3/5/1/0": 12}, disagreements=12, disputes=12)
    assert seen_in(decided)[0] >= 324, "what was seen never becomes less when a dispute is decided"
    assert seen_in(decided)[1] == 12.0


def test_a_lead_that_is_asked_for_is_taken(configured: Configured) -> None:
    task = Hanoi()
    for k in (1, 3, 7):
        for values in ({}, {"strategy": "chain"}, {"seams": False}):
            leads = choose_leads(configured(k=k, leaf_steps=15, **values), task, None)
            assert (leads.guarded, leads.unguarded, leads.leaf_steps) == (k, k, 15)
            assert leads.suspect > k


@pytest.mark.parametrize("p_error_high", [0.5, 0.7, 1.0])
def test_a_model_that_may_be_wrong_more_often_than_not_is_refused(configured: Configured, p_error_high: float) -> None:
    task = Hanoi()
    with pytest.raises(ConfigurationError, match="no lead can be chosen; try another model, or --k N"):
        choose_leads(configured(k="auto"), task, pilot(0.3, p_error_high))


@pytest.mark.parametrize(
    ("first_ballots", "agreeing"),
    [({"2/5/1": 100, "2/4/1/1": 20}, 2), ({"2/5/1": 100, "2/4/2": 20, "2/3/3": 10}, 3)],
)
def test_rows_that_disagree_say_how_many_agreeing_ballots_do(
    configured: Configured, first_ballots: dict[str, int], agreeing: int
) -> None:
    """Losers that differ and losers that are alike: as many disagreements, and other leads."""
    config = configured("hanoi", {"disks": 3}, k="auto", target=0.999)
    contested = {"2/6/1/0": sum(first_ballots.values())}
    seen = Counts(races={"2": 4000}, contested=contested, first_ballots=first_ballots)
    leads = with_raised_lead(config, Leads(4, 4, 6), seen)
    assert (leads.unguarded, leads.guarded) == (agreeing, 4)
    assert leads.suspect >= leads.disputed >= 4


def test_no_lead_is_raised_where_disagreements_say_nothing_of_whole_answers(configured: Configured) -> None:
    config, leads = configured("hanoi", {"disks": 3}, k="auto", target=0.999), Leads(4, 4, 6)
    by_field = Counts(races={"4": 4000}, contested={"4/9/1/0": 100})
    assert with_raised_lead(config, leads, by_field) == leads
    agreeing = Counts(races={"4": 4000}, contested={"4/9/1/0": 100}, first_ballots={"4/5/1": 100})
    assert with_raised_lead(config, leads, agreeing) != leads
    other_rule = msgspec.structs.replace(config, rule="first-to")
    assert with_raised_lead(other_rule, leads, agreeing) == leads
    assert with_raised_lead(config, leads, Counts(races={"4": 10})) == leads  # too little was seen
    assert with_raised_lead(config, leads, Counts(races={"4": 90}, disputes=30)) == leads  # what was easy was seen
    assert with_raised_lead(config, leads, Counts(races={"4": 90}, disputes=30, disagreements=30)) != leads


@pytest.mark.parametrize(("target", "k"), [(0.999, 3), (0.99, 2), (0.9999, 4), (0.5, 1)])
def test_a_short_table_is_prepared_for_one_wrong_answer_in_eleven(
    configured: Configured, target: float, k: int
) -> None:
    config = configured("hanoi", {"disks": 3}, k="auto", target=target)
    leads = leads_of_few_rows(config)
    assert (leads.guarded, leads.unguarded, leads.suspect) == (k, k, k + 2)
    assert p_full(10 / 11, k, 1) >= target
    assert k == 1 or p_full(10 / 11, k - 1, 1) < target


@pytest.mark.parametrize(
    ("rows", "changed", "few"),
    [(2, {}, True), (39, {}, True), (40, {}, False), (2, {"k": 3}, False), (2, {"rule": "sequential"}, False)],
)
def test_only_a_short_table_that_asks_for_no_lead_has_no_pilot(
    configured: Configured, rows: int, changed: dict[str, object], few: bool
) -> None:
    assert has_few_rows(configured("hanoi", {"disks": 3}, **{"k": "auto", **changed}), rows) is few


def test_a_plan_without_seams_hears_of_none() -> None:
    """One lead for all, whatever leaves the plan might have had; of two leads each is said."""
    assert explain_leads(Leads(4, 4, 6, 31), None, None, 300) == "lead 4 for each step: as asked for"
    assert explain_leads(Leads(4, 4, 6, 31), None, None, 300, "row") == "lead 4 for each row: as asked for"
    assert explain_leads(Leads(2, 4, 6, 31), None, None, 300) == (
        "lead 2 where a seam checks the result, 4 elsewhere; parts of 31 steps: as asked for"
    )

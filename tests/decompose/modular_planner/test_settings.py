"""What options mean for the planner: presets, ablations, leads, and how many questions an action takes."""

import itertools

import pytest

from surefoot.decompose.modular_planner.settings import ABLATIONS, OURS, PUBLISHED, Settings, settings_of


def test_the_published_preset_has_nothing_of_ours() -> None:
    found = settings_of("paper", 10, None, None, "")
    assert found == Settings(cap=10, history=True, feedback=True, resort=True, phases=True, description=True)
    assert (found.breadth, found.depth, found.recoveries) == (2, 2, 0)
    assert [found.closed_list, found.hill_climb, found.light_leads] == [False, False, False]


def test_our_preset_adds_a_closed_list_climbing_light_leads_and_recovery() -> None:
    found = settings_of("surefoot", 10, None, None, "")
    assert found.closed_list
    assert found.hill_climb
    assert found.light_leads
    assert (found.depth, found.recoveries) == (1, 2)


@pytest.mark.parametrize("preset", ["paper", "surefoot"])
def test_breadth_and_depth_that_are_given_hold_in_either_preset(preset: str) -> None:
    found = settings_of(preset, 10, 5, 4, "")  # type: ignore[arg-type]
    assert (found.breadth, found.depth, found.cap) == (5, 4, 10)


@pytest.mark.parametrize("count", range(len(ABLATIONS) + 1))
def test_an_ablation_switches_its_own_module_off_and_no_other(count: int) -> None:
    for named in itertools.combinations(ABLATIONS, count):
        found = settings_of("surefoot", 10, None, None, " , ".join(named))
        assert {name for name in ABLATIONS if not getattr(found, name)} == set(named)


@pytest.mark.parametrize(("preset", "names"), [("paper", PUBLISHED), ("surefoot", OURS)])
def test_each_difference_between_the_presets_can_be_left_out(preset: str, names: tuple[str, ...]) -> None:
    whole = settings_of(preset, 10, None, None, "")  # type: ignore[arg-type]
    without = [settings_of(preset, 10, None, None, name) for name in names]  # type: ignore[arg-type]
    assert len({whole, *without}) == len(names) + 1
    bare = settings_of(preset, 10, None, 2, ",".join(names))  # type: ignore[arg-type]
    assert bare == Settings(cap=10)


@pytest.mark.parametrize(("preset", "name"), [("paper", "climbing"), ("surefoot", "history")])
def test_what_a_preset_does_not_have_cannot_be_left_out(preset: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"the preset {preset} has no '{name}'"):
        settings_of(preset, 10, None, None, name)  # type: ignore[arg-type]


def test_what_a_domain_never_uses_is_off_beside_what_is_ablated() -> None:
    found = settings_of("paper", 10, None, None, "votes", frozenset({"search"}))
    assert {name for name in ABLATIONS if not getattr(found, name)} == {"votes", "search"}


@pytest.mark.parametrize("without", ["brain", "monitor,brain", "Monitor", "monitor;votes"])
def test_an_unknown_ablation_is_named_with_those_that_exist(without: str) -> None:
    with pytest.raises(ValueError, match="unknown ablation") as error:
        settings_of("surefoot", 10, None, None, without)
    assert all(name in str(error.value) for name in ABLATIONS)
    assert "\n" not in str(error.value)


def test_leads_are_the_run_s_where_a_mistake_gets_into_the_plan() -> None:
    voted, light = Settings(cap=1), Settings(cap=1, light_leads=True)
    assert (voted.lead, voted.light_lead) == (None, None)
    assert (light.lead, light.light_lead) == (None, 1)
    unvoted = Settings(cap=1, votes=False)
    assert (unvoted.lead, unvoted.light_lead) == (1, 1)


def test_without_search_there_is_no_climbing() -> None:
    assert Settings(cap=1, hill_climb=True).climbs
    assert not Settings(cap=1, hill_climb=True, search=False).climbs
    assert not Settings(cap=1).climbs


@pytest.mark.parametrize(
    ("settings", "questions"),
    [
        (Settings(cap=1), 2 * (1 + 2 * (1 + 3))),  # two nodes of the lowest layer, each with two actions looked at
        (Settings(cap=1, depth=1), 1 + 2 * (1 + 3)),
        (Settings(cap=1, breadth=3, depth=2), 3 * (1 + 3 * (1 + 3))),
        (Settings(cap=1, monitor=False, depth=1), 1 + 2 * (1 + 2)),
        (Settings(cap=1, hill_climb=True), 5),
        (Settings(cap=1, hill_climb=True, orchestrator=False), 4),
        (Settings(cap=1, search=False), 4),
        (Settings(cap=1, search=False, monitor=False, orchestrator=False), 2),
    ],
)
def test_questions_of_an_action_are_counted_by_module(settings: Settings, questions: int) -> None:
    assert settings.questions == questions

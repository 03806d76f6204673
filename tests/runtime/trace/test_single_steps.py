"""Examples of one question each, against what the run's own reader says of its steps."""

import pathlib
from collections import Counter

import pytest

from surefoot.runtime.session.mapping import open_run
from surefoot.runtime.trace.examples import digest_of
from surefoot.runtime.trace.single_steps import (
    ABANDONED,
    NO_PROMPT,
    NOT_A_PLAN,
    NOT_VERIFIED,
    decompositions,
    polished,
    preferences,
    roles,
)
from surefoot.runtime.trace.traced_run import TracedRun
from tests.runtime import simulated_runs


def test_the_final_path_is_each_step_that_stands_once(run: TracedRun) -> None:
    left_out = Counter[str]()
    found = list(polished(run, left_out))
    counts = run.journal.totals
    assert len(found) == counts.steps + counts.decompositions
    assert left_out[ABANDONED] > 0
    assert all(one.provenance.stands and one.messages[-1].train for one in found)
    steps = {(one.node, one.attempt, one.number): one for one in open_run(run.directory).steps()}
    for one in found:
        place = one.provenance
        step = steps[place.node, place.attempt, place.number]
        assert one.messages[-1].content in {reply.text for reply in step.replies if not reply.flag}
        assert one.messages[-2].content == step.prompt


def test_provenance_says_where_an_example_is_from(run: TracedRun) -> None:
    one = next(iter(polished(run, Counter())))
    found = one.provenance
    assert (found.task, found.model, found.settings["keep_replies"]) == (
        "hanoi",
        f"simulated:{run.config.model[10:]}",
        "all",
    )
    assert found.prompt == digest_of("", one.messages[-2].content) == one.prompts[0]
    assert found.verdict["won"] >= found.verdict["lead"] == 1
    events = list(run.events())
    assert [events[number].what for number in found.events] == ["question", "verdict"]


def test_verified_decompositions_are_those_of_a_solved_run_with_seams(run: TracedRun) -> None:
    left_out = Counter[str]()
    found = list(decompositions(run, left_out))
    assert len(found) == run.journal.totals.decompositions
    assert {one.provenance.part for one in found} == {"split"}
    assert left_out[NOT_A_PLAN] > len(found)


@pytest.mark.parametrize(
    ("options", "why"),
    [({"seams": False}, "its promises were not checked"), ({"strategy": "chain"}, "nothing was promised"),
     ({"max_calls": 20}, "the run is paused")],
)  # fmt: skip
def test_without_seams_or_an_end_nothing_is_verified(
    tmp_path: pathlib.Path, options: dict[str, object], why: str
) -> None:
    simulated_runs.run(tmp_path / "r", "p_error=0.0", 4, keep_replies="all", k=2, **options)
    with TracedRun(tmp_path / "r") as run:
        assert run.unverified() == why
        left_out = Counter[str]()
        assert list(decompositions(run, left_out)) == []
        assert set(+left_out) <= {NOT_A_PLAN, f"{NOT_VERIFIED}: {why}"}


def test_pairs_are_a_reply_that_won_and_one_to_the_same_prompt_that_did_not(solved: pathlib.Path) -> None:
    with TracedRun(solved) as run:
        found = list(preferences(run, Counter()))
        races = {one.question.id: one for one in run.races()}
    assert {"outvoted"} < {one.why for one in found}
    for one in found:
        race = races[one.provenance.events[0]]
        texts = {ballot.text: ballot for ballot in race.ballots}
        assert texts[one.chosen].candidate == race.candidate
        assert texts[one.rejected].candidate != race.candidate
        assert one.prompt[-1].content == race.question.prompt
        assert one.chosen != one.rejected


def test_each_reply_has_its_level_and_its_advantages(solved: pathlib.Path) -> None:
    with TracedRun(solved) as run:
        found = list(roles(run, Counter(), alpha=0.5))
    levels = Counter(str(one.scores["level"]) for one in found)
    assert levels["plan"] > 0
    assert levels["execution"] > levels["plan"]
    for one in found:
        grpo, hicra = float(one.scores["grpo"]), float(one.scores["hicra"])
        expected = grpo + 0.5 * abs(grpo) if one.scores["level"] == "plan" else grpo
        assert hicra == pytest.approx(expected) == one.messages[-1].weight
    differing = [one for one in found if one.scores["placebo"] != one.scores["hicra"]]
    assert differing, "the placebo gives more weight to other replies"


def test_without_kept_replies_there_is_nothing_to_learn(tmp_path: pathlib.Path) -> None:
    simulated_runs.run(tmp_path / "r", "p_error=0.0", 3, keep_replies="none", k=1)
    with TracedRun(tmp_path / "r") as run:
        for source in (polished, preferences, roles):
            left_out = Counter[str]()
            assert list(source(run, left_out)) == []  # type: ignore[operator]
            assert left_out[NO_PROMPT] >= 7

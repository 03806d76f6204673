"""What no vote can see is caught by seams, and put right by asking in another way. The placebos leave one out."""

import pathlib

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.execution.escalation.prompt_variants import FIRST, PromptVariant, asked, variants_of
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Contested
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render
from surefoot.voting.red_flags import RedFlag
from tests.runtime.simulated_runs import checked, run

SHARED = "p_error=0.001,p_shared=0.003"
HARD = "p_error=0.001,p_hard=0.02"


def misled_steps(directory: pathlib.Path, seed: int, profile: str) -> int:
    """Steps of the finished plan at which all draws of the first way to ask are wrong alike; they are right there."""
    config = RunConfig(task="hanoi", task_options={"disks": 10}, seed=seed)
    task, model = open_task(config), SimulatedModel(answers, parse_profile(profile))
    journal = open_journal(directory, write=False)
    try:
        reader = PlanReader(journalled_plan(journal, config, task))
        found = 0
        for one in reader.steps():
            step = task.sample_step(0).__class__(one.kind, task.sample_step(0).role, one.reads)
            found += model.planted(task.prompt(step, "compact"), seed) == "shared"
        return found
    finally:
        journal.close()


def test_shared_errors_are_caught_and_put_right(tmp_path: pathlib.Path) -> None:
    met = levels = 0
    for seed in range(3):
        status, counts = run(tmp_path / str(seed), SHARED, seed=seed, red_flags="none")
        assert status == "solved"
        assert checked(tmp_path / str(seed)).valid
        met += misled_steps(tmp_path / str(seed), seed, SHARED)
        levels += counts.caught.get("other names", 0)
        assert counts.shared + counts.broken_promises > 0
    # Every one of them is right in the end: all caught. It was the second way to ask that did it.
    assert met >= 6
    assert levels >= met


def test_the_report_says_that_errors_were_shared_and_what_put_them_right(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "shared", SHARED, seed=1, red_flags="none")
    run(tmp_path / "apart", "p_error=0.01", seed=1, red_flags="none")
    shared, apart = facts_of(tmp_path / "shared"), facts_of(tmp_path / "apart")
    assert shared.certificate.violations
    assert not apart.certificate.violations
    page = render(shared)
    assert "assumptions were violated" in page
    assert "other names" in page
    assert "assumptions were violated" not in render(apart)


def test_placebo_without_another_way_to_ask_the_run_does_not_get_through(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hanoi, "relabelings", 0)
    limits = {"red_flags": "none", "seam_retries": 2, "re_decompositions": 0}
    statuses = [run(tmp_path / str(seed), SHARED, seed=seed, **limits)[0] for seed in range(3)]
    assert "solved" not in statuses


def test_placebo_without_seams_shared_errors_go_through(tmp_path: pathlib.Path) -> None:
    wrong = 0
    for seed in range(3):
        status, _ = run(tmp_path / str(seed), SHARED, seed=seed, red_flags="none", seams=False)
        wrong += status != "solved" or not checked(tmp_path / str(seed)).valid
    assert wrong >= 2


def test_agreement_on_a_wrong_answer_by_chance_is_caught_by_the_seam(tmp_path: pathlib.Path) -> None:
    """Before a seam one ballot decides here: at a hard step it is wrong 44 times in 100, and nothing disagrees."""
    retries = 0
    for seed in range(4):
        status, counts = run(tmp_path / str(seed), HARD, seed=seed, red_flags="none")
        assert status == "solved"
        assert checked(tmp_path / str(seed)).valid
        retries += counts.seam_retries
    assert retries >= 20


def test_placebo_without_seams_they_go_through(tmp_path: pathlib.Path) -> None:
    status, _ = run(tmp_path / "run", HARD, seams=False, red_flags="none", k=1)
    assert status != "solved" or not checked(tmp_path / "run").valid


def test_an_undecided_race_climbs_and_keeps_its_evidence(tmp_path: pathlib.Path) -> None:
    """With red flags on, a prompt whose draws are all alike illegal spoils every ballot."""
    seen = 0
    for seed in range(4):
        directory = tmp_path / str(seed)
        status, counts = run(directory, SHARED, seed=seed, max_ballots=12)
        assert status == "solved"
        journal = open_journal(directory, write=False)
        payloads = [payload for key in journal.segments() for payload in journal.payloads(key)]
        journal.close()
        entries = [e for payload in payloads for record in unpack(payload) for e in record.entries]
        climbed = [e for e in entries if isinstance(e, Contested) and e.before and e.before[0].candidate is None]
        assert all(e.before and e.way == "other names" for e in climbed)
        assert {b.candidate for e in climbed for b in e.before} <= {None}
        # Where enough of the run is known, an alarm leaves the race before its last ballot.
        assert all(len(e.before) == 12 or e.raised for e in climbed)
        assert counts.caught.get("other names", 0) >= len(climbed)
        seen += len(climbed)
    assert seen >= 4


def test_a_fallback_model_is_the_last_rung(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hanoi, "relabelings", 0)
    options = {"seed": 0, "red_flags": "none"}
    status, counts = run(tmp_path / "run", SHARED, fallback_model="simulated:p_error=0.02", **options)
    assert status == "solved"
    assert checked(tmp_path / "run").valid
    assert counts.caught.get("the fallback model", 0) > 0


def test_rungs_in_order() -> None:
    names = [variant.name for variant in variants_of(Hanoi(disks=3), "chat", True)]
    assert names == ["the same again", *["another wording"] * 2, *["other names"] * 2, "the fallback model"]
    assert [variant.name for variant in variants_of(Hanoi(disks=3), "compact", False)] == [
        "the same again",
        *["other names"] * 2,
    ]


@pytest.mark.parametrize("number", range(40))
def test_a_disguise_keeps_right_answers_right(number: int) -> None:
    task = Hanoi(disks=7)
    step = task.sample_step(number)
    plain = asked(task, step, FIRST, "compact")
    right = set(map(plain.task.parse, [step] * 9, answers(plain.prompt).right, ["compact"] * 9))
    for relabel in (1, 2):
        other = asked(task, step, PromptVariant("other names", relabeling=relabel), "compact")
        assert other.prompt != plain.prompt
        assert {other.read(text, frozenset(RedFlag)) for text in answers(other.prompt).right} == right

"""The arms of the coupling benchmark: small worlds, and what must tell them apart."""

import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.decompose.plan import Expansion
from surefoot.decompose.step import Call, Done, Prompt, Step
from surefoot.decompose.tasks.crafting import supported
from surefoot.decompose.tasks.gates import open_side
from surefoot.scripts.benchmarks.coupling import ARMS, COLUMNS, Key, Result, Setting, main, row, run_one
from surefoot.scripts.benchmarks.gates_as_needed import GatesAsNeeded, Way

SMALL = Setting(runs=1, gates=3, disks=5, p_error=0.0, k=2)
WORLD = 4


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("coupling")
    results = {}
    for arm in ARMS:
        place = folder / arm
        place.mkdir()
        results[arm] = run_one(arm, WORLD, SMALL, place)
    return results


def test_the_placebo_that_never_revises_fails_and_the_others_solve_it(found: dict[str, Result]) -> None:
    assert {arm: one.right for arm, one in found.items()} == {
        "coupled": True, "end-of-pass": True, "fixed": False, "as-needed": True,
    }  # fmt: skip
    assert found["fixed"].levels.revisions == 0


def test_only_at_once_is_nothing_done_under_what_was_refuted(found: dict[str, Result]) -> None:
    coupled, late = found["coupled"].levels, found["end-of-pass"].levels
    assert (coupled.stale_steps, coupled.replaced) == (0, 0)
    assert late.stale_steps > 0
    assert found["end-of-pass"].dropped >= 3 * found["coupled"].dropped
    assert late.latency is not None
    assert coupled.latency is not None
    assert late.latency > coupled.latency


def test_a_lucky_planner_revises_nothing_although_prompts_mislead_every_draw(tmp_path: pathlib.Path) -> None:
    setting = Setting(gates=8, disks=1, p_error=0.0, k=2, shared=0.1, right=True)
    result = run_one("coupled", 3, setting, tmp_path)
    assert result.right
    assert result.doubted >= 1
    assert result.levels.revisions == 0


@pytest.mark.parametrize("wordings", [1, 0])
def test_a_verdict_that_misleads_every_draw_is_flagged_unless_the_flag_is_off(
    wordings: int, tmp_path: pathlib.Path
) -> None:
    setting = Setting(gates=8, disks=1, p_error=0.0, k=2, shared=0.1, right=True, wordings=wordings)
    result = run_one("coupled", 3, setting, tmp_path)
    assert result.misled >= 1
    assert (result.flagged, result.held) == (not wordings, not wordings)


def test_the_key_plants_what_it_says_and_nothing_else() -> None:
    look = Prompt("look gate 1, left side: daylight at the far end", "system")
    assert Key(Setting(), 0)(look).right == ("answer = open",)
    assert Key(Setting(shared=1.0), 0)(look).right == ("answer = shut",)
    route = Prompt("route 2 gates; chosen before: nothing; found shut: nothing", "system")
    assert len(Key(Setting(gates=2), 5)(route).right) == 4
    lucky = f"answer = {open_side(5, 1)} {open_side(5, 2)}"
    assert Key(Setting(gates=2, right=True), 5)(route).right == (lucky,)


CRAFTING = Setting(gates=3, disks=3, p_error=0.0, k=2, family="crafting")


def test_crafting_is_right_when_its_plan_is_revised_and_wrong_when_it_never_is(tmp_path: pathlib.Path) -> None:
    found = {}
    for arm in ("coupled", "end-of-pass", "fixed"):
        (tmp_path / arm).mkdir()
        found[arm] = run_one(arm, 5, CRAFTING, tmp_path / arm)
    assert {arm: one.right for arm, one in found.items()} == {"coupled": True, "end-of-pass": True, "fixed": False}
    assert found["coupled"].levels.stale_steps == 0 < found["end-of-pass"].levels.stale_steps
    assert found["coupled"].levels.revisions >= 1


def test_the_key_of_crafting_has_a_lucky_planner_too() -> None:
    ask = Prompt("recipes for nails, hinges; chosen before: nothing; found unsupported: nothing", "system")
    setting = Setting(gates=2, family="crafting")
    assert len(Key(setting, 5)(ask).right) == 4
    lucky = f"answer = {supported(5, 'nails')} {supported(5, 'hinges')}"
    assert Key(msgspec.structs.replace(setting, right=True), 5)(ask).right == (lucky,)


def test_as_needed_is_refused_for_crafting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--family", "crafting", "--arm", "as-needed"])
    assert stopped.value.code == 2
    assert "for --family gates only" in capsys.readouterr().err


def walked(task: GatesAsNeeded, goal: Way, sides: list[str]) -> tuple[Any, list[str]]:
    """A try with right answers and these guesses: its output, or the parts that it asks for, and what it asked."""
    state, asked = task.begin(goal, ()), list[str]()
    while not isinstance(step := task.next_step(goal, state), Done | Expansion):
        if isinstance(step, Call):
            answer: Any = task.look(**step.arguments)
        elif step.kind == "route":
            answer = sides.pop(0)
        else:
            assert isinstance(step, Step)
            answer = ("open" if "daylight" in step.reads.facts else "shut") if step.kind == "look" else "1 A B"
        asked.append("call" if isinstance(step, Call) else step.kind)
        state = task.advance(goal, state, answer)
    return step, asked


def test_as_needed_tries_the_whole_and_splits_what_failed() -> None:
    task = GatesAsNeeded(gates=2, disks=1, towers=1, world=WORLD)
    right = [open_side(WORLD, gate) for gate in (1, 2)]
    wrong = "left" if right[1] == "right" else "right"
    done, asked = walked(task, Way(1, 2), list(right))
    assert isinstance(done, Done)
    assert [done.output[0], done.output[2]] == right
    assert asked == ["route", "call", "look", "carry"] * 2
    parts, _ = walked(task, Way(1, 2), [right[0], wrong])
    assert [child.goal for child in parts.children] == [Way(1, 1), Way(2, 2)]
    other, _ = walked(task, Way(2, 2), [wrong])
    assert [child.goal for child in other.children] == [Way(2, 2, right[1])]


def test_the_table_has_a_line_for_each_arm(capsys: pytest.CaptureFixture[str], found: dict[str, Result]) -> None:
    assert len(row("coupled", [found["coupled"]])) == len(COLUMNS)
    main(["--runs", "1", "--gates", "1", "--disks", "1", "--k", "1", "--p-error", "0", "--arm", "coupled"])
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == list(COLUMNS)
    assert line.split()[:2] == ["coupled", "1/1"]

"""Whole runs in this process: from the task to a plan that the referee finds valid, or to an end that says why."""

import json
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi, multiply
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees import hanoi as hanoi_referee
from surefoot.decompose.referees import multiply as multiply_referee
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable
from surefoot.runtime.models.simulated import Profile, SimulatedModel

ROOT = pathlib.Path(__file__).parents[3]
NewRun = Callable[..., Any]
# With leaves of three steps; the root is split once, its first tower once more, and so on.
SPLIT, WRONG_SPLIT = "split 6ac aaaaa a", "5ab bbbbb a / 6ac cbbbb c / 5bc ccccc c"


class Ended:
    """A finished plan, as referees read it."""

    def __init__(self, steps: list[PlanStep], output: Any) -> None:
        self.steps, self.output = steps, output

    def __iter__(self) -> Any:
        return iter(self.steps)


def judged(run: Any) -> Verification:
    referee = hanoi_referee if run.config.task == "hanoi" else multiply_referee
    return referee.verify(run.task, Ended(*run.plan()))


def assert_solved(run: Any, status: str) -> None:
    assert (status, run.message) == ("solved", "")
    found = judged(run)
    assert (found.valid, found.reached_goal) == (True, True), found.first_error


@pytest.mark.parametrize("strategy", ["tree", "chain"])
@pytest.mark.parametrize("state_by", ["model", "task"])
@pytest.mark.parametrize("segment_steps", [1, 7, 1024])
async def test_a_tower_is_solved(
    new_run: NewRun, planted: Any, strategy: str, state_by: str, segment_steps: int
) -> None:
    run = new_run(strategy=strategy, state_by=state_by, segment_steps=segment_steps)
    models = planted(hanoi.answers), planted(hanoi.answers)
    assert_solved(run, await run.session(*models))
    splits = 15 if strategy == "tree" else 0
    assert (run.totals.steps, run.totals.decompositions) == (63, splits)
    assert run.totals.calls == sum(model.asked for model in models) == 63 + splits
    assert all(model.closed for model in models)
    if strategy == "tree" and segment_steps < 63:
        assert all(model.asked > 20 for model in models)  # the work was shared out


@pytest.mark.parametrize("strategy", ["tree", "chain"])
@pytest.mark.parametrize("segment_steps", [1, 1024])
async def test_a_product_is_worked_out(new_run: NewRun, planted: Any, strategy: str, segment_steps: int) -> None:
    for x, y in (("90817", "65403"), ("0", "999"), ("7", "8"), ("1002", "003")):
        run = new_run("multiply", {"x": x, "y": y}, strategy=strategy, segment_steps=segment_steps, leaf_steps=1)
        assert_solved(run, await run.session(planted(multiply.answers)))
        assert run.plan()[1] == str(int(x) * int(y))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("task", "referee_steps"), [("hanoi", 63), ("multiply", None)])
async def test_a_model_that_errs_is_outvoted(new_run: NewRun, task: str, referee_steps: int | None, seed: int) -> None:
    """Errors, refusals, rambling and format errors at a tenth each, lead of 5: a step goes wrong about once in 2e5."""
    options = {"disks": 6} if task == "hanoi" else {"x": "907", "y": "865"}
    key = {"hanoi": hanoi.answers, "multiply": multiply.answers}[task]
    run = new_run(task, options, k=5, seed=seed)
    model = SimulatedModel(key, Profile(p_error=0.1, p_format=0.1, p_refuse=0.1, p_overlong=0.1, p_timeout=0.1))
    assert_solved(run, await run.session(model))
    assert run.totals.calls == model.asked
    assert set(run.totals.red_flags) >= {"misformatted", "refused", "overlong"}
    assert run.totals.failed_calls > 0
    assert run.totals.disagreements > 0
    if referee_steps:
        assert run.totals.steps == referee_steps


@pytest.mark.usefixtures("prompt_commits")
async def test_a_wrong_decomposition_is_mended_and_the_plan_can_be_read(new_run: NewRun, planted: Any) -> None:
    """In the coordinator and inside a segment: what the reader reads is the decomposition that stood."""
    for segment_steps in (1024, 31, 7):
        model = planted(hanoi.answers, lambda text, nth: WRONG_SPLIT if text == SPLIT and nth == 0 else None)
        run = new_run(red_flags="none", segment_steps=segment_steps, ladder=False)
        status = await run.session(model)
        assert run.totals.broken_promises >= 1
        assert_solved(run, status)
        first_tower = {text: n for text, n in model.times.items() if text.startswith("move") and text.endswith(" a")}
        assert first_tower
        assert set(first_tower.values()) == {1}, "what did not depend on the promise was asked again"


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize("segment_steps", [1024, 31, 7])
async def test_steps_counts_what_stands(new_run: NewRun, planted: Any, segment_steps: int) -> None:
    """Also when the coordinator threw away what was built on a broken promise."""
    model = planted(hanoi.answers, lambda text, nth: WRONG_SPLIT if text == SPLIT and nth == 0 else None)
    run = new_run(red_flags="none", segment_steps=segment_steps)
    assert await run.session(model) == "solved"
    assert run.totals.steps == 63


async def test_seams_find_a_wrong_step_and_without_them_it_goes_through(new_run: NewRun, planted: Any) -> None:
    for seams, valid in ((True, True), (False, False)):
        wrong: list[str] = []

        def say(text: str, nth: int, wrong: list[str] = wrong) -> str | None:
            """Once in the run, in a tower of two disks: the last move goes to the wrong peg."""
            if text.startswith("move") and " 2" in text and not wrong:
                wrong.append(text)
                right = hanoi.answers(Prompt(text)).right[0]
                move, *state = right.split(" ")
                (other,) = set("abc") - set(move[1:])
                return " ".join([move[:-1] + other, other + state[0][1:], *state[1:]])
            return None

        run = new_run(seams=seams)
        assert await run.session(planted(hanoi.answers, say)) == "solved"
        assert wrong
        found = judged(run)
        assert (found.valid and found.reached_goal) is valid
        assert (run.totals.seam_retries > 0) is seams


async def test_an_error_that_all_draws_share_ends_in_a_failure_that_names_the_node(
    new_run: NewRun, planted: Any
) -> None:
    model = planted(hanoi.answers, lambda text, nth: "1ac caaaa a" if text == "move cw - aaaaa a" else None)
    run = new_run(re_decompositions=1, leaf_steps=63, seam_retries=2, ladder=False)
    assert await run.session(model) == "failed"
    assert run.message.startswith("node root returned ")
    assert "promised was 'cccccc'" in run.message
    again = planted(hanoi.answers)
    assert await run.session(again) == "failed"  # what was decided stays decided
    assert again.asked == 0


async def test_a_deadlock_ends_in_a_failure(new_run: NewRun, planted: Any) -> None:
    turns = ["1ab baaaa a", "1ac caaaa a"]
    run = new_run(strategy="chain", k=2, max_ballots=6, ladder=False)
    model = planted(hanoi.answers, lambda text, nth: turns[nth % 2] if text.endswith("- aaaaa a") else None)
    assert await run.session(model) == "failed"
    assert run.message == "no candidate led by 2 within 6 ballots; 3 for '1ab baaaa a', 3 for '1ac caaaa a'"
    assert run.totals.calls == 6


@pytest.mark.parametrize("strategy", ["tree", "chain"])
async def test_an_outage_pauses_and_the_run_goes_on_later(new_run: NewRun, planted: Any, strategy: str) -> None:
    class Failing(planted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            if self.asked >= 20:
                raise ModelUnavailable("no answer for 600 s")
            return await super().ask(request)

    run = new_run(strategy=strategy)
    failing, later = Failing(hanoi.answers), planted(hanoi.answers)
    assert await run.session(failing) == "paused"
    assert run.message == "no answer for 600 s"
    assert run.totals.calls == failing.asked
    assert_solved(run, await run.session(later))
    assert failing.asked + later.asked == run.totals.calls == 63 + 15 * (strategy == "tree")
    assert not set(failing.draws) & set(later.draws)


@pytest.mark.parametrize("error", [ModelRejected("the key is wrong"), ZeroDivisionError("a defect of the program")])
async def test_what_is_nobodys_turn_to_retry_is_raised(new_run: NewRun, planted: Any, error: Exception) -> None:
    class Broken(planted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            if self.asked >= 5:
                raise error
            return await super().ask(request)

    run = new_run()
    with pytest.raises(type(error), match=str(error)):
        await run.session(Broken(hanoi.answers))
    assert_solved(run, await run.session(planted(hanoi.answers)))


async def test_a_hopeless_pilot_says_so_before_the_run(new_run: NewRun) -> None:
    run = new_run(k="auto", red_flags="none")
    with pytest.raises(ConfigurationError, match="no lead can be chosen"):
        await run.session(SimulatedModel(hanoi.answers, Profile(p_error=1)))


async def test_leads_are_chosen_once_and_kept(new_run: NewRun, planted: Any) -> None:
    run = new_run(k="auto")
    model = SimulatedModel(hanoi.answers, Profile(p_error=0.05))
    assert await run.session(model, max_calls=62) == "paused"
    journal = run.journal()
    leads, pilot = journal.meta("leads"), journal.meta("pilot")
    journal.close()
    assert leads["suspect"] > leads["unguarded"] >= leads["guarded"] >= 1
    assert pilot["ballots"] + pilot["spoiled"] == 20 * 3
    later = SimulatedModel(hanoi.answers, Profile(p_error=0.05))
    assert_solved(run, await run.session(later))
    journal = run.journal()
    assert (journal.meta("leads"), journal.meta("pilot")) == (leads, pilot)
    journal.close()
    assert run.totals.calls == model.asked + later.asked


def test_a_run_needs_no_referee(tmp_path: pathlib.Path) -> None:
    """Nothing that decides reads ground truth: with the referees gone from the installation, a run still solves."""
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("surefoot.decompose.referees"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Gone())
from surefoot.scripts.commands.cli import main
main(["run", "hanoi", "--disks", "5", "--model", "simulated:p_error=0.02", "--address", "none", "--json",
      "--run-dir", "here"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "solved"

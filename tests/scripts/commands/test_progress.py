"""What a run says of itself to people."""

import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.journal.run_directory import Rung, Standing, standing
from surefoot.runtime.records import Counts, Usage
from surefoot.scripts.commands.progress import MOST_ACCOUNTS, Progress, summary
from tests.runtime.simulated_runs import run


def test_the_summary_has_tokens_and_money_by_kind_model_and_worker(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=5)
    ended = standing(tmp_path / "run")
    paid = Usage(calls=5, tokens_in=1200, tokens_cached=700, tokens_out=90, tokens_reasoning=40, cost_usd=0.25)
    unknown = Usage(calls=3, tokens_in=10, tokens_out=20, cost_usd=0.5, unpriced_calls=1)
    accounts = {"kind": {"move": paid, "split": unknown}, "model": {"one": paid}, "worker": {}}
    lines = summary(msgspec.structs.replace(ended, accounts=accounts, hedged_calls=2)).splitlines()
    assert "  kind    move             5 calls, 1,200 in (700 cached), 90 out (40 thinking), $0.2500" in lines
    assert "  kind    split            3 calls, 10 in, 20 out, price unknown" in lines
    assert not [line for line in lines if line.startswith("  model")]  # the line of all tokens says it
    kept = msgspec.structs.replace(ended, tokens_in=1200, tokens_cached=700, tokens_out=90)
    assert "tokens    1,200 in (700 cached), 90 out, $0.0000" in summary(kept)
    assert "tokens    1,200 in, 90 out, $0.0000" in summary(msgspec.structs.replace(kept, tokens_cached=0))
    assert "2 more for late ones" in lines[1]


def test_an_account_without_an_answer_has_no_price(ended: Standing) -> None:
    accounts = {"worker": {"0": Usage(failed_calls=7), "1": Usage(calls=2, tokens_out=3, cost_usd=0.5)}}
    lines = summary(msgspec.structs.replace(ended, accounts=accounts)).splitlines()
    assert [line.split(maxsplit=2)[2] for line in lines if line.startswith("  worker")] == [
        "2 calls, 0 in, 3 out, $0.5000",
        "0 calls, 7 failed",
    ]


def test_many_workers_are_not_all_listed(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=5)
    workers = {str(number): Usage(calls=number) for number in range(MOST_ACCOUNTS + 5)}
    text = summary(msgspec.structs.replace(standing(tmp_path / "run"), accounts={"worker": workers}))
    assert text.count("  worker  ") == MOST_ACCOUNTS + 1
    assert "and 5 more: show --json" in text


@pytest.mark.parametrize(("unpriced", "money"), [(0, "$1.5000"), (1, "price unknown")])
def test_the_progress_line_has_tokens_and_money(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], unpriced: int, money: str
) -> None:
    config = RunConfig(task="hanoi")
    with Progress(tmp_path, config, 7) as progress:
        progress.update(
            Counts(steps=1, calls=2, tokens_in=1000, tokens_out=50, cost_usd=1.5, unpriced_calls=unpriced), 60
        )
    said = " ".join(capsys.readouterr().err.split())
    assert f"1,050 tokens, {money}" in said


@pytest.mark.parametrize(
    ("status", "steps", "said"),
    [
        ("solved", 33, "33 steps (at most 3,200) in"),
        ("solved", 3200, "3,200 of 3,200 steps in"),
        ("paused", 33, "33 of 3,200 steps in"),
    ],
)
def test_a_plan_that_is_found_early_is_not_a_part_of_one(
    tmp_path: pathlib.Path, status: str, steps: int, said: str
) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=3)
    ended = msgspec.structs.replace(standing(tmp_path / "run"), status=status, steps=steps, total_steps=3200)
    assert said in summary(ended).splitlines()[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"steps": 9, "total_steps": 7, "seam_retries": 1},
            "solved    9 steps (the plan has 7; some were run again) in ",
        ),
        (
            {"steps": 9, "total_steps": 7, "seam_retries": 0, "broken_promises": 0},
            "solved    9 steps (the plan has 7; by what its task says) in ",
        ),
        ({"failed_nodes": 1}, "failed    1 node has its failure as output, as the plan permits: surefoot result "),
        ({"failed_nodes": 2, "task": "map"}, "failed    2 rows have no answer: surefoot result "),
        ({"task": "map", "steps": 3, "total_steps": 4}, "solved    3 of 4 rows in "),
        ({"open_ended": True, "steps": 0, "total_steps": 10**6, "status": "paused"}, "paused    0 steps in "),
        ({"open_ended": True, "steps": 1, "total_steps": 10**6}, "solved    1 step in "),
        ({"has_referee": False}, "next      surefoot result "),
        ({"has_referee": True}, "next      surefoot verify "),
    ],
    ids=str,
)
def test_what_a_summary_says_of_odd_ends(ended: Standing, changes: dict[str, Any], said: str) -> None:
    text = summary(msgspec.structs.replace(ended, **changes))
    assert any(line.startswith(said) for line in text.splitlines()), text
    assert ("failed    " in text) == ("failed_nodes" in changes)


@pytest.mark.parametrize(("known", "most", "said"), [(0.5, 0.5, "$0.5000"), (0.5, 0.75, "(at most $0.7500, with ")])
def test_money_of_calls_that_were_cut_off_is_said(ended: Standing, known: float, most: float, said: str) -> None:
    text = summary(msgspec.structs.replace(ended, cost_usd=known, cost_at_most_usd=most))
    [line] = [line for line in text.splitlines() if line.startswith("tokens ")]
    assert said in line
    assert ("at most" in line) == (most > known)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [((0, 0), "unknown, as the model does not state them, price unknown"), ((7, 0), "7 in, 0 out, price unknown")],
)
def test_tokens_that_nobody_stated_are_unknown_and_not_nothing(
    ended: Standing, tokens: tuple[int, int], said: str
) -> None:
    kind = Usage(calls=3, tokens_in=tokens[0], unpriced_calls=3)
    changes = {
        "tokens_in": tokens[0],
        "tokens_out": tokens[1],
        "cost_usd": None,
        "accounts": {"kind": {"a": kind, "b": kind}},
    }
    lines = summary(msgspec.structs.replace(ended, **changes)).splitlines()
    assert f"tokens    {said}" in lines
    assert f"  kind    a                3 calls, {said}" in lines
    assert "tokens    0 in, 0 out, $0.0000" in summary(
        msgspec.structs.replace(ended, calls=0, tokens_in=0, tokens_out=0, cost_usd=0.0)
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("--max-cost-usd 3.0 is reached: $1.67 is left; it takes --max-cost-usd 3.02 or more", "6.04"),
        ("--max-cost-usd 50.0 is reached: it takes --max-cost-usd 225.13 or more", "450.26"),
        ("--max-cost-usd 3.0 is reached", "6"),
    ],
)
def test_the_next_command_has_a_limit_with_which_a_call_can_be_made(ended: Standing, message: str, said: str) -> None:
    paused = msgspec.structs.replace(ended, status="paused", message=message)
    assert summary(paused).splitlines()[-1].endswith(f" --max-cost-usd {said}")


def test_questions_at_the_provider_are_told(ended: Standing) -> None:
    assert "batches " not in summary(ended)
    lines = summary(msgspec.structs.replace(ended, status="paused"), batched=2000).splitlines()
    assert lines[1].startswith("batches   2,000 questions may be at the provider, which bills what it answers;")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Standing:
    """A small solved run."""
    directory = tmp_path_factory.mktemp("ended") / "run"
    run(directory, "p_error=0.01", disks=3)
    return standing(directory)


def test_one_of_a_thing_is_not_called_several(ended: Standing) -> None:
    once = {"failed_calls": 1, "disagreements": 1, "escalations": 1, "seam_retries": 1, "broken_promises": 1}
    told = summary(msgspec.structs.replace(ended, decompositions=1, **once), batched=1)  # type: ignore[arg-type]
    for said in (
        "1 decomposition, 1 failed call\n",
        "1 disagreement, 1 escalation, 1 seam retry, 1 broken promise\n",
        "1 question may be at the provider",
    ):
        assert said in told


def test_what_was_put_right_says_by_what(ended: Standing) -> None:
    rung = Rung(3, 1)
    assert "put right 1 of 3 by a larger lead" in summary(msgspec.structs.replace(ended, rungs={"a larger lead": rung}))

"""``surefoot tune`` from the command line: what is printed, what is written, exit codes, and how it goes on."""

import json
import pathlib

import pytest

from surefoot.runtime.wordings_file import Share, parse
from surefoot.scripts.commands.cli import main
from surefoot.scripts.commands.tune import _rate
from tests.runtime.tuning.adders import Adder

TASK = f"{Adder.__module__}:Adder"
# The simulated model errs alike in every wording: the placebo.
ALIKE = ("tune", TASK, "--model", "simulated:p_error=0.3", "--dialect", "chat", "--queries", "3", "--held-out", "40")


def surefoot(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(str(left.value.code))


@pytest.fixture
def here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_better_is_a_finding(here: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = surefoot(*ALIKE, "--searches", "planning,random,hill-climbing", "--records", "r.jsonl", "--json")
    told = capsys.readouterr()
    found = json.loads(told.out.splitlines()[-1])
    assert found["kind"] == "add"
    assert [arm["search"] for arm in found["arms"]] == ["planning", "random", "hill-climbing"]
    assert {arm["calls"] for arm in found["arms"]} == {60}
    assert "planning: query 1, " in told.err
    assert "at most 540 in all" in told.err
    assert code == (0 if found["improved"] else 1)
    assert (here / "wordings.toml").exists() == found["improved"] == bool(found["written"])
    assert len((here / "r.jsonl").read_text().splitlines()) > 9


def test_a_table_is_printed_for_people(here: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = surefoot(*ALIKE, "--seed", "1")
    told = " ".join(capsys.readouterr().out.split())
    assert "searched with 24 questions, decided by 36 others" in told
    assert "(the task's own)" in told
    assert " wording compared; 5% is the limit" in told
    assert "the task's own wording, asked afresh: " in told
    if code == 0:
        (kind,) = parse((here / "wordings.toml").read_text()).kinds
        assert f"version {kind.version}: runs take it with --wordings wordings.toml" in told
    else:
        assert "no wording was answered better than the task's own (such a lead comes by chance in at most" in told
        assert "5% is the limit); nothing was written" in told


def test_questions_are_written_to_be_answered_by_hand(here: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert surefoot(*ALIKE, "--questions", "q.jsonl") == 0
    assert "72 questions of kind add in q.jsonl: fill in answers" in capsys.readouterr().out
    lines = [json.loads(line) for line in (here / "q.jsonl").read_text().splitlines()]
    for line in lines:
        a, b = map(int, line["question"].split(" + "))
        line["answer"] = str(a + b)
    (here / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    surefoot(*ALIKE, "--examples", "q.jsonl", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["held_out"] == 36


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["hanoi", "--model", "simulated"], "understands the wordings that tasks come with and no other"),
        ([TASK, "--model", "simulated", "--kind", "multiply"], "--kind multiply: this task asks add"),
        ([TASK, "--model", "simulated", "--queries", "0"], "--queries: expected `int` >= 1"),
        ([TASK, "--model", "simulated", "--searches", "luck"], "unknown search 'luck'"),
        ([TASK, "--model", "simulated", "--examples", "none.jsonl"], "--examples none.jsonl: No such file"),
        ([TASK, "--model", "simulated", "--lessons", "none.jsonl"], "none.jsonl: No such file"),
    ],
)
def test_mistakes_are_one_line(
    options: list[str], complaint: str, here: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert surefoot("tune", *options) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert "Traceback" not in told
    assert not list(here.iterdir())


def test_a_wordings_file_of_another_model_is_left_alone(here: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'format = 1\ntask = "{TASK}"\ndialect = "chat"\nmodel = "another"\n'
    (here / "wordings.toml").write_text(text)
    assert surefoot(*ALIKE) == 2
    assert "wordings.toml holds wordings for model another, not simulated:p_error=0.3" in capsys.readouterr().err
    assert (here / "wordings.toml").read_text() == text


def test_a_run_takes_the_file(here: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    wording = '[[kinds]]\nkind = "add"\n[kinds.wording]\nlabel = "Q: "\n'
    head = f'format = 1\ntask = "{TASK}"\ndialect = "chat"\nmodel = "simulated"\n'
    (here / "w.toml").write_text(head + wording)
    model = ("--model", "simulated", "--dialect", "chat", "--address", "none", "--k", "1")
    assert surefoot("run", TASK, "--count", "3", *model, "--wordings", "w.toml", "--run-dir", "run") == 0
    assert "tuned wordings of add (" in " ".join(capsys.readouterr().err.split())
    assert surefoot("steps", "run", "--json") == 0
    assert (
        'label = \\"Q: \\"' in (here / "run" / "run.toml").read_text()
        or "Q: " in (here / "run" / "run.toml").read_text()
    )


def test_an_interval_has_no_exponent() -> None:
    """``%.2g`` writes 100 as 1e+02."""
    assert _rate(Share(0, 72), (0.95, 1.0)).endswith("(95 % interval 95 to 100)")
    assert _rate(Share(1, 1000), (0.9941, 0.99997)).endswith("(95 % interval 99.4 to 100)")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (("--max-calls", "30"), "--max-calls: what is left does not cover the next call (2 answers)"),
        (
            ("--max-cost-usd", "50", "--price-in", "1e6", "--price-out", "1e3", "--max-reply-tokens", "9"),
            "--max-cost-usd: what is left does not cover the next call (up to $",
        ),
    ],
    ids=("calls", "usd"),
)
def test_a_search_ends_at_a_limit(
    here: pathlib.Path, capsys: pytest.CaptureFixture[str], limits: tuple[str, ...], said: str
) -> None:
    assert surefoot(*ALIKE, *limits) == 3
    assert said in capsys.readouterr().err
    assert not (here / "wordings.toml").exists()

"""Methods beside each other from the command line: honest rows, what each costs, resumption, problems of one's own."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.problems.families import FAMILIES
from surefoot.runtime.journal.journal import open_journal
from surefoot.scripts.commands.bench_suites import SUITES
from surefoot.scripts.commands.cli import main
from tests.runtime.models.batch_server import serving

OWN = '''
import surefoot
from surefoot import Answers


class Sums(surefoot.Problem, frozen=True, kw_only=True):
    """Add two numbers."""

    def question(self):
        return self.questions()[0]

    def questions(self):
        return [f"How much is {n} and {n}?" for n in range(10)]

    def read_answer(self, text):
        return text if text.isdecimal() else None


def right_answers(problem):
    return [str(2 * n) for n in range(10)]


def answers(prompt):
    number = int(prompt.user.split("How much is ")[1].split()[0])
    return Answers((f"Answer: {2 * number}",), ("Answer: 77",))
'''


def bench(
    capsys: pytest.CaptureFixture[str], directory: pathlib.Path, *arguments: str, code: int = 0
) -> dict[str, dict[str, Any]]:
    with pytest.raises(SystemExit) as end:
        main(["bench", *arguments, "--address", "none", "--workers", "1", "--run-dir", str(directory), "--json"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert end.value.code == code, found
    return {row["method"]: row for row in found.get("rows", [])} or found


def test_chance_and_an_oracle_stand_in_every_table(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = bench(capsys, tmp_path / "b", "bridges", "--count", "20", "--model", "simulated:p_error=0.02")
    assert list(rows) == ["direct", "chain-of-thought", "self-ask", "random", "oracle"]
    assert rows["oracle"]["solved_percent"] == 100
    # Two places to choose from, 1,000 guesses: 40 to 60 is six standard errors.
    assert 40 < rows["random"]["solved_percent"] < 60
    assert rows["random"]["calls"] == 0
    page = (tmp_path / "b" / "bench.html").read_text()
    assert "largest prompt" in page
    for command in (["show"], ["report", "--output", str(tmp_path / "again.html")]):
        with pytest.raises(SystemExit) as end:
            main([*command, str(tmp_path / "b")])
        assert end.value.code == 0
    shown = capsys.readouterr().out
    assert "bridges: which place a start is connected to" in shown
    assert "longest" in shown
    assert "optimal" not in shown, "the columns of planning tables"
    assert (tmp_path / "again.html").read_text() == page
    assert "longest chain" in page


def test_a_row_says_what_its_method_costs(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Chains of eight: self-ask has two questions a step and one at the end, which wait for each other; direct one."""
    rows = bench(capsys, tmp_path / "b", "chains", "--length", "8", "--count", "3", "--model", "simulated", "--k", "1")
    assert (rows["direct"]["longest_chain"], rows["direct"]["calls"]) == (1, 3)
    assert (rows["self-ask"]["longest_chain"], rows["self-ask"]["calls"]) == (17, 3 * 17)
    assert rows["self-ask"]["largest_prompt"] > rows["direct"]["largest_prompt"]
    assert rows["self-ask"]["tokens_in"] > 5 * rows["direct"]["tokens_in"]
    assert rows["chain-of-thought"]["tokens_out"] > rows["direct"]["tokens_out"]
    assert rows["self-ask"]["cost_usd"] == 0
    assert rows["self-ask"]["ends"] == {"right": 3}


def test_small_steps_with_votes_beat_one_large_one(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forty operations at 5 %: asked at once 87 % of the replies are wrong. The placebo: steps without votes."""
    arguments = ("chains", "--length", "40", "--count", "10", "--model", "simulated:p_error=0.05")
    voted = bench(capsys, tmp_path / "v", *arguments, "--k", "3", "--method", "direct", "--method", "self-ask")
    alone = bench(capsys, tmp_path / "a", *arguments, "--k", "1", "--method", "self-ask")
    assert voted["self-ask"]["solved"] >= 9
    assert voted["direct"]["solved"] <= 6
    assert alone["self-ask"]["solved"] <= 2


def test_the_advisor_chooses_by_the_noise(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Long chains at 5 % are run as chains, at 0.1 % as whole answers; the table says which, and how often."""
    arguments = ("chains", "--length", "60", "--count", "3", "--k", "3", "--method", "auto")
    noisy = bench(capsys, tmp_path / "n", *arguments, "--model", "simulated:p_error=0.05")["auto"]
    calm = bench(capsys, tmp_path / "c", *arguments, "--model", "simulated:p_error=0.0005")["auto"]
    assert (noisy["chosen"], calm["chosen"]) == ({"chain": 3}, {"whole": 3})
    assert (noisy["solved"], calm["solved"]) == (3, 3)
    assert calm["calls"] < noisy["calls"] / 3
    assert "auto (chain 3)" in (tmp_path / "n" / "bench.html").read_text()


def test_searches_are_done_step_by_step(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where each next question depends on the last answer, static plans fail, and the advisor takes the chain."""
    rows = bench(
        capsys, tmp_path / "b", "bridges", "--length", "2", "--count", "4", "--model", "simulated:p_error=0.08",
        "--k", "4", "--method", "rewoo", "--method", "auto",
    )  # fmt: skip
    assert rows["auto"]["chosen"] == {"chain": 4}
    assert rows["auto"]["solved"] == 4
    assert rows["rewoo"]["solved"] <= 2


@pytest.mark.parametrize(("bad", "blamed"), [("TaskDecomposer", "split"), ("Actor", "solve parts")])
def test_the_report_blames_the_role_that_errs(
    bad: str, blamed: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the ballots alone, nothing of which knows what is right: one role errs in 40 %, the other in 1 %."""
    modules = f"{bad}.model=simulated:p_error={0.1 if bad == 'Actor' else 0.4}"
    rows = bench(
        capsys, tmp_path / "b", "chains", "--length", "4", "--count", "12", "--method", "two-stage",
        "--model", "simulated:p_error=0.0025", "--modules", modules,
    )  # fmt: skip
    lost = rows["two-stage"]["lost_ballots"]
    assert next(iter(lost)) == blamed
    assert lost[blamed] > 0.15 > 0.05 > min(lost.values())


def test_a_row_without_an_answer_says_why(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = bench(
        capsys, tmp_path / "b", "graphs", "--count", "4", "--model", "simulated:p_format=1", "--max-ballots", "4",
        "--method", "direct",
    )  # fmt: skip
    assert rows["direct"]["invalid"] == 4
    assert rows["direct"]["ends"] == {"StepDeadlocked": 4}
    told = [json.loads(line) for line in (tmp_path / "b" / "direct" / "answers.jsonl").read_text().splitlines()]
    assert [(one["answer"], one["right"], one["ended"]) for one in told] == [(None, False, "StepDeadlocked")] * 4
    known = [json.loads(line) for line in (tmp_path / "b" / "oracle" / "answers.jsonl").read_text().splitlines()]
    assert all(one["right"] and one["answer"].isdecimal() and one["question"].startswith("With ") for one in known)
    assert rows["direct"]["solved"] == 0


def test_a_bench_is_resumed_without_asking_again(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("graphs", "--count", "6", "--model", "simulated:p_error=0.02", "--method", "self-ask")
    paused = bench(capsys, tmp_path / "b", *arguments, "--max-calls", "100", code=3)
    assert paused["self-ask"]["status"] == "paused"
    assert paused["self-ask"]["problems"] < 6
    went_on = bench(capsys, tmp_path / "b", *arguments)
    whole = bench(capsys, tmp_path / "w", *arguments)
    again = bench(capsys, tmp_path / "w", *arguments)
    for one, other in ((went_on, whole), (whole, again)):
        for name in ("solved", "problems", "ends", "largest_prompt", "longest_chain"):
            assert one["self-ask"][name] == other["self-ask"][name]
    journal = open_journal(tmp_path / "w" / "self-ask", write=False)
    assert journal.totals.calls == whole["self-ask"]["calls"]
    journal.close()


def test_problems_of_ones_own(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "bench_own_sums.py").write_text(OWN)
    rows = bench(capsys, tmp_path / "b", "bench_own_sums:Sums", "--model", "simulated", "--method", "direct")
    assert rows["direct"]["solved"] == 10
    (tmp_path / "bench_own_blind.py").write_text(OWN.replace("right_answers", "nothing"))
    found = bench(capsys, tmp_path / "c", "bench_own_blind:Sums", "--model", "simulated", code=2)
    assert "no function right_answers(problem)" in str(found["error"])


def test_questions_of_a_file(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GSM8K's lines as published; an answer of another form is one line, and nothing is asked."""
    data = pathlib.Path(__file__).parents[2] / "data" / "gsm8k.jsonl"
    arguments = ("file", "--file", str(data), "--model", "simulated", "--method", "direct", "--method", "self-ask")
    rows = bench(capsys, tmp_path / "b", *arguments, "--form", "number")
    assert (rows["direct"]["solved"], rows["self-ask"]["solved"], rows["oracle"]["solved"]) == (3, 3, 3)
    found = bench(capsys, tmp_path / "c", *arguments, "--form", "yes-no", code=2)
    assert "question 1 has no answer that is yes-no: try another --form" in str(found["error"])
    assert not (tmp_path / "c").exists()


def test_a_method_that_does_not_exist_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, tmp_path / "b", "graphs", "--method", "magic", "--model", "simulated", code=2)
    assert "there is no 'magic'; there are direct, " in str(found["error"])
    assert not (tmp_path / "b").exists()
    found = bench(capsys, tmp_path / "b", "hanoi:Hanoi", "--model", "simulated", code=2)
    assert "error" in found


def test_no_family_is_named_like_a_suite() -> None:
    assert not set(FAMILIES) & set(SUITES)


def test_flags_of_a_common_cause_are_in_the_table(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every draw of one prompt in four is wrong alike: two wordings of a plan differ where votes agree."""
    told = ("chains", "--length", "3", "--count", "12", "--k", "4", "--method", "rewoo", "--method", "rewoo-3")
    rows = bench(capsys, tmp_path / "b", *told, "--model", "simulated:p_shared=0.25")
    assert rows["rewoo"]["flags"] == []
    [line] = rows["rewoo-3"]["flags"]
    assert line.startswith("the plans of ")
    assert "depend on how they are asked for" in line


def test_a_bench_of_methods_may_send_its_questions_in_batches(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All problems of a row wait for each other's questions: as many rounds as a problem has questions in a row."""

    def say(body: dict[str, Any]) -> str:
        return answers(Prompt(body["messages"][-1]["content"])).right[0]

    told = ("chains", "--length", "2", "--count", "6", "--k", "2", "--method", "direct", "--method", "two-stage")
    quick = ("--batch", "--batch-quiet-s", "0.2", "--batch-poll-s", "0.01", "--model", "openai/gpt-4.1-mini")
    with serving(say) as provider:
        rows = bench(capsys, tmp_path / "b", *told, *quick, "--api-base", provider.base)
        assert [rows[name]["solved_percent"] for name in ("direct", "two-stage", "oracle")] == [100, 100, 100]
        assert provider.sizes == [6, 6, 6], "the oracle is asked at once, and in no batch"
        assert bench(capsys, tmp_path / "b", *told, *quick, "--api-base", provider.base).keys() == rows.keys()
        assert len(provider.sizes) == 3, "nothing is asked again"
    with pytest.raises(SystemExit) as end:
        main(["bench", *told, "--batch", "--model", "simulated", "--run-dir", str(tmp_path / "c")])
    assert end.value.code == 2
    assert "--batch is for models behind a provider's address" in capsys.readouterr().err


def test_a_bench_takes_prices_and_its_simulated_rows_have_none(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "paid.py").write_text(PAID)
    monkeypatch.chdir(tmp_path)
    prices = ("--price-in", "1000", "--price-out", "1000", "--max-cost-usd", "50")
    rows = bench(
        capsys, tmp_path / "b", "bridges", "--count", "2", "--method", "direct", "--model", "paid:Paid", *prices
    )
    assert rows["direct"]["cost_usd"] == pytest.approx(0.01 * rows["direct"]["calls"])
    assert rows["oracle"]["cost_usd"] == 0


PAID = """
import surefoot

class Paid(surefoot.Model):
    async def ask(self, request):
        return [surefoot.Reply("Answer: 1", tokens_in=8, tokens_out=2) for _ in request.draws]
"""


@pytest.mark.parametrize("suite", ["bridges", "hanoi3"])
def test_the_help_says_that_limits_hold_for_each_row(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", suite, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "Limits of calls, money and time hold for each row by itself." in said
    assert "--price-in" in said

"""``surefoot plan map``: beside ``surefoot map`` with the same options, with an own model and a server's prices."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.runtime.session import table_plan
from surefoot.scripts.commands.cli import main
from tests.runtime.models.openai_server import Client
from tests.scripts.commands.console import complaints, last_object, surefoot

CLERK = """
import hashlib, re, surefoot


def share(*of):
    return int.from_bytes(hashlib.blake2b(repr(of).encode(), digest_size=6).digest()) / 2**48


class Clerk(surefoot.Model):
    async def ask(self, request):
        order = int(re.search("[0-9]+", request.prompt.user)[0])
        said = [order + (share(order, draw) < 0.04) for draw in request.draws]
        return [surefoot.Reply(f'{{"n": {one}}}', cost_usd=0.01) for one in said]


class Mute(surefoot.Model):
    async def ask(self, request):
        return [surefoot.Reply("Hm.") for draw in request.draws]
"""
ASKED = ("--question", "Which order? {body}", "--fields", "n: integer", "--address", "none")
PRICES = ("--price-in", "0.4", "--price-out", "1.6")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "clerk.py").write_text(CLERK)
    (tmp_path / "t.csv").write_text("id,body\n" + "".join(f"{n},Order {n} is late\n" for n in range(60)))
    return tmp_path


def test_a_forecast_is_about_the_run_and_says_what_it_cost(folder: pathlib.Path) -> None:
    words = ("map", "t.csv", *ASKED, "--model", "clerk:Clerk", "--json")
    done = surefoot(folder, "plan", *words)
    assert done.returncode == 0, done.stderr
    ahead, ran = last_object(done), last_object(surefoot(folder, *words, "--run-dir", "r"))
    assert "asking 50 of 60 rows" in done.stderr
    assert "rehearsing the run, with made-up replies to 60 rows" in done.stderr
    assert ahead["calls"] == pytest.approx(ran["calls"], rel=0.15)
    assert ahead["cost_usd"] == pytest.approx(ran["cost_usd"], rel=0.15)
    assert (ahead["rows"], ahead["sample_rows"], ahead["target"]) == (60, 50, 0.999)
    assert ahead["sample_cost_usd"] == pytest.approx(0.01 * ahead["sample_calls"])
    assert ahead["calls_low"] <= ahead["calls"] <= ahead["calls_high"]
    assert not (folder / "runs").exists()


def asked_of(server: Client, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["plan", "map", "t.csv", "--question", "Who sent this? {body}", "--model", "openai/m", "--api-base",
              server.base, "--k", "2", "--workers", "1", *more])  # fmt: skip
    assert left.value.code == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.fixture
def here(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setattr(table_plan, "REHEARSALS", 1)
    (folder / "t.csv").write_text("id,body\n" + "".join(f"{n},Dear {n + 10}\n" for n in range(30)))
    return folder


@pytest.mark.usefixtures("here")
def test_money_with_and_without_batches_of_a_server_with_prices(
    server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """30 rows, two answers of 7 tokens to each prompt of 100, which is paid once: $0.00187, and half of it."""
    told = json.loads(asked_of(server, capsys, *PRICES, "--samples", "6", "--json").splitlines()[-1])
    assert (told["calls"], told["tokens_in"], told["tokens_out"]) == (60, 3000, 420)
    assert told["cost_usd"] == pytest.approx((3000 * 0.4 + 420 * 1.6) / 1e6)
    assert (told["rounds"], told["batch_hours"], told["batch_calls"]) == (1, 24, 60)
    assert told["batch_cost_usd"] == pytest.approx(told["cost_usd"] / 2)
    assert (told["sample_calls"], server.calls()) == (5 + 18, 5 + 6)
    assert told["walls"][-1]["segments"] == 30
    text = " ".join(asked_of(server, capsys, "--samples", "6", "--price-in", "400", "--price-out", "1600").split())
    assert "t.csv with openai/m: 30 rows lead 2 for each row: as asked for" in text
    assert "60 calls (60 to 64; 2.000 a row), 3,000 tokens in, 420 out, $1.87 ($1.87 to $" in text
    assert "about 30 rows right (0.999 of them are wanted), 0 without answer" in text
    assert "with --batch $0.94 in 1 round of at most 24 h: 24 h at most, 60 calls" in text
    assert "this forecast asked 6 rows with 23 calls, $0.7" in text


@pytest.mark.usefixtures("here")
def test_a_server_that_takes_one_answer_a_request_is_paid_each_prompt(
    server: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Placebo: the server before, whose prompts are shared."""
    server.script("always_reject_n")
    words = (*PRICES, "--samples", "6", "--calls-in-flight", "10", "--json")
    told = json.loads(asked_of(server, capsys, *words).splitlines()[-1])
    assert (told["calls"], told["tokens_in"]) == (60, 6000)
    assert told["walls"][-1]["segments"] == 10


@pytest.mark.usefixtures("here")
def test_without_a_price_none_is_made_up(server: Client, capsys: pytest.CaptureFixture[str]) -> None:
    text = asked_of(server, capsys, "--samples", "3")
    assert "price unknown" in text
    assert "$" not in text


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("t.csv", "--model", "clerk:Mute"), 2, "0 of 60 answers of the sample were readable"),
        (("t.csv", "--model", "clerk:Clerk", "--max-calls", "20"), 3, "--max-calls: what is left"),
        (("t.csv", "--model", "clerk:Clerk", "--max-cost-usd", "0.1"), 3, "--max-cost-usd: what is left"),
        (("t.csv", "--model", "clerk:Clerk", "--batch"), 2, "--batch is for models behind"),
        (("t.csv", "--model", "clerk:Clerk", "--samples", "0"), 2, "0 is not in the range"),
        (("none.csv", "--model", "clerk:Clerk"), 2, "no such file"),
        (("t.csv", "--model", "bundled"), 2, "the bundled model reads no text of yours"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else None,
)
def test_what_cannot_be_forecast_is_one_line(
    folder: pathlib.Path, words: tuple[str, ...], code: int, says: str
) -> None:
    done = surefoot(folder, "plan", "map", *words, *ASKED)
    assert done.returncode == code, done.stderr
    assert says in complaints(done)[-1]
    assert not done.stdout


def test_a_column_that_is_not_there_is_named(folder: pathlib.Path) -> None:
    done = surefoot(folder, "plan", "map", "t.csv", "--question", "{letter}?", "--model", "clerk:Clerk")
    assert done.returncode == 2
    assert "letter" in complaints(done)[-1]


def test_both_commands_take_the_same_options(capsys: pytest.CaptureFixture[str]) -> None:
    """All of ``map`` but where results go; placebo: ``plan map`` has one that ``map`` has not."""

    def options(*words: str) -> set[str]:
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        return {word for word in capsys.readouterr().out.split() if word.startswith("--")}

    ran, planned = options("map"), options("plan", "map")
    assert ran - planned <= {"--output", "--inputs", "--no-inputs", "--run-dir"}
    assert "--samples" in planned - ran


def test_the_tasks_of_plan_and_tables_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plan", "--help"])
    listed: Any = capsys.readouterr().out
    assert "  map " in listed
    assert "  hanoi " in listed

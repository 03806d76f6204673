"""The page says what the journal holds, trusts none of it, stays small, and is drawn by a real browser."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.leads import Leads
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contested, Counts, Finished, Record, Usage
from surefoot.runtime.report.facts import Facts, facts_of
from surefoot.runtime.report.page import render
from surefoot.voting.ballot import Ballot
from tests.runtime.simulated_runs import run

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def contested(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("runs") / "contested"
    assert run(directory, "p_error=0.05,p_format=0.03", disks=9, k=3)[0] == "solved"
    return directory


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_figures_are_those_of_the_run(contested: pathlib.Path) -> None:
    facts = facts_of(contested)
    found, counts = facts.gathered, facts.counts
    assert found.ballots == counts.calls  # every ballot of this run is in its journal
    assert found.spoiled == sum(counts.red_flags.values())
    assert found.steps == counts.steps + counts.decompositions
    assert sum(b.dissent for b in found.bins) == found.dissent > 0
    assert sum(account.calls for account in counts.by_kind.values()) == counts.calls
    assert sum(account.tokens_out for account in counts.by_kind.values()) == counts.tokens_out
    assert sum(span.steps for span in found.spans) == found.steps
    assert all(span.started <= span.ended and span.worker for span in found.spans)
    text = text_of(render(facts))
    for wanted in ("solved", "511 steps", f"{counts.calls:,} calls", "Certificate", "Undecided steps by round, lead 3"):
        assert wanted in text, wanted


def test_ten_weak_points_with_questions_and_ballots(contested: pathlib.Path) -> None:
    facts = facts_of(contested)
    assert len(facts.weakest) == 10
    for told in facts.weakest:
        assert told.question.startswith(told.kind)
        candidates = [text for text, spoiled in told.ballots if not spoiled]
        assert len(set(candidates)) > 1
        assert max(set(candidates), key=candidates.count) == told.winner


def test_weak_points_are_listed_where_no_ballot_dissents(tmp_path: pathlib.Path) -> None:
    """Single ballots cannot dissent: those with spoiled ones come first, and only what stands is listed."""
    assert run(tmp_path / "run", "p_error=0.02,p_format=0.01", disks=9, k=1)[0] == "solved"
    facts = facts_of(tmp_path / "run")
    assert facts.counts.seam_retries > 0
    assert len(facts.weakest) == 10
    spoiled = [sum(bad for _, bad in told.ballots) for told in facts.weakest]
    assert spoiled == sorted(spoiled, reverse=True)
    assert spoiled[0] > 0
    assert all(told.question and told.winner and told.guard for told in facts.weakest)
    assert "its chain returned its promise" in text_of(render(facts))


def test_the_film_ends_at_the_goal(contested: pathlib.Path) -> None:
    film = facts_of(contested).film
    assert film is not None
    assert film["steps"] == 511
    where = {name: x + width / 2 for frame in film["frames"] for name, x, _, width, _, _ in frame["s"]}
    assert {round(x) for name, x in where.items() if name.startswith("disk")} == {250}
    assert len(film["frames"][1]["s"]) == 1  # one disk moves at a time: nothing else is written again


def evil_run(directory: pathlib.Path) -> pathlib.Path:
    """A journal whose replies try to get out of the page."""
    directory.mkdir(parents=True)
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory, RunConfig(task="hanoi", task_options={"disks": 3}, model=f"simulated:{EVIL}"))
    ballots = (Ballot(0, EVIL), Ballot(1, "1ac caa"), Ballot(2, None, "misformatted"), Ballot(3, EVIL), Ballot(4, EVIL))
    entry = Contested(2, ballots, ("", "", EVIL, "", ""))
    record = Record((), "run", 0, 0, 2, ("1ac caa", entry, entry))
    journal = create_journal(directory)
    counts = Counts(steps=3, calls=12, by_kind={EVIL: Usage(calls=12)})
    journal.commit([Write("/", Batch(pack([record]), counts, Finished("ccc")))], 1)
    journal.set_meta(leads=Leads(2, 2, 4), status="failed", message=EVIL)
    journal.close()
    return directory


def test_replies_cannot_leave_their_place(tmp_path: pathlib.Path) -> None:
    page = render(facts_of(evil_run(tmp_path / "evil")))
    assert EVIL not in page
    assert "<img" not in page
    assert page.count("&lt;/script&gt;") > 3
    assert "document.title=" in page  # it is shown, not dropped


def test_nothing_is_fetched(contested: pathlib.Path) -> None:
    page = render(facts_of(contested)).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|src=|@import|url\(|<link", page)


def long_run(directory: pathlib.Path, steps: int) -> pathlib.Path:
    """A chain of a million steps, every thousandth contested, in batches as a worker sends them."""
    directory.mkdir(parents=True)
    directory.mkdir(parents=True, exist_ok=True)
    write_config(directory, RunConfig(task="hanoi", task_options={"disks": 20}, strategy="chain", model="simulated"))
    journal = create_journal(directory)
    plain = "1ac caaaa aaaaa aaaaa aaaaa"
    other = Contested(
        3, (Ballot(0, plain), Ballot(1, "2ac acaaa aaaaa aaaaa aaaaa"), *(Ballot(i, plain) for i in (2, 3, 4)))
    )
    size = 4096
    for first in range(0, steps, size):
        entries = tuple(other if n % 1000 == 0 else plain for n in range(first, first + size))
        worked = Record((), "worked", 0, 0, 0, (), (), f"host:{first % 7}", first / 1e4, (first + size) / 1e4)
        batch = Batch(pack([Record((), "run", 0, first, 3, entries), worked]), Counts(steps=size, calls=3 * size))
        journal.commit([Write("/", batch)], 1.0)
    journal.set_meta(leads=Leads(3, 3, 5), status="failed")
    journal.close()
    return directory


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return facts_of(long_run(tmp_path_factory.mktemp("runs") / "long", 2**20))


@pytest.mark.slow
def test_a_million_steps_fit_into_a_small_page(million: Facts) -> None:
    facts, page = million, render(million)
    assert facts.gathered.steps == 2**20
    assert len(facts.gathered.bins) <= 240
    assert sum(b.steps for b in facts.gathered.bins) == 2**20
    assert len(page.encode()) < 1_000_000


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
def test_a_browser_draws_it(contested: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name, directory in (("good", contested), ("evil", evil_run(tmp_path / "evil"))):
        (tmp_path / f"{name}.html").write_text(render(facts_of(directory)))
    good, evil = (dump(tmp_path, name) for name in ("good", "evil"))
    assert "<rect rx=" in good  # the player's script has drawn the pegs
    assert "step 170 of 511" in good
    assert "owned" not in re.search(r"<title>(.*?)</title>", evil)[1]  # type: ignore[index]


SEEK = """<script>addEventListener("load",()=>{const at=document.getElementById("at");
if(at){at.value=at.max;at.dispatchEvent(new Event("input"))}document.title="loaded"})</script>"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
def test_a_browser_opens_a_million_steps_and_plays_to_the_end(
    contested: pathlib.Path, million: Facts, tmp_path: pathlib.Path
) -> None:
    for name, facts in (("good", facts_of(contested)), ("long", million)):
        (tmp_path / f"{name}.html").write_text(render(facts).replace("</body>", f"{SEEK}</body>"))
        page = dump(tmp_path, name)
        assert "<title>loaded</title>" in page
        assert page.count("<svg") >= 4
        assert ("step 511 of 511: the end" in page) is (name == "good")


def test_a_run_that_is_paused_has_a_page_that_says_so(tmp_path: pathlib.Path) -> None:
    assert run(tmp_path / "run", "p_error=0.01", disks=8, max_calls=120, flush_steps=8)[0] == "paused"
    page = text_of(render(facts_of(tmp_path / "run")))
    assert "--max-calls 120 is reached" in page
    assert "chance that the plan , as far as it goes, has any wrong step" in page.replace("plan,", "plan ,")
    assert "played back" not in page


def dump(folder: pathlib.Path, name: str) -> str:
    """The page as the browser has it after its scripts ran."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --dump-dom"
    )
    profile = folder / "profile"
    command = [str(CHROMIUM), *flags.split(" "), f"--user-data-dir={profile}", f"file://{folder / name}.html"]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def test_the_command(contested: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    from surefoot.scripts.commands.cli import main

    with pytest.raises(SystemExit) as left:
        main(["report", str(contested), "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["report"] == str(contested / "report.html")
    assert told["bytes"] == (contested / "report.html").stat().st_size
    assert 0 <= told["estimate"] <= told["bound_by_ballots"] <= 1
    assert told["bound"] == 0.0
    assert "511 steps" in told["proof"]
    with pytest.raises(SystemExit) as left:
        main(["report", str(contested / "none")])
    assert left.value.code == 2

"""The page: the answer first, nothing empty, kept replies behind a fold, tables, and nothing that runs off at 390."""

import pathlib
import re

import msgspec
import pytest

import surefoot
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.figures import Series, chart, lanes
from surefoot.runtime.report.page import Answer, plain_page, render
from surefoot.runtime.report.plan_history import Levels, PlanHistory, VersionSpan
from surefoot.runtime.session.mapping import open_run
from surefoot.scripts.commands.bench_table import Score, page_of
from tests.data.own.values import Fan, answers
from tests.runtime.execution.models import QUIET, Counted
from tests.runtime.report.test_report import CHROMIUM, EVIL, dump, text_of
from tests.runtime.session.test_mapping import Echo, ask
from tests.runtime.simulated_runs import run


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> surefoot.Run:
    directory = tmp_path_factory.mktemp("runs") / "solved"
    assert run(directory, "p_error=0.02,p_format=0.02", disks=7, k=2)[0] == "solved"
    return surefoot.open(directory)


def test_the_answer_is_the_first_card(solved: surefoot.Run) -> None:
    page = solved.page(facts_of(solved.run_dir))
    assert headings(page)[0] == "Answer"
    assert "[1,0,2], [2,0,1]" in text_of(page).partition("Certificate")[0]
    assert page.index("(127 in all)") < page.index('class="numbers')


def test_an_answer_is_text_and_no_markup(solved: surefoot.Run) -> None:
    page = render(facts_of(solved.run_dir), Answer(EVIL, EVIL * 2))
    assert EVIL not in page
    assert "<img" not in page


def test_what_a_server_had_kept_is_shown_where_it_kept_something(solved: surefoot.Run) -> None:
    facts = facts_of(solved.run_dir)
    assert "cached" not in text_of(render(facts))
    kept = msgspec.structs.replace(facts.counts, tokens_in=2000, tokens_cached=1500)
    assert "of all tokens in, cached 1,500 (75" in text_of(render(msgspec.structs.replace(facts, counts=kept)))


def test_of_how_many_steps_is_said_where_somebody_knows(solved: surefoot.Run) -> None:
    facts = facts_of(solved.run_dir)
    assert "127steps of 127" in text_of(render(facts)).replace(" ", "").replace("stepsof", "steps of ")
    asked = msgspec.structs.replace(facts.standing, open_ended=True, steps=1, total_steps=10**6)
    page = text_of(render(msgspec.structs.replace(facts, standing=asked)))
    assert "1,000,000" not in page


def test_kept_replies_are_behind_a_fold(solved: surefoot.Run) -> None:
    page = solved.page(facts_of(solved.run_dir))
    folds = re.findall(r"<details><summary>[\d,]+ kept repl.*?</details>", page, re.DOTALL)
    assert folds
    assert all("read as" in fold or "discarded as" in fold for fold in folds)


def test_a_proven_run_has_no_bound_beside_the_proof(solved: surefoot.Run) -> None:
    page = text_of(solved.page(facts_of(solved.run_dir)))
    assert "no wrong step" in page
    assert "chance of any wrong step" not in page
    assert "wrong at most" not in page


def test_a_plan_that_was_revised_has_a_picture_of_its_versions(solved: surefoot.Run) -> None:
    facts = facts_of(solved.run_dir)
    assert "How the plan changed" not in render(facts)
    levels = Levels(steps=100, decompositions=2, evidence=1, revisions=1, latency=2.0, sketches=1, refined=1)
    versions = [VersionSpan((), 0, 0, 40, 0, (38,), EVIL), VersionSpan((), 1, 40)]
    page = render(facts, history=PlanHistory(levels, versions))
    assert 'aria-label="versions of plans"' in page
    assert EVIL not in page
    told = text_of(page)
    assert "1 of 2 versions of plans was given up; 1 report about what plans take for granted." in told
    assert "steps between evidence and revision, mean" in told
    assert "share of what nothing spoke against" not in told, "what the journal does not say is left out"
    unanswered = msgspec.structs.replace(levels, revisions=0, unanswered=1)
    only = text_of(render(facts, history=PlanHistory(unanswered)))
    assert "of which 1 against a plan revised none" in only


def test_cards_are_left_out_that_have_nothing_to_show(tmp_path: pathlib.Path) -> None:
    """One step, asked once: no chart says anything."""
    assert run(tmp_path / "r", "p_error=0", disks=1, k=1)[0] == "solved"
    page = surefoot.open(tmp_path / "r").page(facts_of(tmp_path / "r"))
    shown = headings(page)
    for title in ("Error and flag rate along the run", "Ballots a step needed", "Pace", "Workers over time"):
        assert title not in shown
    assert not re.search(r"<section[^>]*>\s*<h2>[^<]*</h2>\s*</section>", page), "no empty card"
    assert "no pilot" not in page


def test_a_run_with_something_to_draw_has_the_charts(solved: surefoot.Run) -> None:
    assert {"Error and flag rate along the run", "Ballots a step needed"} <= set(
        headings(solved.page(facts_of(solved.run_dir)))
    )


def test_a_chart_of_nothing_is_nothing() -> None:
    assert chart([Series("a", [])], "x", "y") == chart([], "x", "y") == lanes([], 1.0) == ""
    short_run = chart([Series("a", [(0.0, 1.0), (0.02, 2.0)])], "x", "y")
    assert ">0.02<" in short_run, "the axis ends with the run"
    assert ">0.8<" not in short_run


def test_the_task_of_a_users_own_is_shown_without_its_code(tmp_path: pathlib.Path) -> None:
    model = Counted(answers, say=lambda text, nth: "nonsense" if nth == 0 else None)
    options = {**QUIET, "k": 2, "keep_replies": "all", "ladder": False}
    surefoot.run(Fan(parts=2), model, run_dir=tmp_path / "r", **options)
    facts = facts_of(tmp_path / "r")
    told = next(one for one in (*facts.suspects, *facts.weakest) if one.replies)
    assert told.question
    assert told.kind
    assert told.question.split()[0] in text_of(render(facts))


def test_a_table_has_its_rows_errors_and_votes(tmp_path: pathlib.Path) -> None:
    evil = "<img src=x>"
    model = Echo({"b": ["x", "y"] * 9, "c": [evil, "c", "c"], evil: [evil] * 4})
    ask(["a", "b", "c", evil], tmp_path / "r", model, **{**QUIET, "k": 2, "max_ballots": 6, "ladder": False})
    page = open_run(tmp_path / "r").page(facts_of(tmp_path / "r"))
    text = text_of(page)
    assert headings(page)[:2] == ["Answer", "Rows"]
    assert "3 of 4 rows have an answer, 1 failed" in text
    assert "no candidate led by 2 within 6 ballots" in text
    assert "3 for" in text
    assert "<img" not in page
    assert "Suspicious rows" in text
    assert "seam" not in text.partition("What stands behind it")[0]


def test_every_row_of_several_batches_is_counted(tmp_path: pathlib.Path) -> None:
    """Records of a chunk's rows come in any order, each batch with some of them."""
    found = ask([f"t{n}" for n in range(40)], tmp_path / "r", k=2, flush_steps=3)
    facts = facts_of(tmp_path / "r")
    assert facts.gathered.steps == found.counts.steps == 40
    assert facts.gathered.ballots == found.counts.calls


def test_the_bench_page_wears_the_same_clothes(solved: surefoot.Run) -> None:
    style = re.search(r"<style>.*?</style>", render(facts_of(solved.run_dir)), re.DOTALL)
    bench = page_of(EVIL, [Score("tree", EVIL, 1200, solved=1100, calls=5_000_000)], (("theirs", 50.0, None),))
    assert style is not None
    assert style[0] in bench
    assert EVIL not in bench
    assert "1,200" in bench
    assert "4,166.7" in bench


MEASURE = """<script>addEventListener("load",()=>{document.querySelectorAll("details").forEach(d=>d.open=true);
parent.postMessage(document.documentElement.scrollWidth,"*")})</script>"""
FRAME = """<!doctype html><title>none</title><script>onmessage=e=>{document.title="width "+e.data}</script>
<iframe src="page.html" style="width:390px;height:900px;border:0"></iframe>"""


def width_at_390(folder: pathlib.Path, page: str) -> int:
    (folder / "page.html").write_text(page.replace("</body>", f"{MEASURE}</body>"))
    (folder / "frame.html").write_text(FRAME)
    found = re.search(r"<title>width (\d+)</title>", dump(folder, "frame"))
    assert found is not None
    return int(found[1])


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
def test_nothing_runs_off_at_390_pixels(solved: surefoot.Run, tmp_path: pathlib.Path) -> None:
    facts = facts_of(solved.run_dir)
    long = "x" * 3000
    for page in (solved.page(facts), render(facts, Answer(long, long)), page_of("b", [Score("m", long, 9)], ())):
        assert width_at_390(tmp_path, page) <= 390


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
def test_what_runs_off_is_noticed(tmp_path: pathlib.Path) -> None:
    """The placebo: a table that cannot be narrower."""
    page = plain_page("t", "").replace("</main>", "<p style='width:700px'>wide</p></main>")
    assert width_at_390(tmp_path, page) > 390

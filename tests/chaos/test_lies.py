"""The model lies through a whole run; and readers are fed what nobody wrote."""

import asyncio
import contextlib
import json
import os
import pathlib
import pty
import re
import subprocess
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.policy import StepPolicy
from surefoot.runtime.execution.roles.role_settings import RoleSettings
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.payloads import extend, pack, unpack
from surefoot.runtime.records import Record
from surefoot.voting.red_flags import RedFlag
from tests.chaos.harness import Run, Usage, result, survive
from tests.chaos.lies import LIES, harmful
from tests.chaos.test_resume import surefoot

RUN = ("--address", "none", "--workers", "1", "--k", "2", "--leaf-steps", "7", "--log-format", "text", "--verbose")
HANOI = ("hanoi", "--disks", "6", *RUN, "--model", "simulated:p_error=0.02", "--max-ballots", "400")
PROMPTS = {
    "compact": r"(move (cw|ccw) (-|\d+[abc]{2})|(carry|split) \d+[abc]{2}) [abc]{5} [abc]",
    "chat": r"(To move|Strategy|Current)[ -~\n]*(Make the next move|from peg [012] to peg [012])\.",
}


@pytest.mark.parametrize("dialect", ["compact", "chat"])
@pytest.mark.parametrize("flags", ["all", "none"])
def test_a_whole_run_of_lies(dialect: str, flags: str, tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path, *HANOI, "--dialect", dialect, "--red-flags", flags)
    prompts = tmp_path / "prompts"
    process = run.start(CHAOS_LIES=str(prompts))
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err[-2000:]
    end = json.loads(out.splitlines()[-1])
    assert end["status"] == "solved"
    assert end["red_flags"] > 30
    assert set(end["red_flags_by_name"]) <= set(RedFlag)
    said = [surefoot(*words, run.path) for words in (("show",), ("show", "--json"), ("report",), ("report", "--json"))]
    for text in (out, err, *(part for one in said for part in (one.stdout, one.stderr))):
        assert not harmful(text)
        assert "owned" not in text
    page = (run.path / "report.html").read_text()
    assert not harmful(page)
    assert "owned" in page, "the report does show what was said"
    assert owned_elements(page) == []
    shapes = {msgspec.json.decode(line)["user"] for line in prompts.read_bytes().splitlines()}
    assert all(re.fullmatch(PROMPTS[dialect], prompt) for prompt in shapes), "a lie reached a prompt"
    assert surefoot("verify", run.path).returncode == 0
    details = [d for e in run.committed().values() if not isinstance(e, str) for d in e.details]
    assert any("owned" in detail for detail in details), "the journal does keep what was said"
    assert all(len(detail) <= 1000 and not harmful(detail) for detail in details)


def owned_elements(page: str) -> list[str]:
    """Elements, attributes and scripts of a page in which a lie stands: where a browser would obey it."""
    found: list[str] = []

    class Reader(HTMLParser):
        obeyed = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.obeyed = tag if tag in ("script", "style", "title") else ""
            found.extend(f"{tag} {name}" for name, value in attrs if name[:2] == "on" or "owned" in (value or ""))

        def handle_endtag(self, tag: str) -> None:
            self.obeyed = ""

        def handle_data(self, data: str) -> None:
            if self.obeyed and "owned" in data:
                found.append(self.obeyed)

    Reader().feed(page)
    return found


def test_a_page_that_obeys_would_be_seen() -> None:
    """The placebo."""
    assert owned_elements("<p>&lt;script&gt;alert('owned')&lt;/script&gt;</p>") == []
    assert owned_elements(LIES[1]) == ["script", "img onerror"]


def test_a_terminal_is_shown_no_lie(tmp_path: pathlib.Path) -> None:
    """With a bar, and in colour: nothing but what rich itself writes."""
    run = Run(tmp_path, *HANOI)
    ours, theirs = pty.openpty()
    environment = {**run.environment(), "CHAOS_LIES": str(tmp_path / "prompts"), "TERM": "xterm-256color"}
    with subprocess.Popen(run.command(), env=environment, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    assert "\x1b[" in text, "this is a terminal"
    assert "owned" not in text
    assert not harmful(re.sub(r"\x1b\[[0-9;?]*[mKAhlC]|\r", "", text))


def test_the_same_run_killed_and_resumed_while_lied_to(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path / "run", *HANOI)
    os.environ["CHAOS_LIES"] = str(tmp_path / "prompts")
    try:
        account = Usage()
        survive(run, [{"fault": "commit.during:2=kill"}, {"kill_at": 40}], account)
    finally:
        del os.environ["CHAOS_LIES"]
    assert (account.lost, account.repeated) == (0, 0)


class Says(Model):
    """A model that says one thing first and is silent for ever after."""

    dialect: Any = "compact"

    def __init__(self, text: str) -> None:
        self.text = text

    async def ask(self, request: Request) -> list[Reply]:
        return [Reply(self.text, tokens_out=1) for _ in request.draws]

    async def close(self) -> None:
        pass


def ballots_of(task: Task, step: Step, text: str, dialect: Any) -> Any:
    model: Model = Says(text)
    runner = StepRunner(task, RoleSettings(model, "", dialect, 1.0, 1.0), StepPolicy(max_ballots=10))
    return asyncio.run(runner.draw(step, 1, 0))


TASKS: tuple[Task, ...] = (Hanoi(disks=3), Hanoi(disks=12), Hanoi(disks=5, state_by="task"), Multiply())


@pytest.mark.parametrize("task", [task for task in TASKS if task.state_by == "model"], ids=repr)
@pytest.mark.parametrize("lie", range(len(LIES)))
def test_a_lie_is_a_red_flag(task: Task, lie: int) -> None:
    for dialect in ("compact", "chat"):
        for number in range(0, 24, 3):
            (ballot,) = ballots_of(task, task.sample_step(number), LIES[lie], dialect)
            assert ballot.candidate is None, ballot.candidate[:100]
            assert ballot.spoiled_by in set(RedFlag)


ANSWERS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=300),
    st.text("move=next_stak0123456789[], \n", max_size=200),
    st.text("abc 0123456789/+-", max_size=60),
    st.builds("move = {}\nnext_state = {}".format, *[st.recursive(st.integers(), st.lists).map(repr)] * 2),
    st.builds("carry = {}\ndigit = {}".format, *[st.text("0123456789٣²½ ", max_size=150)] * 2),
)


@given(st.sampled_from(TASKS), st.integers(0, 200), ANSWERS, st.sampled_from(["compact", "chat"]))
def test_a_parser_gives_a_candidate_or_a_named_flag(task: Task, number: int, text: str, dialect: Any) -> None:
    step = task.sample_step(number)
    read = task.parse(step, text, dialect)
    if isinstance(read, Flag):
        assert read.name in set(RedFlag)
        return
    assert re.fullmatch("[a-z0-9 /]+", read), "a canonical form is plain"
    assert len(read) < 400
    found = task.check(step, read)
    assert found is None or found.name in set(RedFlag)


@given(st.binary(max_size=400))
def test_a_payload_is_records_or_the_documented_error(data: bytes) -> None:
    with pytest.raises(JournalError):
        unpack(data)


@given(st.data())
def test_a_damaged_payload_is_records_or_the_documented_error(data: st.DataObject) -> None:
    whole = bytearray(pack([Record((0, 1), "run", 0, 0, 2, ("1ab aab", "2ac abc"))] * 3))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        records = unpack(bytes(whole))
    except JournalError:
        return
    assert all(isinstance(record, Record) for record in records)


def test_a_gap_in_a_segment_is_no_segment() -> None:
    known: list[Any] = ["a"]
    extend(known, Record((), "run", 0, 0, 1, ("a", "b")))
    assert known == ["a", "b"]
    with pytest.raises(JournalError, match="missing"):
        extend(known, Record((), "run", 0, 3, 1, ("d",)))


def test_the_harness_would_see_a_lie(tmp_path: pathlib.Path) -> None:
    """The placebo: without lies there are next to no flags, so the counts above come from them."""
    run = Run(tmp_path, *HANOI)
    assert result(run.session())["red_flags"] < 15
    assert harmful(LIES[0])
    assert harmful(LIES[3])

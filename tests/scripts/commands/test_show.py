import io
import json
import pathlib

import msgspec
import pytest
import rich.console

from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.run_directory import Rung, standing
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, Record
from surefoot.runtime.trace.level_reader import levels_at
from surefoot.scripts.commands.show import looks, show, view, watched
from tests.runtime.simulated_runs import run


def test_watching_ends_with_the_run_and_shows_what_came_since_the_last_look(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=5)
    ended = standing(tmp_path / "run")
    earlier = msgspec.structs.replace(ended, status="running", steps=ended.steps - 7)
    text = io.StringIO()
    console = rich.console.Console(file=text, width=100, highlight=False)
    assert watched(iter([earlier, ended]), console) == ended
    console.print(view(ended, earlier))
    assert "+7" in text.getvalue()
    assert "solved" in text.getvalue()
    assert "31 of 31 steps, 100.0%" in text.getvalue()
    assert list(looks(tmp_path / "run")) == [ended]


def test_a_name_cannot_steer_the_terminal(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=3)
    evil = msgspec.structs.replace(standing(tmp_path / "run"), model="\x1b[2Jowned[bold]")
    text = io.StringIO()
    rich.console.Console(file=text, width=100).print(view(evil, None))
    assert "\x1b" not in text.getvalue()
    assert "[bold]" in text.getvalue()


def test_the_live_view_has_pace_alarms_and_what_put_them_right(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=5)
    ended = standing(tmp_path / "run")
    rungs = {"other names": Rung(asked=3, put_right=2)}
    looks = [
        msgspec.structs.replace(ended, status="running", steps=at, wall_s=at / 5, alarms={"drift": 1}, rungs=rungs)
        for at in (0, 10, 15)
    ]
    text = io.StringIO()
    watched(iter(looks), rich.console.Console(file=text, width=120, highlight=False, force_terminal=True))
    for wanted in (
        "5 steps a second",
        "about 3 s left",
        "alarm: drift 1",
        "other names: 2 of 3 put right",
        "\u2588\u2588",
    ):
        assert wanted in text.getvalue(), wanted


def test_of_a_question_no_part_is_shown(tmp_path: pathlib.Path) -> None:
    run(tmp_path / "run", "p_error=0.01", disks=3)
    asked = msgspec.structs.replace(standing(tmp_path / "run"), open_ended=True, steps=3, total_steps=10**6)
    text = io.StringIO()
    rich.console.Console(file=text, width=120).print(view(asked, None, [1.0]))
    assert "3 steps, of nobody knows how many" in text.getvalue()
    assert "1,000,000" not in text.getvalue()
    assert "left" not in text.getvalue()


def test_a_run_whose_plan_was_revised_says_how(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "run", "p_error=0.0", disks=5, leaf_steps=3)
    journal = open_journal(tmp_path / "run", write=True)
    broken = [Record((), "broken", 0, 0, 0, ()), Record((), "children", 1, 0, 0, (), (0, 1025))]
    journal.commit([Write("/", Batch(pack(broken), Counts(broken_promises=1)))], 1.0)
    journal.close()
    assert show.main([str(tmp_path / "run")], standalone_mode=False) == 0
    before, after = capsys.readouterr().out.split("levels    ")
    assert after.startswith("1 revision of 8 versions, depth 0.0")
    assert "next      surefoot" in after
    assert "next      surefoot" not in before
    assert show.main([str(tmp_path / "run"), "--json"], standalone_mode=False) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["levels"]
    assert (found["revisions"], found["refined"], found["steps"]) == (1, 1, 31)
    assert found == msgspec.to_builtins(levels_at(tmp_path / "run"))


def test_a_run_whose_plan_held_says_nothing_of_levels(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "run", "p_error=0.0", disks=3)
    assert show.main([str(tmp_path / "run")], standalone_mode=False) == 0
    assert "levels" not in capsys.readouterr().out
    assert show.main([str(tmp_path / "run"), "--json"], standalone_mode=False) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["levels"] is None

"""Problems of a folder by the key and by a planner outside: what counts as solved, and what is said of the rest."""

import pathlib
import sys

import pytest

from surefoot.scripts.benchmarks import engine
from surefoot.scripts.benchmarks.pddl_shapes import SHAPES

DOMAIN, PROBLEM = SHAPES["gripper"](1)


def planner(folder: pathlib.Path, plan: str) -> str:
    """A planner of our own that writes one plan whatever it is asked."""
    path = folder / "planner.py"
    path.write_text(f"import pathlib, sys\npathlib.Path(sys.argv[3]).write_text({plan!r})\n")
    return f"{sys.executable} {path} {{domain}} {{problem}} {{plan}}"


def test_pairs_of_a_folder_are_found_by_their_names(tmp_path: pathlib.Path) -> None:
    for name in ("b.domain.pddl", "a.problem.pddl", "a.domain.pddl", "b.problem.pddl", "index.tsv"):
        (tmp_path / name).write_text("")
    assert [(name, problem.name) for name, _, problem in engine.pairs(tmp_path)] == [
        ("a", "a.problem.pddl"),
        ("b", "b.problem.pddl"),
    ]


def test_a_plan_counts_only_if_it_leads_to_the_goal(tmp_path: pathlib.Path) -> None:
    found = engine.plan_of(DOMAIN, PROBLEM, "", 60)
    assert isinstance(found, tuple)
    assert engine.plan_of(DOMAIN, PROBLEM, planner(tmp_path, "\n".join(found)), 60) == found
    short = engine.plan_of(DOMAIN, PROBLEM, planner(tmp_path, "\n".join(found[:-1])), 60)
    assert short == "no plan (the plan does not end at the goal)"
    assert engine.plan_of(DOMAIN, PROBLEM, f"{sys.executable} -c 0 {{domain}} {{problem}}", 60) == "no plan"
    assert str(engine.plan_of(DOMAIN, "(define (problem p))", "", 60)).startswith("not read: ")


def test_the_list_ends_with_what_has_no_plan(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"a": "plan of 7", "b": "no plan", "c": "not read: domain, line 3: x", "d": "time is up", "e": "plan of 1"}
    for name in said:
        (tmp_path / f"{name}.domain.pddl").write_text("")
    monkeypatch.setattr(engine, "measured", lambda name, *rest: (said[name], 1.0))
    engine.main([str(tmp_path), "--names", "a,b,c,d"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a: plan of 7, 1.0 s"
    assert lines[-1] == "our own key: 1 solved, 2 read without a plan: b,d"

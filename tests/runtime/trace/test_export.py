"""Files of examples: parts by task, without leaks from one into the other, and written whole or not at all."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError, RunDirectoryError
from surefoot.runtime.trace.causality import leaks_in
from surefoot.runtime.trace.export import KINDS, Wanted, Written, export
from surefoot.runtime.trace.lines import read_graphs
from surefoot.runtime.trace.traced_run import TracedRun
from tests.runtime import simulated_runs


def lines(path: pathlib.Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def prompts(path: pathlib.Path) -> set[str]:
    return {one["content"] for line in lines(path) for one in line["messages"] if one["role"] == "user"}


def exported(folder: pathlib.Path, *runs: pathlib.Path, **wanted: Any) -> Written:
    return export(runs, Wanted(**{"kind": "polished", "form": "chat", **wanted}), folder / "out.jsonl")


def test_the_events_of_a_run_come_back_from_the_file(retried: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found = exported(tmp_path, retried, kind="process", form="events")
    with (tmp_path / "out.jsonl").open("rb") as file, TracedRun(retried) as run:
        back = [event for graph in read_graphs(file) for event in graph.events]
        assert back == list(run.events())
    assert found.events == len(back)
    assert list(leaks_in(back)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["chat", "trl"])
def test_every_line_of_a_file_has_the_same_columns(
    solved: pathlib.Path, tmp_path: pathlib.Path, kind: str, form: str
) -> None:
    """What loads JSON lines into a table needs one type for each column."""
    exported(tmp_path, solved, kind=kind, form=form)
    told = lines(tmp_path / "out.jsonl")
    assert told
    assert len({json.dumps(typed(line)) for line in told}) == 1


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(value[0])] if value else []
    return "number" if type(value) in (int, float) else type(value).__name__


def test_events_are_of_the_kind_process_only(solved: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="--kind process"):
        exported(tmp_path, solved, form="events")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[pathlib.Path]:
    """Runs of three tasks, one of them run twice."""
    folder = tmp_path_factory.mktemp("tasks")
    found = []
    for number, (disks, seed) in enumerate(((3, 0), (4, 0), (5, 0), (3, 1))):
        found.append(folder / str(number))
        simulated_runs.run(found[-1], "p_error=0.1", disks, keep_replies="all", k=2, seed=seed)
    return found


def test_a_task_is_on_one_side_with_all_its_runs(tasks: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    found = exported(tmp_path, *tasks, test_share=0.3)
    assert found.tasks == {"train": 2, "test": 1}
    sides = [
        {line["provenance"]["run"] for line in lines(tmp_path / f"out.{part}.jsonl")} for part in ("train", "test")
    ]
    assert not sides[0] & sides[1]
    twins = [f"{directory.name}-" for directory in (tasks[0], tasks[3])]
    assert len([side for side in sides if any(name.startswith(tuple(twins)) for name in side)]) == 1


def test_no_prompt_of_the_test_part_is_in_the_training_part(tasks: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    """Two tasks that differ in an option that no prompt shows ask the same: nothing of it is left to train on."""
    twin = tmp_path / "twin"
    simulated_runs.run(twin, "p_error=0.1", 3, keep_replies="all", k=2)
    text = (twin / "run.toml").read_text()
    (twin / "run.toml").write_text(text.replace("disks = 3", 'disks = 3\nshown = "all"'))
    with TracedRun(twin) as one, TracedRun(tasks[0]) as other:
        assert one.task != other.task
    for kind in ("polished", "process", "roles"):
        found = exported(tmp_path, twin, tasks[0], kind=kind, test_share=0.5)
        assert prompts(tmp_path / "out.test.jsonl")
        assert lines(tmp_path / "out.train.jsonl") == []
        assert found.leaked > 0


def test_the_same_example_is_written_once(tasks: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    once, twice = exported(tmp_path, tasks[0]), exported(tmp_path, tasks[0], tasks[0])
    assert once.files == twice.files
    assert twice.twice - once.twice >= sum(once.files.values())


def test_a_file_that_cannot_be_written_is_named(solved: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder"):
        exported(tmp_path / "nowhere", solved)


def test_an_old_file_stays_where_a_journal_cannot_be_read(solved: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "out.jsonl").write_text("old")
    with pytest.raises(RunDirectoryError):
        exported(tmp_path, solved, tmp_path)
    assert (tmp_path / "out.jsonl").read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]

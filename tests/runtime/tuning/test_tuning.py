"""A wording is found for a model that reads only prompts, held-out questions decide, and runs are the better for it."""

import json
import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.runtime.api import tune
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.session.tune import TuneEvent, Tuning
from surefoot.runtime.wordings_file import parse
from tests.runtime.tuning.adders import Adder, Reader


def found(**options: Any) -> Tuning:
    return tune(Adder, options.pop("model", None) or Reader(), **{"queries": 30, **options})


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tuning, pathlib.Path, Reader, list[TuneEvent]]:
    place, reader, events = tmp_path_factory.mktemp("tuned"), Reader(), list[TuneEvent]()
    path, records = place / "wordings.toml", str(place / "records.jsonl")
    return found(model=reader, write=path, records=records, on_event=events.append), path, reader, events


Tuned = tuple[Tuning, pathlib.Path, Reader, list[TuneEvent]]


def test_a_better_wording_is_found_and_written(tuned: Tuned) -> None:
    told, path, _, _ = tuned
    assert told.improved
    assert told.chance < 1e-4
    assert told.compared == 2
    assert told.error_before > 0.5
    assert told.error_after < 0.2 < told.error_before_interval[0]
    assert told.error_after_interval[0] <= told.error_after <= told.error_after_interval[1]
    (kind,) = parse(path.read_text()).kinds
    assert (kind.kind, kind.wording, kind.revision) == ("add", told.wording, 1)
    assert kind.version == told.version
    assert kind.found is not None
    assert (kind.found.search, kind.found.after) == ("planning", told.after)
    assert told.written == str(path)


def test_the_budget_of_real_calls_is_kept(tuned: Tuned) -> None:
    told, _, reader, events = tuned
    assert reader.asked == told.calls == sum(event.calls for event in events) <= events[-1].most_calls
    assert events[-1].most_calls == 30 * 20 + (1 + 2 + 2) * 100
    assert [event.search for event in events[:30]] == ["planning"] * 30
    assert {event.search for event in events[30:]} == {"held out", "confirmed"}
    assert (told.arms[0].queries, told.arms[0].calls) == (30, 600)


def test_held_out_questions_are_in_no_example_and_asked_by_no_search(tuned: Tuned) -> None:
    told, path, _reader, _ = tuned
    setting = json.loads((path.parent / "records.jsonl").read_text().splitlines()[0])
    searched, held_out = map(set, setting["questions"])
    shown = {one["question"] for one in setting["choices"]["examples"]}
    assert not searched & held_out
    assert not shown & (searched | held_out)
    assert (len(searched), len(held_out)) == (told.searched, told.held_out) == (24, 36)
    assert {example.question for example in told.wording.examples} <= shown


def test_no_reply_is_drawn_twice(tuned: Tuned) -> None:
    _, _, reader, _ = tuned
    drawn = [(request.prompt.user, request.examples, draw) for request in reader.prompts for draw in request.draws]
    assert len(drawn) == len({msgspec.json.encode(one) for one in drawn})


def test_the_trajectory_gets_better_step_by_step(tuned: Tuned) -> None:
    shares = [share.right / share.calls for _, share in tuned[0].trajectory]
    assert shares == sorted(shares)
    assert len(shares) > 2


def test_a_model_to_which_wordings_are_all_one_gets_none(tmp_path: pathlib.Path) -> None:
    """The placebo: whatever looked better while searching does not when it is asked afresh."""
    told = [found(model=Reader(even=True), queries=12, seed=seed, write=tmp_path / f"{seed}") for seed in range(6)]
    assert all(one.error_after_interval[1] > one.error_before_interval[0] for one in told)
    assert [one.improved for one in told] == [False] * 6
    assert all(one.chance > 0.05 for one in told)
    assert not any((tmp_path / str(one.seed)).exists() or one.written for one in told)


def test_a_search_that_was_stopped_goes_on_where_it_stopped(tuned: Tuned, tmp_path: pathlib.Path) -> None:
    told, path, _, _ = tuned
    lines = (path.parent / "records.jsonl").read_bytes().splitlines(keepends=True)
    for kept in (0, 1, 9, len(lines) - 1):
        records = tmp_path / f"{kept}.jsonl"
        records.write_bytes(b"".join(lines[:kept]) + lines[kept][:40])  # a kill cut a line short
        reader = Reader()
        again = found(model=reader, records=str(records))
        assert reader.asked == sum(json.loads(line).get("calls", 0) for line in lines[max(1, kept) :])
        assert msgspec.structs.replace(again, written=told.written) == told
        assert records.read_bytes() == b"".join(lines)


def test_records_of_something_else_are_refused(tuned: Tuned) -> None:
    records = str(tuned[1].parent / "records.jsonl")
    with pytest.raises(ConfigurationError, match="has the records of a search with seed 0, not 1; name another"):
        found(records=records, seed=1)
    with pytest.raises(ConfigurationError, match="a search with answers 20, not 10"):
        found(records=records, answers=10)


def test_a_larger_budget_goes_on_with_the_same_records(tuned: Tuned, tmp_path: pathlib.Path) -> None:
    records, reader = tmp_path / "more.jsonl", Reader()
    records.write_bytes((tuned[1].parent / "records.jsonl").read_bytes())
    more = found(model=reader, records=str(records), queries=34, searches="planning,random")
    assert [(arm.search, arm.queries) for arm in more.arms] == [("planning", 34), ("random", 34)]
    assert 4 * 20 + 34 * 20 <= reader.asked <= 4 * 20 + 34 * 20 + 6 * 100


def test_lessons_of_another_search_are_used(tuned: Tuned, tmp_path: pathlib.Path) -> None:
    """The second query is a planned one already, in the words that were answered best there."""
    records = [tmp_path / "taught.jsonl", tmp_path / "alone.jsonl"]
    found(queries=2, lessons=str(tuned[1].parent / "records.jsonl"), seed=5, records=str(records[0]))
    found(queries=2, seed=5, records=str(records[1]))
    taught, alone = (json.loads(path.read_text().splitlines()[2])["wording"] for path in records)
    best = msgspec.to_builtins(tuned[0].wording)
    assert all(taught.get(part) == best.get(part) for part in ("form", "label", "cue"))
    assert any(alone.get(part) != best.get(part) for part in ("form", "label", "cue"))
    assert taught.get("examples") is None  # which examples were shown there says nothing here


def test_a_second_revision_replaces_the_first_only_if_it_is_better(tuned: Tuned, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "wordings.toml"
    path.write_text(tuned[1].read_text())
    again = found(queries=2, write=path, seed=9)
    assert again.wording == tuned[0].wording  # two queries find nothing better than what is there
    assert again.search == ""
    (kind,) = parse(path.read_text()).kinds
    assert (kind.revision, kind.found.search) == (2, "the file before")  # type: ignore[union-attr]

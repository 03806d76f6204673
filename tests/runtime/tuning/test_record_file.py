"""Records of a search outlast a kill: whole lines are read again, a cut one is dropped, a stranger's are refused."""

import json
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.wordings.wording import Example, Wording
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tuning import record_file
from surefoot.runtime.tuning.latent import Lesson
from surefoot.runtime.tuning.record_file import Line, RecordFile, lessons_of
from surefoot.runtime.tuning.space import Outcome

SETTING = {"model": "m", "queries": 30, "kinds": ("add", "carry")}
SETTING_LINE = b'{"model":"m","queries":30,"kinds":["add","carry"]}'
texts = st.text(max_size=20)
lines = st.builds(
    lambda search, said, features, calls: Line(
        search=search,
        wording=Wording(instruction=(said,), examples=(Example(said, said, (("n", said),)),)),
        features=tuple(features),
        right=calls // 2,
        calls=calls,
    ),
    texts,
    texts,
    st.lists(texts, max_size=3),
    st.integers(1, 10**6),
)


def line(number: int, *features: str) -> Line:
    return Line(search="s", wording=Wording(), features=features, right=number, calls=9)


@given(st.lists(lines, max_size=6), st.integers(0, 6), st.integers(1, 40))
def test_what_was_added_is_there_after_a_kill_at_any_byte(
    tmp_path_factory: pytest.TempPathFactory, added: list[Line], kept: int, cut: int
) -> None:
    path = tmp_path_factory.mktemp("records") / "r.jsonl"
    records = RecordFile(path, SETTING)
    for one in added:
        records.add(one)
    assert records.lines == added
    assert RecordFile(path, SETTING).lines == added
    whole = path.read_bytes().splitlines(keepends=True)
    kept = min(kept, len(added))
    rest = b"".join(whole[kept + 1 :])[:cut].split(b"\n")[0]  # part of the next line, without its end
    path.write_bytes(b"".join(whole[: kept + 1]) + rest)
    again = RecordFile(path, SETTING)
    assert again.lines == added[:kept]
    again.add(line(5))
    assert RecordFile(path, SETTING).lines == [*added[:kept], line(5)], "what was cut is gone, not glued to the next"


def test_a_file_whose_first_line_was_cut_is_begun_anew(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"model":"m"')
    RecordFile(path, SETTING).add(line(1))
    assert RecordFile(path, SETTING).lines == [line(1)]
    assert json.loads(path.read_text().splitlines()[0]) == {**SETTING, "kinds": ["add", "carry"]}


@pytest.mark.parametrize("content", [b"my notes", b'{"model":"other', b"{"])
def test_a_file_that_somebody_else_began_is_not_emptied(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    if SETTING_LINE.startswith(content):  # placebo arm: what a kill left is begun anew
        assert RecordFile(path, SETTING).lines == []
        return
    with pytest.raises(ConfigurationError, match="no records of surefoot tune; name another --records"):
        RecordFile(path, SETTING)
    assert path.read_bytes() == content


def test_nothing_is_added_through_a_link(tmp_path: pathlib.Path) -> None:
    for content in ("", "my notes"):
        (tmp_path / "mine").write_text(content)
        (tmp_path / "r.jsonl").unlink(missing_ok=True)
        (tmp_path / "r.jsonl").symlink_to("mine")
        with pytest.raises(ConfigurationError, match="nothing is written through links"):
            RecordFile(tmp_path / "r.jsonl", SETTING)
        assert (tmp_path / "mine").read_text() == content


def test_without_a_file_records_are_in_memory(tmp_path: pathlib.Path) -> None:
    records = RecordFile(None, SETTING)
    records.add(line(1))
    assert records.lines == [line(1)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({**SETTING, "model": "n"}, "a search with model 'm', not 'n'"),
        ({"model": "m", "queries": 30}, r"a search with kinds \['add', 'carry'\], not None"),
        ({**SETTING, "seed": 1}, "a search with seed None, not 1"),
        ({**SETTING, "model": "x" * 1000}, "name another --records"),
    ],
)
def test_the_records_of_another_search_are_refused_and_left_alone(
    tmp_path: pathlib.Path, other: dict[str, Any], says: str
) -> None:
    path = tmp_path / "r.jsonl"
    RecordFile(path, SETTING).add(line(1))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=says) as raised:
        RecordFile(path, other)
    assert "\n" not in raised.value.message
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [b"no json\n", b"[1]\n", b"1\n", b'{"a": 1}\n{"search": "s"}\n', b'{"a": 1}\n' + b"[" * 5000 + b"\n", b"\xff\n"],
)
def test_a_file_that_holds_something_else_is_named_in_one_line(tmp_path: pathlib.Path, damage: bytes) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(damage)
    with pytest.raises(ConfigurationError, match=r"r\.jsonl holds no records of surefoot tune") as raised:
        RecordFile(path, SETTING)
    assert "\n" not in raised.value.message
    assert path.read_bytes() == damage


@pytest.mark.parametrize(("right", "calls"), [(2, 1), (-1, 3), (0, 0)])
def test_no_record_says_what_cannot_be(tmp_path: pathlib.Path, right: int, calls: int) -> None:
    with pytest.raises(ValueError, match="more right replies than calls, or no calls"):
        Line(search="s", wording=Wording(), features=(), right=right, calls=calls)
    path = tmp_path / "r.jsonl"
    told = {"search": "s", "wording": {}, "features": [], "right": right, "calls": calls}
    path.write_text(f'{{"a": 1}}\n{json.dumps(told)}\n')
    with pytest.raises(ConfigurationError, match="holds no records"):
        lessons_of(path, 1.0)


@pytest.mark.parametrize("by_question", [(1, 1), (4, -1), (3, 1)])
def test_no_record_has_other_right_replies_than_its_questions(by_question: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="are not those of its questions"):
        Line(search="s", wording=Wording(), features=(), right=3, calls=9, by_question=by_question)


def test_a_file_that_is_too_large_or_cannot_be_written(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="cannot write"):
        RecordFile(tmp_path / "nowhere" / "r.jsonl", SETTING)
    with pytest.raises(ConfigurationError, match="directory"):
        lessons_of(tmp_path, 1.0)
    path = tmp_path / "r.jsonl"
    RecordFile(path, SETTING)
    monkeypatch.setattr(record_file, "LARGEST", path.stat().st_size)
    assert RecordFile(path, SETTING).lines == []
    monkeypatch.setattr(record_file, "LARGEST", path.stat().st_size - 1)
    with pytest.raises(ConfigurationError, match="has more than"):
        RecordFile(path, SETTING)


def test_lessons_of_another_kind_leave_out_what_only_that_kind_knows(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r.jsonl"
    records = RecordFile(path, SETTING)
    records.add(line(4, "form text", "example 3", "first 3", "last 1", "question {question}", "cue answer:"))
    records.add(line(9))
    assert lessons_of(path, 0.5) == (
        Lesson(frozenset({"form text", "cue answer:"}), Outcome(4, 9), 0.5),
        Lesson(frozenset(), Outcome(9, 9), 0.5),
    )

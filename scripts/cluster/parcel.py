"""Packs a run directory as text, to fetch it through a job's output: the only way every cluster has open."""

import base64
import binascii
import contextlib
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import sys
import tarfile
import tempfile
import zlib

from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.journal.mirror import copy_run

LINE = 76
LARGEST = 4 << 30
"""Bytes that a fetched run directory may have when it is unpacked."""
MOST_FILES = 1000
"""Files that it may have; a run has some ten. Empty ones pack to nothing."""
LARGEST_PIECE = 1 << 20
"""Bytes that are unpacked at one go: a long name of a file is read whole before anybody sees it."""
FRAME = re.compile(r"^-----BEGIN RUN ([0-9a-f]{64})-----\n([A-Za-z0-9+/=\n]*)-----END RUN-----$", re.MULTILINE)


def print_parcel(directory: str) -> int:
    """Print a run directory as text, also of a run at work; return the exit code."""
    place = pathlib.Path(directory)
    if not (place / "run.toml").is_file():
        print(f"surefoot: {directory} is not a run directory: it has no run.toml", file=sys.stderr)
        return 2
    try:
        print(frame(pack(place)), flush=True)
    except SurefootError as error:
        print(f"surefoot: {error}", file=sys.stderr)
        return 1
    return 0


def pack(run: pathlib.Path) -> bytes:
    """Copy a run directory consistently into a compressed tar file."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "run"
        copy_run(run, copy)
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for entry in sorted(copy.iterdir()):
                tar.add(entry, entry.name)
    return packed.getvalue()


def frame(packed: bytes) -> str:
    """Format bytes as lines of text between two marks, with their hash."""
    text = base64.b64encode(packed).decode()
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    return "\n".join([f"-----BEGIN RUN {hashlib.sha256(packed).hexdigest()}-----", *lines, "-----END RUN-----"])


def framed_in(output: str) -> bytes:
    """Read the bytes that ``frame`` put into a job's output.

    Raises:
        ConfigurationError: They are not there, or not whole.
    """
    found = FRAME.search(output)
    if found is None:
        said = [line for line in output.splitlines() if line.startswith("surefoot: ")]
        raise ConfigurationError(said[-1].removeprefix("surefoot: ") if said else "the job printed no run directory")
    try:
        packed = base64.b64decode(found[2], validate=False)
    except binascii.Error as error:
        raise ConfigurationError(f"what the job printed is damaged: {error}") from error
    if hashlib.sha256(packed).hexdigest() != found[1]:
        raise ConfigurationError("what the job printed is damaged: its hash is another one")
    return packed


def unpack(packed: bytes, directory: pathlib.Path) -> None:
    """Write a packed run directory into a folder that is empty or new.

    Only plain files with plain names are taken, and no more than ``LARGEST`` bytes: the cluster is not trusted.

    Raises:
        ConfigurationError: The folder is not empty, or the content is not a run directory's.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigurationError(f"{directory} is not empty; name another folder with --to")
    directory.mkdir(parents=True, exist_ok=True)
    left = LARGEST
    try:
        with tarfile.open(fileobj=_Unpacked(packed), mode="r:") as tar:
            for count, member in enumerate(tar):
                left -= member.size
                plain = member.isfile() and "/" not in member.name and not member.name.startswith(".")
                if not plain or left < 0 or count >= MOST_FILES:
                    raise ConfigurationError(f"what was fetched is not a run directory: {member.name[:80]!r}")
                _write(tar, member, directory / member.name)
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise ConfigurationError(f"what was fetched cannot be unpacked: {error}") from error


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: pathlib.Path) -> None:
    """Write one plain file of an archive, with its time and nothing else of what the archive says of it.

    ``TarFile.extract`` has a filter for that, but not in every Python 3.11.
    """
    source = tar.extractfile(member)
    assert source is not None, "a plain file"
    with source, path.open("xb") as file:
        shutil.copyfileobj(source, file)
    with contextlib.suppress(OverflowError, OSError, ValueError):  # a time that no file can have
        os.utime(path, (member.mtime, member.mtime))


class _Unpacked(gzip.GzipFile):
    """A packed archive as it is read from, a bounded piece at a time."""

    def __init__(self, packed: bytes) -> None:
        super().__init__(fileobj=io.BytesIO(packed), mode="rb")

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes, but never very many at once.

        Raises:
            ValueError: They are more than any part of a run directory's archive needs at once.
        """
        if size is None or not 0 <= size <= LARGEST_PIECE:
            raise ValueError(f"a part of more than {LARGEST_PIECE:,} bytes")
        return super().read(size)

"""Packs a run directory as text, to fetch it through a job's output: the only way every cluster has open."""

import base64
import binascii
import hashlib
import io
import pathlib
import re
import sys
import tarfile
import tempfile
import zlib

from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.journal.mirror import copy_run

LINE = 76
LARGEST = 4 << 30
"""Bytes that a fetched run directory may have when it is unpacked."""
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
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
            for member in tar:
                left -= member.size
                if not member.isfile() or "/" in member.name or member.name.startswith(".") or left < 0:
                    raise ConfigurationError(f"what was fetched is not a run directory: {member.name[:80]!r}")
                tar.extract(member, directory, filter="data")
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise ConfigurationError(f"what was fetched cannot be unpacked: {error}") from error

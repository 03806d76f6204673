"""Which Ray cluster an ``--address`` means: the user's own, and never one that some process started for itself."""

import os
import pathlib
import socket
import tempfile

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_plain
from surefoot.runtime.worker.ray_owner import begun_by_user, noted_by_user

LONGEST_NOTE = 300
"""Bytes that are read of what `ray start` noted: a name and a port."""


class Named(msgspec.Struct, frozen=True):
    """A cluster that the user runs or names.

    Attributes:
        address: HOST:PORT of its head.
        by: What names it, for people.
    """

    address: str
    by: str


def named_cluster(address: str) -> Named | None:
    """Find the cluster that an ``--address`` means; ``None`` where a run would start a Ray of its own, or none.

    ``auto`` means the one in RAY_ADDRESS, else the one that this user's ``ray start`` noted on this machine, if it
    answers. A Ray that some process started for itself, or of which nobody can say who did, is never joined.

    Raises:
        ConfigurationError: This is no address, or nothing answers at the one that the user named.
    """
    if address == "none" or means_local(address):
        return None
    if address != "auto":
        return _reached(Named(address, "--address"))
    told = os.environ.get("RAY_ADDRESS", "")
    if told and told != "auto":
        return _reached(Named(told, "RAY_ADDRESS"))
    noted = _noted_by_ray_start()
    return Named(noted, "a head that you began here with `ray start`") if noted and _answers(noted) else None


def means_local(address: str) -> bool:
    """Whether an ``--address`` asks for a Ray of the run's own; ``auto`` does so where RAY_ADDRESS is ``local``."""
    return address == "local" or (address == "auto" and os.environ.get("RAY_ADDRESS") == "local")


def is_here(address: str) -> bool:
    """Whether HOST or HOST:PORT, with or without a scheme, is this machine: only then can its host be bound."""
    host = host_of(address)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(place)
    except (OSError, UnicodeError):  # a name that no machine can have is a UnicodeError
        return False
    return True


def host_of(address: str) -> str:
    """Return the host in HOST:PORT or an http address."""
    rest = address.rpartition("://")[2].split("/")[0]
    return rest.rpartition(":")[0].strip("[]") or rest


def _noted_by_ray_start() -> str:
    """The address in the file that ``ray start`` writes and ``ray stop`` removes; empty if none is this user's.

    Others write such a file too: another user of the machine, or a process that starts a Ray for itself.
    """
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or tempfile.gettempdir()
    note = pathlib.Path(folder) / "ray" / "ray_current_cluster"
    try:
        if not noted_by_user(note):
            return ""
        with open_plain(note) as file:
            noted = file.read(LONGEST_NOTE).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    port = noted.rpartition(":")[2]
    if not (port.isascii() and port.isdecimal() and len(port) <= 5):
        return ""
    return "" if is_here(noted) and not begun_by_user(int(port)) else noted


def _reached(named: Named) -> Named:
    """Return a named cluster if something answers at its address; Ray itself would wait for minutes."""
    host, port = parts_of(named)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"no Ray cluster at {named.address} ({named.by}): {reason}") from error
    return named


def _answers(address: str) -> bool:
    try:
        _reached(Named(address, ""))
    except ConfigurationError:
        return False
    return True


def parts_of(named: Named) -> tuple[str, int]:
    """Split an address into host and port.

    Raises:
        ConfigurationError: It is no HOST:PORT.
    """
    host, _, port = named.address.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigurationError(f"{named.by} {named.address}: expected auto, local, none or HOST:PORT")
    return host.strip("[]"), int(port)

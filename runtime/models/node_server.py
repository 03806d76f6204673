"""One llama.cpp for all worker processes of a node: the process that asks first has it, the others ask that one.

The server lives in a worker's process, so that there is nothing to end: it goes with its process, also when that is
killed. Who has it is decided by a lock on a file, which the system takes back from a process that is gone; whoever then
finds the lock free loads the weights and goes on. The address and the key that was drawn for it lie beside the lock, in
a folder of this machine that belongs to this user alone.
"""

import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.whole_files import write_whole

PATIENCE_S: Final = 120.0
"""Seconds in which the process that has the lock is expected to have loaded the weights, or to be gone."""
CALL_S: Final = 600.0
"""Seconds that one call may take: other processes' questions go before it."""
POLL_S: Final = 0.05
"""Seconds between two looks at whether the server is there."""
MOST_BYTES: Final = 8 << 20
"""Bytes of an answer that are read."""


class Serving(Protocol):
    """What is wanted of a llama.cpp server in this process."""

    @property
    def listening_address(self) -> str:
        """The address at which other processes reach it."""

    def handle_completions(self, body: Any) -> Any:
        """Answer a raw completion that a worker of this node asks for."""

    def handle_chat_completions(self, body: Any) -> Any:
        """Answer a chat that a worker of this node asks for."""


class _Told(msgspec.Struct, frozen=True):
    """Where the server of this node is, and the key that it asks for."""

    host: str
    port: int
    key: str


class NodeServer:
    """A server that one process of a node has and the others ask.

    Args:
        folder: Of the lock; see ``folder_of``.
        load: Starts the server in this process with a key; called by whoever has the lock.
    """

    def __init__(self, folder: pathlib.Path, load: Callable[[str], Serving]) -> None:
        self._folder, self._load = folder, load
        self._own: Serving | None = None
        self._lock: int | None = None
        self._entering = threading.Lock()

    def handle_completions(self, body: Any) -> Any:
        """Answer a raw completion, here or by the process that has the server.

        Raises:
            RuntimeError: Nobody has a server that answers.
        """
        return self._answered("/v1/completions", body)

    def handle_chat_completions(self, body: Any) -> Any:
        """Answer a chat, here or by the process that has the server; errors as for raw completions."""
        return self._answered("/v1/chat/completions", body)

    def close(self) -> None:
        """Let go of the server: another process of this node will have it."""
        with self._entering:
            self._own = None
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _answered(self, path: str, body: Any) -> Any:
        until = time.monotonic() + PATIENCE_S
        while True:
            own = self._mine()
            if own is not None:
                return own.handle_completions(body) if path == "/v1/completions" else own.handle_chat_completions(body)
            told = self._told()
            try:
                if told is not None:
                    return _posted(told, path, body)
            except (OSError, http.client.HTTPException):  # it is gone, and the lock with it
                pass
            if time.monotonic() > until:
                raise RuntimeError("another process of this node has the model, and does not answer")
            time.sleep(POLL_S)

    def _mine(self) -> Serving | None:
        """The server of this process, loaded now if nobody has one; ``None`` if another process has."""
        with self._entering:
            if self._own is None and self._took_the_lock():
                key = secrets.token_hex(32)
                try:
                    own = self._load(key)
                except BaseException:
                    self._unlock()
                    raise
                host, _, port = own.listening_address.rpartition("/")[2].partition(":")
                told = msgspec.json.encode(_Told(host, int(port), key))
                write_whole(self._folder / "address", told)
                self._own = own
            return self._own

    def _took_the_lock(self) -> bool:
        file = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._lock = file
        (self._folder / "address").unlink(missing_ok=True)  # of a process that is gone
        return True

    def _told(self) -> _Told | None:
        try:
            return msgspec.json.decode((self._folder / "address").read_bytes(), type=_Told)
        except (OSError, *UNREADABLE):
            return None


def _posted(told: _Told, path: str, body: Any) -> Any:
    """What the other process's server answers; an answer that is no JSON is none."""
    connection = http.client.HTTPConnection(told.host, told.port, timeout=CALL_S)
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {told.key}"}
        connection.request("POST", path, json.dumps(body), headers)
        return msgspec.json.decode(connection.getresponse().read(MOST_BYTES))
    finally:
        connection.close()


def folder_of(weights: pathlib.Path) -> pathlib.Path:
    """Return the folder of this machine in which processes agree on who has the server of a file; made if missing.

    Raises:
        ConfigurationError: The folder is another user's, or open to others.
    """
    root = pathlib.Path(tempfile.gettempdir()) / f"surefoot-{os.getuid()}"
    name = hashlib.blake2b(os.fsencode(weights.resolve()), digest_size=12).hexdigest()
    for folder in (root, root / name):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise ConfigurationError(f"{folder} is not a folder of yours alone, and a model's key would lie in it")
    return root / name

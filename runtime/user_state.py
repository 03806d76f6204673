"""A key that only this user has, to tell what was written here from what a stranger wrote.

A run directory says where its task's file lies and which servers it asks. A received one may say anything. So what
this user's own commands write down is sealed with a key that is kept outside every run directory, in the folder that
the XDG specification names for such things: ``$XDG_STATE_HOME/surefoot``, by default ``~/.local/state/surefoot``.
"""

import contextlib
import hashlib
import hmac
import os
import pathlib
import secrets

import msgspec

from surefoot.runtime.whole_files import new_draft

KEY_BYTES = 32


def state_folder() -> pathlib.Path:
    """Where this user's state lies; it need not exist.

    Raises:
        RuntimeError: The user has no home folder.
    """
    # The specification wants relative paths to be ignored.
    chosen = os.environ.get("XDG_STATE_HOME", "")
    root = pathlib.Path(chosen) if os.path.isabs(chosen) else pathlib.Path.home() / ".local" / "state"
    return root / "surefoot"


def seal(values: object) -> str:
    """A text that only this user can make for these values; empty where no key can be kept.

    Args:
        values: What ``msgspec.json`` can encode; objects are sealed whatever the order of their keys.
    """
    key = _key(make=True)
    return "" if key is None else _sealed(key, values)


def is_sealed(values: object, text: str) -> bool:
    """Whether ``seal`` made the text for these values, for this user."""
    key = _key(make=False) if text else None
    return key is not None and hmac.compare_digest(_sealed(key, values).encode(), text.encode(errors="replace"))


def _sealed(key: bytes, values: object) -> str:
    return hmac.new(key, msgspec.json.encode(values, order="deterministic"), hashlib.sha256).hexdigest()


def _key(*, make: bool) -> bytes | None:
    """The key, made on first use; ``None`` if there is none."""
    try:
        path = state_folder() / "key"
        if make and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path)
        key = path.read_bytes()
    except (OSError, RuntimeError):
        return None  # no home, or one that cannot be written to: nothing is sealed, and nothing is believed
    return key if len(key) == KEY_BYTES else None


def _make(path: pathlib.Path) -> None:
    descriptor, draft = new_draft(path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, it never takes the place of one that another process just made
    finally:
        draft.unlink()

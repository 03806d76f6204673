"""The draw numbers of a chain's steps: which samples are whose, on every machine."""

import hashlib

from surefoot.runtime.execution.record_buffer import Key
from surefoot.runtime.execution.step_runner import MAX_DRAWS


def draws_of(key: Key) -> int:
    """Return the first draw number of a chain: the same on every machine and after every resume."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=6).digest()) * MAX_DRAWS

"""Finds damage in SQLite's write-ahead log, which SQLite itself takes for the log's end.

After a kill the log holds what was committed last. SQLite reads it up to the first frame whose checksum does not
match, because that is how the end of a log looks. A flipped byte looks the same, and would silently lose every commit
after it; so the frames after the first bad one are looked at: if two or more commits of the same generation follow,
the log did not end there. (One may follow: a commit that was being written when the power went.)

Layout: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import pathlib
import struct

from surefoot.runtime.plain_files import open_plain

HEADER, FRAME = 32, 24
"""Bytes of the file's header, and of the header before each page."""


def first_damage(path: pathlib.Path) -> int | None:
    """Offset in bytes of the first damaged frame (0: the header) that commits follow; ``None`` if there is none."""
    try:
        with open_plain(path) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    if len(data) < HEADER + FRAME:
        return None
    magic, _, page, _, salt1, salt2, sum1, sum2 = struct.unpack(">8I", data[:HEADER])
    order = ">" if magic & 1 else "<"
    if magic & ~1 != 0x377F0682 or _sums(data[: HEADER - 8], order, 0, 0) != (sum1, sum2):
        return 0
    s1, s2, bad, commits = sum1, sum2, None, 0
    for offset in range(HEADER, len(data) - FRAME - page + 1, FRAME + page):
        head = struct.unpack(">6I", data[offset : offset + FRAME])
        same = head[2:4] == (salt1, salt2)
        if bad is None:
            s1, s2 = _sums(data[offset : offset + 8], order, s1, s2)
            s1, s2 = _sums(data[offset + FRAME : offset + FRAME + page], order, s1, s2)
            if not same or (s1, s2) != head[4:6]:
                bad = offset
        commits += bad is not None and same and head[1] > 0
    return bad if commits >= 2 else None


def _sums(data: bytes, order: str, s1: int, s2: int) -> tuple[int, int]:
    """SQLite's running checksum over 32-bit words, two at a time."""
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for i in range(0, len(words), 2):
        s1 = (s1 + words[i] + s2) & 0xFFFFFFFF
        s2 = (s2 + words[i + 1] + s1) & 0xFFFFFFFF
    return s1, s2

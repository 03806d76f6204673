"""Feeds damaged input to every reader: ``python -m tests.chaos.fuzz [--seconds 120] [--only NAME] [--seed 1]``.

Inputs that are whole are flipped, cut, doubled, spliced and sprinkled with what has hurt readers before. The same seed
gives the same inputs. Seconds are those of the processor, so that a busy machine changes nothing. A reader that raises
what it does not document, takes longer than ``LONGEST_S``, or waits ten times as long without working, is at fault;
the input is printed and, with ``--keep DIR``, kept. At the end a table says how many inputs each reader was given.
"""

import argparse
import contextlib
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from tests.chaos.fuzz_target import Target
from tests.chaos.fuzz_targets import TARGETS

LONGEST_S = 5.0
"""Seconds of the processor that a reader may take for one input of some kilobytes."""
LARGEST = 1 << 17
HURT = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\n" * 300, b" " * 3000, b"[" * 2000, b"{\"a\":" * 2000,
    b"(" * 3000, b"9" * 5000, b"-1", b"1e999", b"NaN", b"null", b"10" * 20, b'"\\ud800"', b"\\", b"'", b'"', b"`" * 99,
    b"../../x", b"{{x}}", b"[/1]", b"\x1b[2J", b"%s%n", b"{}", b"[]", b"0x", b"_1", b"\xd9\xa3", b"<think>",
)  # fmt: skip
"""What has hurt some reader before, here or elsewhere."""


class Fault(msgspec.Struct, frozen=True):
    """An input that a reader could not take, and what it said."""

    target: str
    said: str
    data: bytes


class Slow(BaseException):
    """A reader took too long."""


def damaged(rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """One of the seeds, after one to four strokes."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, to = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        to = min(to, at + rng.choice((1, 8, 400)))
        match rng.randrange(7):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del data[at:to]
            case 2:
                data[at:at] = data[at:to] * rng.choice((1, 2, 50))
            case 3:
                data[at:to] = rng.choice(HURT)
            case 4:
                data[at:to] = rng.randbytes(to - at)
            case 5:
                other = rng.choice(seeds)
                data[at:] = other[rng.randrange(len(other) + 1) :]
            case _:
                del data[to:]
    return bytes(data[:LARGEST])


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt a reader, also one that is deaf to everything but signals."""

    def late(number: int, frame: Any) -> None:
        raise Slow

    clocks = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, 10 * seconds))
    before = [(name, signal.signal(name, late), timer, signal.setitimer(timer, most)) for name, timer, most in clocks]
    try:
        yield
    finally:
        for name, handler, timer, left in before:
            signal.setitimer(timer, *left)
            signal.signal(name, handler)


def tried(name: str, target: Target, data: bytes, folder: pathlib.Path) -> Fault | None:
    """Give a reader one input; what is wrong with it, if anything is."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    try:
        with at_most(LONGEST_S):
            target.call(data, folder)
    except target.raises:
        return None
    except Slow:
        return Fault(name, f"longer than {LONGEST_S:g} s", data)
    except Exception as error:  # noqa: BLE001 - whatever is raised is a fault of the reader
        return Fault(name, f"{type(error).__name__}: {error}"[:300], data)
    return None


def is_read(target: Target, data: bytes, folder: pathlib.Path) -> bool:
    """Whether a reader takes an input, so that damage has something to hit."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    try:
        target.call(data, folder)
    except target.raises:
        return False
    return True


def fuzzed(name: str, seed: int, most: int, seconds: float = 1e9) -> tuple[int, list[Fault]]:
    """Give a reader so many inputs, or as many as so many seconds allow; how many it was given, and the faults."""
    target, rng, until = TARGETS[name], random.Random(f"{name} {seed}"), time.process_time() + seconds
    faults: dict[str, Fault] = {}
    count = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None) as folder:
        for data in target.seeds:
            assert (wrong := tried(name, target, data, pathlib.Path(folder))) is None, wrong
        assert any(is_read(target, data, pathlib.Path(folder)) for data in target.seeds), f"{name} reads nothing"
        while count < most and time.process_time() < until:
            fault = tried(name, target, damaged(rng, target.seeds), pathlib.Path(folder))
            count += 1
            if fault is not None:
                faults.setdefault(fault.said[:32], fault)
    return count, list(faults.values())


def main(arguments: list[str]) -> None:
    """Fuzz each reader for so long, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="of the processor, for each reader")
    parser.add_argument("--only", action="append", choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args(arguments)
    print("| reader | seed | inputs | faults |\n|---|---|---|---|")
    for name in options.only or TARGETS:
        count, faults = fuzzed(name, options.seed, sys.maxsize, options.seconds)
        print(f"| {name} | {options.seed} | {count:,} | {len(faults)} |", flush=True)
        for number, fault in enumerate(faults):
            print(f"  {fault.said}: {fault.data[:80]!r} ({len(fault.data)} bytes)", file=sys.stderr)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{name.replace('/', '_')}.{number}").write_bytes(fault.data)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The long schedule of kills, in parts: each call works for so many minutes and adds to a tally in a file.

    python -m tests.chaos.schedule --tally FILE [--minutes 9] [--only worker,cluster]

A part is one run that is killed several times. Its account, one JSON object, is a line of the file; a later call goes
on with the parts that are missing, so that a schedule of hours can be made in turns. What a killed run lost or
repeated is counted from the side of what it asks: the log of every draw that the model was asked for, which stands
on the disk before the model answers, or the bank's own book of payments. At the end of each call the tally is printed.
A part that does not come to its end is a line as well, with what it said, and counts as a fault.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tests.chaos import test_coordinator_kills as coordinator
from tests.chaos import test_map_kills as mapped
from tests.chaos import test_tool_kills as tools
from tests.chaos.harness import REPOSITORY, Run, Usage, survive
from tests.chaos.struck_workers import SITE, SIZES, TASK, Blow, Killer, attack, errors_of, start, whole

SEEDS = (1, 2, 3)
"""Of runs whose coordinator is killed; each is held against a run of its seed that nobody killed."""


class Part(msgspec.Struct, omit_defaults=True):
    """One line of the tally.

    Attributes:
        kind: What was killed.
        number: Which part of its kind; also its seed.
        account: What it came to.
        fault: Why it did not come to its end; empty if it did.
        seconds: How long it took.
    """

    kind: str
    number: int
    account: Usage = msgspec.field(default_factory=Usage)
    fault: str = ""
    seconds: float = 0.0


def coordinator_part(directory: pathlib.Path, number: int) -> Usage:
    """A run whose coordinator is killed eight times, at named places or at moments counted in draws."""
    account, rng, seed = Usage(), random.Random(f"schedule {number}"), SEEDS[number % len(SEEDS)]
    run = Run(directory / "killed", *coordinator.SMALL, "--seed", str(seed))
    end = survive(run, [coordinator.random_session(rng) for _ in range(coordinator.KILLS_A_RUN)], account)
    other = Run(directory / "whole", *coordinator.SMALL, "--seed", str(seed))
    coordinator.compare(run, end, (other, survive(other, [], Usage())))
    account.runs = 1
    return account


def map_part(directory: pathlib.Path, number: int) -> Usage:
    """A map over 160 rows, killed seven times; its answers are right."""
    return mapped.attacked(mapped.MapProcess(directory), 1000 + number, 7)


def tool_part(directory: pathlib.Path, number: int) -> Usage:
    """Twelve parts that each pay once, killed five times; a payment or a row twice counts as repeated."""
    found = tools.attacked(directory, 1000 + number, 5)
    repeated = found.repeated + found.rows_twice + found.called_twice
    return Usage(found.runs, found.kills, found.committed, found.lost + found.rows_lost, repeated)


def worker_part(directory: pathlib.Path, number: int) -> Usage:
    """Two workers of a Ray of the run's own, of which one is killed twenty times."""
    model = "simulated:p_error=0.03,latency_s=0.02"
    return attack(directory, "11", 20, 60 + number, model)[0].account


def cluster_part(directory: pathlib.Path, number: int) -> Usage:
    """Three nodes: workers, then a node, then the head are killed; the run pauses, and ends on three other nodes."""
    model = ("--workers", "3", "--model", "simulated:p_error=0.03,latency_s=0.03")
    run = Run(directory, *TASK, *SIZES, "--disks", "11", *model)
    with three_nodes(run) as cluster:
        killer = Killer(run, start(run, directory, "--address", cluster.address), number, below=os.getpid())
        strike(killer, *[signal.SIGKILL] * 5)
        doomed = killer.rng.choice(cluster.list_all_nodes()[1:])
        strike(killer, lambda _: remove(cluster, doomed), lambda _: remove(cluster, cluster.head_node))
        assert killer.wait(3)["message"].startswith("Ray is gone ("), "a lost head pauses a run"
    with three_nodes(run) as cluster:
        killer.process = start(run, directory, "--address", cluster.address)
        strike(killer, *[signal.SIGKILL] * 4)
        killer.end()
    assert run.plan() == whole(directory, "11").plan()
    return killer.account


def strike(killer: Killer, *blows: Blow) -> None:
    """Strike workers or nodes, each some thirty draws after the last; a run that is over too early is a fault."""
    for blow in blows:
        if not killer.strike(killer.run.asked_so_far() + 30, blow):
            killer.process.kill()
            said = errors_of(killer.run.path.parent).read_text()[-1000:]
            raise AssertionError(f"the run was over too early, or has no workers: {said}")


def remove(cluster: Any, node: Any) -> None:
    """Kill all processes of a node at once."""
    cluster.remove_node(node, allow_graceful=False)


@contextlib.contextmanager
def three_nodes(run: Run) -> Iterator[Any]:
    """A head and two more nodes on this machine, whose workers write a run's log."""
    from ray.cluster_utils import Cluster

    os.environ.update(CHAOS_LOG=str(run.log), PYTHONPATH=f"{SITE}:{REPOSITORY}")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        cluster.shutdown()


PARTS: dict[str, tuple[int, Callable[[pathlib.Path, int], Usage]]] = {
    "coordinator": (200, coordinator_part),
    "map": (50, map_part),
    "tools": (50, tool_part),
    "worker": (100, worker_part),
    "cluster": (50, cluster_part),
}
"""Kills that each kind needs, and one part of it. The first three kill coordinators, the others workers and nodes."""


def read(tally: pathlib.Path) -> list[Part]:
    """The parts that a tally holds."""
    lines = tally.read_text().splitlines() if tally.exists() else []
    return [msgspec.json.decode(line, type=Part) for line in lines]


def missing(done: list[Part], kinds: list[str]) -> tuple[str, int] | None:
    """The next part to be made, of the kind that is furthest from its number of kills; ``None`` if all are there."""
    open_kinds = {}
    for kind in kinds:
        share = sum(part.account.kills for part in done if part.kind == kind) / PARTS[kind][0]
        if share < 1:
            open_kinds[kind] = share
    if not open_kinds:
        return None
    kind = min(open_kinds, key=lambda one: open_kinds[one])
    return kind, sum(part.kind == kind for part in done)


def make(kind: str, number: int) -> Part:
    """Make one part; whatever happens in it becomes its line."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills", dir="/tmp", ignore_cleanup_errors=True) as folder:
        try:
            part = Part(kind, number, PARTS[kind][1](pathlib.Path(folder), number))
        except Exception as error:  # noqa: BLE001 - a part that fails is a result
            part = Part(kind, number, fault=f"{type(error).__name__}: {error}"[:2000])
    part.seconds = round(time.monotonic() - began, 1)
    return part


def table(done: list[Part]) -> str:
    """The tally, a line for each kind."""
    rows = ["| killed | runs | kills (asked) | steps committed before a kill | lost | repeated | parts that failed |"]
    rows.append("|---|---|---|---|---|---|---|")
    for kind, (asked, _) in PARTS.items():
        parts = [part for part in done if part.kind == kind]
        sums = {name: sum(getattr(part.account, name) for part in parts) for name in Usage.__struct_fields__}
        rows.append(
            f"| {kind} | {sums['runs']} | {sums['kills']} ({asked}) | {sums['committed']:,} | {sums['lost']} | "
            f"{sums['repeated']} | {sum(bool(part.fault) for part in parts)} |"
        )
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Work for so many minutes, or until nothing is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tally", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args(arguments)
    until, done = time.monotonic() + 60 * options.minutes, read(options.tally)
    last = {part.kind: part.seconds for part in done}
    while (one := missing(done, options.only.split(","))) is not None:
        if time.monotonic() + last.get(one[0], 0.0) > until:
            break
        part = make(*one)
        last[part.kind] = part.seconds
        done.append(part)
        with options.tally.open("ab") as file:
            file.write(msgspec.json.encode(part) + b"\n")
        print(json.dumps(msgspec.to_builtins(part)), flush=True)
        if all(each.fault for each in done[-3:]):
            break  # it is not the runs that are at fault
    print(table(done))


if __name__ == "__main__":
    main(sys.argv[1:])

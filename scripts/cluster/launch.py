"""Starts a run as a job on a Ray cluster: ``python -m surefoot.scripts.cluster.launch -- run hanoi --disks 20
--run-dir /data/tower``.

The coordinator runs on the head node and keeps the run directory there; workers run on all nodes. Surefoot's code
travels with the job: the nodes need Python, Ray and the dependencies (``--pip`` has Ray install them), no checkout.
``scripts/presets/cluster.yaml`` starts such a cluster.
"""

import argparse
import importlib.metadata
import os
import shlex
import sys
from collections.abc import Sequence

import surefoot
from surefoot.runtime.errors import ConfigurationError


def entrypoint(arguments: Sequence[str]) -> str:
    """The shell command of a job: ``surefoot`` with these arguments, on the cluster that the job runs on.

    Raises:
        ConfigurationError: They name no run, or an address of their own.
    """
    if not arguments or arguments[0] not in ("run", "resume", "measure"):
        raise ConfigurationError("what to launch follows --, such as: -- run hanoi --disks 20 --run-dir /data/tower")
    if any(argument.split("=")[0] == "--address" for argument in arguments):
        raise ConfigurationError("--address is the cluster that the job runs on; leave it out")
    return shlex.join(["python3", "-m", "surefoot.scripts.commands.cli", *arguments])


def packages() -> list[str]:
    """Directories of the packages that travel with a job."""
    return [os.path.dirname(str(module.__file__)) for module in (surefoot,)]


def requirements() -> list[str]:
    """Surefoot's dependencies, Ray left out: a job cannot change the Ray it runs on."""
    declared = importlib.metadata.requires("surefoot") or []
    return [one for one in declared if "extra ==" not in one and not one.startswith("ray")]


def main(argv: list[str] | None = None) -> int:
    """Submit a job and follow it; the exit status."""
    from surefoot.runtime.worker.ray_cluster import follow_job, submit_job

    parser = argparse.ArgumentParser(prog="python -m surefoot.scripts.cluster.launch", description=__doc__)
    parser.add_argument("--dashboard", default="http://127.0.0.1:8265", help="the cluster's dashboard (%(default)s)")
    parser.add_argument("--pip", action="store_true", help="have Ray install the dependencies on the nodes")
    parser.add_argument("--no-wait", action="store_true", help="print the job's id and leave")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="-- and the arguments of surefoot")
    options = parser.parse_args(argv)
    arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    try:
        command = entrypoint(arguments)
        name = "surefoot " + " ".join(arguments[:2])
        job = submit_job(options.dashboard, command, packages(), requirements() if options.pip else [], name)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"job {job}", flush=True)
    if options.no_wait:
        return 0
    return 0 if follow_job(options.dashboard, job, lambda text: print(text, end="", flush=True)) else 1


if __name__ == "__main__":
    sys.exit(main())

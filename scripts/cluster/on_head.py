"""Runs a command of surefoot as a job on a cluster's head node, after a look at what its Python lacks.

It imports the standard library only, so that a missing package is one line and not a traceback.
"""

import importlib.util
import os
import platform
import sys

NEEDED = ("msgspec", "click", "ray", "rich", "scipy", "stamina", "structlog", "tomli_w", "uvloop")
"""What the command line imports for any run."""


def missing() -> list[str]:
    """Names of needed packages that this Python lacks."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def main(arguments: list[str] | None = None) -> None:
    """Run the command, or ``pack DIRECTORY`` to print a run directory as text; exits with the command's code."""
    given = sys.argv[1:] if arguments is None else arguments
    lacks = missing()
    if lacks:
        where = f"{platform.node()}, {sys.executable}"
        print(f"surefoot: the head node's Python ({where}) lacks {', '.join(lacks)}: install surefoot there, "
              "or launch with --pip", file=sys.stderr)  # fmt: skip
        sys.exit(2)
    if given[:1] == ["pack"]:
        from surefoot.scripts.cluster.parcel import print_parcel

        sys.exit(print_parcel(given[1]))
    from surefoot.runtime.worker.ray_owner import cluster_above
    from surefoot.scripts.commands.cli import main as command_line

    # Ray tells a job the cluster that was noted last on this machine, which another process may have begun.
    if own := cluster_above("self"):
        os.environ["RAY_ADDRESS"] = own
    command_line(given)


if __name__ == "__main__":
    main()

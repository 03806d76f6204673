"""A Ray that a run starts for itself: reached from this machine alone, and asking nobody anything."""

import contextlib
import os
import sys
from collections.abc import Iterator

PATIENCE = {"RAY_agent_register_timeout_ms": "120000", "RAY_raylet_start_wait_time_s": "120"}
"""How long the processes of a Ray wait for each other as they start. After Ray's own 30 seconds, which a busy machine
needs, the raylet ends, and Ray's client ends the process that it lives in without a word."""


@contextlib.contextmanager
def private_start() -> Iterator[None]:
    """Let a Ray that is started here listen on the loopback address only, join nothing and ask nobody.

    These are settings of Ray that have no option, each as Ray itself has it in some case:

    - the address of a single machine, which Ray takes on macOS and Windows; elsewhere it listens on all interfaces;
    - an address of ``auto`` in the environment is not read;
    - without the process that asks three clouds' metadata services whether it runs there: it serves the usage
      statistics, and it asks also when they are off; without a dashboard it does nothing else.
    """
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    from ray._private import ray_constants
    from ray._private.node import Node

    address, clusters, start = (
        os.environ.pop("RAY_ADDRESS", None),
        ray_constants.ENABLE_RAY_CLUSTER,
        Node.start_api_server,
    )
    ray_constants.ENABLE_RAY_CLUSTER = False
    if os.environ["RAY_USAGE_STATS_ENABLED"] == "0":
        Node.start_api_server = lambda node, **_: setattr(node, "_webui_url", None)
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER, Node.start_api_server = clusters, start
        if address is not None:
            os.environ["RAY_ADDRESS"] = address


def read_mode_again() -> None:
    """Have Ray's core read ``RAY_AUTH_MODE`` again, where this process had a Ray before and has none now.

    Since 2.59 a Ray that is begun here turns tokens on for the process, and its core keeps that mode, whatever the
    environment says later. A client with a token refuses what a cluster without one tells it.
    """
    ray = sys.modules.get("ray")
    if ray is None or ray.is_initialized():
        return
    with contextlib.suppress(ImportError):  # before 2.59 there are no tokens
        from ray._private.authentication import authentication_token_setup

        authentication_token_setup.Config.initialize("")

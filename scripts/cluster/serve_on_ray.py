"""Serves the bundled model as a Ray Serve deployment, for workers that talk to it over OpenAI's protocol.

``python -m surefoot.scripts.cluster.serve_on_ray --address auto --replicas 2`` on a node of the cluster, then, on the
same cluster,
``surefoot run hanoi --disks 12 --model openai/bundled --api-base http://127.0.0.1:8000/v1 --dialect compact``.
"""

import argparse
import signal
import sys

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError


def main(argv: list[str] | None = None) -> int:
    """Deploy the model on Ray Serve, print the address, and stay until stopped; return the exit status."""
    from surefoot.runtime.worker.ray_serve import serve_model

    parser = argparse.ArgumentParser(prog="python -m surefoot.scripts.cluster.serve_on_ray", description=__doc__)
    parser.add_argument("--model", default="bundled", help="model to serve (default: bundled)")
    parser.add_argument("--task", default="hanoi", help="task that a simulated model knows (default: hanoi)")
    parser.add_argument("--address", default="auto", help="Ray cluster: auto or HOST:PORT (default: auto)")
    parser.add_argument("--port", type=int, default=8000, help="port on each node (default: 8000)")
    parser.add_argument("--replicas", type=int, default=1, help="processes that hold the model (default: 1)")
    options = parser.parse_args(argv)
    config = RunConfig(task=options.task, model=options.model, address=options.address)
    try:
        base = serve_model(config, options.model.partition(":")[0], options.port, options.replicas)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"serving {options.model} at {base}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())

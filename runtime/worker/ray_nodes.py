"""Asks every node of a cluster, before work starts, whether its Python can run Surefoot."""

import platform
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.worker.ray_cluster import Cluster, last_line

ANSWER_S = 180.0
"""Seconds that a node may take to answer: it unpacks the code that was sent, and may install requirements."""


class NodePython(msgspec.Struct, frozen=True):
    """The Python in which a node runs workers.

    Attributes:
        node: The node's address.
        version: Of Python, such as ``3.12.3``.
        executable: Path of the interpreter on that node.
        missing: Packages that Surefoot needs and that cannot be imported there.
        fault: Why the node did not answer; empty if it did.
    """

    node: str
    version: str = ""
    executable: str = ""
    missing: tuple[str, ...] = ()
    fault: str = ""


def check_nodes(cluster: Cluster, config: RunConfig) -> None:
    """Ask all nodes at once whether they can run this run's workers.

    Raises:
        ConfigurationError: Some cannot run workers; one line names each, and what differs there.
    """
    differences = differences_of(ask_nodes(cluster, needed_packages(config)), platform.python_version())
    if differences:
        raise ConfigurationError("workers cannot run on all nodes: " + "; ".join(differences))


def needed_packages(config: RunConfig) -> tuple[str, ...]:
    """Name the packages that a worker imports besides Ray and Surefoot, which travels along."""
    always: tuple[str, ...] = ("msgspec", "scipy", "stamina", "structlog")
    models = {*members_of(config.model), *([config.fallback_model] if config.fallback_model else [])}
    if "bundled" in models:
        always += ("ctranslate2", "numpy")
    if any(map(is_local, models)):
        always += ("xllamacpp",)
    if any(not model.startswith(("bundled", "simulated")) and not is_local(model) for model in models):
        always += ("aiohttp", "litellm")
    return always


def differences_of(nodes: Sequence[NodePython], version: str) -> list[str]:
    """One phrase for each node that differs from the coordinator's Python ``version`` or lacks something."""
    said = []
    for one in nodes:
        if one.fault:
            said.append(f"node {one.node}: {one.fault}")
        elif one.version.split(".")[:2] != version.split(".")[:2]:
            said.append(f"node {one.node} has Python {one.version} ({one.executable}), the coordinator {version}")
        elif one.missing:
            said.append(f"node {one.node} ({one.executable}) lacks {', '.join(one.missing)}")
    return said


def ask_nodes(cluster: Cluster, packages: tuple[str, ...]) -> list[NodePython]:
    """Ask each living node which Python it has and which packages are missing there."""
    ray = cluster.ray
    from_node = ray.remote(_look())
    asked = {}
    for node in ray.nodes():
        if node["Alive"]:
            place = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            options = {"num_cpus": 0, "scheduling_strategy": place, "max_retries": 0, "name": "look at this node"}
            asked[node["NodeManagerAddress"], node["NodeID"]] = from_node.options(**options).remote(packages)
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER_S)
    return [_heard(ray, name, reference) for (name, _), reference in asked.items()]


def _heard(ray: Any, name: str, reference: Any) -> NodePython:
    try:
        version, executable, missing = ray.get(reference, timeout=0)
    except ray.exceptions.GetTimeoutError:
        return NodePython(name, fault=f"no answer within {ANSWER_S:g} s")
    except ray.exceptions.RayError as error:
        return NodePython(name, fault=last_line(error))
    return NodePython(name, str(version), str(executable), tuple(map(str, missing)))


def _look() -> Callable[[tuple[str, ...]], tuple[str, str, list[str]]]:
    """The function that runs on each node. It is local so that it travels by value: the node may lack all else."""

    def look(packages: tuple[str, ...]) -> tuple[str, str, list[str]]:
        import importlib.util
        import platform
        import sys

        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        return platform.python_version(), sys.executable, missing

    return look

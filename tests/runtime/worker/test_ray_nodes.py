"""Nodes that cannot run workers are named before work starts, each with what differs."""

import sys

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.worker.ray_nodes import NodePython, _look, differences_of, needed_packages


def test_each_node_that_differs_is_named_with_the_difference() -> None:
    nodes = [
        NodePython("10.0.0.1", "3.12.1", "/a/python"),
        NodePython("10.0.0.2", "3.12.7", "/b/python"),
        NodePython("10.0.0.3", "3.11.9", "/c/python"),
        NodePython("10.0.0.4", "3.12.1", "/d/python", ("msgspec", "scipy")),
        NodePython("10.0.0.5", fault="no answer within 180 s"),
    ]
    assert differences_of(nodes, "3.12.1") == [
        "node 10.0.0.3 has Python 3.11.9 (/c/python), the coordinator 3.12.1",
        "node 10.0.0.4 (/d/python) lacks msgspec, scipy",
        "node 10.0.0.5: no answer within 180 s",
    ]
    assert differences_of(nodes[:2], "3.12.1") == []


@pytest.mark.parametrize(
    ("model", "fallback", "more"),
    [
        ("simulated:p_error=0.1", None, set()),
        ("bundled", None, {"ctranslate2", "numpy"}),
        ("openai/m", None, {"aiohttp", "litellm"}),
        ("simulated", "openai/m", {"aiohttp", "litellm"}),
    ],
)
def test_a_node_needs_what_the_runs_models_need(model: str, fallback: str | None, more: set[str]) -> None:
    packages = set(needed_packages(RunConfig(task="hanoi", model=model, fallback_model=fallback)))
    assert packages - {"msgspec", "scipy", "stamina", "structlog"} == more


def test_a_node_says_which_python_it_is_and_what_it_lacks() -> None:
    version, executable, missing = _look()(("msgspec", "no_such_package"))
    assert (executable, missing) == (sys.executable, ["no_such_package"])
    assert version.count(".") == 2


def test_the_look_travels_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node may lack Surefoot's dependencies: nothing of Surefoot may be imported to ask it."""
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    travels = cloudpickle.dumps(_look())
    for name in [name for name in sys.modules if name.partition(".")[0] == "surefoot"]:
        monkeypatch.setitem(sys.modules, name, None)  # whatever imports it fails
    assert cloudpickle.loads(travels)(("msgspec",))[2] == []

"""Two workers of a Ray ask one llama.cpp: one of their processes has the weights, and both get answers."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

ROOT = pathlib.Path(__file__).parents[3]

ASKING = """
import asyncio, json, pathlib, sys
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.records import Counts
from surefoot.runtime.session.work import open_pool

def holding():
    for maps in pathlib.Path("/proc").glob("[0-9]*/maps"):
        try:
            if sys.argv[1] in maps.read_text():
                yield maps.parent.name
        except OSError:
            pass

async def main():
    config = RunConfig(task="hanoi", model=f"gguf:{sys.argv[1]}", temperature=1.0, workers=2, address="local")
    pool, counts = open_pool(config, open_task(config)), Counts()

    async def part(first):
        async for batch in pool.run_sample(range(first, 24, 2), 2, 0):
            counts.add(batch.counts)

    await asyncio.gather(part(0), part(1))
    print(json.dumps([counts.calls, counts.failed_calls, sorted(counts.by_worker), len(list(holding()))]))
    await pool.close()

asyncio.run(main())
"""


@pytest.mark.skipif(not pathlib.Path("/proc/self/maps").exists(), reason="what a process has loaded is read in /proc")
def test_the_workers_of_a_node_share_one_server(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("xllamacpp")
    pytest.importorskip("gguf")
    weights = tmp_path / "tiny.gguf"
    subprocess.run([sys.executable, str(ROOT / "tests" / "servers" / "make_gguf.py"), str(weights)], check=True)
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp") as folder:
        keep = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        path = os.pathsep.join([str(ROOT), *filter(None, [keep.get("PYTHONPATH")])])
        environment = {**keep, "PYTHONPATH": path, "RAY_TMPDIR": folder, "TMPDIR": folder}
        done = subprocess.run(
            [sys.executable, "-c", ASKING, str(weights)], env=environment, cwd=folder, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    calls, failed, workers, holders = json.loads(done.stdout.splitlines()[-1])
    assert (calls, failed, workers) == (48, 0, ["0", "1"])
    assert holders == 1

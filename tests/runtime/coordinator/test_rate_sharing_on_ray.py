"""Two workers on Ray ask one server that is limited: they find its rate together."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from surefoot.scripts.benchmarks.litellm import serving

pytestmark = [pytest.mark.ray, pytest.mark.long, pytest.mark.timeout(600)]

ROOT = pathlib.Path(__file__).parents[3]
RATE = 40.0

ASKING = """
import asyncio, json, sys
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.rate_sharing import RateSharing
from surefoot.runtime.records import Counts
from surefoot.runtime.session.work import open_pool

async def main():
    config = RunConfig(task="hanoi", model="openai/m", api_base=sys.argv[1], workers=2, worker_silence_s=600)
    pool = open_pool(config, open_task(config))
    async with RateSharing(pool, config.calls_in_flight) as sharing:
        counts = Counts()

        async def part(first):
            async for batch in pool.run_sample(range(first, 1200, 2), 1, 0):
                counts.add(batch.counts)

        await asyncio.gather(part(0), part(1))
        (control,) = sharing.controls.values()
    print(json.dumps([counts.calls, counts.failed_calls, control.rate, sorted(counts.by_worker)]))
    await pool.close()

asyncio.run(main())
"""


def test_two_workers_share_a_pace() -> None:
    with serving(0.02, RATE) as (base, _), tempfile.TemporaryDirectory(prefix="sf", dir="/tmp") as folder:
        keep = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        environment = {**keep, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": folder, "RAY_AUTH_MODE": "disabled"}
        done = subprocess.run(
            [sys.executable, "-c", ASKING, base], env=environment, cwd=folder, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    calls, failed, rate, workers = json.loads(done.stdout.splitlines()[-1])
    assert (calls, workers) == (1200, ["0", "1"])
    assert failed <= 0.02 * calls
    assert rate == pytest.approx(RATE, rel=0.3)

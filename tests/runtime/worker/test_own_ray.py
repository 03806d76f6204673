"""A Ray that a run starts for itself: nothing listens beyond this machine, and no file beside the user is imported."""

import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from tests.chaos.harness import until
from tests.chaos.struck_workers import processes_below, workers_below
from tests.runtime.worker.test_ray_cluster import OWN_TASK, ROOT

HOSTILE = """
import pathlib
with pathlib.Path({marker!r}).open("a") as file:
    file.write(__name__)
raise ImportError("hostile")
"""
NAMES = ("msgspec", "jinja2", "scipy", "structlog", "stamina", "aiohttp")


def listening(processes: set[int]) -> list[str]:
    """Addresses at which processes take TCP connections."""
    held = set()
    for process in processes:
        for entry in pathlib.Path(f"/proc/{process}/fd").glob("*"):
            try:
                held.add(os.readlink(entry).removeprefix("socket:[").removesuffix("]"))
            except OSError:
                continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and cells[9] in held:
                found.append(address_of(cells[1].partition(":")[0]))
    return found


def address_of(text: str) -> str:
    """An address as the kernel's table has it: words of 32 bits, each in this machine's order."""
    words = bytes.fromhex(text)
    packed = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    address = ipaddress.ip_address(packed)
    return str(getattr(address, "ipv4_mapped", None) or address)


def test_addresses_are_read_as_the_kernel_writes_them() -> None:
    assert address_of("0100007F") == "127.0.0.1"
    assert address_of("0000000000000000FFFF00000100007F") == "127.0.0.1"
    assert address_of("00000000000000000000000000000000") == "::"


@pytest.mark.ray
@pytest.mark.timeout(240)
def test_a_run_is_open_to_this_machine_alone_and_imports_nothing_from_its_folder() -> None:
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        marker = folder / "imported"
        for module in NAMES:
            (folder / f"{module}.py").write_text(HOSTILE.format(marker=str(marker)))
        (folder / "beside.py").write_text("def word(): return 'before'")
        own = OWN_TASK.replace("\nclass Countdown", "\nimport beside\n\nclass Countdown")
        (folder / "mine.py").write_text(own.replace('f"before {step.reads}"', 'f"{beside.word()} {step.reads}"'))
        options = ["--start", "200", "--model", "simulated:p_error=0.01,latency_s=0.02", "--k", "2", "--workers", "1"]
        command = [sys.executable, "-P", "-m", "surefoot.scripts.commands.cli", "run", "mine:Countdown", *options]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        environment |= {"PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(folder / "ray")}
        (folder / "ray").mkdir()
        run = subprocess.Popen(
            [*command, "--address", "local", "--run-dir", "r", "--json"], cwd=folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert until(run, lambda: bool(workers_below(run.pid))), run.communicate()
        found = listening(processes_below(run.pid))
        assert len(found) >= 3, "the head, the raylet and the worker listen"
        assert [one for one in found if not ipaddress.ip_address(one).is_loopback] == []
        out, err = run.communicate(timeout=200)
        assert run.returncode == 0, err
        assert json.loads(out.splitlines()[-1])["steps"] == 200
        assert not marker.exists(), marker.read_text()

"""Workers of Ray import nothing that lies in the current folder before what is installed."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys

import pytest

from surefoot.runtime.worker.import_path import appending, is_installed, job_without_folders, own_folders


def test_a_job_takes_no_folder_of_its_driver() -> None:
    import ray

    placebo = ray.job_config.JobConfig()
    for job, kept in ((placebo, ["/tmp/folder"]), (job_without_folders(ray), [])):
        job._py_driver_sys_path.extend(["/tmp/folder"])
        assert list(job._get_proto_job_config().py_driver_sys_path) == kept


def test_a_users_folders_are_those_that_no_python_is_installed_in(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    beside = tmp_path / "beside"
    beside.mkdir()
    path = ["", str(beside), str(beside), str(tmp_path / "missing"), sys.prefix, f"{sys.base_prefix}/lib"]
    assert own_folders(path) == [os.path.realpath(tmp_path), os.path.realpath(beside)]


def test_folders_come_last_and_the_function_travels_by_value(tmp_path: pathlib.Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the folder came first')")
    (tmp_path / "beside.py").write_text("found = 1")
    from ray import cloudpickle  # the pickler with which Ray sends it

    sent = cloudpickle.dumps(appending([str(tmp_path)]))
    program = f"""
import sys
sys.modules["surefoot"] = None  # whoever imports it here fails
from ray import cloudpickle
cloudpickle.loads({sent!r})()
del sys.modules["json"]
import beside, json
print(beside.found)
"""
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_surefoot_is_installed_where_python_knows_its_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", none)
    assert not is_installed()
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: name)
    assert is_installed()

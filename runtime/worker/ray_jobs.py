"""Jobs on a Ray cluster, through the address of its dashboard: sent, followed, asked after, stopped."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.ray_address import is_here
from surefoot.runtime.worker.ray_cluster import STAYS_HERE, last_line, one_line, token_hint, use_kept_token

TALKATIVE = ("ray._private.runtime_env", "ray.dashboard.modules.dashboard_sdk", "ray.dashboard.modules.job.sdk")
"""Ray's loggers that tell of every upload and connection; each sets a level of its own."""
LOOK_S = 0.5
"""Seconds between two looks at whether a job has ended."""
STOP_S = 60
"""Seconds that a job that is stopped is given to journal what it holds."""


class JobRequest(msgspec.Struct, frozen=True):
    """A command that a cluster is to run.

    Attributes:
        entrypoint: Shell command, run on the head node.
        packages: Directories of packages, or single ``.py`` files, that the job and all nodes import.
        folder: Directory whose content becomes the job's working directory on every node; empty for none.
        pip: Requirements that Ray installs on the nodes; none if they are there.
        name: What the dashboard calls it.
    """

    entrypoint: str
    packages: tuple[str, ...]
    folder: str
    pip: tuple[str, ...]
    name: str


class JobState(msgspec.Struct, frozen=True):
    """State of a job, as its cluster tells it.

    Attributes:
        job: Its id.
        status: ``PENDING``, ``RUNNING``, ``SUCCEEDED``, ``FAILED`` or ``STOPPED``.
        command: Its name on the dashboard.
        message: What Ray says of it; untrusted text.
        exit_code: Of its command, if that ended.
    """

    job: str
    status: str
    command: str
    message: str
    exit_code: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the job has ended, in whatever way."""
        return self.status in ("SUCCEEDED", "FAILED", "STOPPED")


class Jobs:
    """Client for the jobs of one cluster.

    Args:
        dashboard: Address of its dashboard, such as ``http://127.0.0.1:8265``.

    Raises:
        ConfigurationError: There is no dashboard at the address, it wants a token, or this Ray has no client for jobs.
    """

    def __init__(self, dashboard: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if is_here(dashboard):
            use_kept_token()
        from ray.job_submission import JobSubmissionClient

        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        self._dashboard = dashboard
        self._client = self._said(lambda: JobSubmissionClient(dashboard))

    def _said(self, call: Callable[[], Any]) -> Any:
        """Return what a call to the dashboard returns; raise its errors as one line."""
        from ray.exceptions import RayError

        try:
            return call()
        except RayError as error:  # refused, such as for want of a token
            hint = token_hint(self._dashboard)
            line = one_line(error) + (f"; if it asks for a token{hint}" if hint else "")
            raise ConfigurationError(f"cannot use the cluster at {self._dashboard}: {line}") from error
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ConfigurationError(f"cannot use the cluster at {self._dashboard}: {last_line(error)}") from error

    def submit(self, request: JobRequest) -> str:
        """Start a job and return its id. What travels does so by content hash, once a node.

        Raises:
            ConfigurationError: The cluster does not take it.
        """
        variables = {"PYTHONUNBUFFERED": "1", "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_S)}
        environment: dict[str, Any] = {
            "py_modules": list(request.packages), "excludes": STAYS_HERE, "env_vars": variables,
        }  # fmt: skip
        if request.folder:
            environment["working_dir"] = request.folder
        if request.pip:
            environment["pip"] = list(request.pip)
        metadata = {"name": request.name}
        return str(
            self._said(
                lambda: self._client.submit_job(
                    entrypoint=request.entrypoint, runtime_env=environment, metadata=metadata
                )
            )
        )

    def state(self, job: str) -> JobState:
        """Ask the cluster how a job stands.

        Raises:
            ConfigurationError: The cluster knows no such job.
        """
        return _state(self._said(lambda: self._client.get_job_info(job)))

    def all(self) -> list[JobState]:
        """List the jobs that the cluster remembers, the latest last."""
        found = [one for one in self._said(self._client.list_jobs) if one.submission_id]
        return [_state(one) for one in sorted(found, key=lambda one: one.start_time or 0)]

    def follow(self, job: str, print_log: Callable[[str], None]) -> JobState:
        """Print a job's output until the job ends; return how it ended."""

        async def follow() -> None:
            async for text in self._client.tail_job_logs(job):
                print_log(text)

        asyncio.run(follow())
        while not (state := self.state(job)).ended:
            time.sleep(LOOK_S)
        return state

    def logs(self, job: str) -> str:
        """Return all that a job has printed so far; untrusted text."""
        return str(self._said(lambda: self._client.get_job_logs(job)))

    def stop(self, job: str) -> None:
        """Ask a job to end politely: a run pauses and can be resumed."""
        self._said(lambda: self._client.stop_job(job))


def _state(info: Any) -> JobState:
    """Ray's description of a job, as far as it is used here."""
    name = (info.metadata or {}).get("name", "")
    status = str(getattr(info.status, "value", info.status))
    return JobState(str(info.submission_id), status, str(name), str(info.message or ""), info.driver_exit_code)

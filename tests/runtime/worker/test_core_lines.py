"""Lines of Ray's core are kept off standard error, and nobody else's are."""

import os

import pytest

from surefoot.runtime.worker.core_lines import CoreLines

LINE = (
    b"[2026-11-28 06:44:15,118 W 13385 13413] gcs_client.cc:210: Failed to get cluster ID: Unauthenticated: RPC error\n"
)


def test_only_the_cores_lines_are_kept_back(capfd: pytest.CaptureFixture[str]) -> None:
    core = CoreLines()
    with core.caught():
        os.write(2, b"progress of ours\n" + 3 * LINE + b"[bracketed] line of somebody\n" + LINE)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "progress of ours\n[bracketed] line of somebody\nafter\n"
    assert core.unauthenticated


def test_an_error_passes_and_standard_error_is_back(capfd: pytest.CaptureFixture[str]) -> None:
    core = CoreLines()

    def refused() -> None:
        with core.caught():
            os.write(2, LINE.replace(b"Unauthenticated", b"Unavailable"))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        refused()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
    assert not core.unauthenticated

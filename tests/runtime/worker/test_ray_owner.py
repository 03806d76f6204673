"""Whose Ray it is that answers: read from what Linux tells of processes, here written by hand."""

import os
import pathlib

import pytest

from surefoot.runtime.worker.ray_owner import DEEPEST, begun_by_user, cluster_above, noted_by_user

PORT = 6379


def machine(folder: pathlib.Path, parent: list[str], state: str = "0A", inode: str = "77") -> pathlib.Path:
    """A folder like /proc with one process, 40, that listens at the port, and its parent, 30."""
    (folder / "net").mkdir(parents=True)
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    line = f"   0: 0100007F:{PORT:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0  0 77 1 0\n"
    (folder / "net" / "tcp").write_text(head + line)
    (folder / "40" / "fd").mkdir(parents=True)
    (folder / "40" / "fd" / "3").symlink_to("/dev/null")
    (folder / "40" / "fd" / "5").symlink_to(f"socket:[{inode}]")
    (folder / "40" / "status").write_text("Name:\tgcs_server\nPPid:\t30\n")
    (folder / "30").mkdir()
    (folder / "30" / "cmdline").write_text("\0".join(parent) + "\0")
    return folder


@pytest.mark.parametrize(
    ("parent", "mine"),
    [
        (["/sbin/init"], True),  # `ray start` has ended
        (["/usr/lib/systemd/systemd", "--user"], True),
        (["/venv/bin/python", "/venv/bin/ray", "start", "--head", "--block"], True),
        (["/venv/bin/python3.12", "my_script.py"], False),  # ray.init(), or a cluster of a test
        (["python", "-m", "pytest", "-k", "start"], False),
        (["ipython"], False),
    ],
    ids=str,
)
def test_a_head_that_a_program_started_for_itself_is_not_the_users(
    parent: list[str], mine: bool, tmp_path: pathlib.Path
) -> None:
    assert begun_by_user(PORT, machine(tmp_path / "proc", parent)) is mine


def test_what_nobody_can_be_found_for_is_not_the_users(tmp_path: pathlib.Path) -> None:
    """Another user's process shows no open files."""
    assert not begun_by_user(PORT, machine(tmp_path / "a", ["init"], inode="78"))
    assert not begun_by_user(PORT, machine(tmp_path / "b", ["init"], state="01"))  # a connection, and nobody listens
    assert not begun_by_user(PORT + 1, machine(tmp_path / "c", ["init"]))


def test_where_no_processes_are_told_of_the_note_has_to_do(tmp_path: pathlib.Path) -> None:
    assert begun_by_user(PORT, tmp_path)


def test_a_note_is_the_users_own_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    assert not noted_by_user(note)
    note.write_text("127.0.0.1:6379")
    assert noted_by_user(note)
    (tmp_path / "link").symlink_to(note)
    assert not noted_by_user(tmp_path / "link")
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert not noted_by_user(note)


def ancestors(folder: pathlib.Path, *commands: str) -> pathlib.Path:
    """A folder like /proc: process 1 is the child of 2, and so on; the last has no parent that is shown."""
    for number, command in enumerate(commands, 1):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "cmdline").write_text(command.replace(" ", "\0") + "\0")
        (folder / str(number) / "status").write_text(f"Name:\tx\nPPid:\t{number + 1}\n")
    return folder


@pytest.mark.parametrize(
    ("commands", "cluster"),
    [
        (["python -m job", "sh -c job", "ray::JobSupervisor", "raylet --x --gcs-address=10.0.0.1:1 --y"], "10.0.0.1:1"),
        (["job --gcs-address=a:1", "raylet --gcs-address=b:2"], "a:1"),
        (["python job.py note--gcs-address=a:1", "bash", "init"], ""),
        ([], ""),
        (["x"] * DEEPEST + ["raylet --gcs-address=a:1"], ""),
    ],
)  # fmt: skip
def test_a_job_belongs_to_the_cluster_on_whose_node_it_was_started(
    commands: list[str], cluster: str, tmp_path: pathlib.Path
) -> None:
    assert cluster_above("1", ancestors(tmp_path / "proc", *commands)) == cluster

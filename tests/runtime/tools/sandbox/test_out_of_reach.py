"""The network, files, processes, memory and descriptors of the machine are out of a cell's reach.

Each piece of code finds something where nothing isolates it: that is the other arm.
"""

import asyncio
import ctypes
import os
import pathlib
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.cells import Answer, CellProgram, CellsEnded, CellsFailed, run_cells
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox

ROOT = pathlib.Path(__file__).parents[4]
Ended = Callable[..., Coroutine[Any, Any, Any]]

SYSCALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"


async def test_network_is_out_of_reach(isolation: Isolation, reaches: Ended) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = (
            f"{SYSCALL}import struct\nfd = libc.socket(2, 1, 0)\n"
            "to = struct.pack('=H', 2) + struct.pack('>H', port) + bytes([127, 0, 0, 1]) + bytes(8)\n"
            "fd >= 0 and libc.connect(fd, to, 16) == 0"
        )
        assert await reaches(connect, Isolation.NONE, port=port)
        assert not await reaches(connect, isolation, port=port)


@pytest.mark.parametrize("family", [1, 2, 10, 16, 17], ids=["unix", "ipv4", "ipv6", "netlink", "packet"])
async def test_no_kind_of_socket_can_be_made(family: int, isolation: Isolation, reaches: Ended) -> None:
    assert not await reaches(f"{SYSCALL}libc.socket({family}, 2, 0) >= 0", isolation)


async def test_files_outside_are_out_of_reach(isolation: Isolation, tmp_path: pathlib.Path, reaches: Ended) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    read = "'s3cret' in open(path).read()"
    write = "import os\nos.close(os.open(path + '.new', os.O_CREAT | os.O_WRONLY)); True"
    for code in (read, write):
        assert await reaches(code, Isolation.NONE, path=str(secret))
        (tmp_path / "secret.new").unlink(missing_ok=True)
        assert not await reaches(code, isolation, path=str(secret))
    assert os.listdir(tmp_path) == ["secret"]


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/dev/kmsg", "/sys", "/tmp"])
async def test_the_usual_places_are_not_there(path: str, isolation: Isolation, reaches: Ended) -> None:
    exists = "import os\nfd = os.open(path, 0); True"
    if _can_be_opened(path):  # in some containers not all of them can
        assert await reaches(exists, Isolation.NONE, path=path)
    assert not await reaches(exists, isolation, path=path)


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def _can_be_opened(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


async def test_other_processes_cannot_be_signalled(
    other_process: subprocess.Popen[bytes], isolation: Isolation, reaches: Ended
) -> None:
    signal = "import os\nos.kill(pid, 0) is None"
    assert await reaches(signal, Isolation.NONE, pid=other_process.pid)
    for code in (signal, "import os\nos.kill(os.getppid(), 0) is None", "import os\nos.kill(-1, 0) is None"):
        assert not await reaches(code, isolation, pid=other_process.pid)
    assert other_process.poll() is None


async def test_signals_cannot_be_sent_by_way_of_a_descriptor(isolation: Isolation, reaches: Ended) -> None:
    """F_SETOWN has the kernel send a signal of choice to any process of the same user."""
    take = f"{SYSCALL}libc.fcntl(1, 8, pid) == 0"
    assert await reaches(take, Isolation.NONE, pid=os.getpid())
    assert not await reaches(take, isolation, pid=os.getpid())


async def test_the_memory_of_the_process_that_started_it_is_out_of_reach(isolation: Isolation, reaches: Ended) -> None:
    secret = ctypes.create_string_buffer(b"s3cret")
    read = (
        f"{SYSCALL}class V(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]\n"
        "got = ctypes.create_string_buffer(6)\nhere, there = V(ctypes.addressof(got), 6), V(at, 6)\n"
        "one = ctypes.c_ulong(1)\n"
        "n = libc.process_vm_readv(pid, ctypes.byref(here), one, ctypes.byref(there), one, 0)\n"
        "n == 6 and got.raw == b's3cret'"
    )
    where = {"pid": os.getpid(), "at": ctypes.addressof(secret)}
    if os.geteuid() == 0:  # other users may be kept from this by the machine's own settings
        assert await reaches(read, Isolation.NONE, **where)
    assert not await reaches(read, isolation, **where)
    assert not await reaches(f"{SYSCALL}libc.ptrace(16, pid, 0, 0) == 0", isolation, **where)
    assert not await reaches("open(f'/proc/{pid}/mem', 'rb').fileno() >= 0", isolation, **where)


async def test_the_environment_is_not_passed_on(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch, ended: Ended, reaches: Ended
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    end = await ended("import os\ndict(os.environ)", isolation)
    assert end.value == {}
    found = "import os\n's3cret' in str(os.environ) or len(open(f'/proc/{pid}/environ').read()) > 0"
    assert await reaches(found, Isolation.NONE, pid=os.getpid())
    assert not await reaches(found, isolation, pid=os.getpid())


def test_descriptors_of_the_process_that_started_it_are_not_passed_on(
    isolation: Isolation, tmp_path: pathlib.Path, ended: Ended
) -> None:
    found = (
        "import os\ndef is_open(fd):\n  try: return os.get_inheritable(fd) or True\n  except OSError: return False\n"
    )
    with open(tmp_path / "journal", "w") as journal:
        os.set_inheritable(journal.fileno(), True)
        assert asyncio.run(ended(f"{found}[fd for fd in range(64) if is_open(fd)]", isolation)).value == [0, 1, 2, 3]
        code = f"{found}assert is_open({journal.fileno()})"
        subprocess.run([sys.executable, "-c", code], close_fds=False, check=True, timeout=30)


@pytest.mark.parametrize(
    "call",
    ["mount(b'x', b'/', b'tmpfs', 0, 0)", "unshare(0x10000000)", "chroot(b'/')", "setuid(0)", "syscall(321, 0, 0, 0)"],
    ids=["mount", "unshare", "chroot", "setuid", "bpf"],
)
async def test_rights_cannot_be_won_back(call: str, isolation: Isolation, reaches: Ended) -> None:
    assert not await reaches(f"{SYSCALL}libc.{call} >= 0", isolation)


@pytest.mark.skipif(
    os.geteuid() == 0 and pathlib.Path("/proc/self/uid_map").read_text().split()[2:] == ["1"],
    reason="this container has no user but root, who is an ordinary user outside",
)
async def test_it_is_not_root(isolation: Isolation, ended: Ended) -> None:
    assert 0 not in (await ended("import os\nos.getresuid()", isolation)).value


@pytest.fixture
def open_folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with a file that everyone may read and write: where root starts a cell, it runs as nobody."""
    (tmp_path / "given").write_text("text")
    tmp_path.chmod(0o777)
    (tmp_path / "given").chmod(0o666)
    return tmp_path


async def test_with_namespaces_it_sees_its_own_files_only(namespaces: Isolation, open_folder: pathlib.Path) -> None:
    sandbox = Sandbox(namespaces, readable=(str(open_folder),))
    code = (
        "import os, csv, sqlite3\nopen('own', 'w').write('x')\n"
        "[os.getcwd(), os.listdir(), open(path).read(), os.access(path, os.W_OK), os.listdir('/work'), os.getpid()]"
    )
    end = await run_cells(CellProgram((code,), {"path": str(open_folder / "given")}), sandbox)
    assert isinstance(end, CellsEnded), end
    assert end.value == ["/work", ["own"], "text", False, ["own"], 2]
    for forbidden in ("open(path, 'a')", "open(folder + '/new', 'w')", "open('/new', 'w')"):
        failed = await run_cells(
            CellProgram((forbidden,), {"path": str(open_folder / "given"), "folder": str(open_folder)}), sandbox
        )
        assert isinstance(failed, CellsFailed)
        assert "Read-only file system" in failed.detail


async def test_nothing_of_a_killed_cell_is_left(namespaces: Isolation) -> None:
    """Nor of processes whose parents have ended."""
    inside: list[int] = []
    others = set(_descendants(os.getpid()))  # of other tests

    async def answering(requests: Sequence[Any]) -> list[Answer]:
        inside.extend(set(_descendants(os.getpid())) - others)
        return [Answer()]

    code = "import os, signal\nif os.fork() == 0:\n  os.fork()\n  signal.pause()\nask(1)\nwhile True: pass"
    sandbox = Sandbox(namespaces, Limits(wall_s=0.5, cpu_s=None, processes=8))
    failed = await run_cells(CellProgram((code,)), sandbox, answering)
    assert isinstance(failed, CellsFailed)
    assert failed.kind is FailureKind.TIMEOUT
    assert len(inside) >= 4  # supervisor, init, cell, its child
    _wait_until_dead(inside)


KILLED = """
import asyncio, sys
from surefoot.runtime.tools.sandbox.cells import Answer, CellProgram, run_cells
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox
from surefoot.runtime.tools.sandbox.process import SandboxProcess

processes = []
SandboxProcess.start_clock = lambda self: processes.append(self._process.pid)
code = "try: ask(1)\\nexcept BaseException: pass\\nwhile True: pass"

async def answering(requests):  # so the cell runs
    print(processes[0], flush=True)
    return [Answer(1)]

limits = Limits(wall_s=None, cpu_s=None)
asyncio.run(run_cells(CellProgram((code,)), Sandbox(Isolation(sys.argv[1]), limits), answering))
"""


def test_a_cell_ends_when_the_process_that_started_it_is_killed(isolation: Isolation) -> None:
    command = [sys.executable, "-c", KILLED, isolation.value]
    starter = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert starter.stdout is not None
    supervisor = int(starter.stdout.readline())
    inside = [supervisor, *_descendants(supervisor)]
    assert len(inside) > 1
    starter.kill()
    starter.communicate()
    _wait_until_dead(inside)


def _descendants(pid: int) -> list[int]:
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [*children, *(deeper for child in children for deeper in _descendants(child))]


def _wait_until_dead(pids: list[int]) -> None:
    """Killed processes take a moment to end; the test's own time limit ends this where they were not killed."""
    while any(_is_alive(pid) for pid in pids):
        os.sched_yield()


def _is_alive(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


REFUSED = {  # numbers of x86_64, with arguments that would do something
    "io_uring_setup": (425, 8, 0), "io_uring_enter": (426, 0, 1, 0, 0, 0), "ptrace": (101, 0x4206, "parent", 0, 0),
    "tkill": (200, "parent", 0), "rt_sigqueueinfo": (129, "parent", 10, 0), "pidfd_open": (434, "parent", 0),
    "pidfd_send_signal": (424, 0, 0, 0, 0), "process_vm_writev": (311, "parent", 0, 0, 0, 0, 0),
    "process_madvise": (440, 0, 0, 0, 0, 0), "kcmp": (312, "parent", "parent", 0, 0, 0),
    "setpriority": (141, 0, "parent", 1), "sched_setaffinity": (203, "parent", 0, 0), "setpgid": (109, 0, 0),
    "setsid": (112,), "socketpair": (53, 1, 1, 0, 0), "sendmsg": (46, 3, 0, 0), "recvmsg": (47, 3, 0, 0),
    "shmget": (29, 0, 4096, 0o1600), "msgget": (68, 0, 0o1600), "semget": (64, 0, 1, 0o1600),
    "memfd_create": (319, 0, 0), "execveat": (322, 0, 0, 0, 0, 0x1000), "keyctl": (250, 0, -3, 1),
    "add_key": (248, 0, 0, 0, 0, -3), "request_key": (249, 0, 0, 0, 0), "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0), "userfaultfd": (323, 0), "setns": (308, 0, 0), "clone3": (435, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0), "name_to_handle_at": (303, 0, 0, 0, 0, 0), "mknod": (133, 0, 0o60600, 0),
    "personality": (135, 0x0400000), "prctl": (157, 1, 0, 0, 0, 0), "seccomp": (317, 1, 8, 0),
    "landlock": (444, 0, 0, 1), "splice": (275, 0, 0, 3, 0, 1, 0), "vmsplice": (278, 1, 0, 0, 0),
    "inotify_init": (253,), "fanotify_init": (300, 0, 0), "syslog": (103, 3, 0, 0), "iopl": (172, 3),
    "modify_ldt": (154, 0, 0, 0), "setuid": (105, 0), "capset": (126, 0, 0), "quotactl": (179, 0, 0, 0, 0),
    "x32": (0x40000000 | 41, 1, 1, 0),
}  # fmt: skip


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
async def test_no_call_that_reaches_further_is_answered(isolation: Isolation, ended: Ended) -> None:
    """By number, past the C library: by which other processes, keys, shared memory or old kernel code are reached."""
    code = (
        f"{SYSCALL}import os\ndef tried(number, *given):\n"
        "  given = [ctypes.c_long(os.getppid() if one == 'parent' else one) for one in given]\n"
        "  return [libc.syscall(ctypes.c_long(number), *given), ctypes.get_errno()]\n"
        "{name: tried(*call) for name, call in calls.items()}"
    )
    found = (await ended(code, isolation, calls=REFUSED)).value
    # EPERM, or ENOSYS of calls that are newer than the list
    assert {name: answer for name, answer in found.items() if answer not in ([-1, 1], [-1, 38])} == {}
    assert set(found) == set(REFUSED)


async def test_keys_and_credentials_of_the_user_are_not_there(
    isolation: Isolation, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, reaches: Ended
) -> None:
    places = [".aws/credentials", ".netrc", ".config/gcloud/key.json", ".ssh/id_ed25519", ".env"]
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("s3cret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    read = "any('s3cret' in open(f'{home}/{place}').read() for place in places)"
    assert await reaches(read, Isolation.NONE, home=str(tmp_path), places=places)
    assert not await reaches(read, isolation, home=str(tmp_path), places=places)
    # Neither by way of a link, nor of the folder that this is in.
    link = "import os\nos.symlink(f'{home}/.netrc', 'l')\n's3cret' in open('l').read()"
    assert not await reaches(link, isolation, home=str(tmp_path))
    assert not await reaches("import os\n'.aws' in os.listdir(home)", isolation, home=str(tmp_path))

"""Each limit on its own: the same cell ends at it, and goes on without it."""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.cells import CellsEnded, CellsFailed
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits

Ended = Callable[..., Coroutine[Any, Any, Any]]

ARMS = {
    "wall_s": ("sum(range(10**7)) > 0", Limits(wall_s=0.01), FailureKind.TIMEOUT),
    "memory_bytes": ("len(bytearray(300 << 20))", Limits(), FailureKind.MEMORY),
    "output_bytes": ("print('x' * (2 << 20)); True", Limits(), FailureKind.OUTPUT_LIMIT),
    "open_files": ("import os\nlen([os.pipe() for _ in range(40)])", Limits(), FailureKind.CRASHED),
}


@pytest.mark.parametrize("field", ARMS)
async def test_without_a_limit_the_same_cell_goes_on(field: str, isolation: Isolation, ended: Ended) -> None:
    code, limits, kind = ARMS[field]
    failed = await ended(code, isolation, limits)
    assert isinstance(failed, CellsFailed), failed
    assert failed.kind is kind
    free = await ended(code, isolation, msgspec.structs.replace(limits, **{field: None}))
    assert isinstance(free, CellsEnded), free
    assert free.value


async def test_without_a_limit_on_processor_time_the_same_cell_goes_on(isolation: Isolation, ended: Ended) -> None:
    code = "import time\nwhile time.process_time() < 1.2: pass\nTrue"
    failed = await ended(code, isolation, Limits(cpu_s=1))
    assert isinstance(failed, CellsFailed)
    assert failed.kind is FailureKind.TIMEOUT
    assert (await ended(code, isolation, Limits(cpu_s=None))).value is True


FORKS = """
import os
started = 0
try:
    for _ in range(12):
        if os.fork() == 0:
            import signal
            signal.pause()
        started += 1
except OSError as error:
    pass
started
"""


@pytest.mark.parametrize("field", Limits.__struct_fields__)
def test_a_limit_is_above_zero(field: str) -> None:
    for wrong in (0, -1, "1", float("nan"), float("inf")):
        with pytest.raises(ConfigurationError, match=field):
            Limits(**{field: wrong})  # type: ignore[arg-type]
    assert getattr(Limits(**{field: None}), field) is None


async def test_the_number_of_processes_is_held(namespaces: Isolation, ended: Ended) -> None:
    started = [(await ended(FORKS, namespaces, Limits(processes=most))).value for most in (1, 5, None)]
    assert started == [0, 4, 12]


async def test_the_size_of_files_is_held(namespaces: Isolation, ended: Ended) -> None:
    code = "import os\nwith open('big', 'wb') as big:\n  for _ in range(20): big.write(bytes(1 << 20))\nTrue"
    failed = await ended(code, namespaces, Limits())
    assert isinstance(failed, CellsFailed)
    assert "OSError" in failed.detail
    many = "for n in range(20): open(f'{n}', 'wb').write(bytes(1 << 20))\nTrue"
    failed = await ended(many, namespaces)
    assert isinstance(failed, CellsFailed)
    assert "No space left" in failed.detail
    for same in (code, many):
        assert (await ended(same, namespaces, Limits(file_bytes=None))).value is True

"""Workers of one process: how many there may be."""

from collections.abc import Callable

import msgspec
import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.local_pool import MOST_WORKERS, LocalPool


@pytest.mark.parametrize("workers", [MOST_WORKERS + 1, 100_000])
def test_more_workers_than_one_process_has_are_refused_before_one_is_made(
    configured: Callable[..., RunConfig], workers: int
) -> None:
    """A hundred thousand of them took ten minutes and 800 MB, and could not be stopped meanwhile."""
    config = configured(workers=workers)
    with pytest.raises(ConfigurationError, match=f"one process has {MOST_WORKERS} at most"):
        LocalPool(config, open_task(config))


def test_as_many_as_are_asked_for_otherwise(configured: Callable[..., RunConfig]) -> None:
    config = configured(workers=3)
    assert LocalPool(config, open_task(config)).size == 3
    assert LocalPool(msgspec.structs.replace(config, workers=None), open_task(config)).size >= 1

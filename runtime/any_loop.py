"""Runs a short coroutine to its end for callers that wait, whether or not an event loop runs already."""

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns; within a running loop, as in a notebook, a thread of its own works on it.

    Raises:
        BaseException: Whatever the coroutine raised.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with concurrent.futures.ThreadPoolExecutor(1, "surefoot-check") as thread:
        return thread.submit(asyncio.run, work).result()

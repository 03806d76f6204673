"""Tells being cancelled by the run from a ``CancelledError`` that comes from elsewhere, and lets none go unseen.

A closed client, or a future that a library has cancelled, raises ``CancelledError`` in whoever waits for it. asyncio
takes a task that ends so for one that was meant to be cancelled, and a group of tasks goes on without it.
"""

import asyncio
from typing import Any

from surefoot.runtime.errors import ConfigurationError


def is_being_cancelled() -> bool:
    """Whether somebody has asked the task that runs now to stop; false outside of any task."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs
        return False
    return task is not None and task.cancelling() > 0


class WholeGroup(asyncio.TaskGroup):
    """A group of tasks of which each comes to an end: one that ends as cancelled, and not by the group, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self._cancelled = 0

    def create_task(self, *args: Any, **options: Any) -> Any:
        """Start a task of the group, as ``asyncio.TaskGroup`` does."""
        task = super().create_task(*args, **options)
        task.add_done_callback(self._look)
        return task

    def _look(self, task: "asyncio.Task[Any]") -> None:
        self._cancelled += task.cancelled()

    async def __aexit__(self, *error: Any) -> None:
        """Wait for all tasks.

        Raises:
            ConfigurationError: A task was cancelled, and neither did another one fail nor was the group cancelled.
        """
        await super().__aexit__(*error)
        if self._cancelled:  # had the group cancelled them, it would have raised why
            raise ConfigurationError(
                f"{self._cancelled:,} of the run's questions were cancelled, and not by the run: "
                "code of the task or of the model cancels the asyncio task that it is called in"
            )

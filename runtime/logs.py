"""Logs of a run: structlog events on stderr, as JSON lines or for people.

The command line says once where events go. A program that uses Surefoot as a library hears of them only if it has
configured structlog itself: nothing is printed into somebody else's output.

Most runs have nothing to warn of and are asked for nothing else: structlog takes longer to import than their first
steps take, so it is imported with the first event that is to be seen.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Literal

LogFormat = Literal["none", "text", "json"]
WARNINGS = logging.getLogger("surefoot")
"""Its level says, where structlog is not imported, whether warnings are printed; nothing is logged through it."""
_MUTED: ContextVar[bool] = ContextVar("muted", default=False)


def configure_logs(log_format: LogFormat, verbose: bool = False) -> None:
    """Choose where log events go, and in which form.

    Args:
        log_format: ``none`` keeps only warnings, as text.
        verbose: Show events of single segments as well.
    """
    if log_format == "none":
        WARNINGS.setLevel(logging.WARNING)
        if "structlog" in sys.modules:
            _configure(logging.WARNING, "text")
    else:
        _configure(logging.DEBUG if verbose else logging.INFO, log_format)


def _configure(level: int, log_format: LogFormat) -> None:
    import structlog

    last: Any = structlog.processors.JSONRenderer()
    if log_format != "json":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Keep the loggers silent that are asked for within a block, and in tasks begun there: for runs that are none."""
    token = _MUTED.set(True)
    try:
        yield
    finally:
        _MUTED.reset(token)


def events_of(run_dir: object) -> Any:
    """Return the logger of a run, which keeps silent unless somebody configured where events go."""
    if _MUTED.get():
        return _Silent()
    structlog = sys.modules.get("structlog")
    if structlog is not None and structlog.is_configured():
        return structlog.get_logger().bind(run=str(run_dir))
    return _OnlyWarnings(str(run_dir))


class _Silent:
    """The logger of a rehearsal: nothing of it happens."""

    def _drop(self, event: str, **fields: Any) -> None:
        """Drop an event."""

    debug = info = warning = error = _drop


class _OnlyWarnings:
    """The logger of a run where structlog is not configured: imports and configures it for the first warning."""

    def __init__(self, run: str) -> None:
        self._run = run

    def debug(self, event: str, **fields: Any) -> None:
        """Drop an event of a single segment."""

    def info(self, event: str, **fields: Any) -> None:
        """Drop an event of the run."""

    def warning(self, event: str, **fields: Any) -> None:
        """Print a warning if the command line asked for warnings; drop it otherwise."""
        if WARNINGS.level != logging.WARNING:
            return
        import structlog

        if not structlog.is_configured():
            _configure(logging.WARNING, "text")
        structlog.get_logger().bind(run=self._run).warning(event, **fields)

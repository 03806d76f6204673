"""Logs of a run: structlog events on stderr, as JSON lines or for people.

The command line says once where events go. A program that uses Surefoot as a library hears of them only if it has
configured structlog itself: nothing is printed into somebody else's output.
"""

import logging
import sys
from typing import Any, Literal

import structlog

LogFormat = Literal["none", "text", "json"]


def configure_logs(log_format: LogFormat, verbose: bool = False) -> None:
    """Choose where log events go, and in which form.

    Args:
        log_format: ``none`` keeps only warnings, as text.
        verbose: Show events of single segments as well.
    """
    level = logging.WARNING if log_format == "none" else logging.DEBUG if verbose else logging.INFO
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


def events_of(run_dir: object) -> Any:
    """Return the logger of a run, which keeps silent unless somebody configured structlog."""
    if structlog.is_configured():
        return structlog.get_logger().bind(run=str(run_dir))
    return structlog.wrap_logger(None, processors=[_drop], wrapper_class=structlog.make_filtering_bound_logger(0))


def _drop(logger: Any, method: str, event: Any) -> Any:
    raise structlog.DropEvent

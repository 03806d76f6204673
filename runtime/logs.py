"""Logs: structlog events on stderr, as JSON lines or for people. Configured once, by the command line."""

import logging
import sys
from typing import Any, Literal

import structlog

LogFormat = Literal["none", "text", "json"]


def configure_logs(log_format: LogFormat, verbose: bool = False) -> None:
    """Say where events go.

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

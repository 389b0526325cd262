"""Log lines: JSON in production, readable text on a terminal, each with the id of its request."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Final, Literal

import structlog
from structlog.types import EventDict

from aneos_api.observability.traces import add_trace_ids

Form = Literal["json", "console"]

SECRET: Final = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|totp|encryption", re.IGNORECASE
)
"""Names of fields whose values are not written."""
IN_TEXT: Final = re.compile(
    r"(aneos_[A-Za-z0-9]{4})[A-Za-z0-9_-]{12,}|(://[^:/@\s]*:)[^@/\s]+(@)|([Bb]earer )\S+"
)
"""API keys, passwords inside URLs, bearer tokens."""
HIDDEN: Final = "[hidden]"


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Hide secrets: fields by their name, and what looks like one inside texts. A processor of structlog."""
    return {name: _clean(value, name) for name, value in event.items()}


def _clean(value: Any, name: str = "") -> Any:
    if value is not None and SECRET.search(name):
        return HIDDEN
    if isinstance(value, str):
        return IN_TEXT.sub(
            lambda found: f"{found[1] or found[2] or found[4] or ''}{HIDDEN}{found[3] or ''}", value
        )
    if isinstance(value, dict):
        return {key: _clean(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def configure_logs(level: str, form: Form) -> None:
    """Send structlog and the standard library's loggers through one chain to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        add_trace_ids,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    if form == "console":
        shared = shared[:-1]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # the service writes its own line for each request
    for noisy in ("aiosqlite", "alembic", "asyncio", "multipart"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

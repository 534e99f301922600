"""Logs: one line per event, with request, session and turn ids; never a body, a cookie or a token."""

import logging
import re
import sys
import time
from typing import Any
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app import metrics
from app.settings import settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
QUIET = ("/health/", "/static/")
SEALED = re.compile(r"/[^/]{65,}")  # what is that long in a path is a link that lets its bearer do something
log = structlog.get_logger(__name__)


def set_up_logging() -> None:
    """Our own lines and those of libraries, as JSON or for people, by the settings."""
    human = settings().log_format == "console" or (settings().log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]  # rich shows local variables
        if human
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings().log_level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("app").setLevel(settings().log_level.upper())
    # uvicorn 0.54 complains of every WebSocket that was refused with a status of its own
    logging.getLogger("uvicorn.error").addFilter(lambda record: "completing handshake" not in record.getMessage())
    logging.getLogger("saq").setLevel(logging.ERROR)  # it warns at every stop that its waiting readers did not finish


class RequestLog:
    """An id for every request, in its log lines and in the answer; a line when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await self.app(scope, receive, send)
        request_id, began, status, streams = uuid4().hex, time.perf_counter(), 0, False
        path = scope["path"]  # a mount changes it

        async def send_with_id(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self.app(scope, receive, send_with_id)
            seconds = time.perf_counter() - began
            if not streams:  # they last for hours
                measure(scope["method"], path, status, seconds)
            if not path.startswith(QUIET):
                log.info(
                    "request",
                    method=scope["method"],
                    path=SEALED.sub("/...", path),
                    status=status,
                    ms=round(seconds * 1000, 1),
                )


def measure(method: str, path: str, status: int, seconds: float) -> None:
    """What the system page and Prometheus are told of an answered request. Words that were said are acknowledged by it."""
    known = method if method in METHODS else "other"
    metrics.observe("parley_http_request_duration_seconds", seconds, method=known, status=status)
    if method == "POST" and status < 400 and path.endswith("/messages"):
        metrics.note("ack", seconds)

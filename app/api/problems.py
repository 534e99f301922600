"""What a program is told when something goes wrong: problem details (RFC 9457)."""

from typing import Any

import asyncpg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from app import database
from app.api.callers import AnyRequest
from app.auth.bearer import ScopeMissing, Stranger
from app.auth.origin import Foreign
from app.channels.slack_incoming import Unsigned
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.feedback import Settled
from app.limits import TooMany
from app.peer import went_away

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
PLACES = (
    "/api", "/oauth", "/.well-known", "/schema/openapi.json", "/mcp", "/slack/events",
    "/slack/interactions", "/slack/commands", "/gmail/push",
)  # fmt: skip
TITLES = {
    400: "That can't be read", 401: "Sign in first", 403: "That is not for this token", 404: "Nothing is here",
    405: "That can't be done here", 409: "Somebody was faster", 413: "That is too large", 415: "That is of another kind",
    422: "That doesn't fit", 429: "That was a lot at once", 500: "Something broke", 503: "The database is away for a moment",
}  # fmt: skip
OURS = {
    NotFound: 404,
    Conflict: 409,
    Unfit: 422,
    Stranger: 401,
    Unsigned: 401,
    ScopeMissing: 403,
    Foreign: 403,
    TooMany: 429,
}


def speaks_json(path: str) -> bool:
    """Whether programs ask there. (A person sees /oauth/authorize, and consents.)"""
    return path != "/oauth/authorize" and any(path == place or path.startswith(f"{place}/") for place in PLACES)


def answer(request: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
    """The answer to any exception."""
    found = problem(error)
    return Response(found, status_code=found["status"], media_type=MEDIA_TYPE, headers=headers_of(error, found["status"]))


def problem(error: Exception) -> dict[str, Any]:
    """An exception as problem details. What was not foreseen is logged, and told by a reference only."""
    status = _status(error)
    found: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status}
    if detail := _detail(error, status):
        found["detail"] = detail
    if isinstance(error, Settled):
        found |= {"outcome": str(error), "responses": [response.as_dict() for response in error.given]}
    if isinstance(error, ValidationException):
        found["errors"] = [_field(one) for one in error.extra or [] if isinstance(one, dict)]
    if status == 500:
        log.exception("request failed", exc_info=error)
        found["reference"] = structlog.contextvars.get_contextvars().get("request", "")
    elif status == 503:
        log.warning("database away", error=type(error).__name__)
    return found


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """The headers that go with it."""
    match error:
        case Stranger():
            told = f', error="{error.error}"' if error.error else ""
            return {"WWW-Authenticate": f'Bearer realm="parley"{told}'}
        case ScopeMissing():
            return {"WWW-Authenticate": f'Bearer realm="parley", error="insufficient_scope", scope="{error.scope}"'}
        case TooMany():
            return error.verdict.headers
        case MethodNotAllowedException():
            return error.headers or {}
    return {"Retry-After": "2"} if status == 503 else {}


def _status(error: Exception) -> int:
    for kind, status in OURS.items():
        if isinstance(error, kind):
            return status
    if isinstance(error, ValidationException):
        return 422
    if isinstance(error, UnicodeError | RecursionError | asyncpg.DataError) or went_away(error):
        return 400
    if isinstance(error, HTTPException):
        return error.status_code
    return 503 if isinstance(error, database.AWAY) else 500


def _title(status: int) -> str:
    return TITLES.get(status, TITLES[500 if status >= 500 else 400])


def _detail(error: Exception, status: int) -> str:
    match error:
        case NotFound() | Conflict() | Unfit():
            return str(error)
        case Stranger():
            return "The token is none of ours, has ended or was revoked." if error.error else "Send a token: Bearer ..."
        case ScopeMissing():
            return f"The token lacks the scope {error.scope}."
        case Foreign():
            return "A cookie is taken from Parley's own pages only (Origin)."
        case TooMany():
            return f"Come back in {error.verdict.retry_after_seconds} s."
        case HTTPException() if status == 400:
            return error.detail
    return ""


def _field(found: dict[str, Any]) -> dict[str, str]:
    return {"field": str(found.get("key", "")), "message": str(found.get("message", ""))}

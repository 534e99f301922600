"""What a reader is told when something goes wrong: what happened, what to do, and a reference for the admin."""

from typing import Any

import asyncpg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from app import database
from app.auth.origin import Foreign
from app.domain.errors import Conflict, NotFound, Unfit
from app.limits import TooMany
from app.peer import went_away
from app.web.pages import AnyRequest, by_htmx, page, piece, refused, render, see
from app.web.visitors import Forged, HasLeft, SignInFirst, to_sign_in

log = structlog.get_logger(__name__)

WORDS = {
    400: ("That request can't be read", "Go back and try again."),
    403: ("This form is out of date", "Reload the page and send it again; nothing was changed."),
    404: ("Nothing is here", "It may have been deleted, or it belongs to somebody else."),
    405: ("That can't be done here", "Go back and try again."),
    409: ("Somebody was faster", "Reload the page to see how things stand."),
    413: ("That is too large", "Send less at once."),
    422: ("That doesn't fit", "Change it and send it again."),
    429: ("That was a lot at once", "Wait a moment and try again."),
    500: ("Something broke", "It was noted. Try again; if it happens again, tell your admin."),
    503: ("The database is away for a moment", "Nothing you sent before is lost. Try again in a few seconds."),
}
OURS = {NotFound: 404, Conflict: 409, Unfit: 422, Forged: 403, Foreign: 403, TooMany: 429}


def answer(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to any exception."""
    if isinstance(error, SignInFirst):
        return _to_stranger(request)
    if isinstance(error, HasLeft):
        return see(request, "/account/leaving")
    status = status_of(error)
    title, what_to_do = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    if isinstance(error, TooMany):
        what_to_do = f"You can go on {error.verdict.soon}. Nothing was changed."
    elif isinstance(error, tuple(OURS)) and str(error):
        what_to_do = str(error)
    reference = structlog.contextvars.get_contextvars().get("request", "") if status >= 500 else ""
    if status == 500:
        log.exception("request failed", exc_info=error)
    elif status == 503:
        log.warning("database away", error=type(error).__name__)
    context: Any = {"status": status, "title": title, "what_to_do": what_to_do, "reference": reference}
    if by_htmx(request):
        response = piece(render("errors/_error.html", **context), status=status)
    else:
        response = page(request, "errors/show.html", **context)
        response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "2"
    if isinstance(error, MethodNotAllowedException):
        response.headers.update(error.headers or {})
    return refused(response, error.verdict) if isinstance(error, TooMany) else response


def status_of(error: Exception) -> int:
    """What an exception is answered with."""
    for kind, status in OURS.items():
        if isinstance(error, kind):
            return status
    if isinstance(error, ValidationException | UnicodeError | asyncpg.DataError) or went_away(error):
        return 400
    if isinstance(error, HTTPException):
        return error.status_code
    return 503 if isinstance(error, database.AWAY) else 500


def _to_stranger(request: AnyRequest) -> Response[Any]:
    if request.headers.get("accept", "").find("text/event-stream") >= 0:
        return Response(b"", status_code=401)
    return to_sign_in(request)

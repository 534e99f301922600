"""The way in to Gmail's API: whose call it is, what may go wrong on the way, and errors in Google's words."""

import asyncio
import json
import re
from typing import Any

from litestar import Request, Response, route
from litestar.params import FromPath

from app.sandbox.dropping import drop
from app.sandbox.faults import Kind
from app.sandbox.mail.gmail import METHODS, Call, Json, Method, Wrong
from app.sandbox.mail.office import Office
from app.sandbox.mail.world import Token

AnyRequest = Request[Any, Any, Any]
HELD = re.compile(r"\{(\w+)\}")


@route("/gmail/v1/users/{user:str}/{path:path}", http_method=["GET", "POST", "DELETE"])
async def call_gmail(request: AnyRequest, user: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """A call, or what the faults that are ordered make of it."""
    office: Office = request.app.state.mail
    name, held = _named(request.method, path.strip("/"))
    body = await request.body()
    fault = await _suffer(office, name, request)
    if fault == Kind.BUSY:
        return _error(Wrong(429, "rateLimitExceeded", "Too many concurrent requests for user", "RESOURCE_EXHAUSTED"))
    if fault == Kind.DOWN:
        return _error(Wrong(503, "backendError", "The service is currently unavailable.", "UNAVAILABLE"))
    if fault is None:
        return await _answer(office, request, user, name, held, body)
    if fault == Kind.LOST:
        await _answer(office, request, user, name, held, body)
    elif fault == Kind.LATE:
        late = asyncio.create_task(_later(office, request, user, name, held, body))
        office.tasks.add(late)
        late.add_done_callback(office.tasks.discard)
    return await drop(request.scope)


def _named(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Which method of METHODS it is, such as "GET messages/{id}", and what its path holds."""
    for verb, shape in METHODS:
        pattern = HELD.sub(r"(?P<\1>[^/]+)", shape)
        if verb == method and (match := re.fullmatch(pattern, path)):
            return f"{verb} {shape}", match.groupdict()
    return f"{method} {path}", {}


async def _suffer(office: Office, name: str, request: AnyRequest) -> Kind | None:
    await asyncio.sleep(office.faults.latency_seconds)
    if office.faults.dead:
        office.record.call(office.now(), name, "dead", {})
        await drop(request.scope, hang=office.faults.dead == "hangs")
        return Kind.SILENT
    if fault := office.faults.draw(name):
        office.record.call(office.now(), name, fault, {})
    return fault


async def _later(office: Office, *call: Any) -> None:
    await asyncio.sleep(office.late_seconds)
    await _answer(office, *call)


async def _answer(
    office: Office, request: AnyRequest, user: str, name: str, held: dict[str, str], body: bytes
) -> Response[bytes]:
    outcome = "ok"
    try:
        told = await _do(office, request, user, name, held, body)
        answer = Response(json.dumps(told).encode(), media_type="application/json; charset=UTF-8", status_code=200)
    except Wrong as wrong:
        outcome, answer = f"{wrong.status} {wrong.reason}", _error(wrong)
    office.record.call(office.now(), name, outcome, held)
    return answer


async def _do(office: Office, request: AnyRequest, user: str, name: str, held: dict[str, str], body: bytes) -> Json:
    token = _token(office, request)
    verb, _, shape = name.partition(" ")
    method: Method | None = METHODS.get((verb, shape))
    if method is None:
        raise Wrong(404, "notFound", "Not Found", "NOT_FOUND")
    if not set(method.scopes) & set(token.scopes):
        raise Wrong(403, "insufficientPermissions", "Request had insufficient authentication scopes.", "PERMISSION_DENIED")
    if user not in ("me", token.address):
        raise Wrong(403, "forbidden", f"Delegation denied for {token.address}", "PERMISSION_DENIED")
    query: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        query.setdefault(key, []).append(str(value))
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise Wrong(400, "parseError", "Invalid JSON payload received.", "INVALID_ARGUMENT") from error
    return await method.do(Call(office, office.world.mailbox(token.address), token, held, query, given))


def _token(office: Office, request: AnyRequest) -> Token:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = office.world.tokens.get(secret) if kind == "Bearer" else None
    if token is None or token.kind != "access" or token.revoked or token.expires_at < office.now():
        raise Wrong(401, "authError", "Invalid Credentials", "UNAUTHENTICATED")
    return token


def _error(wrong: Wrong) -> Response[bytes]:
    told = {
        "error": {
            "code": wrong.status, "message": str(wrong), "status": wrong.state,
            "errors": [{"message": str(wrong), "domain": "global", "reason": wrong.reason}],
        }
    }  # fmt: skip
    return Response(json.dumps(told).encode(), status_code=wrong.status, media_type="application/json; charset=UTF-8")

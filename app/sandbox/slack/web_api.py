"""The Web API: which methods there are, who may call them, and what may go wrong on the way."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from litestar import Request, Response, route
from litestar.enums import MediaType
from litestar.params import FromPath

from app.sandbox.dropping import drop
from app.sandbox.faults import Kind
from app.sandbox.slack.call import Call, Refused, TooOften
from app.sandbox.slack.methods import assistant, auth, chat, conversations, oauth, streams, users, views
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Token

AnyRequest = Request[Any, Any, Any]


class Method(NamedTuple):
    """One of `scopes` has to be granted, if there are any; `open` needs no token. `tier` is Slack's, None where posting has
    limits of its own."""

    do: Callable[[Call], Awaitable[Json]]
    tier: int | None = None
    scopes: tuple[str, ...] = ()
    open: bool = False


WRITE, STATUS = ("chat:write",), ("assistant:write", "chat:write")
METHODS = {
    "auth.test": Method(auth.test),
    "auth.revoke": Method(auth.revoke),
    "apps.connections.open": Method(auth.open_connection, None, ("connections:write",)),
    "oauth.v2.access": Method(oauth.access, 4, open=True),
    "openid.connect.token": Method(oauth.openid_token, open=True),
    "openid.connect.userInfo": Method(oauth.openid_user_info),
    "users.info": Method(users.info, 4, ("users:read",)),
    "users.lookupByEmail": Method(users.look_up_by_email, 3, ("users:read.email",)),
    "users.list": Method(users.everybody, 2, ("users:read",)),
    "conversations.open": Method(conversations.open_one, 3, ("im:write", "mpim:write", "channels:manage")),
    "conversations.info": Method(conversations.info, 3),
    "conversations.history": Method(conversations.history, 3),
    "conversations.replies": Method(conversations.replies, 3),
    "chat.postMessage": Method(chat.post, None, WRITE),
    "chat.postEphemeral": Method(chat.post_ephemeral, 4, WRITE),
    "chat.update": Method(chat.update, 3, WRITE),
    "chat.delete": Method(chat.delete, 3, WRITE),
    "chat.getPermalink": Method(chat.permalink),
    "chat.startStream": Method(streams.start, 2, WRITE),
    "chat.appendStream": Method(streams.append, 4, WRITE),
    "chat.stopStream": Method(streams.stop, 2, WRITE),
    "assistant.threads.setStatus": Method(assistant.set_status, None, STATUS),
    "assistant.threads.setTitle": Method(assistant.set_title, None, STATUS),
    "reactions.add": Method(assistant.react, 3, ("reactions:write",)),
    "views.open": Method(views.open_one, 4),
    "views.update": Method(views.update, 4),
    "views.publish": Method(views.publish, 4),
}


@route("/api/{method:str}", http_method=["GET", "POST"])
async def call_method(request: AnyRequest, method: FromPath[str]) -> Response[bytes]:
    """A call: 200 with `ok` true or false, 429, or what the faults that are ordered make of it."""
    workspace: Workspace = request.app.state.slack
    given = await read_given(request)
    fault = await suffer(workspace, method, given, request)
    if fault in (Kind.BUSY, Kind.DOWN):
        return busy(1) if fault == Kind.BUSY else Response(b"", status_code=500)
    if fault is None:
        return await _answer(workspace, method, given, request)
    if fault == Kind.LOST:
        await _answer(workspace, method, given, request)
    elif fault == Kind.LATE:
        workspace.soon(_later(workspace, method, given, request))
    return await drop(request.scope)


async def suffer(workspace: Workspace, method: str, given: Json, request: AnyRequest) -> Kind | None:
    """Wait as ordered; which fault this call meets. If all is dead, the connection ends here."""
    await asyncio.sleep(workspace.faults.latency_seconds)
    if workspace.faults.dead:
        workspace.record.call(workspace.clock.now(), method, "dead", given)
        await drop(request.scope, hang=workspace.faults.dead == "hangs")
        return Kind.SILENT
    if fault := workspace.faults.draw(method):
        workspace.record.call(workspace.clock.now(), method, fault, given)
    return fault


async def _later(workspace: Workspace, method: str, given: Json, request: AnyRequest) -> None:
    await asyncio.sleep(workspace.options.late_seconds)
    await _answer(workspace, method, given, request)


async def _answer(workspace: Workspace, method: str, given: Json, request: AnyRequest) -> Response[bytes]:
    outcome, answer = "ok", Response(b"")
    try:
        answer = _json({"ok": True} | await _do(workspace, method, given, request))
    except TooOften as error:
        outcome, answer = error.error, busy(error.seconds)
    except Refused as error:
        outcome, answer = error.error, _json({"ok": False, "error": error.error} | error.more)
    workspace.record.call(workspace.clock.now(), method, outcome, given)
    return answer


async def _do(workspace: Workspace, name: str, given: Json, request: AnyRequest) -> Json:
    method = METHODS.get(name)
    if method is None:
        raise Refused("unknown_method", req_method=name)
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    token = None if method.open else good_token(workspace, told if kind == "Bearer" else str(given.get("token") or ""))
    call = Call(workspace, given, token, _basic(told) if kind == "Basic" else None)
    call.need_scope(*method.scopes)
    if method.tier and (wait := workspace.rates.call(name, method.tier, workspace.clock.now())):
        raise TooOften(wait)
    return await method.do(call)


def good_token(workspace: Workspace, secret: str) -> Token:
    """Whose call it is. Refused if nobody's, or if the token is good no more."""
    if not secret:
        raise Refused("not_authed")
    token = workspace.world.tokens.get(secret)
    if token is None:
        raise Refused("invalid_auth")
    if token.state != "good":
        raise Refused("token_revoked" if token.state == "revoked" else "account_inactive")
    if token.expires_at and workspace.clock.now() >= token.expires_at:
        raise Refused("token_expired")
    return token


async def read_given(request: AnyRequest) -> Json:
    """What a call gives, in its address, as a form or as JSON."""
    given: Json = dict(request.query_params)
    if "json" in request.headers.get("Content-Type", ""):
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            body = None
        return given | (body if isinstance(body, dict) else {})
    if request.method == "POST":
        given |= dict(await request.form())
    return given


def _basic(told: str) -> tuple[str, str] | None:
    """Client id and secret; None if they make no sense."""
    try:
        name, _, secret = b64decode(told).decode().partition(":")
    except ValueError:
        return None
    return name, secret


def busy(seconds: int) -> Response[bytes]:
    answer = _json({"ok": False, "error": "ratelimited"}, 429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _json(told: Json, status: int = 200) -> Response[bytes]:
    return Response(json.dumps(told).encode(), status_code=status, media_type=f"{MediaType.JSON.value}; charset=utf-8")

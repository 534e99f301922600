"""Where people let the app in: installing it, and signing in with Slack."""

import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response, get, post

from app.sandbox.doors import is_loopback, leads_to
from app.sandbox.slack import openid
from app.sandbox.slack.showing import page
from app.sandbox.slack.workspace import Code, Workspace

AnyRequest = Request[Any, Any, Any]
LASTS_SECONDS = 600.0


@get("/oauth/v2/authorize")
async def ask_install(request: AnyRequest) -> Response[bytes]:
    """May the app come into the workspace?"""
    return _ask(request, "install")


@get("/openid/connect/authorize")
async def ask_openid(request: AnyRequest) -> Response[bytes]:
    """May the app know who somebody is?"""
    return _ask(request, "openid")


@post("/oauth/answer")
async def answer(request: AnyRequest) -> Response[bytes]:
    """Go back to the app, with a code or a refusal."""
    workspace: Workspace = request.app.state.slack
    form: dict[str, Any] = dict(await request.form())
    back, state = str(form["redirect_uri"]), str(form.get("state", ""))
    if not _is_good(back) or form.get("user") not in workspace.world.people:
        return _misasked("bad_redirect_uri")
    told = {"state": state}
    if form.get("decision") == "allow":
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        workspace.codes[code] = _code(workspace, form)
        told |= {"code": code}
    else:
        told |= {"error": "access_denied"}
    joint = "&" if urlsplit(back).query else "?"
    return Response(b"", status_code=302, headers={"Location": f"{back}{joint}{urlencode(told)}"})


@get("/.well-known/openid-configuration")
async def show_discovery(request: AnyRequest) -> dict[str, Any]:
    return openid.discovery(request.app.state.slack)


@get("/openid/connect/keys")
async def show_keys(request: AnyRequest) -> dict[str, Any]:
    return openid.keys(request.app.state.slack)


def _ask(request: AnyRequest, kind: str) -> Response[bytes]:
    workspace: Workspace = request.app.state.slack
    asked = dict(request.query_params)
    if asked.get("client_id") != workspace.world.app.client_id:
        return _misasked("invalid_client_id")
    if not _is_good(asked.get("redirect_uri", "")):
        return _misasked("bad_redirect_uri")
    if kind == "openid" and ("openid" not in _words(asked.get("scope", "")) or asked.get("response_type") != "code"):
        return _misasked("invalid_scope")
    if kind == "install" and not asked.get("scope") and not asked.get("user_scope"):
        return _misasked("invalid_scope")
    leads_to(request.scope, asked["redirect_uri"])
    people = [one for one in workspace.world.people.values() if not one.is_bot]
    scopes = [*_words(asked.get("scope", "")), *_words(asked.get("user_scope", ""))]
    return page("sandbox/authorize.html", workspace, kind=kind, asked=asked, people=people, scopes=scopes)


def _code(workspace: Workspace, form: dict[str, Any]) -> Code:
    return Code(
        kind=str(form["kind"]), user=str(form["user"]), redirect_uri=str(form["redirect_uri"]),
        scopes=_words(str(form.get("scope", ""))), user_scopes=_words(str(form.get("user_scope", ""))),
        nonce=str(form.get("nonce", "")), challenge=str(form.get("code_challenge", "")),
        expires_at=workspace.clock.now() + LASTS_SECONDS,
    )  # fmt: skip


def _is_good(redirect_uri: str) -> bool:
    """The sandbox sends people to this machine only."""
    parts = urlsplit(redirect_uri)
    return parts.scheme in ("http", "https") and is_loopback(parts.netloc)


def _words(scopes: str) -> list[str]:
    return scopes.replace(",", " ").split()


def _misasked(error: str) -> Response[bytes]:
    return Response(f"Something went wrong when authorizing this app: {error}\n".encode(), status_code=400)

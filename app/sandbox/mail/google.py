"""Google's consent page and tokens, for a mailbox (developers.google.com/identity/protocols/oauth2/web-server)."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from app.sandbox.doors import leads_to
from app.sandbox.mail.office import Office
from app.sandbox.mail.pubsub import keys
from app.sandbox.mail.showing import page
from app.sandbox.mail.world import Token

AnyRequest = Request[Any, Any, Any]
CODE_SECONDS, ACCESS_SECONDS = 60.0, 3599


@get("/o/oauth2/v2/auth")
async def ask_consent(request: AnyRequest) -> Response[bytes]:
    """Which mailbox, and whether."""
    office: Office = request.app.state.mail
    asked = {name: str(value) for name, value in request.query_params.items()}
    if asked.get("client_id") != office.world.client_id or not asked.get("redirect_uri"):
        return Response(b"Error 401: invalid_client", status_code=401, media_type="text/plain")
    leads_to(request.scope, asked["redirect_uri"])
    return page("sandbox/mail/consent.html", office, asked=asked, scopes=asked.get("scope", "").split())


@post("/o/oauth2/answer", status_code=302)
async def give_consent(request: AnyRequest) -> Response[bytes]:
    """Back to who asked, with a code or without."""
    office: Office = request.app.state.mail
    given = {name: str(value) for name, value in (await request.form()).items()}
    back: dict[str, str] = {"state": given.get("state", "")}
    if given.get("decision") == "allow":
        code = secrets.token_urlsafe(24)
        office.codes[code] = given | {"expires_at": office.now() + CODE_SECONDS}
        back["code"] = code
    else:
        back["error"] = "access_denied"
    return Response(b"", status_code=302, headers={"Location": f"{given['redirect_uri']}?{urlencode(back)}"})


@post("/token", status_code=200)
async def give_tokens(request: AnyRequest) -> Response[bytes]:
    """For a code, or for a refresh token."""
    office: Office = request.app.state.mail
    given = {name: str(value) for name, value in (await request.form()).items()}
    if (given.get("client_id"), given.get("client_secret")) != (office.world.client_id, office.world.client_secret):
        return _told({"error": "invalid_client"}, 401)
    if given.get("grant_type") == "refresh_token":
        refresh = office.world.tokens.get(given.get("refresh_token", ""))
        if refresh is None or refresh.revoked or refresh.kind != "refresh":
            return _told({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        return _told(_access(office, refresh.address, refresh.scopes))
    code = office.codes.pop(given.get("code", ""), None)
    if code is None or code["expires_at"] < office.now() or code["redirect_uri"] != given.get("redirect_uri"):
        return _told({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
    if code.get("code_challenge") and _challenge(given.get("code_verifier", "")) != code["code_challenge"]:
        return _told({"error": "invalid_grant", "error_description": "Invalid code verifier."}, 400)
    address, scopes = code["address"], code["scope"].split()
    told = _access(office, address, scopes)
    if code.get("access_type") == "offline":
        told["refresh_token"] = grant_refresh(office, address, scopes)
    return _told(told)


@post("/sandbox/mail/mailbox", status_code=200)
async def give_mailbox(request: AnyRequest) -> Response[bytes]:
    """Parley's own mailbox, without asking anybody: for a Parley that was started beside this."""
    office: Office = request.app.state.mail
    given = {name: str(value) for name, value in (await request.form()).items()}
    if (given.get("client_id"), given.get("client_secret")) != (office.world.client_id, office.world.client_secret):
        return _told({"error": "invalid_client"}, 401)
    refresh = grant_refresh(office, office.world.ours, given.get("scope", "").split())
    return _told({"address": office.world.ours, "refresh_token": refresh})


@get("/oauth2/v3/certs")
async def give_keys(request: AnyRequest) -> Response[bytes]:
    """Those by which Pub/Sub signs."""
    return _told(keys(request.app.state.mail))


@post("/revoke", status_code=200)
async def revoke(request: AnyRequest) -> Response[bytes]:
    """All tokens of the mailbox that this one is of."""
    office: Office = request.app.state.mail
    token = office.world.tokens.get(str((await request.form()).get("token", "")))
    if token is None:
        return _told({"error": "invalid_token"}, 400)
    take_back(office, token.address)
    return _told({})


def take_back(office: Office, address: str) -> None:
    """The person takes back what they allowed, or a testing consent has ended after seven days."""
    for one in office.world.tokens.values():
        if one.address == address:
            one.revoked = True
    office.changed()


def grant_refresh(office: Office, address: str, scopes: list[str]) -> str:
    token = Token(secret=f"1//{secrets.token_urlsafe(32)}", kind="refresh", address=address, scopes=scopes)
    office.world.tokens[token.secret] = token
    office.changed()
    return token.secret


def _access(office: Office, address: str, scopes: list[str]) -> dict[str, Any]:
    token = Token(
        secret=f"ya29.{secrets.token_urlsafe(32)}", kind="access", address=address, scopes=scopes,
        expires_at=office.now() + ACCESS_SECONDS,
    )  # fmt: skip
    office.world.tokens[token.secret] = token
    office.changed()
    return {
        "access_token": token.secret, "expires_in": ACCESS_SECONDS, "scope": " ".join(scopes), "token_type": "Bearer",
    }  # fmt: skip


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _told(told: dict[str, Any], status: int = 200) -> Response[bytes]:
    return Response(json.dumps(told).encode(), status_code=status, media_type="application/json; charset=utf-8")

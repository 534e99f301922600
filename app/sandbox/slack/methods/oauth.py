"""oauth.v2.access and openid.connect.*: a code becomes tokens, and those become new ones."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from app.sandbox.slack import openid
from app.sandbox.slack.beginning import new_token
from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.workspace import Code
from app.sandbox.slack.world import Json, Token

LASTS_SECONDS = 12 * 60 * 60


async def access(call: Call) -> Json:
    """Install the app by a code, or renew a token."""
    _need_client(call)
    if call.text("grant_type") == "refresh_token":
        return _told(call, _renewed(call))
    code = _spent(call, "install")
    bot = _issue(call, "bot", call.world.app.bot_user, code.scopes) if code.scopes else None
    user: Json = {"id": code.user}
    if code.user_scopes:
        token = _issue(call, "user", code.user, code.user_scopes)
        user |= {"scope": ",".join(token.scopes), "access_token": token.secret, "token_type": "user"} | _ends(token)
    call.workspace.changed()
    return (_told(call, bot) if bot else _whose(call)) | {"authed_user": user}


async def openid_token(call: Call) -> Json:
    """Say by a signed ID token who came with a code."""
    _need_client(call)
    code = _spent(call, "openid")
    token = _issue(call, "openid", code.user, code.scopes, rotates=False)
    signed = openid.id_token(call.workspace, code.user, code.nonce, token.secret, set(code.scopes))
    return {"access_token": token.secret, "token_type": "Bearer", "id_token": signed}


async def openid_user_info(call: Call) -> Json:
    """Say who a token of openid_token is about."""
    call.need_scope("openid")
    return openid.claims(call.workspace, call.token.user, set(call.token.scopes))


def _need_client(call: Call) -> None:
    app = call.world.app
    client_id, secret = call.basic or (call.text("client_id"), call.text("client_secret"))
    if client_id != app.client_id:
        raise Refused("invalid_client_id")
    if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
        raise Refused("bad_client_secret")


def _spent(call: Call, kind: str) -> Code:
    """The code that is given, once. Refused if it is not of this kind, too old, or for another address."""
    code = call.workspace.codes.pop(call.text("code"), None)
    if code is None or code.kind != kind:
        raise Refused("invalid_code")
    if call.workspace.clock.now() > code.expires_at:
        raise Refused("code_expired")
    if call.text("redirect_uri") != code.redirect_uri:
        raise Refused("bad_redirect_uri")
    digest = hashlib.sha256(call.text("code_verifier").encode()).digest()
    if code.challenge and code.challenge != urlsafe_b64encode(digest).rstrip(b"=").decode():
        raise Refused("invalid_code_verifier")
    return code


def _issue(call: Call, kind: str, user: str, scopes: list[str], *, rotates: bool | None = None) -> Token:
    rotates = call.workspace.options.rotates_tokens if rotates is None else rotates
    letter = "b" if kind == "bot" else "p"
    token = Token(
        secret=new_token(f"xoxe.xox{letter}-1" if rotates else f"xox{letter}"), kind=kind, user=user, scopes=scopes,
        refresh=f"xoxe-1-{secrets.token_hex(40)}" if rotates else "",
        expires_at=call.workspace.clock.now() + LASTS_SECONDS if rotates else None,
    )  # fmt: skip
    call.world.tokens[token.secret] = token
    return token


def _renewed(call: Call) -> Token:
    """A new token for a refresh token, which ends; the access token that it came with lasts until its time."""
    given = call.text("refresh_token")
    old = next((one for one in call.world.tokens.values() if given and one.refresh == given), None)
    if old is None or old.state != "good":
        raise Refused("invalid_refresh_token")
    old.refresh = ""
    token = _issue(call, old.kind, old.user, old.scopes)
    call.workspace.changed()
    return token


def _told(call: Call, token: Token) -> Json:
    told = {"access_token": token.secret, "token_type": token.kind, "scope": ",".join(token.scopes)}
    return told | _ends(token) | _whose(call) | ({"bot_user_id": token.user} if token.kind == "bot" else {})


def _whose(call: Call) -> Json:
    world = call.world
    return {"app_id": world.app.id, "team": {"id": world.team_id, "name": world.team_name}, "enterprise": None,
            "is_enterprise_install": False}  # fmt: skip


def _ends(token: Token) -> Json:
    return {"refresh_token": token.refresh, "expires_in": LASTS_SECONDS} if token.refresh else {}

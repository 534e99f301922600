"""Tokens for programs, and what they need to know about where to get them (RFC 6749, 7009, 8414, 7517)."""

from typing import Any

from litestar import MediaType, Response, get, post
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import URLEncodedBody
from pydantic import BaseModel, Field, model_validator

from app.api.callers import AnyRequest
from app.auth import oauth_server
from app.auth.oauth_server import Error, OAuthError, Tokens
from app.auth.tokens import public_keys
from app.domain.scope import Scope
from app.limits import TooMany
from app.settings import settings

GRANTS = ("authorization_code", "refresh_token", "password")


class Form(BaseModel):
    """Fields that a program sends. An empty one counts as not sent, one that is not known is passed over."""

    client_id: str = Field("", description="A registered program's id, or parley for Parley's own.")

    @model_validator(mode="after")
    def _can_be_kept(self) -> "Form":
        if any("\0" in value for value in self.__dict__.values()):
            raise ValueError("no field holds NUL")
        return self


class TokenRequest(Form):
    """Which fields are needed depends on the grant."""

    grant_type: str = Field(json_schema_extra={"enum": list(GRANTS)})
    scope: str = Field("", description="password, refresh_token: as much of what may be had as this says.")
    username: str = Field("", description="password: the e-mail address.")
    password: str = Field("", description="password.")
    otp: str = Field("", description="password: a code, where a second factor is set.")
    refresh_token: str = Field("", description="refresh_token.")
    code: str = Field("", description="authorization_code.")
    redirect_uri: str = Field("", description="authorization_code: the one that the code was asked for with.")
    code_verifier: str = Field("", description="authorization_code: the verifier of the challenge (RFC 7636).")


class Revocation(Form):
    token: str = Field(min_length=1, description="A refresh token or an access token.")
    token_type_hint: str = ""


class Refusal(BaseModel):
    """What went wrong (RFC 6749, 5.2)."""

    error: Error
    error_description: str


def refuse(request: AnyRequest, error: Exception) -> Response[Refusal]:
    """The answer to what a program asked wrongly."""
    told = error if isinstance(error, OAuthError) else OAuthError("invalid_request", _words(error))
    status = 401 if told.error == "invalid_client" else 400
    return Response(Refusal(error=told.error, error_description=told.description), status_code=status)


def _words(error: Exception) -> str:
    """Which fields are wrong; what stood in them may be secret."""
    fields = [str(one.get("key") or "the form") for one in getattr(error, "extra", None) or [] if isinstance(one, dict)]
    return f"Missing, sent twice or unreadable: {', '.join(fields) or 'the form'}."


def slow_down(request: AnyRequest, error: TooMany) -> Response[Refusal]:
    """The answer to guesses that come too fast. RFC 6749 has no word for it; RFC 8628 has."""
    told = Refusal(error="slow_down", error_description=f"That was tried too often. Try again {error.verdict.soon}.")
    return Response(told, status_code=429, headers=error.verdict.headers)


REFUSALS = {
    400: ResponseSpec(Refusal, description="It was asked for wrongly, or the grant is worth nothing"),
    401: ResponseSpec(Refusal, description="The client is not known"),
    429: ResponseSpec(Refusal, description="It was tried too often; Retry-After says when to come back"),
}
HANDLERS = {OAuthError: refuse, ValidationException: refuse, TooMany: slow_down}
ANSWERS: Any = {"exception_handlers": HANDLERS, "responses": REFUSALS}


@post("/oauth/token", status_code=200, **ANSWERS)
async def give_tokens(request: AnyRequest, data: URLEncodedBody[TokenRequest]) -> Tokens:
    """An access token for ten minutes, and a refresh token for the next one."""
    device = request.headers.get("user-agent", "")
    match data.grant_type:
        case "password":
            return await oauth_server.by_password(
                client_id=data.client_id, email=data.username.strip(), password=data.password, otp=data.otp,
                scope=data.scope, device=device,
            )  # fmt: skip
        case "authorization_code":
            return await oauth_server.by_code(
                client_id=data.client_id, code=data.code, redirect_uri=data.redirect_uri, verifier=data.code_verifier,
                device=device,
            )  # fmt: skip
        case "refresh_token":
            return await oauth_server.by_refresh(client_id=data.client_id, token=data.refresh_token, scope=data.scope)
    raise OAuthError("unsupported_grant_type", f"The grant types are {', '.join(GRANTS)}.")


@post("/oauth/revoke", status_code=200, media_type=MediaType.TEXT, **ANSWERS)
async def revoke_token(data: URLEncodedBody[Revocation]) -> Response[None]:
    """End what a token belongs to, its access tokens included. A token that is none is answered the same."""
    await oauth_server.revoke(client_id=data.client_id, token=data.token)
    return Response(None, media_type=MediaType.TEXT)


@get("/.well-known/oauth-authorization-server")
async def describe_server() -> dict[str, Any]:
    """Where tokens are to be had, and how (RFC 8414)."""
    base = settings().base_url
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": [*Scope],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANTS,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
    }


@get("/.well-known/jwks.json")
async def show_keys() -> dict[str, Any]:
    """The keys that access tokens are signed with, every current one (RFC 7517)."""
    return {"keys": public_keys()}

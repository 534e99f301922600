"""What a program asks of a person at /oauth/authorize, and how they are sent back with the answer (RFC 6749, 4.1; PKCE by
RFC 7636; the issuer by RFC 9207)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.auth.oauth_server import OAuthError, read_scopes
from app.domain.oauth_client import OAuthClient
from app.domain.scope import Scope, in_order
from app.settings import settings

MOST_LETTERS = 2500  # of all parameters: they are kept in a cookie while somebody signs in
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
NAMES = (
    "response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "code_challenge",
    "code_challenge_method",
)  # fmt: skip


class Untrusted(Exception):
    """Nobody is sent anywhere: it isn't known to whom. The text says why."""


class Misasked(Exception):
    """The program asked wrongly, and is told so at `address`."""

    def __init__(self, client: OAuthClient, address: str) -> None:
        super().__init__("a program asked wrongly")
        self.client, self.address = client, address


@dataclass(frozen=True)
class Asking:
    """A program that wants to do what `scopes` say. `parameters` are what it asked with."""

    client: OAuthClient
    parameters: dict[str, str]
    scopes: list[Scope]

    @property
    def redirect_uri(self) -> str:
        return self.parameters["redirect_uri"]

    @property
    def host(self) -> str:
        """Where the person is sent back to, in short."""
        return urlsplit(self.redirect_uri).netloc

    def back(self, **answer: str) -> str:
        """Where to send the person with this answer."""
        return _back(self.parameters, **answer)


async def read(asked: Iterable[tuple[str, Any]]) -> Asking:
    """What these parameters ask for. Untrusted when the program or its address are wrong, Misasked for anything else."""
    pairs = [(name, str(value)) for name, value in asked if name in NAMES and value]
    parameters = dict(pairs)
    client = await OAuthClient.find(parameters.get("client_id", ""))
    if client is None:
        raise Untrusted("No program of this name is known here.")
    if not client.sends_back_to(parameters.get("redirect_uri", "")):
        raise Untrusted(f"{client.name} did not say where to send you back to, or named an address that is not its own.")
    if sum(len(value) for _, value in pairs) > MOST_LETTERS:
        raise Untrusted(f"{client.name} used too many words.")
    try:
        return Asking(client, parameters, _checked(client, pairs, parameters))
    except OAuthError as error:
        raise Misasked(client, _back(parameters, error=error.error, error_description=error.description)) from None


def _checked(client: OAuthClient, pairs: list[tuple[str, str]], parameters: dict[str, str]) -> list[Scope]:
    """The scopes that it asks for, all that it may if it doesn't say. OAuthError when something is wrong."""
    if len(pairs) != len(parameters):
        raise OAuthError("invalid_request", "A parameter came twice.")
    if parameters.get("response_type") != "code" or parameters.get("response_mode", "query") != "query":
        raise OAuthError("unsupported_response_type", "The response_type is code, in the query.")
    if parameters.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(parameters.get("code_challenge", "")):
        raise OAuthError("invalid_request", "Send a code_challenge, with the code_challenge_method S256 (RFC 7636).")
    asked = read_scopes(parameters.get("scope", "")) or frozenset(map(Scope, client.scopes))
    if not asked <= set(client.scopes):
        raise OAuthError("invalid_scope", f"This client may ask for {' '.join(client.scopes)}.")
    return in_order(asked)


def _back(parameters: dict[str, str], **answer: str) -> str:
    told = answer | {"iss": settings().base_url} | {name: parameters[name] for name in ("state",) if name in parameters}
    uri = parameters["redirect_uri"]
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(told)}"

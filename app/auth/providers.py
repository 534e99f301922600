"""Google and Slack as ways in: OpenID Connect, the authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1).

What a browser has to bring back is sealed for that browser. What a provider says counts if it has signed it, for us, in
time, and in answer to what this browser was sent there with."""

import asyncio
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urljoin

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.clock import now
from app.domain.errors import NotFound
from app.domain.identity import Told
from app.domain.spent import spend
from app.sealed import seal_for, unseal_from
from app.settings import settings

LASTS = timedelta(minutes=10)
LONGEST_BACK = 1500  # as JSON: the cookie that keeps it has room for 4 KB
LONGEST_KEY = 100
PATIENCE_SECONDS = 10.0
TO_LINK = "identity to link"
SCOPE = "openid email profile"
ALGORITHMS = ["RS256", "ES256"]
SKEW_SECONDS = 30
SLACK_TEAM = "https://slack.com/team_id"


class NotProven(Exception):
    """Nobody has been shown to be who they say; the text tells them why, and what to do."""


class ProviderAway(NotProven):
    """The provider gives no answer, or none that makes sense."""


@dataclass(frozen=True)
class Detour:
    """What we keep of a browser that is at a provider: where its person wants to be afterwards, and the key by which the
    first visitor may sign up."""

    state: str
    nonce: str
    verifier: str
    back: str
    key: str


@dataclass(frozen=True)
class Provider:
    """One that we are registered with."""

    name: str
    client_id: str
    client_secret: str
    authorize_url: str
    token_url: str

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def callback_url(self) -> str:
        return f"{settings().base_url}/sign-in/{self.name}/callback"

    @property
    def discovery_url(self) -> str:
        return urljoin(self.authorize_url, "/.well-known/openid-configuration")

    def begin(self, browser: str, *, back: str, key: str) -> tuple[str, str]:
        """Where to send a browser, and what it is to keep meanwhile."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        fits = len(json.dumps(back)) <= LONGEST_BACK
        detour = Detour(state, nonce, verifier, back if fits else "/chat", key[:LONGEST_KEY])
        url, _ = _client(self).create_authorization_url(
            self.authorize_url, state=detour.state, nonce=detour.nonce, code_verifier=detour.verifier
        )
        return url, seal_for(browser, vars(detour), self._purpose, lasts=LASTS)

    async def come_back(self, kept: str, browser: str, state: str) -> Detour:
        """The detour that ends here, once. NotProven if this browser is on none, or on another."""
        words = unseal_from(browser, kept, self._purpose)
        if not words or not secrets.compare_digest(words["state"].encode(), state.encode(errors="replace")):
            raise NotProven(f"This was begun in another tab or browser, or too long ago. Start again with {self.label}.")
        if not await spend(words["state"], LASTS):
            raise NotProven(f"This was used already. Start again with {self.label}.")
        return Detour(**words)

    async def ask(self, code: str, detour: Detour) -> Told:
        """Whom the provider sent with `code`. NotProven if what it says is not good, ProviderAway if it says nothing."""
        import httpx2
        from authlib.integrations.base_client import OAuthError

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), _client(self) as client:
                known = await _json(client, self.discovery_url)
                token = await client.fetch_token(
                    self.token_url, code=code, code_verifier=detour.verifier, grant_type="authorization_code"
                )
                keys: Any = await _json(client, known["jwks_uri"])
                claims = self._claims(token, KeySet.import_key_set(keys), known["issuer"], detour.nonce)
                if not claims.get("email"):
                    claims |= await self._more(client, known["userinfo_endpoint"], claims["sub"])
        except OAuthError as error:
            raise NotProven(f"{self.label} did not accept this sign-in ({error.error}). Start again.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, KeyError, TypeError, JoseError) as error:
            raise ProviderAway(f"{self.label} gives no good answer just now. Try again in a minute.") from error
        return self._told(claims)

    def _claims(self, token: dict[str, Any], keys: KeySet, issuer: str, nonce: str) -> dict[str, Any]:
        """What an ID token says, if it is for us and answers our question."""
        from authlib.oidc.core import CodeIDToken

        try:
            read = jwt.decode(
                token["id_token"], keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
            )
            wanted: Any = {name: {"essential": True, "value": value} for name, value in
                           [("iss", issuer), ("aud", self.client_id), ("nonce", nonce)]}  # fmt: skip
            params = {"nonce": nonce, "client_id": self.client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(read.claims, read.header, wanted, params)
            claims.validate(now=int(now().timestamp()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError) as error:
            raise NotProven(f"What {self.label} said is not good. Start again.") from error
        return dict(claims)

    async def _more(self, client: Any, url: str, subject: str) -> dict[str, Any]:
        """What the provider tells on asking. It has to be about the same person (OpenID Connect Core 1.0, 5.3.2)."""
        told = await _json(client, url, withhold_token=False)
        if told.get("sub") != subject:
            raise NotProven(f"What {self.label} said is not good. Start again.")
        return told

    def _told(self, claims: dict[str, Any]) -> Told:
        email, name, team = (str(claims.get(claim) or "") for claim in ("email", "name", SLACK_TEAM))
        subject = f"{team}/{claims['sub']}" if team else str(claims["sub"])  # Slack's ids may be two people's in two teams
        return Told(self.name, subject, email.lower(), bool(email) and claims.get("email_verified") is True, name)

    @property
    def _purpose(self) -> str:
        return f"sign in with {self.name}"


def configured() -> list[Provider]:
    """Those that Parley is registered with, in the order in which they are offered."""
    ours = settings()
    slack_page = urljoin(ours.slack_api_url, "/openid/connect/authorize")
    known = [
        Provider("google", ours.google_client_id, ours.google_client_secret,
                 ours.google_auth_url, ours.google_token_url),
        Provider("slack", ours.slack_client_id, ours.slack_client_secret,
                 slack_page, urljoin(ours.slack_api_url, "openid.connect.token")),
    ]  # fmt: skip
    without = {"google"} if ours.mail_is_sandbox else set()
    return [one for one in known if one.client_id and one.client_secret and one.name not in without]


def provider(name: str) -> Provider:
    """The one of this name. NotFound if Parley is not registered with it."""
    for one in configured():
        if one.name == name:
            return one
    raise NotFound("Nobody signs in that way here.")


def keep_told(told: Told, browser: str) -> str:
    """What a browser keeps of somebody whose identity is to be linked, until they have confirmed it."""
    return seal_for(browser, vars(told), TO_LINK, lasts=LASTS)


def kept_told(kept: str, browser: str) -> Told | None:
    """Whose identity this browser brings to be linked; None for anything else."""
    words = unseal_from(browser, kept, TO_LINK)
    return Told(**words) if words else None


def _client(provider: Provider) -> Any:
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # takes a while to load, which no start need wait for

    return AsyncOAuth2Client(
        provider.client_id, provider.client_secret, token_endpoint_auth_method="client_secret_post",  # noqa: S106
        scope=SCOPE, redirect_uri=provider.callback_url, code_challenge_method="S256", timeout=PATIENCE_SECONDS,
        verify=_certificates(),
    )  # fmt: skip


@cache
def _certificates() -> SSLContext:
    """Whom we trust to be who they say; reading that for each sign-in would take 50 ms."""
    import httpx2

    return httpx2.create_ssl_context()


async def _json(client: Any, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
    answer = await client.request("GET", url, withhold_token=withhold_token)
    answer.raise_for_status()
    read = json.loads(answer.content)
    if not isinstance(read, dict):
        raise TypeError(url)
    return read

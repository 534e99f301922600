"""Google or Slack as a person signs in by it: a small OpenID provider over real HTTP, with the addresses of both.

    async with StubProvider() as google:
        google.person = Person("123", "ana@example.com")    whom it lets in next, without a question
        google.lie(nonce="another")                         claims of the next ID tokens; None leaves one out
        google.faults["token"] = 500                        a status, or the seconds that it takes its time
        google.denies = True                                the person says no
    google.terse = True                                 its tokens leave the address out; it tells when it is asked
    google.about = "456"                                ... and then speaks of somebody else

It holds clients to the rules: its own id and secret, the exact redirect URI, PKCE by S256, a code once."""

import asyncio
import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from app.clock import now

CLIENT_ID, CLIENT_SECRET = "parley-at-provider", "canary-of-a-client-secret 7f3a"
PATHS = {
    "discovery": ("/.well-known/openid-configuration",),
    "authorize": ("/o/oauth2/v2/auth", "/openid/connect/authorize"),
    "token": ("/token", "/api/openid.connect.token"),
    "userinfo": ("/userinfo", "/api/openid.connect.userInfo"),
    "keys": ("/openid/connect/keys",),
}


@cache
def key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass(frozen=True)
class Person:
    """Somebody with an account there."""

    subject: str
    email: str
    verified: bool | str = True
    name: str = "Ana Lindqvist"
    team: str = ""

    @property
    def claims(self) -> dict[str, Any]:
        team = {"https://slack.com/team_id": self.team, "https://slack.com/user_id": self.subject} if self.team else {}
        told = {"sub": self.subject, "email": self.email, "email_verified": self.verified, "name": self.name}
        return told | team


@dataclass
class StubProvider:
    """The server. `asked` holds the query of each authorization, `sent` the form of each token request."""

    port: int = 0
    person: Person = Person("1", "ana@example.com")
    redirect_uri: str = ""
    denies: bool = False
    terse: bool = False
    about: str = ""
    signs_with: str = "k1"
    algorithm: str = "RS256"
    lies: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, float] = field(default_factory=dict)
    codes: dict[str, tuple[dict[str, str], Person]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lie(self, **claims: Any) -> None:
        self.lies = claims

    async def __aenter__(self) -> Self:
        app = web.Application()
        for name, paths in PATHS.items():
            for path in paths:
                app.router.add_route("*", path, self._answering(name))
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self.runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.runner.cleanup()

    def _answering(self, name: str) -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            fault = self.faults.get(name, 0)
            if fault >= 100:
                return web.Response(status=int(fault), text="<h1>Something is wrong here</h1>", content_type="text/html")
            await asyncio.sleep(fault)
            answered: web.StreamResponse = await getattr(self, f"_{name}")(request)
            return answered

        return answer

    async def _discovery(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"issuer": self.issuer, "jwks_uri": f"{self.issuer}{PATHS['keys'][0]}",
             "userinfo_endpoint": f"{self.issuer}{PATHS['userinfo'][0]}", "code_challenge_methods_supported": ["S256"]}
        )  # fmt: skip

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        rules = (
            asked["client_id"] == CLIENT_ID, asked["redirect_uri"] == self.redirect_uri, asked["response_type"] == "code",
            {"openid", "email"} <= set(asked["scope"].split()), asked["code_challenge_method"] == "S256",
        )  # fmt: skip
        if not all(rules):
            return web.Response(status=400, text=f"A client that breaks the rules: {rules}")
        code = f"code-{len(self.asked)}"
        self.codes[code] = (asked, self.person)
        told = {"error": "access_denied"} if self.denies else {"code": code}
        return web.Response(
            status=302, headers={"Location": f"{self.redirect_uri}?{urlencode(told | {'state': asked['state']})}"}
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.sent.append(form)
        asked, person = self.codes.pop(form.get("code", ""), ({}, self.person))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        rules = (
            (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET),
            form.get("redirect_uri") == asked.get("redirect_uri"),
            asked.get("code_challenge") == urlsafe_b64encode(digest).rstrip(b"=").decode(),
        )
        if not all(rules):
            return web.json_response({"ok": False, "error": "invalid_grant"}, status=400)
        token = {"ok": True, "access_token": f"at-{person.subject}", "token_type": "Bearer", "expires_in": 3600}
        return web.json_response(token | {"id_token": self._id_token(asked["nonce"], person)})

    def _id_token(self, nonce: str, person: Person) -> str:
        at = int(now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": at, "exp": at + 300, "nonce": nonce, **person.claims}
        if self.terse:
            del claims["email"], claims["email_verified"]
        told = {name: value for name, value in (claims | self.lies).items() if value is not None}
        header = {"alg": self.algorithm, "kid": "k1"}
        if self.algorithm == "none":
            return unsigned(told)
        return jwt.encode(header, told, key(self.signs_with), algorithms=[self.algorithm])

    async def _userinfo(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer at-{self.person.subject}":
            return web.json_response({"ok": False, "error": "invalid_auth"}, status=401)
        return web.json_response({"ok": True} | self.person.claims | ({"sub": self.about} if self.about else {}))

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response(KeySet([key("k1")]).as_dict(private=False))


def unsigned(claims: dict[str, Any]) -> str:
    """A token of nobody (`alg` none)."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)]
    return ".".join([*parts, ""])


@asynccontextmanager
async def registered(name: str) -> AsyncIterator[StubProvider]:
    """A stand-in for "google" or "slack", and Parley registered with it for as long."""
    from app.settings import settings

    ours = settings()
    async with StubProvider(redirect_uri=f"{ours.base_url}/sign-in/{name}/callback") as stub:
        given = {f"{name}_client_id": CLIENT_ID, f"{name}_client_secret": CLIENT_SECRET} | {
            "google": {
                "google_auth_url": f"{stub.issuer}/o/oauth2/v2/auth",
                "google_token_url": f"{stub.issuer}/token",
            },
            "slack": {"slack_api_url": f"{stub.issuer}/api/"},
        }[name]
        kept = {setting: getattr(ours, setting) for setting in given}
        vars(ours).update(given)
        yield stub
        vars(ours).update(kept)

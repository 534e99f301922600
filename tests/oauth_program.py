"""A program that asks people for their consent and fetches tokens, over real HTTP.

async with OAuthProgram(server, client) as notes:
    code = await notes.is_allowed_by(browser)      # the person opens what it asks, and presses Allow
    tokens = await notes.redeem(code)              # the answer of POST /oauth/token
"""

import re
import secrets
from html import unescape
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from app.auth.tokens import PROGRAMS, refresh_token
from app.domain.oauth_client import OAuthClient
from app.domain.oauth_code import s256
from app.domain.scope import ALL, Scope
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.browsing import TRUST, Browser
from tests.conftest import PASSWORD

BACK = "https://notes.example/back"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def notes_of(owner: User, *scopes: str, uris: tuple[str, ...] = (BACK,)) -> OAuthClient:
    """A program that `owner` has made known."""
    return await OAuthClient.register(owner, name="Notes", redirect_uris=uris, scopes=scopes or ("chat", "feedback"))


class OAuthProgram:
    """Its `verifier` stays the same, so that a test may ask anew with it."""

    def __init__(self, base_url: str, client: OAuthClient | None = None) -> None:
        self.client = client
        self.http = httpx.AsyncClient(base_url=base_url, timeout=20, trust_env=False, verify=TRUST)
        self.verifier = secrets.token_urlsafe(48)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    @property
    def client_id(self) -> str:
        return str(self.client.id) if self.client else "parley"

    def asking(self, **changes: str | None) -> str:
        """The path that it sends people to; None leaves a parameter out."""
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "state": "of this try",
            "code_challenge": s256(self.verifier), "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        return f"/oauth/authorize?{urlencode({name: value for name, value in asked.items() if value is not None})}"

    async def is_answered_by(self, browser: Browser, decision: str = "allow", **changes: str) -> dict[str, str]:
        """What comes back when the person has seen the page and pressed a button."""
        shown = await browser.get(self.asking(**changes))
        assert shown.status_code == 200, (shown.status_code, shown.headers.get("location"))
        form = {name: unescape(value) for name, value in HIDDEN.findall(shown.text)}
        return came_back(await browser.client.post("/oauth/authorize", data={**form, "decision": decision}))

    async def is_allowed_by(self, browser: Browser, **changes: str) -> str:
        """The code that it gets."""
        return (await self.is_answered_by(browser, **changes))["code"]

    async def ask(self, grant: str, **fields: Any) -> httpx.Response:
        """The answer of the token endpoint; None leaves a field out."""
        form = {"grant_type": grant, "client_id": self.client_id, **fields}
        return await self.http.post("/oauth/token", data={name: value for name, value in form.items() if value is not None})

    async def redeem(self, code: str, **changes: Any) -> httpx.Response:
        fields = {"code": code, "redirect_uri": BACK, "code_verifier": self.verifier, **changes}
        return await self.ask("authorization_code", **fields)

    async def sign_in(self, user: User, **changes: Any) -> httpx.Response:
        return await self.ask("password", **{"username": user.email, "password": PASSWORD, **changes})

    async def enter(self, user: User, *scopes: Scope) -> dict[str, Any]:
        """Tokens at once, without the cost of a password."""
        begun = await SignIn.begin(
            user, "a program", scopes=scopes or ALL, client_id=self.client.id if self.client else None
        )
        answer = await self.refresh(refresh_token(begun.id, 0, PROGRAMS))
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def refresh(self, token: str, **changes: Any) -> httpx.Response:
        return await self.ask("refresh_token", refresh_token=token, **changes)

    async def revoke(self, token: str, **changes: Any) -> httpx.Response:
        form = {"token": token, "client_id": self.client_id, **changes}
        return await self.http.post("/oauth/revoke", data={name: value for name, value in form.items() if value is not None})

    async def status(self, token: str) -> int:
        """How the API answers who brings this."""
        answer = await self.http.get("/api/sessions", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code


def came_back(answer: httpx.Response) -> dict[str, str]:
    """What stands in the query of the address that a person is sent back to."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:300])
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def refused(answer: httpx.Response, error: str, status: int = 400) -> bool:
    """Whether it is an error of RFC 6749, 5.2."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    return True

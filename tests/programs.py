"""A program that speaks for a person, over real HTTP with a token."""

from types import TracebackType
from typing import Any, Self

import httpx

from app.auth.tokens import access_token
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.browsing import TRUST


class Program:
    """async with Program(server, ana) as program: answer = await program.post("/api/sessions", {...})"""

    def __init__(self, base_url: str, user: User) -> None:
        self.client = httpx.AsyncClient(base_url=base_url, timeout=20, trust_env=False, verify=TRUST)
        self.user = user

    async def __aenter__(self) -> Self:
        self.sign_in = await SignIn.begin(self.user, "a program")
        self.token = access_token(self.user.id, self.sign_in.id)
        self.client.headers["Authorization"] = f"Bearer {self.token}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, params=parameters)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """POST `body` as JSON, or nothing. Underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (
            await self.client.post(path, json=body, headers=named)
            if body is not None
            else await self.client.post(path, headers=named)
        )

    async def open(self, title: str = "") -> str:
        """A new conversation's path."""
        answer = await self.post("/api/sessions", {"title": title})
        assert answer.status_code == 201, answer.text
        return f"/api/sessions/{answer.json()['id']}"

    async def say(self, session: str, text: str, **more: str) -> dict[str, Any]:
        """What is said in a conversation, as the answer tells it."""
        answer = await self.post(f"{session}/messages", {"text": text, **more})
        assert answer.status_code == 202, answer.text
        said: dict[str, Any] = answer.json()
        return said

"""Gmail of the sandbox, and the real client that speaks to it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httplib2
import httpx
import pytest
from googleapiclient.discovery import build

from app.sandbox.mail.gmail import SCOPE
from app.sandbox.mail.google import grant_refresh
from app.sandbox.mail.office import Office
from app.sandbox.mail.world import encoded
from tests.sandbox.running import running_sandbox


class Once:
    """What google-api-python-client asks by, instead of httplib2's own: that one sends once more by itself what may have
    arrived, whatever number of tries it is given."""

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        with httpx.Client(trust_env=False, timeout=5) as client:
            answer = client.request(method, uri, content=body, headers=headers)
        told = httplib2.Response(
            {"status": str(answer.status_code)} | {key.lower(): one for key, one in answer.headers.items()}
        )
        told.reason = answer.reason_phrase
        return told, answer.content


SCOPES = [f"{SCOPE}compose", f"{SCOPE}modify"]


@dataclass
class Gmail:
    """`await gmail.does(gmail.messages().list(userId="me"))`: a call of google-api-python-client's, on a thread."""

    office: Office
    base_url: str
    token: str

    def __post_init__(self) -> None:
        self.service: Any = build(
            "gmail", "v1", http=Once(), static_discovery=True, client_options={"api_endpoint": self.base_url}
        )

    @property
    def users(self) -> Any:
        return self.service.users()

    async def does(self, request: Any, token: str = "") -> Any:
        request.headers["authorization"] = f"Bearer {token or self.token}"
        return await asyncio.to_thread(request.execute, http=Once())

    async def writes(self, to: str, text: str = "Hello", thread: str = "", **headers: str) -> Any:
        """Send a mail from Parley's mailbox."""
        message = EmailMessage()
        message["To"], message["From"] = to, self.office.world.ours
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        body = {"raw": encoded(message.as_bytes())} | ({"threadId": thread} if thread else {})
        return await self.does(self.users.messages().send(userId="me", body=body))


async def tokens(base_url: str, **given: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{base_url}/token", data=given)


def known(office: Office) -> dict[str, str]:
    """What Parley is at Google."""
    return {"client_id": office.world.client_id, "client_secret": office.world.client_secret}


@pytest.fixture
async def gmail() -> AsyncIterator[Gmail]:
    async with running_sandbox() as sandbox:
        office = sandbox.office
        refresh = grant_refresh(office, office.world.ours, SCOPES)
        given = await tokens(sandbox.base_url, grant_type="refresh_token", refresh_token=refresh, **known(office))
        yield Gmail(office, sandbox.base_url, given.json()["access_token"])

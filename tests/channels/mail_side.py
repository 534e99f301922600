"""The sandbox's Gmail beside a Parley within the tests, its mailbox connected."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.channels.gmail import SCOPES, keep_mailbox
from app.sandbox.mail.google import grant_refresh
from app.sandbox.mail.office import Office
from app.settings import settings
from tests.sandbox.running import running_sandbox


@asynccontextmanager
async def mail_beside(monkeypatch: pytest.MonkeyPatch, *, connected: bool = True) -> AsyncIterator[Office]:
    """A post office that the settings name. The mailbox was connected a while ago: its token has to be renewed first."""
    async with running_sandbox() as sandbox:
        office, ours = sandbox.office, settings()
        for name, value in {
            "gmail_api_url": f"{sandbox.base_url}/", "google_token_url": f"{sandbox.base_url}/token",
            "google_auth_url": f"{sandbox.base_url}/o/oauth2/v2/auth", "google_client_id": office.world.client_id,
            "google_client_secret": office.world.client_secret,
        }.items():  # fmt: skip
            monkeypatch.setattr(ours, name, value)
        if connected:
            refresh = grant_refresh(office, office.world.ours, list(SCOPES))
            await keep_mailbox(office.world.ours, {"access_token": "old", "refresh_token": refresh, "expires_in": 0})
        yield office

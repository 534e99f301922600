"""The sandbox's Gmail beside a Parley within the tests, its mailbox connected."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest

from app.channels.gmail import SCOPES, keep_mailbox, prepare
from app.database import sql
from app.domain.mail_cursor import MailCursor
from app.sandbox.mail.google import grant_refresh
from app.sandbox.mail.office import SERVER, Office
from app.sandbox.mail.pages import answer_to
from app.sandbox.mail.world import INBOX, Mail
from app.settings import settings
from tests.sandbox.running import running_sandbox
from tests.waiting import until


@asynccontextmanager
async def mail_beside(monkeypatch: pytest.MonkeyPatch, *, connected: bool = True) -> AsyncIterator[Office]:
    """A post office that the settings name. The mailbox was connected a while ago: its token has to be renewed first."""
    async with running_sandbox() as sandbox:
        office, ours = sandbox.office, settings()
        for name, value in {
            "gmail_api_url": f"{sandbox.base_url}/", "google_token_url": f"{sandbox.base_url}/token",
            "google_auth_url": f"{sandbox.base_url}/o/oauth2/v2/auth", "google_client_id": office.world.client_id,
            "google_client_secret": office.world.client_secret, "mail_authserv_id": SERVER, "gmail_poll_seconds": 0.1,
            "google_certs_url": f"{sandbox.base_url}/oauth2/v3/certs",
        }.items():  # fmt: skip
            monkeypatch.setattr(ours, name, value)
        if connected:
            refresh = grant_refresh(office, office.world.ours, list(SCOPES))
            await keep_mailbox(office.world.ours, {"access_token": "old", "refresh_token": refresh, "expires_in": 0})
            await MailCursor.move(office.world.ours, office.ours.history_id)
        await prepare()
        yield office


class Correspondent:
    """Somebody who writes and reads mail at an address of theirs."""

    def __init__(self, office: Office, address: str, name: str = "") -> None:
        self.office, self.box = office, office.world.mailbox(address, name)

    async def gets(self, words: str, kind: str = "") -> Mail:
        """The latest mail with these words in its subject or text, once it is there."""

        async def found() -> Mail | None:
            there = [one for one in self.box.mails.values() if INBOX in one.labels]
            fits = [one for one in there if words in one.header("Subject") or words in text_of(one)]
            return fits[-1] if fits else None

        mail: Mail = await until(found)
        return mail

    def replies(self, to: Mail, text: str, **headers: str) -> Mail:
        """Answer a mail as a mail program does."""
        message = answer_to(self.box, to, text)
        for name, value in headers.items():
            del message[name.replace("_", "-")]
            message[name.replace("_", "-")] = value
        return self.office.send(self.box, message.as_bytes())

    def writes(self, subject: str, text: str, **headers: str) -> Mail:
        """Begin a new mail."""
        message = EmailMessage()
        message["From"], message["To"] = f"{self.box.name} <{self.box.address}>", self.office.world.ours
        message["Subject"] = subject
        message.set_content(text)
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        return self.office.send(self.box, message.as_bytes())


def text_of(mail: Mail) -> str:
    body = mail.message.get_body(("plain",))
    return str(body.get_content()) if body else ""


async def taken_in(count: int) -> list[str]:
    """How the reading of so many mails ended: "" for what was done."""

    async def all_read() -> bool:
        rows = await sql("SELECT count(*) FROM inbound_events WHERE provider = 'gmail' AND processed_at IS NOT NULL")
        return int(rows[0][0]) >= count

    await until(all_read)
    return [row["error"] for row in await sql("SELECT error FROM inbound_events WHERE provider = 'gmail' ORDER BY id")]

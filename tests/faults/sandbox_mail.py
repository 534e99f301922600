"""The sandbox's Gmail in a fault run: reached by the real channel, seen as the other providers are. What was sent stays."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

from app.channels.gmail import SCOPES, keep_mailbox
from app.database import sql
from app.domain.user import User
from app.sandbox.mail.office import SERVER
from app.sandbox.mail.world import MailWorld
from tests.faults.sandbox import letters

WITHIN_SECONDS = 0.9  # the longest wait between two calls of one try


@dataclass
class MailFar:
    """`Far` for the sandbox's Gmail. `settings` are those of who is to reach it."""

    control: httpx.AsyncClient
    world: MailWorld
    faults: dict[str, Any] = field(default_factory=dict)

    name = "the sandbox's Gmail"

    @property
    def settings(self) -> dict[str, str]:
        base = str(self.control.base_url).rstrip("/")
        return {
            "gmail_api_url": f"{base}/", "google_token_url": f"{base}/token", "google_client_id": self.world.client_id,
            "google_client_secret": self.world.client_secret, "mail_authserv_id": SERVER, "sandbox": "false",
        }  # fmt: skip

    async def connect(self) -> None:
        """Give Parley its mailbox."""
        asked = {
            "client_id": self.world.client_id, "client_secret": self.world.client_secret, "scope": " ".join(SCOPES),
        }  # fmt: skip
        told = (await self.control.post("/sandbox/mail/mailbox", data=asked)).json()
        await keep_mailbox(told["address"], {"access_token": "", "refresh_token": told["refresh_token"]})

    async def welcome(self, people: Sequence[User]) -> None:
        """Let these have mailboxes there."""
        for one in people:
            query = """UPDATE communication_channels SET address = $2 WHERE type = 'email' AND "user" = $1 AND position = (
                SELECT min(position) FROM communication_channels WHERE type = 'email' AND "user" = $1)"""
            await sql(query, one.id, f"far.{one.email}")

    async def fail(self, **faults: Any) -> None:
        """From now on; see `Faults` of the sandbox."""
        if "dead" in faults:
            faults["dead"] = "refuses" if faults["dead"] else ""
        self.faults |= faults
        answer = await self.control.post("/sandbox/mail/faults", json=self.faults)
        assert answer.status_code == 200, answer.text

    async def record(self) -> dict[str, Any]:
        """What was sent, and every try to begin a mail: at once made anew it is one try, which takes no time here."""
        told: dict[str, Any] = (await self.control.get("/sandbox/mail/sent")).json()
        times = sorted(one["at"] for one in told["calls"].get("POST drafts", []))
        at, calls = 0.0, []
        for gap in (later - earlier for earlier, later in pairwise(times)):
            if gap > WITHIN_SECONDS:
                at += gap
                calls.append((at, "try"))
        return told | {"calls": [(0.0, "try"), *calls]}

    async def kept(self, kind: str = "request") -> list[dict[str, Any]]:
        """All that was sent; nobody takes a mail back."""
        known = await letters(kind, "email")
        sent = (await self.record())["sent"]
        return [
            {"letter": known[one["delivery"]], "at": one["at"], "removed_at": None}
            for one in sent
            if one["delivery"] in known
        ]

    async def standing(self, kind: str = "request") -> Counter[str]:
        return Counter(one["letter"]["request"] for one in await self.kept(kind))

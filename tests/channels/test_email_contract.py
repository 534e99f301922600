"""The contract of every channel, kept by e-mail: the real client, and a stand-in that speaks Gmail's protocol."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import Field

from app.channels.email import Email
from app.channels.email_place import MailCopy, MailPlace
from app.channels.letters import letter_of
from app.channels.mail_writing import DELIVERY
from app.channels.protocol import Letter
from app.database import sql
from app.domain.channel import ChannelType
from app.domain.delivery import Delivery
from app.domain.user import User
from app.sandbox.faults import Faults, Kind
from app.sandbox.mail import gmail as api
from app.sandbox.mail.gmail import Call, Json, Wrong
from app.sandbox.mail.office import Office
from tests.channels.contract import ChannelContract, Side
from tests.channels.engine import at_rest, work_until
from tests.channels.mail_side import mail_beside

SEND = "POST drafts/send"
ADDRESS = "ana.lindqvist@example.com"


class Scripted(Faults):
    """What becomes of the next sends, and of no other call."""

    moods: list[str] = Field(default_factory=list)

    def draw(self, method: str) -> Kind | None:
        if method != SEND or not self.moods or self.moods[0] == "no":
            return None
        return Kind(self.moods.pop(0))


class SandboxSide:
    """The sandbox's Gmail. A mailbox can't be `gone` for good: who can't be reached is told of by a bounce, later."""

    name = ChannelType.EMAIL
    down = "uncertain"  # a 503 says nothing of what was done
    address = ADDRESS

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office, self.channel = office, Email()
        self.faults = office.faults = Scripted()
        monkeypatch.setitem(api.METHODS, ("POST", "drafts/send"), api.Method(self._send, api.COMPOSE))

    async def _send(self, call: Call) -> Json:
        if self.faults.moods and self.faults.moods[0] == "no":
            self.faults.moods.pop(0)
            raise Wrong(400, "invalidArgument", "Message too large")
        return await api.send_draft(call)

    async def next(self, *moods: str) -> None:
        self.faults.moods = list(moods)

    async def standing(self) -> dict[str, dict[str, Any]]:
        found = {}
        for mail in self.office.ours.mails.values():
            if "SENT" in mail.labels:
                (row,) = await sql("SELECT * FROM deliveries WHERE id = $1", mail.header(DELIVERY))
                copy = str(MailCopy(MailPlace(self.office.world.ours, mail.thread_id), mail.id))
                found[copy] = {"request": str(row["request"]), "kind": row["kind"], "outcome": "", "copy": ""}
        return found

    async def arrive(self, letter: Letter) -> str:
        return await self.channel.send(letter)


class TestEmail(ChannelContract):
    @pytest.fixture
    async def side(self, ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
        async with mail_beside(monkeypatch) as office:
            yield SandboxSide(office, monkeypatch)

    async def test_what_it_refuses_is_never_sent_again_that_way(self, side: Side, ana: User) -> None:  # type: ignore[override]
        await super().test_what_it_refuses_is_never_sent_again_that_way(side, ana, "no")

    async def test_one_that_is_busy_is_asked_again_when_it_said_and_counts_as_well(self, side: Side, ana: User) -> None:
        """Gmail names no time: it counts as a failure, and is asked again after a wait of ours."""
        request = await self.asked(ana, side, "busy")
        assert len(await self.copies(side, request)) == 1

    async def test_what_arrives_late_a_second_time_is_taken_back_and_counted_once(self, side: Side, ana: User) -> None:
        """A mail can't be taken back: it is counted."""
        request = await self.asked(ana, side)
        delivery = await Delivery.objects().get((Delivery.request == request.id) & (Delivery.via == side.name))
        assert delivery
        await side.arrive(await letter_of(delivery))
        await sql("UPDATE deliveries SET check_at = now() WHERE id = $1", delivery.id)
        await work_until(at_rest)
        assert len(await self.copies(side, request)) == 2
        assert (await sql("SELECT doubles FROM deliveries WHERE id = $1", delivery.id))[0]["doubles"] == 1

    async def test_the_outcome_follows_what_was_posted(self, side: Side, ana: User) -> None:
        """A mail can't change: its link shows how it ended, and nothing more is sent."""
        request = await self.asked(ana, side)
        await request.respond(ana, True, ChannelType.WEB)
        await work_until(at_rest)
        assert len(await side.standing()) == 1
        rows = await sql("SELECT status FROM deliveries WHERE via = 'email' AND kind = 'settle'")
        assert [row["status"] for row in rows] == ["accepted"]

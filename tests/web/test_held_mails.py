"""The page of mails that were held back."""

from collections.abc import AsyncIterator

import pytest

from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.feedback_response import FeedbackResponse
from app.domain.held_mail import HeldMail
from app.domain.user import User
from app.sandbox.mail.office import Office
from app.sandbox.mail.pages import answer_to
from tests.browsing import Browser
from tests.channels.engine import ask
from tests.channels.mail_side import Correspondent, mail_beside, taken_in
from tests.waiting import until

ADDRESS = "ana.lindqvist@example.com"


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


async def test_an_admin_lets_a_mail_through(mail: Office, server: str, ana: User, worker: object) -> None:
    await CommunicationChannel.add(ana.id, ChannelType.EMAIL, ADDRESS)
    await CommunicationChannel.reorder(ana.id, [one.id for one in (await CommunicationChannel.of(ana.id))[::-1]])
    request = await ask(ana)
    writer = Correspondent(mail, ADDRESS, "Ana")
    asked = await writer.gets(request.code)
    mail.deliver(answer_to(writer.box, asked, "yes\n<b>please</b>"), mail.world.ours, passes=False)
    await taken_in(1)
    (held,) = await HeldMail.listed()
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert "1 mail is held back" in (await browser.get("/admin/channels")).text
        shown = (await browser.get("/admin/mails")).text
        for words in (ADDRESS, "Our provider has not found", "&lt;b&gt;please"):
            assert words in shown
        assert not await FeedbackResponse.of(request.id)
        await browser.post(f"/admin/mails/{held.id}/release", {})
        await until(lambda: FeedbackResponse.of(request.id))
        assert "No mail is held back" in (await browser.get("/admin/mails")).text
        assert (await browser.post(f"/admin/mails/{held.id}/release", {})).status_code == 409


async def test_who_is_nobody_here_is_not_let_through_and_can_be_blocked(
    mail: Office, server: str, ana: User, worker: object
) -> None:
    stranger = Correspondent(mail, "eve@elsewhere.example", "Eve")
    stranger.writes("Hi", "Let me in")
    await taken_in(1)
    (held,) = await HeldMail.listed()
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.post(f"/admin/mails/{held.id}/release", {})).status_code == 422
        await browser.post(f"/admin/mails/{held.id}/block", {})
        stranger.writes("Hi again", "Let me in")
        assert (await taken_in(2))[1] == "An admin has blocked its sender."
        assert "Blocked" in (await browser.get("/admin/mails")).text
        await browser.post(f"/admin/mails/{held.id}/unblock", {})
    stranger.writes("And again", "Let me in")
    await taken_in(3)
    assert len(await HeldMail.listed()) == 2
    actions = [
        row["action"] for row in await sql("SELECT action FROM audit_entries WHERE action LIKE '%block%' ORDER BY id")
    ]
    assert actions == ["sender-blocked", "sender-unblocked"]


async def test_they_are_forgotten_after_a_month_but_who_is_blocked_stays_so(ana: User) -> None:
    for number, status in enumerate(("held", "released", "blocked")):
        await HeldMail.hold(f"x {number}", thread="t", sender=f"s{number}@x.example", subject="Hi", why="why", body="aGk")
        await sql("UPDATE held_mails SET status = $2 WHERE external_id = $1", f"x {number}", status)
    await HeldMail.forget_old()
    assert len(await sql("SELECT FROM held_mails WHERE body <> ''")) == 3
    await sql("UPDATE held_mails SET received_at = received_at - interval '31 days'")
    await HeldMail.forget_old()
    (left,) = await HeldMail.listed()
    assert (left.sender, left.body, left.subject) == ("s2@x.example", "", "")
    assert await HeldMail.is_blocked("s2@x.example")


async def test_only_admins_see_them(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ben)
        assert (await browser.get("/admin/mails")).status_code == 404

"""Links by mail: to another password, and to join."""

import re
from collections.abc import AsyncIterator

import pytest

from app.database import sql
from app.domain.user import User
from app.sandbox.mail.office import Office
from tests.browsing import Browser
from tests.channels.mail_side import Correspondent, mail_beside, text_of
from tests.waiting import until

LINK = re.compile(r"http://\S+")


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


async def test_who_forgot_their_password_is_mailed_a_link_to_another(
    mail: Office, server: str, ana: User, worker: object
) -> None:
    async with Browser(server) as browser:
        assert 'href="/forgotten-password"' in (await browser.get("/sign-in")).text
        await browser.get("/forgotten-password")
        told = [
            (await browser.post("/forgotten-password", {"email": email})).text for email in (ana.email, "no@example.com")
        ]
        assert told[0] == told[1], "who has an account is not told"
        got = await Correspondent(mail, ana.email).gets("Choose a new password")
        link = LINK.search(text_of(got).split("Choose a new password: ")[1])
        assert link
        path = link[0].removeprefix(server)
        assert "Choose a new password" in (await browser.get(path)).text
        token = path.partition("token=")[2]
        changed = await browser.post("/new-password", {"token": token, "password": "another horse battery"})
        assert changed.status_code == 303
        assert "no longer good" in (await browser.get(path)).text
    assert "no@example.com" not in mail.world.mailboxes
    kept = await sql("SELECT payload::text AS told FROM deliveries WHERE kind = 'link'")
    assert token not in kept[0]["told"]
    assert len(kept) == 1


async def test_who_is_invited_gets_a_mail(mail: Office, server: str, ana: User, worker: object) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        shown = (await browser.post("/admin/invitations", {"email": "carla@example.com"})).text
        assert "on its way to them by mail" in shown
        got = await Correspondent(mail, "carla@example.com").gets("invites you to Parley")
        assert got.header("Subject") == "Ana invites you to Parley"
        link = LINK.search(text_of(got).split("Join: ")[1])
        assert link
        assert link[0] in shown.replace("&amp;", "&")
        assert "carla@example.com" in (await browser.get("/admin/deliveries")).text


async def test_where_there_is_no_mail_an_admin_helps(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        assert "An admin can give you a link" in (await browser.get("/sign-in")).text
        assert (await browser.get("/forgotten-password")).status_code == 404


async def test_it_is_not_asked_for_without_end(
    mail: Office, server: str, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.settings import settings

    monkeypatch.setattr(settings(), "sign_ups_per_hour", 2)
    async with Browser(server) as browser:
        await browser.get("/forgotten-password")
        ends = [(await browser.post("/forgotten-password", {"email": ana.email})).status_code for _ in range(3)]
    assert ends == [200, 200, 429]
    await until(lambda: _links(2))


async def _links(count: int) -> bool:
    return len(await sql("SELECT FROM deliveries WHERE kind = 'link'")) == count

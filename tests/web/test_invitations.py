"""Who may join while Parley is not open to all."""

import re
from datetime import timedelta

import pytest

from app import clock
from app.database import sql
from app.domain.user import User
from app.settings import Signup, settings
from tests.browsing import Browser
from tests.conftest import PASSWORD


@pytest.fixture
def by_invitation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "signup", Signup.INVITE)


def link_in(html: str) -> str:
    """The path of the link that is shown once."""
    found = re.search(r"<code>[^<]*?(/[^/<]*)</code>", html)
    assert found, html[-3000:]
    return found[1].replace("&amp;", "&")


async def test_an_invitation_lets_its_address_in_once(server: str, ana: User, by_invitation: None) -> None:
    async with Browser(server) as admin, Browser(server) as cleos:
        await admin.enter(ana)
        assert "Ask an admin to invite you" in (await cleos.get("/sign-in")).text
        assert "closed to new members" in (await cleos.get("/sign-up")).text
        assert (await cleos.sign_up("Cleo")).status_code == 422
        link = link_in((await admin.post("/admin/invitations", {"email": "Cleo@Example.com"})).text)
        token = link.partition("invitation=")[2]
        assert token not in str([tuple(row) for row in await sql("SELECT * FROM invitations")])
        assert 'value="cleo@example.com"' in (await cleos.get(link)).text
        form = {"name": "Cleo", "email": "mallory@example.com", "password": PASSWORD, "invitation": token}
        assert (await cleos.post("/sign-up", form)).headers["location"] == "/chat"
        assert (await User.by_email("cleo@example.com")) is not None
        assert (await User.by_email("mallory@example.com")) is None
        async with Browser(server) as other:
            assert "no longer good" in (await other.get(link)).text
            assert (await other.post("/sign-up", form)).status_code == 422


async def test_invitations_end_by_time_by_hand_and_by_another(server: str, ana: User, by_invitation: None) -> None:
    async with Browser(server) as admin, Browser(server) as cleos:
        await admin.enter(ana)
        first = link_in((await admin.post("/admin/invitations", {"email": "cleo@example.com"})).text)
        second = link_in((await admin.post("/admin/invitations", {"email": "cleo@example.com"})).text)
        assert "no longer good" in (await cleos.get(first)).text
        assert 'value="cleo@example.com"' in (await cleos.get(second)).text
        row = (await sql("SELECT id FROM invitations"))[0]["id"]
        assert (await admin.post(f"/admin/invitations/{row}/end")).status_code == 303
        assert (await admin.post(f"/admin/invitations/{row}/end")).status_code == 404
        assert "no longer good" in (await cleos.get(second)).text
        third = link_in((await admin.post("/admin/invitations", {"email": "cleo@example.com"})).text)
        clock.shift(timedelta(days=7, seconds=1))
        assert "no longer good" in (await cleos.get(third)).text


async def test_what_is_no_address_or_has_an_account_is_not_invited(server: str, ana: User) -> None:
    async with Browser(server) as admin:
        await admin.enter(ana)
        for wrong in ("", "nobody", "a b@example.com", "ana@example.com"):
            answer = await admin.post("/admin/invitations", {"email": wrong})
            assert (answer.status_code, 'id="email-error"' in answer.text) == (422, True), wrong
    assert await sql("SELECT FROM invitations") == []


async def test_while_closed_no_invitation_helps(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Browser(server) as admin, Browser(server) as cleos:
        await admin.enter(ana)
        link = link_in((await admin.post("/admin/invitations", {"email": "cleo@example.com"})).text)
        monkeypatch.setattr(settings(), "signup", Signup.CLOSED)
        assert (await admin.post("/admin/invitations", {"email": "dov@example.com"})).status_code == 409
        form = {"name": "Cleo", "email": "cleo@example.com", "password": PASSWORD, "invitation": link.partition("=")[2]}
        assert (await cleos.post("/sign-up", form)).status_code == 422

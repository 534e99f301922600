"""Deleting an account: a week to think it over, and nothing left of it then."""

from datetime import timedelta

import pytest

from app import clock
from app.auth.tokens import access_token
from app.database import sql
from app.domain.errors import Conflict
from app.domain.session import ChatSession
from app.domain.sign_in import SignIn
from app.domain.user import Role, User
from app.jobs.erase_who_left import erase_all
from tests.browsing import Browser
from tests.conftest import PASSWORD

CANARIES = ("Ben", "ben@example.com", "my secret plan", "Netscape")


async def left(browser: Browser) -> None:
    answer = await browser.post("/account/leaving", {"password": PASSWORD})
    assert answer.status_code == 200
    assert "<h2>Goodbye" in answer.text or "<h1>Goodbye" in answer.text


async def test_leaving_asks_for_the_password_and_signs_out_everywhere(server: str, ben: User) -> None:
    async with Browser(server) as laptop, Browser(server) as phone:
        await laptop.enter(ben)
        await phone.enter(ben)
        wrong = await laptop.post("/account/leaving", {"password": "x"})
        assert (wrong.status_code, 'id="leaving-password-error"' in wrong.text) == (422, True)
        await left(laptop)
        assert [(await one.get("/chat")).status_code for one in (laptop, phone)] == [303, 303]
        assert "access" not in laptop.cookies


async def test_who_signs_in_within_the_grace_may_keep_the_account(server: str, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ben)
        session_id = await browser.open_chat("my secret plan")
        await left(browser)
        clock.shift(timedelta(days=6.9))
        await erase_all()
        await browser.sign_in("Ben")
        for path in ("/chat", f"/chat/{session_id}", "/account", "/account/export"):
            assert (await browser.get(path)).headers["location"] == "/account/leaving"
        assert (await browser.say(session_id, "more")).headers["location"] == "/account/leaving"
        in_again = (await SignIn.of(ben))[0]
        token = {"Authorization": f"Bearer {access_token(ben.id, in_again.id)}"}
        assert (await browser.get("/api/sessions", **token)).status_code == 401
        assert "Keep my account" in (await browser.get("/account/leaving")).text
        assert (await browser.post("/account/leaving/end")).headers["location"] == "/chat"
        assert (await browser.get("/api/sessions", **token)).status_code == 200
        clock.shift(timedelta(days=30))
        await erase_all()
        assert "my secret plan" in (await browser.get(f"/chat/{session_id}")).text
        assert (await browser.get("/account/leaving")).headers["location"] == "/account"


async def test_after_the_grace_nothing_is_left_of_them_but_their_places(server: str, ana: User, ben: User) -> None:
    mine = await ChatSession.open(ana)
    await mine.say("what ana said", by=ana, via="web")  # type: ignore[arg-type]
    async with Browser(server, **{"User-Agent": "Netscape 4"}) as browser:
        await browser.sign_in("Ben")
        session_id = await browser.open_chat("my secret plan")
        assert all([canary in await everything() for canary in CANARIES])
        await left(browser)
        clock.shift(timedelta(days=7, seconds=1))
        await erase_all()
        told = await everything()
        assert [canary for canary in CANARIES if canary in told] == []
        assert "what ana said" in told
        rows = await sql("SELECT seq FROM messages WHERE session = $1", session_id)
        assert [row["seq"] for row in rows] == [1]
        assert (await browser.sign_in("Ben")).status_code == 422
    await erase_all()


async def everything() -> str:
    """All rows of all tables, as text."""
    names = await sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    return "".join([str(await sql(f'SELECT * FROM "{row[0]}"')) for row in names])


async def test_the_last_admin_stays(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        answer = await browser.post("/account/leaving", {"password": PASSWORD})
        assert (answer.status_code, "There is no other admin" in answer.text) == (409, True)
        for change in (ana.disable(), ana.become(Role.MEMBER)):
            with pytest.raises(Conflict):
                await change
        await ben.become(Role.ADMIN)
        await left(browser)
        with pytest.raises(Conflict):
            await ben.disable()
    assert await SignIn.of(ana) == []

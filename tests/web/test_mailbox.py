"""An admin connects the mailbox that Parley writes from."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.channels.gmail import PROVIDER, SCOPES
from app.database import sql
from app.domain.audit import Action
from app.domain.grant import Grant
from app.domain.user import User
from app.sandbox.mail.office import Office
from tests.browsing import Browser
from tests.channels.mail_side import mail_beside


@pytest.fixture
async def mail(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch, connected=False) as office:
        yield office


async def answered(office: Office, url: str, decision: str) -> str:
    """Where Google sends the admin back to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["scope"].split(), asked["access_type"], asked["prompt"]) == (list(SCOPES), "offline", "consent")
    async with httpx.AsyncClient(trust_env=False) as client:
        form = asked | {"address": office.world.ours, "decision": decision}
        back = urlsplit((await client.post(f"{office.base_url}/o/oauth2/answer", data=form)).headers["location"])
    return f"{back.path}?{back.query}"


async def test_it_is_connected_and_its_tokens_are_kept_encrypted(mail: Office, server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert 'href="/admin/gmail"' in (await browser.get("/admin/channels")).text
        guide = (await browser.get("/admin/gmail")).text
        for words in ("ends after seven days", "/gmail/callback", "gmail.readonly", "Connect a mailbox"):
            assert words in guide
        url = (await browser.get("/gmail/connect")).headers["location"]
        back = await browser.get(await answered(mail, url, "allow"))
        assert back.headers["location"] == "/admin/channels?mail=connected"
        page = (await browser.get("/admin/channels?mail=connected")).text
        assert f"From {mail.world.ours}" in page
    grant = await Grant.find(PROVIDER, mail.world.ours)
    assert grant
    assert grant.tokens["refresh_token"] in mail.world.tokens
    (row,) = await sql("SELECT secret FROM grants")
    assert not any(secret in row["secret"] for secret in mail.world.tokens)
    assert await sql("SELECT FROM audit_entries WHERE action = $1", Action.GRANT_GIVEN)


async def test_refused_or_begun_elsewhere_nothing_is_kept(mail: Office, server: str, ana: User) -> None:
    async with Browser(server) as browser, Browser(server) as another:
        await browser.enter(ana)
        await another.enter(ana)
        url = (await browser.get("/gmail/connect")).headers["location"]
        refused = await browser.get(await answered(mail, url, "deny"))
        assert refused.headers["location"] == "/admin/channels?mail=refused"
        allowed = await answered(mail, url, "allow")
        assert (await another.get(allowed)).status_code == 422
        assert (await browser.get(allowed.replace("code=", "code=x"))).status_code == 422
    assert not await Grant.of(PROVIDER)


async def test_without_googles_client_there_is_none_to_connect(
    server: str, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.get("/gmail/connect")).status_code == 404

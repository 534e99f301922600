"""An admin lets Parley into a workspace; its tokens are kept encrypted, renewed once, and end when Slack says so."""

import asyncio
import html
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app import clock
from app.channels.protocol import Rejected
from app.channels.slack_client import PROVIDER, heard, team
from app.channels.slack_workspace import SCOPES
from app.database import sql
from app.domain.audit import Action
from app.domain.channel import ChannelStatus, CommunicationChannel
from app.domain.grant import Grant
from app.domain.user import User
from app.sandbox.slack.people import uninstall
from app.settings import settings
from tests.browsing import Browser
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.conftest import person
from tests.waiting import until


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    """Which Parley was not let into."""
    async with slack_beside(monkeypatch) as side:
        await sql("DELETE FROM grants")
        yield side


async def asked(browser: Browser) -> str:
    """Where Slack asks the admin."""
    sent = await browser.get("/slack/install")
    assert sent.status_code == 303
    return sent.headers["location"]


async def answered(slack: SlackSide, url: str, decision: str = "allow") -> str:
    """Where Slack sends the admin back to."""
    told = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert set(told["scope"].split(",")) == set(SCOPES)
    form = {"kind": "install", "user": slack.who("ana").user, "decision": decision} | told
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).status_code == 200
        sent = await client.post(f"{slack.sandbox.base_url}/oauth/answer", data=form)
    back = urlsplit(sent.headers["location"])
    return f"{back.path}?{back.query}"


async def installed(slack: SlackSide, server: str, ana: User) -> str:
    async with Browser(server) as browser:
        await browser.enter(ana)
        back = await browser.get(await answered(slack, await asked(browser)))
        assert back.headers["location"] == "/admin/channels?slack=installed"
    return slack.who("ana").team


async def test_it_is_let_in_and_what_was_granted_is_kept_encrypted(slack: SlackSide, server: str, ana: User) -> None:
    team_id = await installed(slack, server, ana)
    grant = await Grant.find(PROVIDER, team_id)
    assert grant is not None
    assert set(grant.scopes) == set(SCOPES)
    assert grant.granted_by == ana.id
    token = grant.tokens["access_token"]
    assert token.startswith("xox")
    assert token not in str([tuple(row.values()) for row in await sql("SELECT * FROM grants")])
    assert (await heard((await team(team_id)).auth_test()))["team_id"] == team_id
    noted = await sql("SELECT detail FROM audit_entries WHERE action = $1", Action.GRANT_GIVEN)
    assert [row["detail"] for row in noted] == [f"Slack, {grant.name}"]


async def test_refused_or_begun_elsewhere_nothing_is_kept(slack: SlackSide, server: str, ana: User) -> None:
    async with Browser(server) as browser, Browser(server) as another:
        await browser.enter(ana)
        await another.enter(ana)
        back = await answered(slack, await asked(browser), "deny")
        assert (await browser.get(back)).headers["location"] == "/admin/channels?slack=refused"
        back = await answered(slack, await asked(browser))
        assert (await another.get(back)).status_code == 422
        ben = await person("Ben")
        await another.enter(ben)
        assert (await another.get("/slack/install")).status_code in (403, 404)
    assert await Grant.of(PROVIDER) == []


async def test_a_token_that_ends_soon_is_renewed_once_by_all(slack: SlackSide, server: str, ana: User) -> None:
    team_id = await installed(slack, server, ana)
    before = await Grant.find(PROVIDER, team_id)
    assert before is not None
    assert before.expires_at is not None
    clock.shift(before.expires_at - clock.now() - timedelta(minutes=1))
    clients = await asyncio.gather(*(asyncio.create_task(team(team_id)) for _ in range(10)))
    assert len({client.token for client in clients} - {before.tokens["access_token"]}) == 1
    assert (await heard(clients[0].auth_test()))["team_id"] == team_id


async def test_taken_away_in_slack_the_channel_says_so(slack: SlackSide, server: str, ana: User, worker: object) -> None:
    team_id = await installed(slack, server, ana)
    await reach(ana, slack, "ana")
    uninstall(slack.sandbox.workspace)

    async def disconnected() -> bool:
        return (await CommunicationChannel.of(ana.id))[0].status == ChannelStatus.DISCONNECTED

    await until(disconnected)
    with pytest.raises(Rejected):
        await team(team_id)


async def test_the_guide_says_how_far_it_is_and_no_secret(
    slack: SlackSide, server: str, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = settings()
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert "a Slack of its own" in (await browser.get("/admin/slack")).text
        monkeypatch.setattr(ours, "slack_api_url", "https://slack.com/api/")
        monkeypatch.setattr(ours, "slack_signing_secret", "")
        page = (await browser.get("/admin/slack")).text
        assert ours.slack_client_secret not in page
        assert page.count("Missing") == 1
        assert html.escape(f"request_url: {ours.base_url}/slack/events") in page
        assert "Add to Slack" in page
        monkeypatch.setattr(ours, "slack_app_token", "xapp-secret")
        page = (await browser.get("/admin/slack")).text
        assert "request_url" not in page
        assert "xapp-secret" not in page

"""What comes from Slack: signed, kept once, acknowledged at once; by posts or by a connection of ours."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.channels.slack_people import link_for
from app.database import sql
from app.domain.channel import CommunicationChannel
from app.domain.user import User
from app.jobs.listen_to_slack import listen_to_slack
from app.sandbox.slack.options import Addresses
from app.settings import settings
from tests.browsing import Browser
from tests.channels.slack_side import SlackSide, slack_beside
from tests.waiting import until

SECRET = "the secret by which Slack signs"
WHOLE = bool(os.environ.get("WHOLE_RUNS"))
EVENTS, MOST_SECONDS = (5_000, 1) if WHOLE else (500, 3)  # Slack waits 3 s; the promise is for a machine without other tests


def event(number: int) -> bytes:
    told = {"type": "message", "channel": f"C{number % 7}", "user": "U1", "text": "x", "ts": f"{1.7e9 + number:.6f}"}
    return json.dumps({"type": "event_callback", "event_id": f"Ev{number}", "team_id": "T1", "event": told}).encode()


def headers(body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    signature = hmac.digest(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hex()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}", "Content-Type": "application/json"}


@pytest.fixture
async def slack_posts(server: str, db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(settings(), "slack_signing_secret", SECRET)
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        yield client


async def kept() -> int:
    return int((await sql("SELECT count(*) FROM inbound_events"))[0][0])


@pytest.mark.parametrize("path", ["/slack/events", "/slack/interactions", "/slack/commands"])
async def test_what_slack_has_not_signed_now_is_refused(slack_posts: httpx.AsyncClient, path: str) -> None:
    body, good = event(1), headers(event(1))
    bad: list[dict[str, Any]] = [
        {}, headers(body, secret="another"), headers(body, at=time.time() - 330), headers(body, at=time.time() + 330),
        headers(event(2)), good | {"X-Slack-Signature": "v0="}, good | {"X-Slack-Signature": "é".encode()},
        good | {"X-Slack-Request-Timestamp": "soon"}, good | {"X-Slack-Request-Timestamp": ""},
    ]  # fmt: skip
    for given in bad:
        assert (await slack_posts.post(path, content=body, headers=given)).status_code == 401, given
    assert await kept() == 0


@pytest.mark.sized
@pytest.mark.timeout(300)
async def test_an_event_that_comes_again_in_any_order_is_one(slack_posts: httpx.AsyncClient) -> None:
    """promises.md 7."""
    numbers = [number for number in range(EVENTS) for _ in range(3)]
    random.Random(7).shuffle(numbers)
    limit, taken = asyncio.Semaphore(20), list[float]()

    async def post(number: int) -> int:
        async with limit:
            began = time.perf_counter()
            answer = await slack_posts.post("/slack/events", content=event(number), headers=headers(event(number)))
            taken.append(time.perf_counter() - began)
            return answer.status_code

    assert set(await asyncio.gather(*map(post, numbers))) == {200}
    assert await kept() == EVENTS
    assert sorted(taken)[int(len(taken) * 0.99)] < MOST_SECONDS


async def test_the_address_is_verified_and_nonsense_has_no_effect(slack_posts: httpx.AsyncClient) -> None:
    asked = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    answer = await slack_posts.post("/slack/events", content=asked, headers=headers(asked))
    assert answer.json() == {"challenge": "abc"}
    for body in (b"", b"[]", b"{", b'{"event": 1, "event_id": 2}', b'{"event":{"type":"message"}}'):
        assert (await slack_posts.post("/slack/events", content=body, headers=headers(body))).status_code == 200
        assert (await slack_posts.post("/slack/interactions", content=body, headers=headers(body))).status_code == 200
    assert await kept() == 0


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


async def test_a_link_connects_whoever_posts_its_form_while_signed_in(
    slack: SlackSide, server: str, ana: User, capsys: pytest.CaptureFixture[str]
) -> None:
    link = urlsplit(await link_for(slack.who("carla"))).path
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = await browser.get(link)
        assert "Carla Moreau in Sandbox" in page.text
        assert len(await CommunicationChannel.of(ana.id)) == 2, "who only opens it connects nothing"
        capsys.readouterr()
        answer = await browser.client.post(link, data={"csrf": await browser.csrf()})
        assert link.rpartition("/")[2] not in capsys.readouterr().out, "whoever reads the log can do nothing with it"
        assert answer.status_code == 303
        assert (await CommunicationChannel.of(ana.id))[-1].address == str(slack.who("carla"))
        assert (await browser.get(link + "x")).status_code == 404


async def test_events_come_over_a_connection_of_ours_when_there_is_an_app_token(
    db: None, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with slack_beside(monkeypatch, addresses=Addresses()) as slack:
        monkeypatch.setattr(settings(), "slack_app_token", slack.sandbox.secrets.app_token)
        listening = asyncio.create_task(listen_to_slack())
        await until(lambda: _connected(slack))
        await slack.writes("ana", "hello")
        await until(_heard)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert not await sql("SELECT FROM duties"), "another worker may listen at once"


async def _connected(slack: SlackSide) -> bool:
    return bool(await sql("SELECT FROM duties")) and slack.sandbox.workspace.sockets.any_open


async def _heard() -> bool:
    return await kept() == 1

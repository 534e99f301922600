"""A page that hears by a socket, `?transport=socket`: it grows, heals and ends as one that hears by its stream."""

import os
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from app import frames
from app.agent.turn import Answers
from app.domain.user import User
from app.settings import settings
from app.valkey import valkey
from tests.cutting import Cutting, cutting
from tests.journeys.answers import words
from tests.journeys.arrivals import Arrivals, arrivals
from tests.journeys.axe import violations

SEED = 11


@pytest.fixture
async def network(server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cutting]:
    """What lies between the browser and the Parley within the tests, which has its address there."""
    async with cutting(settings().port, SEED) as network:
        monkeypatch.setattr(settings(), "base_url", network.url)
        yield network


async def test_a_page_hears_by_a_socket_and_asks_for_no_stream(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]", "socket")
    await device.is_answered("Hello")
    await device.remember_steps()
    await device.say("[[tokens=60 rate=60]]")
    await device.is_answered(words(60))
    assert len(set(await device.steps())) > 5, "word by word"
    await expect(device.messages).to_have_count(4)
    assert not [path for path in device.asked if "/stream" in path]
    found = await violations(device.page)
    assert not found, "\n".join(found)


@pytest.mark.sized
async def test_cut_within_every_growth_and_refused_it_holds_every_word_once(
    network: Cutting, window: Chromium, ana: User, worker: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "INTERVAL_SECONDS", 0)
    tokens, client = 2000 if os.environ.get("WHOLE_RUNS") else 200, valkey()
    async with arrivals(network.url, window) as visit:
        device = await visit.enter(ana)
        device.expects("WebSocket connection to", "ws:error")
        await device.open_chat("[[say=Hello]]", "socket")
        await device.is_answered("Hello")
        network.bad, cuts = True, 0
        await device.say(f"[[tokens={tokens} rate=50]]")
        await expect(device.messages).to_have_count(4)
        await device.remember_steps()
        while await device.answer.get_attribute("data-status") != "complete":
            if network.cuts > cuts and network.chance.random() < 0.2:
                await client.flushall()
            cuts = network.cuts
        await device.is_answered(words(tokens))
        steps = await device.steps()
    await client.aclose()
    assert network.cuts >= tokens / 40, f"seed {SEED}"
    assert steps == sorted(steps), "no word was taken back"
    revisions = [int(parse_qs(urlsplit(address).query)["revision"][0]) for address in network.asked]
    assert revisions == sorted(revisions)
    assert revisions[-1] > revisions[0], "each goes on where the last had come to"


async def test_a_lost_socket_says_so_and_heals(network: Cutting, window: Chromium, ana: User) -> None:
    async with arrivals(network.url, window) as visit:
        device = await visit.enter(ana)
        device.expects("WebSocket connection to", "ws:error")
        path = await device.open_chat("hello", "socket")
        network.fall()
        await expect(device.page.get_by_text("Connection lost.")).to_be_visible()
        network.away = False
        await expect(device.page.get_by_text("Connection lost.")).to_be_hidden()
        await device.http.say(path.removeprefix("/chat/"), "heard again")
        await expect(device.said("heard again")).to_be_visible()


@pytest.mark.parametrize("transport", ["stream", "socket"])
async def test_a_conversation_deleted_elsewhere_is_gone_here(
    server: str, window: Chromium, ana: User, transport: str
) -> None:
    async with arrivals(server, window) as visit:
        device = await visit.enter(ana)
        path = await device.open_chat("hello", transport)
        device.expects("404")
        await (await ana.session(UUID(path.removeprefix("/chat/")))).discard()
        await expect(device.page.get_by_role("heading", name="Nothing is here")).to_be_visible()

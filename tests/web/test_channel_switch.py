"""A conversation goes on by another channel: one click, said in the log, seen on every page (promises.md, 25)."""

import asyncio
from uuid import UUID

import pytest

from app.domain.agent_state import AgentState
from app.domain.channel import ChannelType
from app.domain.session import ChatSession
from app.domain.user import User
from tests.browsing import Browser
from tests.channels.engine import reached_by
from tests.channels.fickle import Fickle
from tests.timing import timed, within
from tests.web.test_feedback import until_told


@timed
async def test_a_switch_is_seen_on_every_device_within_a_second(server: str, ana: User) -> None:
    await reached_by(ana, email=Fickle())
    session_id = str((await ChatSession.open(ana)).id)
    async with Browser(server) as laptop, Browser(server) as phone:
        await laptop.enter(ana)
        await phone.enter(ana)
        async with laptop.stream(session_id) as here, phone.stream(session_id) as there:
            for events in (here, there):
                await until_told(events, "#channel-now", 'data-now="web"')
            with within(1):
                answer = await laptop.post(f"/chat/{session_id}/channel", {"type": "email"}, HX_Request="true")
                for events in (here, there):
                    await until_told(events, "#log", "From now on by e-mail (email of Ana). Back to the page by one click.")
                    await until_told(events, "#channel-now", 'data-now="email"')
            assert answer.status_code == 204
        page = (await phone.get(f"/chat/{session_id}")).text
        assert 'data-now="email"' in page
        assert (await laptop.post(f"/chat/{session_id}/channel", {"type": "web"})).status_code == 303
        assert "From now on here on the page." in (await phone.get(f"/chat/{session_id}")).text


@timed
async def test_what_the_agent_does_is_seen_on_another_device_within_half_a_second(server: str, ana: User) -> None:
    async with Browser(server) as laptop, Browser(server) as phone:
        await laptop.enter(ana)
        await phone.enter(ana)
        session = await ChatSession.open(ana)
        async with phone.stream(str(session.id)) as events:
            await until_told(events, "#agent-status", "idle")
            with within(0.5):
                await laptop.say(str(session.id), "Hello")
                await until_told(events, "#agent-status", "queued")
    await AgentState.stop(session.id)


async def test_switching_twice_is_switching_once(ana: User) -> None:
    await reached_by(ana, email=Fickle())
    session = await ChatSession.open(ana)
    others = [await ana.session(session.id) for _ in range(3)]
    await asyncio.gather(*(one.switch(ChannelType.EMAIL) for one in others))
    assert [entry.type for entry in await session.entries()] == ["notice"]


async def test_it_goes_only_where_its_owner_can_be_reached(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        session_id = await browser.open_chat("Hello")
        for type, status in (("slack", 409), ("email", 409), ("pigeon", 422), ("", 422)):
            assert (await browser.post(f"/chat/{session_id}/channel", {"type": type})).status_code == status
        assert "channel-switch" not in (await browser.get(f"/chat/{session_id}")).text
    assert (await ana.session(UUID(session_id))).channel == "web"


async def test_what_has_no_thread_yet_leads_nowhere(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.switches.LOOKS", 2)
    await reached_by(ana, slack=Fickle())
    session = await ChatSession.open(ana)
    async with Browser(server) as browser:
        await browser.enter(ana)
        path = f"/chat/{session.id}/slack"
        assert "has no thread in Slack" in (await browser.get(path)).text
        await session.switch(ChannelType.SLACK)
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert "still on its way to Slack" in answer.text
        assert f'href="{path}"' in (await browser.get(f"/chat/{session.id}")).text


async def test_a_page_that_did_not_hear_of_a_switch_finds_it_in_the_database(
    server: str, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reached_by(ana, email=Fickle())
    session = await ChatSession.open(ana)
    monkeypatch.setattr("app.rooms.house.WATCH_SECONDS", 0.1)
    async with Browser(server) as browser:
        await browser.enter(ana)
        async with browser.stream(str(session.id)) as events:
            await until_told(events, "#channel-now", 'data-now="web"')
            monkeypatch.setattr("app.domain.session.announce", lambda *_: None)
            await session.switch(ChannelType.EMAIL)
            await until_told(events, "#log", "From now on by e-mail")
            await until_told(events, "#channel-now", 'data-now="email"')

"""An open page loses nothing and repeats nothing, however often its stream is cut."""

import asyncio
import gc
import os
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import httpx
import pytest

from app import frames
from app.agent.turn import Answers
from app.domain.agent_state import AgentState
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.markdown import render
from app.rooms.house import House
from app.valkey import valkey
from tests.browsing import Browser, Event
from tests.open_page import OpenPage
from tests.stub_llm import StubLLM
from tests.stub_orders import prose
from tests.timing import timed, within
from tests.waiting import until


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


async def listen(browser: Browser, session_id: str, page: OpenPage, query: str = "after=0") -> AsyncIterator[Event]:
    """Hear the stream from where `page` is, once."""
    headers = {"Last_Event_ID": page.last_id} if page.last_id else {}
    async with browser.stream(session_id, query, **headers) as events:
        async for event in events:
            page.hear(event)
            yield event


async def listen_to_the_end(browser: Browser, session_id: str, page: OpenPage) -> None:
    async with asyncio.timeout(20), aclosing(listen(browser, session_id, page)) as events:
        async for _ in events:
            if page.done:
                return


async def listen_on(browser: Browser, session_id: str, page: OpenPage) -> None:
    async for _ in listen(browser, session_id, page):
        pass


async def test_tokens_arrive_one_after_the_other(browser: Browser, worker: Answers, llm: StubLLM) -> None:
    session_id = await browser.open_chat("[[tokens=30 rate=60]]")
    page, seen = OpenPage(), []
    async with aclosing(listen(browser, session_id, page)) as events:
        async for _ in events:
            if page.articles and 'data-author="agent"' in list(page.articles.values())[-1]:
                seen.append(len(page.words()))
            if page.done:
                break
    assert page.words() == " ".join(f"tok{n}" for n in range(30))
    assert len(set(seen)) >= 8
    assert seen == sorted(seen)


@pytest.mark.sized
@pytest.mark.parametrize("emptied", [False, True], ids=["valkey kept", "valkey emptied"])
async def test_a_stream_cut_at_every_frame_is_byte_identical(
    browser: Browser, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch, emptied: bool
) -> None:
    monkeypatch.setattr(frames, "INTERVAL_SECONDS", 0)
    tokens = 1500 if os.environ.get("WHOLE_RUNS") else 250
    expected = " ".join(f"tok{n}" for n in range(tokens))
    session_id = await browser.open_chat(f"[[tokens={tokens} rate=50]]")
    page, cuts, chance = OpenPage(), 0, random.Random(7)
    client = valkey()
    while not page.done:
        with suppress(httpx.HTTPError):
            async with aclosing(listen(browser, session_id, page)) as events:
                async for event in events:
                    if page.articles and 'data-author="agent"' in list(page.articles.values())[-1] and not page.done:
                        assert expected.startswith(page.words()), (cuts, page.words()[-80:])
                    if ".open" in event.data or page.done:
                        break
        cuts += 1
        if emptied and chance.random() < 0.2:
            await client.flushall()
    await client.aclose()
    assert cuts >= tokens / 12.5, "each growth was a cut"
    assert page.words() == expected
    assert [article.count("<article") for article in page.articles.values()] == [1, 1]


async def test_markdown_grows_to_what_the_whole_renders_to(browser: Browser, worker: Answers, llm: StubLLM) -> None:
    session_id = await browser.open_chat("[[tokens=300 rate=0 text=prose]]")
    page = OpenPage()
    await listen_to_the_end(browser, session_id, page)
    assert page.prose() == render("".join(prose(n) for n in range(300)))


async def test_a_page_opened_midway_gets_all_the_text_so_far(browser: Browser, worker: Answers, llm: StubLLM) -> None:
    session_id = await browser.open_chat("[[tokens=60 rate=60]]")
    await until(lambda: any(len(sent) > 30 for sent in llm.sent.values()))
    page = OpenPage()
    async with aclosing(listen(browser, session_id, page)) as events:
        async for _ in events:
            if page.articles and 'data-status="streaming"' in list(page.articles.values())[-1]:
                break
    assert page.words().startswith("tok0 tok1 ")
    assert len(page.words().split()) > 20


async def test_a_takeover_shows_one_whole_answer(browser: Browser, server: str, llm: StubLLM, worker: Answers) -> None:
    session_id = await browser.open_chat("[[tokens=60 rate=60]]")
    page = OpenPage()
    hearing = asyncio.create_task(listen_to_the_end(browser, session_id, page))
    await until(lambda: any(len(sent) > 20 for sent in llm.sent.values()))
    answering = next(iter(worker.under_way.values()))
    answering.hand_back()
    await hearing
    assert len(llm.requests) == 2
    assert page.words() == " ".join(f"tok{n}" for n in range(60))
    assert len(page.articles) == 2


@timed
async def test_two_devices_see_the_same_within_half_a_second(
    browser: Browser, server: str, ana: User, worker: Answers
) -> None:
    session_id = await browser.open_chat("[[say=one]]")
    async with Browser(server) as second:
        await second.enter(ana)
        page = OpenPage()
        hearing = asyncio.create_task(listen_to_the_end(second, session_id, page))
        await until(lambda: page.done)
        await hearing
        hearing = asyncio.create_task(listen_on(second, session_id, page))
        with within(0.5):
            await browser.say(session_id, "seen elsewhere?", client_id="a-page-made-this")
            await until(lambda: "message-a-page-made-this" in page.articles)
        hearing.cancel()


async def test_a_stop_on_one_device_shows_on_another(
    browser: Browser, server: str, ana: User, worker: Answers, llm: StubLLM
) -> None:
    session_id = await browser.open_chat("[[tokens=1000 rate=50]]")
    page = OpenPage()
    hearing = asyncio.create_task(listen_to_the_end(browser, session_id, page))
    await until(lambda: any(len(sent) > 10 for sent in llm.sent.values()))
    async with Browser(server) as second:
        await second.enter(ana)
        assert (await second.post(f"/chat/{session_id}/stop")).status_code == 303
    await until(lambda: 'data-status="stopped"' in list(page.articles.values())[-1], 2)
    assert "Stopped" in page.prose() or "Stopped" in list(page.articles.values())[-1]
    hearing.cancel()


async def test_signing_out_ends_the_stream_with_a_word(browser: Browser, ana: User) -> None:
    session_id = await browser.open_chat("hello")
    sign_in = await SignIn.objects().first()
    assert sign_in
    async with browser.stream(session_id) as events:
        assert (await anext(events)).data
        await browser.sign_out()
        async with asyncio.timeout(1):
            kinds = [event.kind async for event in events]
    assert kinds[-1] == "signed-out"


async def test_events_that_got_lost_are_made_up_for(browser: Browser, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rooms.house.WATCH_SECONDS", 0.3)
    session_id = await browser.open_chat("hello")
    page = OpenPage()
    hearing = asyncio.create_task(listen_to_the_end(browser, session_id, page))
    await until(lambda: len(page.articles) == 1)
    with monkeypatch.context() as patch:
        patch.setattr("app.domain.session.announce", lambda *_: None)
        await browser.say(session_id, "unheard", client_id="unheard-words")
    await until(lambda: "message-unheard-words" in page.articles, 8)
    hearing.cancel()


async def test_a_slow_reader_is_cut_off() -> None:
    from app.rooms.outbox import MOST_BYTES_WAITING, Outbox
    from app.web.fragments import Streamed

    box = Outbox(Streamed, None)
    for _ in range(MOST_BYTES_WAITING // 1000 + 2):
        box.put(b"x" * 1000)
    assert box.ended
    assert sum(map(len, box.waiting)) <= MOST_BYTES_WAITING
    while await box.take() is not None:
        pass


async def test_a_queued_turn_that_is_stopped_says_so(browser: Browser, worker: Answers, llm: StubLLM, ana: User) -> None:
    llm.away = True
    session_id = await browser.open_chat("hello")
    from uuid import UUID

    session = await ana.session(UUID(session_id))

    async def waits() -> bool:
        return bool((await session.agent()).waits)

    await until(waits)
    await AgentState.stop(session.id)

    async def idle() -> bool:
        return (await session.agent()).status == "idle"

    await until(idle)
    assert (await session.entries())[-1].status == "stopped"


async def test_a_page_that_went_away_is_forgotten(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rooms.house.BEAT_SECONDS", 0.5)
    session_id = await browser.open_chat("hello")
    house = next(one for one in gc.get_objects() if isinstance(one, House) and not one.closing)
    async with browser.stream(session_id) as events:
        assert (await anext(events)).data
        assert len(house.boxes()) >= 1
    await until(lambda: not house.boxes(), 10)

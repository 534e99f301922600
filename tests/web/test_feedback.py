"""The inbox: what waits for a person, answered on the page, seen everywhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.clock import now
from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question, Urgency
from app.domain.feedback_value import FeedbackType
from app.domain.timeline import timeline
from app.domain.user import User
from tests.browsing import Browser, Event
from tests.channels.engine import Shall, ask
from tests.conftest import person
from tests.timing import timed, within

CHOICE = Question(FeedbackType.CHOICE, "Which day?", options=["Monday", "Friday"])
MANY = Question(FeedbackType.MULTIPLE_CHOICE, "Who comes?", options=["Ana", "Ben", "Cleo"])
WORDS = Question(FeedbackType.TEXT, "What shall it say?")
RATING = Question(FeedbackType.RATING, "How was it?")


async def test_the_most_pressing_stands_first(server: str, ana: User) -> None:
    await ask(ana, question=Question(FeedbackType.APPROVAL, "Some day"))
    await ask(ana, question=Question(FeedbackType.APPROVAL, "Tomorrow", deadline=now() + timedelta(days=1)))
    await ask(ana, question=Question(FeedbackType.APPROVAL, "Now", urgency=Urgency.URGENT))
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.get("/feedback")).text
    places = [page.index(f">{words}<") for words in ("Now", "Tomorrow", "Some day")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("question", "form", "value", "words"),
    [
        (Question(FeedbackType.APPROVAL, "Ship?"), {"value": "true"}, True, "Approved by Ana on the page."),
        (
            Question(FeedbackType.APPROVAL, "Ship?"),
            {"value": "false", "comment": "No"},
            False,
            "Rejected by Ana on the page: No.",
        ),
        (CHOICE, {"value": "Friday"}, "Friday", "“Friday” by Ana"),
        (MANY, {"value": ["Cleo", "Ana"]}, ["Ana", "Cleo"], "“Ana, Cleo” by Ana"),
        (WORDS, {"value": " Hello "}, "Hello", "“Hello” by Ana"),
        (RATING, {"value": "4"}, 4, "“4 of 5” by Ana"),
    ],
)
async def test_every_kind_is_answered_without_a_script(
    server: str, ana: User, question: Question, form: dict[str, object], value: object, words: str
) -> None:
    request = await ask(ana, question=question)
    async with Browser(server) as browser:
        await browser.enter(ana)
        answer = await browser.post(f"/feedback/{request.id}/response", form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/feedback/{request.id}")
        page = (await browser.open(answer.headers["location"])).text
    assert words in page
    assert "answered" in page.lower()


@pytest.mark.parametrize(
    ("question", "form"),
    [(CHOICE, {"value": "Sunday"}), (CHOICE, {}), (RATING, {"value": "6"}), (RATING, {"value": "4.5"}),
     (WORDS, {"value": " "}), (MANY, {"value": ["Ana", "Ana"]}),
     (Question(FeedbackType.APPROVAL, "Ship?"), {"value": "maybe"})],
)  # fmt: skip
async def test_what_is_no_answer_is_refused_and_it_stays_open(
    server: str, ana: User, question: Question, form: dict[str, object]
) -> None:
    request = await ask(ana, question=question)
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.post(f"/feedback/{request.id}/response", form)).status_code == 422
        assert "data-open" in (await browser.get("/feedback")).text


async def test_nobody_else_sees_or_answers_it(server: str, ana: User, ben: User) -> None:
    request = await ask(ana)
    async with Browser(server) as browser:
        await browser.enter(ben)
        assert (await browser.get(f"/feedback/{request.id}")).status_code == 404
        assert (await browser.post(f"/feedback/{request.id}/response", {"value": "true"})).status_code == 404
        assert "Shall we ship?" not in (await browser.get("/feedback")).text


async def test_who_comes_late_is_told_who_was_faster(server: str, ana: User, ben: User) -> None:
    request = await ask(ana, ben)
    await request.respond(ben, True, ChannelType.WEB)
    async with Browser(server) as browser:
        await browser.enter(ana)
        answer = await browser.post(f"/feedback/{request.id}/response", {"value": "false"}, HX_Request="true")
    assert answer.status_code == 200
    assert "This was settled before your answer came. Approved by Ben on the page." in answer.text


@timed
async def test_it_appears_and_settles_on_every_open_page_within_half_a_second(
    server: str, worker: object, ana: User
) -> None:
    async with Browser(server) as laptop, Browser(server) as phone:
        await laptop.enter(ana)
        await phone.enter(ana)
        session_id = await laptop.open_chat("[[say=Hello]]")
        session = await ana.session(UUID(session_id))
        chat, inbox = laptop.stream(session_id), phone.listen("/feedback/stream")
        async with chat as on_chat, inbox as on_inbox:
            await until_told(on_chat, "#waiting-count", "")
            await until_told(on_inbox, "#inbox", "Nothing waits for you")
            with within(0.5):
                request = await FeedbackRequest.ask(Shall, of=[ana], session=session)
                await until_told(on_chat, "#docked", "Shall we ship?")
                await until_told(on_inbox, "#inbox", "Shall we ship?")
            with within(0.5):
                await phone.post(f"/feedback/{request.id}/response", {"value": "true"})
                await until_told(on_chat, "#log", "Approved by Ana on the page.")
                await until_told(on_chat, "#docked", "")
                await until_told(on_inbox, "#inbox", "Nothing waits for you")


async def until_told(events: AsyncIterator[Event], target: str, words: str) -> None:
    """Wait for an event that puts these words there."""
    async with asyncio.timeout(5):
        async for event in events:
            if f'hx-target="{target}"' in event.data and words in event.data:
                return


async def test_a_place_is_handed_on_without_a_script(server: str, ana: User, ben: User) -> None:
    await person("Cleo")
    request = await ask(ana, ben)
    path = f"/feedback/{request.id}"
    async with Browser(server) as browser:
        await browser.enter(ana)
        refused = await browser.post(f"{path}/delegation", {"to": "nobody@example.com"})
        assert (refused.status_code, "Nobody here is called" in refused.text) == (422, True)
        answer = await browser.post(f"{path}/delegation", {"to": "cleo@example.com"})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        page = (await browser.get(path)).text
        assert "Handed on to Cleo." in page
        assert "data-open" not in page
        assert "Nothing waits for you" in (await browser.get("/feedback")).text
        alone = await ask(ana)
        assert "Hand on" not in (await browser.get(f"/feedback/{alone.id}")).text


async def test_who_asked_and_is_not_asked_sees_for_whom_it_waits(server: str, ana: User, ben: User) -> None:
    request = await FeedbackRequest.ask(Shall, of=[ben], by=ana)
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.get(f"/feedback/{request.id}")).text
    assert "Waits for Ben." in page
    assert "data-open" not in page


async def test_the_conversation_that_it_opens_is_called_after_it_and_there_it_is_seen(server: str, ana: User) -> None:
    request = await ask(ana, question=Question(FeedbackType.APPROVAL, "Shall we ship version 2 to everybody?"))
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert "Shall we ship version 2 to everybody?" in (await browser.get("/chat")).text
        assert "seen" not in [one.what for one in await timeline(request.id, ana.id)]
        page = (await browser.get(f"/chat/{request.session}")).text
    assert '<h1 id="title">Shall we ship version 2 to everybody?</h1>' in page
    assert [one.via for one in await timeline(request.id, ana.id) if one.what == "seen"] == ["web"]


async def test_the_page_of_a_request_hears_of_its_own_persons_inbox_only(server: str, ana: User, ben: User) -> None:
    request = await ask(ana)
    async with Browser(server) as browser:
        await browser.enter(ben)
        assert (await browser.get(f"/feedback/{request.id}/stream")).status_code == 404

"""The log: gap-free, said once, whoever writes at the same time."""

import asyncio

import pytest

from app.domain.channel import ChannelType
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.message import MessageStatus
from app.domain.session import ChatSession
from app.domain.title import titled
from app.domain.turn import Turn
from app.domain.user import User

WEB = ChannelType.WEB


async def test_places_are_gap_free_when_forty_people_talk_at_once(ana: User) -> None:
    session = await ChatSession.open(ana)

    async def say(n: int) -> None:
        await (await ana.session(session.id)).say(f"words {n}", by=ana, via=WEB)

    await asyncio.gather(*(say(n) for n in range(40)))
    entries = await session.entries()
    assert [entry.seq for entry in entries] == list(range(1, 41))
    assert len({entry.revision for entry in entries}) == 40


async def test_the_same_client_id_is_said_once(ana: User) -> None:
    session = await ChatSession.open(ana)
    said = await asyncio.gather(*(session_say(ana, session, "hello", "same-id-1") for _ in range(20)))
    assert len(set(said)) == 1
    assert [entry.seq for entry in await session.entries()] == [1]
    assert (await session_say(ana, session, "again", "same-id-2")) != said[0]
    assert [entry.seq for entry in await session.entries()] == [1, 2], "a repeat takes no place"


async def session_say(by: User, session: ChatSession, text: str, client_id: str) -> str:
    message = await (await by.session(session.id)).say(text, by=by, via=WEB, client_id=client_id)
    return str(message.id)


async def test_a_foreign_conversation_looks_like_none(ana: User, ben: User) -> None:
    session = await ChatSession.open(ana)
    with pytest.raises(NotFound):
        await ben.session(session.id)


@pytest.mark.parametrize("text", ["", " \n\t", "a\0b", "x" * 100_001, "half \ud83d pair"])
async def test_words_that_cannot_be_kept_are_refused(ana: User, text: str) -> None:
    session = await ChatSession.open(ana)
    with pytest.raises(Unfit):
        await session.say(text, by=ana, via=WEB)
    assert await session.entries() == []


async def test_the_longest_message_is_kept_whole(ana: User) -> None:
    session = await ChatSession.open(ana)
    await session.say("é" * 100_000, by=ana, via=WEB)
    assert (await session.entries())[0].text == "é" * 100_000


async def test_waiting_words_can_be_changed_and_taken_back_until_they_are_read(ana: User) -> None:
    session = await ChatSession.open(ana)
    first = await session.say("one", by=ana, via=WEB)
    second = await session.say("two", by=ana, via=WEB)
    await session.edit(first.id, "one, better")
    await session.take_back(second.id)
    assert [entry.text for entry in await session.entries()] == ["one, better", ""]
    assert await Turn.claim(session.id, 10)
    with pytest.raises(Conflict):
        await session.edit(first.id, "too late")
    assert (await session.entries())[0].status == MessageStatus.COMPLETE


async def test_changes_are_found_by_revision(ana: User) -> None:
    session = await ChatSession.open(ana)
    first = await session.say("one", by=ana, via=WEB)
    await session.say("two", by=ana, via=WEB)
    seen = session.revision
    await session.edit(first.id, "changed")
    assert [entry.text for entry in await session.changes(after_revision=seen)] == ["changed"]


def test_a_title_is_the_first_line_cut_at_a_word() -> None:
    assert titled("\n  Hello there\nmore") == "Hello there"
    long = titled("word " * 40)
    assert len(long) <= 61
    assert long.endswith("word…")

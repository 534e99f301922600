"""The mailbox is read whole: none missed, none twice, whatever Gmail does meanwhile (promises, rows 8 and 9)."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from app.channels.gmail_inbox import PAGE, read_new
from app.channels.protocol import Unavailable, Uncertain
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.feedback_response import FeedbackResponse
from app.domain.mail_cursor import MailCursor
from app.domain.user import User
from app.sandbox.faults import Faults, Kind
from app.sandbox.mail import gmail as api
from app.sandbox.mail.gmail import Call, Json, Wrong
from app.sandbox.mail.office import Office
from tests.channels.engine import ask
from tests.channels.mail_side import Correspondent, mail_beside, taken_in
from tests.conftest import person
from tests.waiting import until

MANY = 250
AWAY = 100 if os.environ.get("WHOLE_RUNS") else 10


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


def write_many(mail: Office, first: int = 0, count: int = MANY) -> None:
    writer = Correspondent(mail, "ana@example.com", "Ana")
    for number in range(first, first + count):
        writer.writes(f"Number {number}", "Hello")


async def kept() -> list[str]:
    rows = await sql("SELECT external_id FROM inbound_events WHERE provider = 'gmail' ORDER BY id")
    return [row["external_id"].partition(" ")[2] for row in rows]


def came(mail: Office) -> set[str]:
    return {one.id for one in mail.ours.mails.values() if "INBOX" in one.labels}


async def read_until_whole(mail: Office, tries: int = 30) -> None:
    for _ in range(tries):
        try:
            await read_new()
        except (Unavailable, Uncertain):
            await asyncio.sleep(0.01)
        if set(await kept()) == came(mail):
            return
    raise AssertionError(f"{len(await kept())} of {len(came(mail))} are kept")


async def test_page_after_page_each_once_also_when_pages_are_repeated(mail: Office) -> None:
    write_many(mail)
    await asyncio.gather(read_new(), read_new(), read_new())
    assert set(await kept()) == came(mail)
    assert len(await kept()) == MANY > 2 * PAGE
    await sql("UPDATE mail_cursors SET history_id = history_id - 100")
    await read_new()
    assert len(await kept()) == MANY


async def test_a_place_that_gmail_has_forgotten_loses_nothing(mail: Office) -> None:
    write_many(mail, count=120)
    await read_new()
    write_many(mail, 120, count=130)
    mail.ours.history.clear()
    mail.ours.forgotten = mail.ours.history_id
    await read_until_whole(mail)
    write_many(mail, 250, count=5)
    await read_until_whole(mail)
    assert len(await kept()) == 255


async def test_a_counter_that_begins_anew_is_followed(mail: Office) -> None:
    await MailCursor.move(mail.world.ours, mail.ours.history_id + 1_000_000)
    mail.ours.forgotten = mail.ours.history_id + 2_000_000  # 404
    write_many(mail, count=3)
    await read_until_whole(mail)
    mail.ours.forgotten = 0
    write_many(mail, 3, count=3)
    await read_until_whole(mail)


async def test_a_token_taken_back_in_the_middle_of_a_page_loses_nothing(
    mail: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(mail)
    calls = 0

    async def get_message(call: Call) -> Json:
        nonlocal calls
        calls += 1
        if calls in (30, 150):  # what was let through is worth nothing any more: the next call finds out
            for token in mail.world.tokens.values():
                token.expires_at = 0.0
        return await api.get_message(call)

    monkeypatch.setitem(api.METHODS, ("GET", "messages/{id}"), api.Method(get_message, api.READ))
    await read_until_whole(mail)
    assert len(await kept()) == MANY


async def test_a_gmail_that_fails_now_and_then_loses_nothing(mail: Office) -> None:
    write_many(mail, count=120)
    mail.faults = Faults(rate=0.33, kinds=[Kind.BUSY, Kind.DOWN, Kind.SILENT, Kind.LOST], seed=7)
    await read_until_whole(mail, tries=200)
    assert len(await kept()) == 120


async def test_a_mail_that_is_gone_before_it_was_fetched_holds_up_nothing(
    mail: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(mail, count=3)
    gone = next(iter(came(mail)))

    async def get_message(call: Call) -> Json:
        if call.path["id"] == gone:
            raise Wrong(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
        return await api.get_message(call)

    monkeypatch.setitem(api.METHODS, ("GET", "messages/{id}"), api.Method(get_message, api.READ))
    await read_new()
    assert set(await kept()) == came(mail) - {gone}


@pytest.mark.sized
async def test_who_is_away_and_who_is_nowhere(mail: Office, worker: object) -> None:
    people = []
    for number in range(2 * AWAY):
        one = await person(f"P{number}")
        channel = await CommunicationChannel.add(one.id, ChannelType.EMAIL, f"p{number}@example.org")
        others = [it.id for it in await CommunicationChannel.of(one.id) if it.id != channel.id]
        await CommunicationChannel.reorder(one.id, [channel.id, *others])
        box = mail.world.mailbox(channel.address)
        box.away, box.bounces = ("I am away." if number % 2 else ""), not number % 2
        people.append(one)
    for one in people:
        await ask(one)

    async def all_came_back() -> bool:
        rows = await sql("SELECT count(*) FROM deliveries WHERE via = 'email' AND status = 'bounced'")
        return int(rows[0][0]) == AWAY

    await until(all_came_back, seconds=60)
    ends = await taken_in(2 * AWAY)
    assert sum("sent by itself" in one for one in ends) == AWAY
    rows = await sql(
        "SELECT count(*) FROM deliveries WHERE via = 'web' AND kind = 'request' AND status IN ('accepted', 'seen')"
    )
    assert rows[0][0] >= AWAY, "who is nowhere is asked by their next channel"
    assert not await sql("SELECT FROM feedback_responses")
    assert not await sql("SELECT FROM messages WHERE author = 'agent' AND type = 'text'"), "the agent answers none"
    assert not await FeedbackResponse.exists()

"""Never a loop: machines that answer everything and do not say so."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.feedback_response import FeedbackResponse
from app.domain.user import User
from app.sandbox.mail.office import Office
from app.settings import settings
from tests.channels.engine import ask
from tests.channels.mail_side import Correspondent, mail_beside, taken_in

ADDRESS = "ana.lindqvist@example.com"
MOST = 3


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(settings(), "mails_per_hour", MOST)
    monkeypatch.setattr(settings(), "mail_quiet_seconds", 0.0)
    async with mail_beside(monkeypatch) as office:
        yield office


@pytest.fixture
async def writer(mail: Office, ana: User, worker: object) -> Correspondent:
    channel = await CommunicationChannel.add(ana.id, ChannelType.EMAIL, ADDRESS)
    others = [one.id for one in await CommunicationChannel.of(ana.id) if one.id != channel.id]
    await CommunicationChannel.reorder(ana.id, [channel.id, *others])
    return Correspondent(mail, ADDRESS, "Ana")


async def answer_everything(writer: Correspondent, words: str, seconds: float = 6) -> int:
    """Reply to every mail that comes, as a machine does; how many came."""
    answered: set[str] = set()
    async with asyncio.timeout(seconds + 5):
        for _ in range(int(seconds / 0.1)):
            for one in list(writer.box.mails.values()):
                if "INBOX" in one.labels and one.id not in answered:
                    answered.add(one.id)
                    writer.replies(one, words)
            await asyncio.sleep(0.1)
    return len(answered)


async def test_a_conversation_with_one_comes_to_an_end(writer: Correspondent, ana: User) -> None:
    writer.writes("Hello", "I am not here. [[say=Who are you?]]")
    came = await answer_everything(writer, "I am not here. [[say=Who are you?]]")
    assert came == MOST
    waiting = await sql("SELECT due_at > now() + interval '50 minutes' AS later FROM deliveries WHERE status = 'due'")
    assert [row["later"] for row in waiting] == [True], "the rest comes in one mail, later"


async def test_a_request_is_asked_back_so_often_and_no_more(writer: Correspondent, ana: User) -> None:
    request = await ask(ana)
    await writer.gets(request.code)
    came = await answer_everything(writer, "I am not here, maybe later. [[say=no JSON]]")
    assert came == 1 + MOST
    ends: list[Any] = await taken_in(1 + MOST)
    assert len(ends) == 1 + MOST
    assert not await FeedbackResponse.of(request.id)

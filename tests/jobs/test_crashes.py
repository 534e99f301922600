"""A worker dies after any statement: what it was at converges, and nothing arrives twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.database import Connection, sql
from app.domain.channel import ChannelType
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.user import User
from app.jobs.check_doubles import check_doubles
from app.jobs.deliver import carry
from tests.channels.engine import Shall, ask, at_rest, reached_by, work_until
from tests.channels.fickle import Fickle

ENOUGH = 12


class Crash(BaseException):
    """kill -9: nothing after it is done; PostgreSQL rolls back what was not committed."""


class Crashing:
    """Lets a process die after so many statements."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.happened = False
        fetch, execute = Connection.fetch, Connection.execute

        async def fetching(connection: Connection, *arguments: Any, **options: Any) -> Any:
            rows = await fetch(connection, *arguments, **options)
            self.statement()
            return rows

        async def executing(connection: Connection, *arguments: Any, **options: Any) -> Any:
            done = await execute(connection, *arguments, **options)
            if not str(arguments[0]).startswith("ROLLBACK"):
                self.statement()
            return done

        monkeypatch.setattr(Connection, "fetch", fetching)
        monkeypatch.setattr(Connection, "execute", executing)

    def statement(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.happened = None, True
            raise Crash

    @asynccontextmanager
    async def after(self, statements: int) -> AsyncIterator[None]:
        self.left, self.happened = statements, False
        with suppress(Crash):
            yield
        self.left = None


async def test_a_crash_after_each_statement_of_claim_send_and_record_converges(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, crashing, points = Fickle(), Crashing(monkeypatch), 0
    await reached_by(ana, slack=slack)
    while True:
        request = await ask(ana)
        async with crashing.after(points):
            for delivery in await Delivery.claim(10, 0.1):
                await carry(delivery)
            for recipient_id in await FeedbackRecipient.due(10):
                await FeedbackRecipient.climb(recipient_id)
        if not crashing.happened:
            break
        points += 1
        await asyncio.sleep(0.1)
        await work_until(at_rest)
        assert len(slack.of(request.id)) == 1, f"after statement {points}"
    assert points >= ENOUGH


async def test_a_crash_after_each_statement_of_expiry_and_of_telling_it_converges(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, crashing, points = Fickle(), Crashing(monkeypatch), 0
    await reached_by(ana, slack=slack)
    while True:
        request = await ask(ana, question=replace(Shall, deadline=clock.now() + timedelta(hours=1)))
        await work_until(at_rest)
        clock.shift(clock.shifted() + timedelta(hours=2))
        async with crashing.after(points):
            for recipient_id in await FeedbackRecipient.due(10):
                await FeedbackRecipient.climb(recipient_id)
            for delivery in await Delivery.claim(10, 0.1):
                await carry(delivery)
        if not crashing.happened:
            break
        points += 1
        clock.shift(clock.shifted() + timedelta(hours=1))  # what a dead worker held is anybody's again
        await asyncio.sleep(0.1)
        await work_until(at_rest)
        told = await sql("SELECT text FROM messages WHERE session = $1 ORDER BY seq", request.session)
        assert [row["text"] for row in told] == ["Shall we ship?", "Nobody answered in time."], f"after statement {points}"
        assert len(slack.of(request.id, DeliveryKind.SETTLE)) == 1, f"after statement {points}"
    assert points >= ENOUGH


async def test_a_crash_after_each_statement_of_taking_a_double_back_counts_it_once(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, crashing, points = Fickle(), Crashing(monkeypatch), 0
    await reached_by(ana, slack=slack)
    while True:
        request = await ask(ana)
        await work_until(at_rest)
        (letter,) = slack.of(request.id)
        slack.arrived(letter)
        await sql("UPDATE deliveries SET check_at = now() WHERE id = $1", letter.id)
        async with crashing.after(points):
            await check_doubles()
        happened = crashing.happened
        points += 1
        await sql("UPDATE deliveries SET check_at = now() WHERE id = $1 AND check_at IS NOT NULL", letter.id)
        await work_until(at_rest)
        rows = await sql("SELECT doubles FROM deliveries WHERE id = $1", letter.id)
        assert (len(slack.of(request.id)), rows[0]["doubles"]) == (1, 1), f"after statement {points}"
        if not happened:
            break
    assert points >= 4


async def test_a_crash_after_each_statement_of_an_answer_converges(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    slack, crashing, points = Fickle(), Crashing(monkeypatch), 0
    await reached_by(ana, slack=slack)
    while True:
        request = await ask(ana)
        await work_until(at_rest)
        async with crashing.after(points):
            await request.respond(ana, True, ChannelType.WEB)
        happened = crashing.happened
        points += 1
        answers = await sql("SELECT count(*) FROM feedback_responses WHERE request = $1", request.id)
        status = await sql("SELECT status FROM feedback_requests WHERE id = $1", request.id)
        assert (answers[0][0], status[0][0]) in [(0, "open"), (1, "answered")], "an answer counts whole or not at all"
        if status[0][0] == "open":
            await request.respond(ana, True, ChannelType.WEB)
        await work_until(at_rest)
        assert len(slack.of(request.id, DeliveryKind.SETTLE)) == 1, f"after statement {points}"
        if not happened:
            break
    assert points >= ENOUGH

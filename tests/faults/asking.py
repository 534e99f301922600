"""People who are reached by the providers of a fault run, and what they are asked."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from app.database import AWAY, sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.feedback_question import Question
from app.domain.user import User
from tests.channels.engine import Shall, ask, at_rest
from tests.conftest import person
from tests.waiting import until

ASKERS = 8


async def people(count: int, *ways: str) -> list[User]:
    """So many, reached by these in this order."""
    found = []
    for number in range(count):
        one = await person(f"Person{number}")
        channels = await CommunicationChannel.of(one.id)
        new = [await CommunicationChannel.add(one.id, ChannelType(way), f"{way} of {one.name}") for way in ways]
        await CommunicationChannel.reorder(one.id, [channel.id for channel in [*new, *channels]])
        found.append(one)
    return found


async def ask_all(people: Sequence[User], count: int, question: Question = Shall) -> list[UUID]:
    """So many requests, one person after the other, from several askers who try again when the database is away. The ids
    of those that were acknowledged."""
    turns = iter(range(count))
    asked: list[UUID] = []

    async def asker() -> None:
        for turn in turns:
            asked.append(await patiently(people[turn % len(people)], question))

    async with asyncio.TaskGroup() as group:
        for _ in range(ASKERS):
            group.create_task(asker())
    return asked


async def patiently(person: User, question: Question = Shall) -> UUID:
    while True:
        try:
            return (await ask(person, question=question)).id
        except AWAY:
            await asyncio.sleep(0.1)


async def known() -> list[str]:
    """Every request that stands in the database, acknowledged or not."""
    return [str(row["id"]) for row in await sql("SELECT id FROM feedback_requests")]


async def rest(seconds: float) -> None:
    """Until nothing is on its way any more."""

    async def resting() -> bool:
        with suppress(*AWAY):
            return await at_rest()
        return False

    await until(resting, seconds, every=0.2)

"""A turn: one worker at a time, taken over when it dies, never written by one that was superseded."""

import asyncio

import pytest

from app.database import sql
from app.domain.agent_state import AgentState, AgentStatus
from app.domain.channel import ChannelType
from app.domain.message import MessageStatus
from app.domain.session import ChatSession
from app.domain.turn import Superseded, Turn
from app.domain.user import User

WEB = ChannelType.WEB


async def asked(ana: User) -> ChatSession:
    session = await ChatSession.open(ana)
    await session.say("hello", by=ana, via=WEB)
    return session


async def claim(session: ChatSession) -> Turn:
    turn = await Turn.claim(session.id, 10)
    assert turn
    return turn


async def die(session: ChatSession) -> None:
    """The worker's lease has ended."""
    await sql("UPDATE agent_states SET lease_until = now() - interval '1 second' WHERE session = $1", session.id)


async def test_of_twenty_workers_one_gets_the_turn(ana: User) -> None:
    session = await asked(ana)
    claims = await asyncio.gather(*(Turn.claim(session.id, 10) for _ in range(20)))
    assert sum(turn is not None for turn in claims) == 1
    assert [entry.seq for entry in await session.entries()] == [1, 2]


async def test_a_dead_workers_turn_goes_on_in_the_same_row(ana: User) -> None:
    session = await asked(ana)
    first = await claim(session)
    assert await Turn.claim(session.id, 10) is None
    await die(session)
    assert session.id in await AgentState.due(10)
    second = await claim(session)
    assert (second.message.id, second.attempt) == (first.message.id, 2)
    assert second.fence > first.fence
    await second.finish("whole")
    assert [entry.text for entry in await session.entries()] == ["hello", "whole"]


async def test_a_superseded_worker_writes_nothing(ana: User) -> None:
    session = await asked(ana)
    stale = await claim(session)
    await die(session)
    fresh = await claim(session)
    for write in (
        stale.heartbeat(10),
        stale.responding(),
        stale.finish("stale"),
        stale.hand_back(),
        stale.postpone(1, "", counts=True),
    ):
        with pytest.raises(Superseded):
            await write
    await fresh.finish("fresh")
    with pytest.raises(Superseded):
        await stale.finish("stale")
    assert (await session.entries())[-1].text == "fresh"


async def test_words_said_meanwhile_are_read_together_in_the_next_turn(ana: User) -> None:
    session = await asked(ana)
    turn = await claim(session)
    await session.say("and", by=ana, via=WEB)
    await session.say("also", by=ana, via=WEB)
    assert [entry.status for entry in await session.entries()] == ["complete", "streaming", "queued", "queued"]
    await turn.finish("first answer")
    assert (await session.agent()).status == AgentStatus.QUEUED
    turn = await claim(session)
    assert turn.message.seq == 5
    assert {entry.status for entry in (await session.entries())[:4]} == {"complete"}
    await turn.finish("second answer")
    assert (await session.agent()).status == AgentStatus.IDLE


async def test_a_turn_handed_back_is_due_at_once_and_costs_no_attempt(ana: User) -> None:
    session = await asked(ana)
    await (await claim(session)).hand_back()
    assert session.id in await AgentState.due(10)
    assert (await claim(session)).attempt == 1


async def test_a_postponed_turn_waits(ana: User) -> None:
    session = await asked(ana)
    await (await claim(session)).postpone(0.3, "away", counts=False)
    state = await session.agent()
    assert (state.status, state.error, state.as_dict()["retry_at"] is not None) == ("queued", "away", True)
    assert await AgentState.due(10) == []
    await asyncio.sleep(0.35)
    assert (await claim(session)).attempt == 1


async def test_stop_reaches_a_turn_through_its_heartbeat_and_survives_a_takeover(ana: User) -> None:
    session = await asked(ana)
    turn = await claim(session)
    assert not await turn.heartbeat(10)
    await AgentState.stop(session.id)
    assert await turn.heartbeat(10)
    await die(session)
    taken = await claim(session)
    assert taken.state.stop_requested
    await taken.finish("so far", MessageStatus.STOPPED)
    await session.say("next", by=ana, via=WEB)
    assert not (await claim(session)).state.stop_requested, "a stop ends one turn only"


async def test_stop_without_a_turn_does_nothing(ana: User) -> None:
    session = await ChatSession.open(ana)
    await AgentState.stop(session.id)
    await session.say("hello", by=ana, via=WEB)
    assert not (await claim(session)).state.stop_requested


async def test_a_failed_turn_is_retried_in_its_row_or_left_behind_by_new_words(ana: User) -> None:
    session = await asked(ana)
    await (await claim(session)).finish("half", MessageStatus.FAILED, "broken")
    assert (await session.agent()).status == AgentStatus.FAILED
    assert await AgentState.retry(session.id)
    turn = await claim(session)
    assert (turn.message.seq, turn.message.status, turn.attempt) == (2, "streaming", 1)
    await turn.finish("half", MessageStatus.FAILED, "broken")
    await session.say("never mind", by=ana, via=WEB)
    assert (await claim(session)).message.seq == 4

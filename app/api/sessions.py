"""Conversations."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.params import FromQuery, JSONBody, Parameter

from app.api.callers import Id, Me
from app.api.shapes import MOST, Listed, NewSession, Renamed, Session, Switch
from app.domain.agent_state import AgentStatus
from app.domain.session import ChatSession

Limit = Annotated[int, Parameter(ge=1, le=MOST)]


@post("/sessions", status_code=201)
async def open_session(me: Me, data: JSONBody[NewSession | None] = None) -> Session:
    """Open a conversation."""
    session = await ChatSession.open(me, title=data.title if data else "")
    return Session.of(session, AgentStatus.IDLE)


@get("/sessions")
async def list_sessions(me: Me, after: FromQuery[UUID | None] = None, limit: Limit = 50) -> Listed[Session]:
    """Your conversations, the newest first."""
    found = await ChatSession.listed(me, after=after, limit=limit + 1)
    return Listed[Session].of(found, limit, lambda one: Session.of(*one), "id")


@get("/sessions/{session_id:uuid}")
async def show_session(me: Me, session_id: Id) -> Session:
    """A conversation."""
    return await shown(await me.session(session_id))


@patch("/sessions/{session_id:uuid}")
async def rename_session(me: Me, session_id: Id, data: JSONBody[Renamed]) -> Session:
    """Give a conversation another title."""
    session = await me.session(session_id)
    await session.rename(data.title)
    return await shown(session)


@delete("/sessions/{session_id:uuid}")
async def delete_session(me: Me, session_id: Id) -> None:
    """Delete a conversation."""
    session = await me.session(session_id)
    await session.discard()


@put("/sessions/{session_id:uuid}/channel")
async def switch_channel(me: Me, session_id: Id, data: JSONBody[Switch]) -> Session:
    """Go on by another channel."""
    session = await me.session(session_id)
    await session.switch(data.type)
    return await shown(session)


async def shown(session: ChatSession) -> Session:
    """A conversation with what its agent is doing."""
    return Session.of(session, AgentStatus((await session.agent()).status))

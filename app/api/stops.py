"""Stopping an answer."""

from litestar import post

from app.api.callers import Id, Me
from app.api.sessions import shown
from app.api.shapes import Session
from app.domain.agent_state import AgentState


@post("/sessions/{session_id:uuid}/stop", status_code=202, opt={"uncounted": True})
async def stop(me: Me, session_id: Id) -> Session:
    """Stop the answer under way; what was said stays. What waits is read next."""
    session = await me.session(session_id)
    await AgentState.stop(session.id)
    return await shown(session)

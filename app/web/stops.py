"""Stopping an answer, and trying one again."""

from litestar import Response, post

from app.domain.agent_state import AgentState
from app.web.pages import AnyRequest, by_htmx, piece, see
from app.web.visitors import Id, Me


@post("/chat/{session_id:uuid}/stop", opt={"uncounted": True}, status_code=303)
async def stop(request: AnyRequest, me: Me, session_id: Id) -> Response[bytes]:
    """Stop the answer under way, from whichever device; what was said stays. What waits is read next."""
    session = await me.session(session_id)
    await AgentState.stop(session.id)
    return piece("", status=204) if by_htmx(request) else see(request, f"/chat/{session.id}")


@post("/chat/{session_id:uuid}/retry", status_code=303)
async def retry(request: AnyRequest, me: Me, session_id: Id) -> Response[bytes]:
    """Try the failed answer again, in its place."""
    session = await me.session(session_id)
    await AgentState.retry(session.id)
    return piece("", status=204) if by_htmx(request) else see(request, f"/chat/{session.id}")

"""Letting a conversation go on by another channel."""

from litestar import Response, post

from app.domain.channel import ChannelType
from app.domain.errors import Unfit
from app.web.forms import field
from app.web.pages import AnyRequest, by_htmx, piece, see
from app.web.visitors import Id, Me


@post("/chat/{session_id:uuid}/channel", status_code=303)
async def switch(request: AnyRequest, me: Me, session_id: Id) -> Response[bytes]:
    """From now on there; every page of the conversation says so."""
    session = await me.session(session_id)
    chosen = await field(request, "type")
    if chosen not in [*ChannelType]:
        raise Unfit("There is no such channel.")
    await session.switch(ChannelType(chosen))
    return piece("", status=204) if by_htmx(request) else see(request, f"/chat/{session.id}")

"""Letting a conversation go on by another channel."""

import asyncio
from uuid import UUID

from litestar import Response, get, post

from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.channels.slack_workspace import thread_url
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType
from app.domain.errors import NotFound, Unfit
from app.web.forms import field
from app.web.pages import AnyRequest, by_htmx, piece, see
from app.web.visitors import Id, Me

LOOKS, LOOK_SECONDS = 20, 0.1


@post("/chat/{session_id:uuid}/channel", status_code=303)
async def switch(request: AnyRequest, me: Me, session_id: Id) -> Response[bytes]:
    """From now on there; every page of the conversation says so."""
    session = await me.session(session_id)
    chosen = await field(request, "type")
    if chosen not in [*ChannelType]:
        raise Unfit("There is no such channel.")
    await session.switch(ChannelType(chosen))
    return piece("", status=204) if by_htmx(request) else see(request, f"/chat/{session.id}")


@get("/chat/{session_id:uuid}/slack")
async def go_to_thread(me: Me, session_id: Id) -> Response[bytes]:
    """Where it goes on in Slack."""
    session = await me.session(session_id)
    place = await _place_in_slack(session.id)
    try:
        return Response(b"", status_code=303, headers={"Location": await thread_url(place)})
    except (Rejected, Unavailable, Uncertain) as why:
        raise NotFound(f"{why} You find the conversation there among your direct messages.") from why


async def _place_in_slack(session_id: UUID) -> str:
    """Its thread there. Who has just switched is faster than Slack: a moment is waited for."""
    for _ in range(LOOKS):
        binding = await ChannelBinding.of(session_id, ChannelType.SLACK)
        if binding is None:
            raise NotFound("This conversation has no thread in Slack.")
        if binding.place:
            return str(binding.place)
        await asyncio.sleep(LOOK_SECONDS)
    raise NotFound("Its thread is still on its way to Slack. Try again in a moment.")

"""Conversations: the empty one, and each."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery

from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.inbox import seen_on_the_page, waiting_for
from app.domain.message import fit_client_id, fit_text
from app.domain.session import ChatSession
from app.domain.user import User
from app.web.bubbles import agent_shown, bubbles
from app.web.cards import cards, together
from app.web.forms import field
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id, Me

SHOWN = 60


@get("/chat")
async def empty_chat(request: AnyRequest, me: Me) -> Response[bytes]:
    """A place to begin."""
    return await _page(request, me, session=None, messages=[])


@post("/chat", status_code=303)
async def open_chat(request: AnyRequest, me: Me) -> Response[bytes]:
    """Begin a conversation with its first words."""
    text = fit_text(await field(request, "text"))
    client_id = fit_client_id(await field(request, "client_id"))
    session = await ChatSession.open(me, _uuid(client_id))  # a page that got no reply sends it again
    await session.say(text, by=me, via=ChannelType.WEB, client_id=client_id)
    return see(request, f"/chat/{session.id}")


@get("/chat/{session_id:uuid}")
async def show_chat(
    request: AnyRequest, me: Me, session_id: Id, before: FromQuery[int | None] = None, transport: FromQuery[str] = "stream"
) -> Response[bytes]:
    """A conversation: its last entries, or those before one of them. It stays up to date by a stream or, if so asked, by a
    socket."""
    session = await me.session(session_id)
    messages = await session.entries(before=before, limit=SHOWN)
    agent = await session.agent()
    older = messages[0].seq if messages and messages[0].seq > 1 else None
    return await _page(
        request, me, session=session, messages=bubbles(messages, busy=agent.busy), agent=agent_shown(agent.as_dict()),
        transport="socket" if transport == "socket" else "stream",
        stream_query=f"after={session.last_seq}&revision={session.revision}",
        older_url=f"/chat/{session.id}?before={older}" if older else None,
    )  # fmt: skip


def _uuid(client_id: str | None) -> UUID | None:
    try:
        return UUID(client_id or "")
    except ValueError:
        return None


async def _page(request: AnyRequest, me: User, *, session: ChatSession | None, **context: Any) -> Response[bytes]:
    waiting = await waiting_for(me.id)
    here = [one for one in waiting if session and one.session == session.id]
    await seen_on_the_page(me.id, here)
    context = {
        "agent": None, "stream_query": None, "older_url": None, "sessions": await me.sessions(), "session": session,
        "groups": together(await cards(here, me.id)), "docked": True, "waiting_count": len(waiting),
        "ways": await CommunicationChannel.types_of(me.id), **context,
    }  # fmt: skip
    return page(request, "chat/show.html", **context)

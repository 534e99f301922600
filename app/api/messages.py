"""What is said in a conversation."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, Parameter

from app.api.callers import Id, Me
from app.api.feedback import shown
from app.api.feedback_shapes import Request
from app.api.sessions import Limit
from app.api.shapes import Entry, Listed, Said
from app.domain.channel import ChannelType
from app.domain.feedback_log import ask_before_going_on
from app.domain.session import ChatSession
from app.rooms.place import LARGEST

After = Annotated[int, Parameter(ge=0, le=LARGEST)]


@post("/sessions/{session_id:uuid}/messages", status_code=202)
async def say(me: Me, session_id: Id, data: JSONBody[Said]) -> Entry:
    """Say something. The answer comes as events."""
    session = ChatSession.named(session_id)
    return Entry.of(await session.say(data.text, by=me, via=ChannelType.WEB, client_id=data.client_id))


@post("/sessions/{session_id:uuid}/messages/{message_id:uuid}/request", status_code=201)
async def ask_first(me: Me, session_id: Id, message_id: Id) -> Request:
    """Be asked before the agent goes on as it said there. Twice is once, while that is open."""
    session = await me.session(session_id)
    return await shown(await ask_before_going_on(session, message_id, of=me))


@get("/sessions/{session_id:uuid}/messages")
async def list_messages(me: Me, session_id: Id, after: After = 0, limit: Limit = 50) -> Listed[Entry]:
    """The log, the oldest first."""
    session = await me.session(session_id)
    return Listed[Entry].of(await session.log(after=after, limit=limit + 1), limit, Entry.of, "seq")

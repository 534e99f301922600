"""What people say: new words, and words that still wait."""

from litestar import Response, post

from app.domain.channel import ChannelType
from app.domain.feedback_log import ask_before_going_on
from app.domain.session import ChatSession
from app.domain.words import Words
from app.web.bubbles import Bubble
from app.web.forms import field
from app.web.pages import AnyRequest, by_htmx, piece, see
from app.web.visitors import Id, Me


@post("/chat/{session_id:uuid}/messages", status_code=303)
async def say(request: AnyRequest, me: Me, session_id: Id) -> Response[bytes]:
    """Say something. The answer is the bubble, which takes the place of the page's own."""
    words = await Words.write(
        session_id,
        await field(request, "text"),
        by=me,
        via=ChannelType.WEB,
        client_id=await field(request, "client_id"),
    )
    bubble = Bubble.of(words.message.as_dict(), busy=False).render() if by_htmx(request) else ""
    await words.last()
    return piece(bubble) if bubble else see(request, f"/chat/{session_id}#message-{words.message.key}")


@post("/chat/{session_id:uuid}/messages/{message_id:uuid}", status_code=303)
async def edit(request: AnyRequest, me: Me, session_id: Id, message_id: Id) -> Response[bytes]:
    """Change words that the agent has not read yet."""
    session = await me.session(session_id)
    await session.edit(message_id, await field(request, "text"))
    return _done(request, session)


@post("/chat/{session_id:uuid}/messages/{message_id:uuid}/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, session_id: Id, message_id: Id) -> Response[bytes]:
    """Take words back that the agent has not read yet."""
    session = await me.session(session_id)
    await session.take_back(message_id)
    return _done(request, session)


@post("/chat/{session_id:uuid}/messages/{message_id:uuid}/request", status_code=303)
async def ask_first(request: AnyRequest, me: Me, session_id: Id, message_id: Id) -> Response[bytes]:
    """Be asked before the agent goes on as it said here."""
    session = await me.session(session_id)
    await ask_before_going_on(session, message_id, of=me)
    return _done(request, session)


def _done(request: AnyRequest, session: ChatSession) -> Response[bytes]:
    """The stream brings the change to every page; without it, the page is shown again."""
    return piece("", status=204) if by_htmx(request) else see(request, f"/chat/{session.id}")

"""What a page hears: one stream per page, carrying all that it shows; or, where it was asked for, one socket."""

from litestar import get, websocket
from litestar.params import FromQuery
from litestar.types import ASGIApp

from app.auth.bearer import Stranger
from app.auth.live import in_browser
from app.rooms.outbox import Outbox
from app.rooms.place import LARGEST
from app.rooms.sockets import AnySocket, close_socket, converse, open_socket, refuse_socket
from app.rooms.streams import Stream
from app.rooms.telling import Ending
from app.web.errors import status_of
from app.web.fragments import Framed, Seen, Streamed
from app.web.pages import AnyRequest, visitor_of
from app.web.visitors import Id, Me


@get("/chat/{session_id:uuid}/stream", opt={"uncounted": True}, media_type="text/event-stream")
async def stream(
    request: AnyRequest, me: Me, session_id: Id, after: FromQuery[int] = 0, revision: FromQuery[int] = 0
) -> ASGIApp:
    """The page's stream. `Last-Event-ID`, the revision that a page has seen, wins over the address."""
    await me.session(session_id)
    revision = _number(request.headers.get("last-event-id", "")) or revision
    box = Outbox(Streamed, visitor_of(request).sign_in_id, person_id=me.id)
    return Stream(request.app.state.house, session_id, box, _seen(after, revision))


@websocket("/chat/{session_id:uuid}/socket")
async def open_to_pages(socket: AnySocket, session_id: Id) -> None:
    """The same pieces as frames, to our own pages. They say nothing here: forms do. A browser hides from its page why a
    socket was refused, so who is signed out is told inside."""
    try:
        who = await in_browser(socket)
        await who.user.session(session_id)
    except Stranger:
        await open_socket(socket)
        await socket.send_text(Framed.farewell(Ending.SIGNED_OUT).decode())
        return await close_socket(socket, Ending.SIGNED_OUT)
    except Exception as error:
        return await refuse_socket(socket, status_of(error), b"", {})
    await open_socket(socket)
    box = Outbox(Framed, who.sign_in_id, person_id=who.user.id)
    asked = [_number(socket.query_params.get(name, "")) for name in ("after", "revision")]
    await converse(socket, socket.app.state.house, session_id, box, _seen(*asked), _ignore)


async def _ignore(data: str | bytes) -> None:
    """What a page's socket says."""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _seen(after: int, revision: int) -> Seen:
    return Seen(max(0, min(after, LARGEST)), max(0, min(revision, LARGEST**2)))

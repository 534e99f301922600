"""What a page hears: one stream per page, carrying all that it shows."""

from litestar import get
from litestar.params import FromQuery
from litestar.types import ASGIApp

from app.rooms.outbox import Outbox
from app.rooms.place import LARGEST
from app.rooms.streams import Stream
from app.web.fragments import Fragments, Seen
from app.web.pages import AnyRequest, visitor_of
from app.web.visitors import Id, Me


@get("/chat/{session_id:uuid}/stream", opt={"uncounted": True}, media_type="text/event-stream")
async def stream(
    request: AnyRequest, me: Me, session_id: Id, after: FromQuery[int] = 0, revision: FromQuery[int] = 0
) -> ASGIApp:
    """The page's stream. `Last-Event-ID`, the revision that a page has seen, wins over the address."""
    await me.session(session_id)
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        revision = int(last)
    box = Outbox(Fragments, visitor_of(request).sign_in_id, person_id=me.id)
    seen = Seen(max(0, min(after, LARGEST)), max(0, min(revision, LARGEST**2)))
    return Stream(request.app.state.house, session_id, box, seen)

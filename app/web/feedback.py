"""What people are asked: the inbox, one request, and answering it."""

from typing import Any

from litestar import Response, get, post
from litestar.types import ASGIApp

from app.domain.channel import ChannelType
from app.domain.errors import Conflict, Unfit
from app.domain.feedback import FeedbackRequest, Settled
from app.domain.feedback_delegation import delegate
from app.domain.feedback_value import FeedbackType
from app.domain.inbox import request_for, seen_on_the_page, settled_for, waiting_for
from app.domain.notice import notices_for, notices_seen
from app.domain.people import those_asked
from app.domain.timeline import timeline
from app.domain.user import User
from app.rooms.outbox import Outbox
from app.rooms.streams import Stream
from app.web.cards import Card, cards, together
from app.web.forms import field
from app.web.fragments import Hinted, Streamed
from app.web.pages import AnyRequest, by_htmx, page, piece, see, visitor_of
from app.web.visitors import Id, Me


@get("/feedback")
async def inbox(request: AnyRequest, me: Me) -> Response[bytes]:
    """What waits for me, the most pressing first, and what I was asked before."""
    waiting = await waiting_for(me.id)
    await seen_on_the_page(me.id, waiting)
    groups, settled = together(await cards(waiting, me.id)), await cards(await settled_for(me.id), me.id)
    notes = await notices_for(me.id)
    await notices_seen(me.id)
    return page(
        request, "feedback/inbox.html", groups=groups, settled=settled, notes=notes, waiting_count=len(waiting)
    )  # fmt: skip


@get("/feedback/stream", opt={"uncounted": True}, media_type="text/event-stream")
async def inbox_stream(request: AnyRequest, me: Me) -> ASGIApp:
    """What the inbox hears."""
    return Stream(request.app.state.house, None, Outbox(Streamed, visitor_of(request).sign_in_id, person_id=me.id), None)


@get("/feedback/{request_id:uuid}")
async def show_request(request: AnyRequest, me: Me, request_id: Id) -> Response[bytes]:
    """One request, and all that has become of it."""
    asked = await request_for(me.id, request_id)
    await seen_on_the_page(me.id, [asked])
    return await _page(request, me, asked)


async def _page(request: AnyRequest, me: User, asked: FeedbackRequest, *, status: int = 200, **told: Any) -> Response[bytes]:
    card, told_of = await Card.of(asked, me.id), await timeline(asked.id, me.id)
    count = len(await waiting_for(me.id))
    return page(
        request, "feedback/show.html", status=status, card=card, timeline=told_of, waiting_count=count, **told
    )  # fmt: skip


@get("/feedback/{request_id:uuid}/stream", opt={"uncounted": True}, media_type="text/event-stream")
async def request_stream(request: AnyRequest, me: Me, request_id: Id) -> ASGIApp:
    """What the page of one request hears: that something has changed."""
    await request_for(me.id, request_id)
    return Stream(request.app.state.house, None, Outbox(Hinted, visitor_of(request).sign_in_id, person_id=me.id), None)


@post("/feedback/{request_id:uuid}/response", status_code=303)
async def respond(request: AnyRequest, me: Me, request_id: Id) -> Response[bytes]:
    """Answer. Who comes late is told who was faster."""
    asked = await request_for(me.id, request_id)
    await seen_on_the_page(me.id, [asked])
    late = ""
    try:
        await asked.respond(me, await value_of(request, asked), ChannelType.WEB, await field(request, "comment"))
    except Settled as settled:
        late = f"This was settled before your answer came. {settled}"
    return await _card(request, me, asked, late)


@post("/feedback/{request_id:uuid}/delegation", status_code=303)
async def hand_on(request: AnyRequest, me: Me, request_id: Id) -> Response[bytes]:
    """Let somebody else be asked in my place."""
    asked, to, late = await request_for(me.id, request_id), await field(request, "to"), ""
    try:
        await delegate(asked, me, (await those_asked([to]))[0])
    except Settled as settled:
        late = f"This was settled already. {settled}"
    except (Unfit, Conflict) as why:
        told = {"hand_on_error": str(why), "hand_on_to": to}
        if not by_htmx(request):
            return await _page(request, me, asked, status=422, **told)
        return piece((await Card.of(asked, me.id)).render(**told), status=422)
    return await _card(request, me, asked, late)


async def _card(request: AnyRequest, me: User, asked: FeedbackRequest, late: str) -> Response[bytes]:
    """The request as it stands now."""
    if not by_htmx(request):
        return see(request, f"/feedback/{asked.id}")
    return piece((await Card.of(await request_for(me.id, asked.id), me.id)).render(late=late))


async def value_of(request: AnyRequest, asked: FeedbackRequest) -> Any:
    """The answer that the form holds, as this type of request takes it."""
    form = await request.form()
    given = [value for value in form.getall("value", []) if isinstance(value, str)]
    match asked.type, given:
        case FeedbackType.MULTIPLE_CHOICE, _:
            return given
        case FeedbackType.APPROVAL, [("true" | "false") as word]:
            return word == "true"
        case FeedbackType.RATING, [digit] if digit.isascii() and digit.isdigit():
            return int(digit)
        case _, [text]:
            return text
    raise Unfit("Choose an answer first.")

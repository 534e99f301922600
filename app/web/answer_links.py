"""The page that a mail's link opens: one request, answered by whom it was sent to, who need not sign in for it."""

from litestar import Response, get, post
from litestar.params import FromPath

from app.domain.answer_link import answered_by
from app.domain.channel import ChannelType
from app.domain.errors import NotFound
from app.domain.feedback import FeedbackRequest, Settled
from app.domain.inbox import request_for
from app.domain.user import User
from app.web.cards import Card
from app.web.feedback import value_of
from app.web.forms import field
from app.web.pages import AnyRequest, page, visitor_of
from app.web.visitors import SignInFirst


@get("/r/{token:str}", opt={"open": True})
async def show_linked_request(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """How it stands. A machine that opens the link decides nothing."""
    asked, person = await _linked(request, token)
    chosen = str(request.query_params.get("value", ""))
    return await _page(request, token, asked, person, chosen=chosen)


@post("/r/{token:str}", status_code=200, opt={"open": True})
async def answer_linked_request(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Answer as the one to whom the link was sent. Who comes late is told who was faster."""
    asked, person = await _linked(request, token)
    late = ""
    try:
        await asked.respond(person, await value_of(request, asked), ChannelType.EMAIL, await field(request, "comment"))
    except Settled as settled:
        late = f"This was settled before your answer came. {settled}"
    return await _page(request, token, await request_for(person.id, asked.id), person, late=late)


async def _linked(request: AnyRequest, token: str) -> tuple[FeedbackRequest, User]:
    """The request and the person of a link. For what is urgent or sensitive the link alone is not enough: they sign in."""
    request_id, user_id = answered_by(token)
    person = await User.objects().get(User.id == user_id)
    if person is None or person.disabled_at or person.left_at:
        raise NotFound
    asked = await request_for(person.id, request_id)
    signed_in = visitor_of(request).user
    if (asked.urgent or asked.sensitive) and asked.open and (signed_in is None or signed_in.id != person.id):
        raise SignInFirst
    return asked, person


async def _page(
    request: AnyRequest, token: str, asked: FeedbackRequest, person: User, *, chosen: str = "", late: str = ""
) -> Response[bytes]:
    card = await Card.of(asked, person.id)
    return page(request, "answer_links/show.html", card=card, path=f"/r/{token}", chosen=chosen, late=late, name=person.name)

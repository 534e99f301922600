"""Asking people, and what they answer."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromQuery, JSONBody, Parameter

from app.api.callers import AnyRequest, Id, Me, still
from app.api.feedback_shapes import Answer, Batch, Delegation, NewBatch, NewRequest, Request, Response, Told
from app.api.sessions import Limit
from app.api.shapes import Listed
from app.domain.feedback import FeedbackRequest, FeedbackStatus
from app.domain.feedback_batch import Asked, ask_together
from app.domain.feedback_delegation import delegate
from app.domain.feedback_response import Way
from app.domain.feedback_told import told
from app.domain.inbox import asked_by, request_for, requests_for
from app.domain.people import those_asked
from app.domain.scope import Scope
from app.domain.timeline import timeline
from app.domain.user import User

MOST_SECONDS = 60
Wait = Annotated[float, Parameter(ge=0, le=MOST_SECONDS)]
SCOPE = {"scope": Scope.FEEDBACK}


@post("/feedback", status_code=201, opt=SCOPE)
async def ask(me: Me, data: JSONBody[NewRequest]) -> Request:
    """Ask people for a decision. It finds them by their channels, in their order."""
    asked = await _asked(me, data)
    return await shown(await FeedbackRequest.ask(asked.question, of=asked.of, by=me, session=asked.session))


@post("/feedback/batch", status_code=201, opt=SCOPE)
async def ask_batch(me: Me, data: JSONBody[NewBatch]) -> Batch:
    """Ask several things together. All are asked, or none; inboxes show them side by side."""
    requests = await ask_together([await _asked(me, one) for one in data.requests], me)
    assert requests[0].batch
    return Batch(batch=requests[0].batch, requests=[Request(**one) for one in await told(requests)])


@get("/feedback", opt=SCOPE)
async def list_requests(
    me: Me, status: FromQuery[FeedbackStatus | None] = None, batch: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None, limit: Limit = 50,
) -> Listed[Request]:  # fmt: skip
    """What you asked, were asked, or have in your conversations. The newest first."""
    found = await requests_for(me.id, status=status, batch=batch, after=after, limit=limit + 1)
    return Listed[Request].of(await told(found), limit, lambda one: Request(**one), "id")


@get("/feedback/{request_id:uuid}", opt=SCOPE)
async def show_request(request: AnyRequest, me: Me, request_id: Id, wait: Wait = 0) -> Request:
    """A request and, once it is settled, its answers. With `wait` it answers when that is so, or after so many seconds."""
    asked = await request_for(me.id, request_id)
    if wait and asked.open:
        await request.app.state.house.settlements.wait(asked.id, wait)
        await still(request)
        asked = await request_for(me.id, request_id)
    return await shown(asked)


@post("/feedback/{request_id:uuid}/response", status_code=201, opt=SCOPE)
async def respond(me: Me, request_id: Id, data: JSONBody[Answer]) -> Response:
    """Answer. When somebody was faster, it is told who, when and where."""
    asked = await request_for(me.id, request_id)
    return Response(**(await asked.respond(me, data.value, Way.API, data.comment)).as_dict())


@post("/feedback/{request_id:uuid}/delegation", status_code=201, opt=SCOPE)
async def hand_on(me: Me, request_id: Id, data: JSONBody[Delegation]) -> Request:
    """Let somebody else be asked in your place. It takes several who are asked."""
    asked = await request_for(me.id, request_id)
    await delegate(asked, me, (await those_asked([data.to]))[0])
    return await shown(asked)


@delete("/feedback/{request_id:uuid}", opt=SCOPE)
async def withdraw(me: Me, request_id: Id) -> None:
    """Ask no longer. Only who asked can."""
    await (await asked_by(me.id, request_id)).withdraw()


@get("/feedback/{request_id:uuid}/timeline", opt=SCOPE)
async def list_timeline(me: Me, request_id: Id) -> Listed[Told]:
    """All that has become of a request. Every delivery and attempt, the first first."""
    asked = await request_for(me.id, request_id)
    return Listed[Told](items=[Told(**one.as_dict()) for one in await timeline(asked.id, me.id)], next=None)


async def shown(asked: FeedbackRequest) -> Request:
    """A request as programs get it."""
    return Request(**(await told([asked]))[0])


async def _asked(me: User, data: NewRequest) -> Asked:
    """What is to be asked, of whom, and in which conversation."""
    session = await me.session(data.session_id) if data.session_id else None
    return Asked(data.asked, await those_asked(data.people) if data.to is not None else [me], session)

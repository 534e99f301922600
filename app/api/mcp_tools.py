"""What models and programs can do by MCP: ask people, wait for answers, tell people something."""

import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import AwareDatetime, BaseModel, Field

from app import limits
from app.api.feedback import MOST_SECONDS, shown
from app.api.feedback_shapes import VALUE, NewRequest, Request
from app.api.shapes import MOST, Listed
from app.auth.bearer import Caller
from app.database import AWAY, transaction
from app.domain.channel import ChannelType
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.feedback import FeedbackRequest, FeedbackStatus
from app.domain.feedback_question import Urgency
from app.domain.feedback_told import told
from app.domain.feedback_value import FeedbackType
from app.domain.idempotency import KeptAnswer
from app.domain.inbox import request_for, requests_for
from app.domain.notice import notify
from app.domain.people import those_asked
from app.domain.user import User
from app.limits import Kind, TooMany
from app.rooms.house import House

INSTRUCTIONS = """Parley finds people wherever they are (page, Slack, e-mail) and brings their decisions back. Ask with
ask_person; it answers at once with an id. Come back for the answer with get_answer, now or days later: nothing is lost
meanwhile. A request that expired was not answered, which is neither a yes nor a no."""
MOST_BODY_BYTES = 1024 * 1024
READS = ToolAnnotations(read_only_hint=True)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False)
P = ParamSpec("P")
T = TypeVar("T")
Asking = Context[Any, Any]
People = Annotated[str | list[str] | None, Field(description="User ids or e-mail addresses; without any, you yourself.")]
Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS, description="How long to wait for the answer.")]


class Notified(BaseModel):
    """Who was told, by their ids."""

    to: list[UUID]


def in_words(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """What goes wrong for a reason is told to the model as we tell everybody."""

    @functools.wraps(tool)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await tool(*arguments, **named)
        except (NotFound, Conflict, Unfit) as error:
            raise ToolError(str(error)) from None
        except TooMany as error:
            raise ToolError(f"That was a lot at once. You can go on {error.verdict.soon}.") from None
        except AWAY:
            raise ToolError("The database is away for a moment. Try again in a few seconds.") from None

    return run


def sessions_of(house: House) -> StreamableHTTPSessionManager:
    """What answers MCP requests with these tools. Who may ask, and from which pages, is looked at before."""
    server: MCPServer[Any] = MCPServer("parley", title="Parley", instructions=INSTRUCTIONS, subscriptions=False)
    tools = Tools(house)
    for tool, how in (
        (tools.ask_person, WRITES), (tools.get_answer, READS), (tools.notify_person, WRITES), (tools.list_requests, READS)
    ):  # fmt: skip
        server.add_tool(in_words(tool), annotations=how)
    server.streamable_http_app(
        stateless_http=True, max_request_body_size=MOST_BODY_BYTES,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )  # fmt: skip
    return server.session_manager


class Tools:
    """The tools of one web process."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def ask_person(
        self,
        ctx: Asking,
        type: FeedbackType,
        question: Annotated[str, Field(description="One sentence, clear without anything else.")],
        to: People = None,
        needed: Annotated[int, Field(description="How many of them must answer.")] = 1,
        options: Annotated[list[str] | None, Field(description="For choice and multiple_choice.")] = None,
        context: Annotated[str, Field(description="Markdown: what one needs to know to decide.")] = "",
        urgency: Urgency = Urgency.NORMAL,
        deadline: Annotated[AwareDatetime | None, Field(description="When it expires.")] = None,
        default: Annotated[Any, Field(description=f"What stands at the deadline. {VALUE}")] = None,
        channels: Annotated[list[ChannelType] | None, Field(description="Only by these; by all when empty.")] = None,
        sensitive: Annotated[bool, Field(description="Who answers must be signed in: no reply by mail.")] = False,
        session_id: Annotated[UUID | None, Field(description="A conversation of yours in which to ask.")] = None,
        wait_seconds: Seconds = 0,
        key: Annotated[str, Field(description="Asked again with the same key, it is asked once.")] = "",
    ) -> Request:
        """Ask people for a decision. Answers at once with the request's id and code, or waits for the answer if told to."""
        me = await _writer(ctx)
        asked = NewRequest(
            to=to, needed=needed, session_id=session_id, type=type, question=question, options=options, context=context,
            urgency=urgency, deadline=deadline, default=default, channels=channels or [],
            sensitive=sensitive,
        )  # fmt: skip
        request_id = await _ask(me, asked, key)
        return await self._settled(me, request_id, wait_seconds)

    async def get_answer(self, ctx: Asking, id: UUID, wait_seconds: Seconds = 0) -> Request:
        """How a request stands, and its answers once it is settled. With wait_seconds it waits that long for it."""
        return await self._settled(_caller(ctx).user, id, wait_seconds)

    async def notify_person(
        self,
        ctx: Asking,
        text: Annotated[str, Field(description="Plain words, at most 2,000 characters.")],
        to: People = None,
    ) -> Notified:
        """Tell people something that needs no answer: it stands in their inbox, and goes to the first of their channels."""
        me = await _writer(ctx)
        people = await _people(me, to)
        await notify(people, text, by=me)
        return Notified(to=[person.id for person in people])

    async def list_requests(
        self,
        ctx: Asking,
        status: FeedbackStatus | None = None,
        after: Annotated[UUID | None, Field(description="The `next` of the list before.")] = None,
        limit: Annotated[int, Field(ge=1, le=MOST)] = 20,
    ) -> Listed[Request]:
        """What you asked, were asked, or have in your conversations. The newest first."""
        found = await requests_for(_caller(ctx).user.id, status=status, batch=None, after=after, limit=limit + 1)
        return Listed[Request].of(await told(found), limit, lambda one: Request(**one), "id")

    async def _settled(self, me: User, request_id: UUID, seconds: float) -> Request:
        asked = await request_for(me.id, request_id)
        if seconds and asked.open:
            await self.house.settlements.wait(asked.id, seconds)
            asked = await request_for(me.id, request_id)
        return await shown(asked)


def _caller(ctx: Asking) -> Caller:
    request = ctx.request_context.request
    assert request is not None
    caller: Caller = request.scope["state"]["caller"]
    return caller


async def _writer(ctx: Asking) -> User:
    """Who calls, for what is counted as a write."""
    me = _caller(ctx).user
    await limits.admit(Kind.WRITE, me.id)
    return me


async def _people(me: User, to: str | list[str] | None) -> list[User]:
    if to is None:
        return [me]
    return await those_asked([to] if isinstance(to, str) else to)


async def _ask(me: User, asked: NewRequest, key: str) -> UUID:
    """Ask, or find what was asked with this key before."""
    place = (me.id, "/mcp ask_person", key)
    async with transaction():
        if key and (kept := await KeptAnswer.claim(*place, asked.model_dump_json().encode())):
            return UUID(kept.answer)
        session = await me.session(asked.session_id) if asked.session_id else None
        request = await FeedbackRequest.ask(asked.asked, of=await _people(me, asked.to), by=me, session=session)
        if key:
            await KeptAnswer.keep(*place, 201, str(request.id))
    return request.id

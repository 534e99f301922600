"""A request that waits for people: asked once, answered once, shown everywhere."""

import json
import secrets
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from piccolo.columns import JSONB, Array, Boolean, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table

from app.clock import iso, now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain.agent_state import AgentState
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import Conflict, NotFound
from app.domain.feedback_question import Question, Urgency
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_response import FeedbackResponse, Way, said
from app.domain.feedback_value import FeedbackType, fit_comment, fit_value
from app.domain.message import Author, Message, MessageType
from app.domain.session import ChatSession, SessionStatus
from app.domain.title import titled
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent
from app.domain.webhook_event import tell_webhooks
from app.live import announce, announce_everywhere

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another or like a digit
DIGITS = "23456789"
FOLLOWED = "SELECT channel FROM channel_bindings WHERE session = $1 AND place IS NOT NULL"


class FeedbackStatus(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Settled(Conflict):
    """The request is not open any more, or this person has answered it. `given`: the answers that stand against theirs."""

    def __init__(self, request: "FeedbackRequest", words: str, given: list[FeedbackResponse]) -> None:
        super().__init__(words)
        self.request, self.given = request, given


class FeedbackRequest(Table, tablename="feedback_requests", db=DB):
    """Something that people are asked. Its row is the lock under which it is answered, once; its id is that of its entry
    in the log. Those of one `batch` were asked together. `webhook`: where its end is posted, besides."""

    id = UUIDColumn(primary_key=True, default=new_id)
    code = Text()
    session = ForeignKey(ChatSession, null=False)
    asked_by = ForeignKey(User, null=True, default=None)
    asked_by_name = Text(default="Parley")
    type = Varchar(choices=FeedbackType)
    question = Text()
    options = Array(base_column=Text(), default=list)
    context = Text(default="")
    urgency = Varchar(choices=Urgency, default=Urgency.NORMAL)
    deadline = Timestamptz(null=True, default=None)
    default = JSONB(null=True, default=None)
    needed = Integer(default=1)
    channels = Array(base_column=Text(), default=list)
    webhook = Text(default="")
    sensitive = Boolean(default=False)
    batch = UUIDColumn(null=True, default=None)
    status = Varchar(choices=FeedbackStatus, default=FeedbackStatus.OPEN)
    created_at = Timestamptz(default=now)
    settled_at = Timestamptz(null=True, default=None)

    @classmethod
    async def ask(
        cls, question: Question, *, of: list[User], by: User | None = None, session: ChatSession | None = None,
        batch: UUID | None = None, place: Message | None = None, about: UUID | None = None,
    ) -> Self:  # fmt: skip
        """Ask people, in a conversation or in one of its own. When this returns it is kept: it stands in their inboxes,
        and what leaves for their first channels is written. Unfit says what can't be asked. It takes its `place` in the
        log if there is one already; else the next, as an entry `about` another one."""
        fit = question.fit(len(of))
        async with transaction():
            session = session or await ChatSession.open(owner_of(of, by), title=titled(fit["question"]))
            asked_by = by.name if by else "Parley"
            if place:
                await session.ask_at(place, fit["question"])
            entry = place or await session.append(
                id=new_id(), type=MessageType.FEEDBACK_REQUEST, author=Author.PERSON if by else Author.AGENT,
                author_name=asked_by, user=by.id if by else None, text=fit["question"], about=about,
            )  # fmt: skip
            default = fit.pop("default")
            request = cls(
                **fit, id=entry.id, code=await _code(), session=session.id, batch=batch, asked_by=by.id if by else None,
                asked_by_name=asked_by, default=None if default is None else json.dumps(default),
            )  # fmt: skip
            await request.save()
            await session.set_status(SessionStatus.WAITING)
            await AgentState.wait(session.id)
            for person in of:
                await request.reach(person)
            if by and request.webhook:
                await WebhookEndpoint.for_url(by.id, request.webhook)
            await tell_webhooks(WebhookEvent.REQUESTED, request.id)
            after_commit(announce, session.id, "feedback.requested", request.as_dict())
        return request

    async def reach(self, person: User) -> None:
        """Ask one person more, within the transaction of why: it stands in their inbox and where the conversation goes on,
        and their ladder begins."""
        recipient = FeedbackRecipient(request=self.id, user=person.id)
        await recipient.save()
        followed = {row["channel"] for row in await sql(FOLLOWED, self.session)}
        for channel in await CommunicationChannel.of(person.id):
            if channel.type == ChannelType.WEB or (channel.id in followed and channel.usable):
                await Delivery.put(DeliveryKind.REQUEST, channel, request=self.id)
        await recipient.take_steps(self)
        after_commit(announce_everywhere, "inbox.changed", {"person": str(person.id), "request": str(self.id)})

    @classmethod
    async def locked(cls, request_id: UUID) -> Self:
        """That request, which nobody else changes before the transaction ends. NotFound."""
        rows = await sql("SELECT * FROM feedback_requests WHERE id = $1 FOR NO KEY UPDATE", request_id)
        if not rows:
            raise NotFound("There is no such request.")
        return loaded(cls, rows[0])

    @property
    def open(self) -> bool:
        return self.status == FeedbackStatus.OPEN

    @property
    def urgent(self) -> bool:
        return self.urgency == Urgency.URGENT

    async def respond(self, by: User, value: Any, via: ChannelType | Way, comment: str = "") -> FeedbackResponse:
        """One person's answer. Settled when it is decided already, or they have answered; NotFound unless they were asked;
        Conflict when they have handed it on; Unfit when the value is no answer to this."""
        async with transaction():
            request, given = await self.place_of(by)
            fit = fit_value(FeedbackType(request.type), request.options, value)
            response = FeedbackResponse(
                request=self.id, user=by.id, user_name=by.name, channel=via, value=json.dumps(fit),
                comment=fit_comment(comment),
            )  # fmt: skip
            await response.save()
            if len(given) + 1 >= request.needed:
                await request._settle(FeedbackStatus.ANSWERED)
            else:
                await request._show_pages()
        return response

    async def place_of(self, user: User) -> tuple[Self, list[FeedbackResponse]]:
        """The request, locked, in which it is this person's turn, and the answers so far. Raises as `respond` does."""
        request = await self.locked(self.id)
        recipient = await FeedbackRecipient.one(self.id, user.id)
        given = await FeedbackResponse.of(self.id)
        mine = [response for response in given if response.user == user.id]
        if not request.open or mine:
            raise request._settled(given if not request.open else mine)
        if recipient.delegated_to:
            raise Conflict(await recipient.handed_on())
        return request, given

    def _settled(self, given: list[FeedbackResponse]) -> Settled:
        """What to tell somebody who comes too late; these answers were faster."""
        return Settled(self, self.outcome_of(given), given)

    async def withdraw(self) -> None:
        """It needs no answer any more. Settled if it was decided before."""
        async with transaction():
            request = await self.locked(self.id)
            if not request.open:
                raise request._settled(await FeedbackResponse.of(self.id))
            await request._settle(FeedbackStatus.WITHDRAWN)

    async def expire(self) -> None:
        """The deadline has come: the default stands, or nobody has said anything, which is no answer. Needs the lock."""
        await self._settle(FeedbackStatus.EXPIRED)

    async def _settle(self, status: FeedbackStatus) -> None:
        """Nobody needs to answer any more: the log says how it ended, the agent goes on, every copy is changed."""
        self.status, self.settled_at = status, now()
        await self.save([FeedbackRequest.status, FeedbackRequest.settled_at])
        await sql(
            """UPDATE deliveries SET status = 'rejected', error = 'settled before it was sent'
               WHERE request = $1 AND status = 'due' AND kind IN ('request', 'reminder')""",
            self.id,
        )
        session = ChatSession.named(self.session)
        await session.append(
            type=MessageType.FEEDBACK_RESPONSE, author=Author.SYSTEM, text=await self.outcome(), status="queued",
            about=self.id,
        )  # fmt: skip
        await self.settle_copies()
        await tell_webhooks(WebhookEvent.SETTLED, self.id)
        if not await FeedbackRequest.exists().where(
            (FeedbackRequest.session == self.session) & (FeedbackRequest.status == FeedbackStatus.OPEN)
        ):
            await session.set_status(SessionStatus.ACTIVE)
        await AgentState.queue(self.session)
        after_commit(announce, self.session, "feedback.settled", self.as_dict())
        await self._show_pages()

    async def _show_pages(self) -> None:
        """Let the open pages of who asked and of all who are asked show how it stands."""
        people = {row["user"] for row in await sql('SELECT "user" FROM feedback_recipients WHERE request = $1', self.id)}
        for person in sorted(people | ({self.asked_by} if self.asked_by else set())):
            after_commit(announce_everywhere, "inbox.changed", {"person": str(person), "request": str(self.id)})

    async def settle_copies(self) -> None:
        """Let every copy that was posted show the outcome; once for each."""
        for row in await sql(
            """SELECT d.id, d.channel FROM deliveries d WHERE d.request = $1 AND d.kind = 'request' AND d.via <> 'web'
               AND d.status IN ('accepted', 'seen') AND NOT EXISTS (
                 SELECT FROM deliveries s WHERE s.copy_of = d.id AND s.kind = 'settle' AND NOT s.payload ? 'handed_on')""",
            self.id,
        ):
            channel = await CommunicationChannel.objects().get(CommunicationChannel.id == row["channel"])
            if channel:
                await Delivery.put(DeliveryKind.SETTLE, channel, request=self.id, copy_of=row["id"])

    async def outcome(self) -> str:
        """How it ended, in words: who, what, by which channel."""
        return self.outcome_of(await FeedbackResponse.of(self.id))

    def outcome_of(self, given: list[FeedbackResponse]) -> str:
        """The same, where its answers are at hand."""
        match self.status:
            case FeedbackStatus.EXPIRED if self.default is not None:
                return f"Nobody answered in time; the default stands: {said(json.loads(self.default))}."
            case FeedbackStatus.EXPIRED:
                return "Nobody answered in time."
            case FeedbackStatus.WITHDRAWN:
                return "Withdrawn by the one who asked."
        return "; ".join(response.words() for response in given) + "."

    def as_dict(self) -> dict[str, Any]:
        """What programs and pages are told of it."""
        return {
            "id": str(self.id), "code": self.code, "session_id": str(self.session), "type": self.type,
            "question": self.question, "options": self.options, "context": self.context, "urgency": self.urgency,
            "sensitive": self.sensitive, "status": self.status, "needed": self.needed, "asked_by": self.asked_by_name,
            "batch": str(self.batch) if self.batch else None, "deadline": iso(self.deadline) if self.deadline else None,
            "default": None if self.default is None else json.loads(self.default),
            "created_at": iso(self.created_at), "settled_at": iso(self.settled_at) if self.settled_at else None,
        }  # fmt: skip


def owner_of(asked: list[User], by: User | None) -> User:
    """Whose conversation a request is that belongs to none: of who asks several, else of who is asked."""
    return asked[0] if len(asked) == 1 or by is None else by


async def _code() -> str:
    """Four signs that name an open request in a mail or in Slack, such as K7F2. Needs a transaction: to its end nobody
    else is given the same."""
    while True:
        code = "".join(secrets.choice(signs) for signs in (LETTERS, DIGITS, LETTERS, DIGITS))
        ours = (await sql("SELECT pg_try_advisory_xact_lock(hashtext('code ' || $1))", code))[0][0]
        if ours and not await sql("SELECT FROM feedback_requests WHERE code = $1 AND status = 'open'", code):
            return code

"""What programs send and get, as OpenAPI tells it."""

from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from app.domain.agent_state import AgentStatus
from app.domain.channel import ChannelType
from app.domain.message import LONGEST_TEXT, Author, Message, MessageStatus, MessageType
from app.domain.session import ChatSession, SessionStatus
from app.domain.title import LONGEST_TITLE

T = TypeVar("T")
MOST = 200


class Listed(BaseModel, Generic[T]):
    """Part of a list. `next` is what to send as `after` for the part that follows; null at the end."""

    items: list[T]
    next: str | None

    @classmethod
    def of(cls, found: list[Any], limit: int, shape: Any, place: str) -> Self:
        """The first `limit` of what was found; a further one says that there is more. `place` names what `after` takes."""
        items = [shape(one) for one in found[:limit]]
        return cls(items=items, next=str(getattr(items[-1], place)) if len(found) > limit else None)


class Agent(BaseModel):
    status: AgentStatus


class Session(BaseModel):
    """A conversation."""

    id: UUID
    title: str
    status: SessionStatus
    channel: ChannelType
    agent: Agent
    last_seq: int
    created_at: datetime

    @classmethod
    def of(cls, session: ChatSession, status: AgentStatus) -> Self:
        return cls(
            id=session.id, title=session.title, status=SessionStatus(session.status), channel=ChannelType(session.channel),
            agent=Agent(status=status), last_seq=session.last_seq, created_at=session.created_at,
        )  # fmt: skip


class Entry(BaseModel):
    """An entry of a conversation's log."""

    id: UUID
    seq: int
    type: MessageType
    status: MessageStatus
    author: Author
    channel: ChannelType
    text: str
    created_at: datetime

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(**entry(message.as_dict()))


ENTRY = tuple(Entry.model_fields)


def entry(told: dict[str, Any]) -> dict[str, Any]:
    """What programs get of a message's `as_dict()`."""
    return {name: told[name] for name in ENTRY} | {"created_at": told["created_at"].replace("+00:00", "Z")}


Title = Annotated[str, Field(max_length=LONGEST_TITLE)]


class NewSession(BaseModel):
    """A conversation to be opened; without a title it gets one from its first words."""

    title: Title = ""


class Renamed(BaseModel):
    title: Title


class Said(BaseModel):
    """Words for the agent. The same `client_id` twice is one message."""

    text: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_TEXT})
    client_id: str | None = Field(None, json_schema_extra={"pattern": "^[A-Za-z0-9_-]{1,64}$"})


class Switch(BaseModel):
    """The channel by which a conversation is to go on."""

    type: ChannelType

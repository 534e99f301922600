"""An entry of a conversation's log."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, ForeignKey, Integer, LazyTableReference, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, loaded, new_id
from app.domain.channel import ChannelType
from app.domain.errors import Unfit
from app.domain.user import User

if TYPE_CHECKING:
    from app.domain.session import ChatSession  # noqa: F401

LONGEST_TEXT = 100_000
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MessageType(StrEnum):
    TEXT = "text"
    FEEDBACK_REQUEST = "feedback_request"
    FEEDBACK_RESPONSE = "feedback_response"
    NOTICE = "notice"


class MessageStatus(StrEnum):
    QUEUED = "queued"
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


class Author(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    SYSTEM = "system"


class Message(Table, tablename="messages", db=DB):
    """An entry of the log. `seq` is its place, gap-free from 1; `revision` is the session's count at its last change;
    `about` the entry that it answers, or asks something about."""

    id = UUIDColumn(primary_key=True, default=new_id)
    session: ForeignKey[Any] = ForeignKey(LazyTableReference("ChatSession", module_path="app.domain.session"))
    seq = Integer()
    revision = BigInt()
    type = Varchar(choices=MessageType, default=MessageType.TEXT)
    status = Varchar(choices=MessageStatus, default=MessageStatus.COMPLETE)
    author = Varchar(choices=Author)
    user = ForeignKey(User, null=True, default=None)
    author_name = Text(default="")
    channel = Varchar(choices=ChannelType, default=ChannelType.WEB)
    text = Text(default="")
    client_id = Varchar(length=64, null=True, default=None)
    replaces = UUIDColumn(null=True, default=None)
    about = UUIDColumn(null=True, default=None)
    error = Text(default="")
    created_at = Timestamptz(default=now)

    place = Unique([session, seq])
    said_once = Unique([session, client_id])

    @classmethod
    def from_person(cls, by: User, text: str, session_id: UUID, via: ChannelType, client_id: str | None) -> Self:
        """A person's words, without a place yet, waiting for the agent to read them. Unfit if they are blank, too long or
        hold a NUL."""
        return loaded(cls, {
            "id": new_id(), "session": session_id, "seq": 0, "revision": 0, "type": MessageType.TEXT,
            "status": MessageStatus.QUEUED, "author": Author.PERSON, "user": by.id, "author_name": by.name,
            "channel": via, "text": fit_text(text), "client_id": fit_client_id(client_id), "replaces": None, "about": None,
            "error": "", "created_at": now(),
        })  # fmt: skip

    @property
    def key(self) -> str:
        """What a page calls it: the id that the page itself gave it, if it did."""
        return self.client_id or str(self.id)

    def as_dict(self) -> dict[str, Any]:
        """All that an event or an answer tells of it, ready for JSON."""
        return {
            "id": str(self.id), "session": str(self.session), "key": self.key, "seq": self.seq, "revision": self.revision,
            "type": self.type, "status": self.status, "author": self.author, "author_name": self.author_name,
            "channel": self.channel, "text": self.text, "error": self.error, "created_at": self.created_at.isoformat(),
        }  # fmt: skip


def fit_client_id(given: str | None) -> str | None:
    """The id that a page gave its bubble; None if it gave none. Unfit if it could be anything but an id."""
    if not given:
        return None
    if not CLIENT_ID.fullmatch(given):
        raise Unfit("client_id takes 1 to 64 letters, digits, hyphens and underscores.")
    return given


def fit_text(text: str) -> str:
    """The text as it is kept: line ends are LF. Unfit when blank, over 100,000 characters or with what no database
    can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Unfit("Write something first.")
    if len(text) > LONGEST_TEXT:
        raise Unfit(f"That is {len(text):,} characters; {LONGEST_TEXT:,} is the most that fits in one message.")
    return storable(text)


def storable(text: str) -> str:
    """The text, if a database can hold it. Unfit otherwise."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Unfit("The text holds characters that can't be stored (NUL or half a surrogate pair).")
    return text

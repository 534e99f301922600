"""What happens in a conversation as programs hear it, down a stream or a socket."""

from typing import Any, ClassVar
from uuid import UUID

from app.api.shapes import entry
from app.domain.message import Author, Message, MessageStatus, MessageType
from app.domain.session import ChatSession
from app.frames import Frame
from app.live import Event, encode
from app.rooms.place import LARGEST, Place
from app.rooms.telling import Ending, Telling
from app.rooms.writing import Writing

AS_IT_IS = LARGEST**2
"""The revision of somebody who knows the log as it is now, up to their `seq`."""
LINE_ENDS = {b"\xc2\x85": b"\\u0085", b"\xe2\x80\xa8": b"\\u2028", b"\xe2\x80\xa9": b"\\u2029"}
"""What some clients take for the end of a line, and how JSON writes it otherwise."""


class Events(Telling):
    """Events with a cursor where there is one: who comes back with the last goes on after it. A message is told from its
    beginning: `message.created`, `message.delta`s, `message.completed`."""

    @staticmethod
    def event(kind: str, data: dict[str, Any], at: Place | None = None) -> bytes:
        raise NotImplementedError

    async def missed(self, session: ChatSession, came_to: Place) -> list[Message]:
        """What changed, what is new, and the answer being written, of which they may have any part."""
        found = await session.since(came_to.revision, came_to.seq)
        known = {message.id for message in found}
        return found + [message for message in await session.streaming() if message.id not in known]

    def caught_up(self, came_to: Place, missed: list[Message], at: Place, writings: dict[str, Writing]) -> bytes:
        """Changes keep the cursor where it was, in case that not all of it arrives; what is new moves it on; the text of the
        answer being written comes last."""
        here = came_to._replace(revision=min(came_to.revision, at.revision))
        told = []
        for message in missed:
            if message.seq > came_to.seq:
                frame = (0, 0) if message.status == MessageStatus.STREAMING else (here.fence, here.number)
                here = Place(at.revision, message.seq, *frame)
                told.append(self._begun(message.as_dict(), here))
            elif message.status != MessageStatus.STREAMING:
                told.append(self._changed(message.as_dict(), here))
        return b"".join(told) + b"".join(self._text(writing, here, at) for writing in writings.values())

    def _text(self, writing: Writing, here: Place, at: Place) -> bytes:
        """What is missing of an answer's text, to somebody who has come `here`."""
        text = writing.text_after(here.fence, here.number)
        if text is None and writing.frames:
            return self.event("message.replaced", {"id": writing.id, "text": writing.text}, at)
        return self.event("message.delta", {"id": writing.id, "text": text}, at) if text else b""

    def message(self, told: Event, writing: Writing | None, at: Place, *, new: bool, first: bool, again: bool) -> bytes:
        if again:
            return b""
        if first:
            return self._begun(told, at)
        if told["status"] == MessageStatus.STREAMING:
            return b""  # another worker has taken over: its first words come as message.replaced
        return self._changed(told, at)

    def _begun(self, told: Event, at: Place) -> bytes:
        """An entry, from its beginning; an answer that is complete already, too."""
        written = told["author"] == Author.AGENT and told["type"] == MessageType.TEXT
        if not written or told["status"] == MessageStatus.STREAMING:
            return self.event("message.created", entry(told), at)
        began = {**entry(told), "status": MessageStatus.STREAMING, "text": ""}
        before = at._replace(revision=max(0, min(at.revision, told["revision"]) - 1))
        return self.event("message.created", began, before) + self.event("message.completed", entry(told), at)

    def _changed(self, told: Event, at: Place) -> bytes:
        if told["author"] == Author.AGENT:
            return self.event("message.completed", entry(told), at)
        # others may have changed with it: who misses those hears this one again
        return self.event("message.changed", entry(told), at._replace(revision=max(0, at.revision - 1)))

    def grow(self, writing: Writing, frame: Frame, at: Place, *, goes_on: bool) -> bytes:
        kind = "message.delta" if goes_on else "message.replaced"
        return self.event(kind, {"id": writing.id, "text": frame.text}, at)

    def status(self, told: Event) -> bytes:
        return self.event("agent.status", {name: told[name] for name in ("status", "error", "retry_at")})

    def session(self, told: Event) -> bytes:
        return self.event("session.changed", {name: told[name] for name in ("id", "title")})

    def channel(self, told: Event) -> bytes:
        return self.event("channel.changed", {"type": told["type"]})

    def feedback(self, told: Event) -> bytes:
        return self.event(told["kind"], {name: value for name, value in told.items() if name != "kind"})

    @staticmethod
    async def inbox(person_id: UUID, session_id: UUID | None) -> bytes:
        """Programs ask for it."""
        return b""


class Streamed(Events):
    """As server-sent events. The cursor is the event's id."""

    beat: ClassVar[bytes] = b": beat\n\n"

    @staticmethod
    def event(kind: str, data: dict[str, Any], at: Place | None = None) -> bytes:
        line = encode(data)
        for end, written in LINE_ENDS.items():
            line = line.replace(end, written)
        place = f"\nid: {at}" if at is not None else ""
        return f"event: {kind}{place}\ndata: ".encode() + line + b"\n\n"

    @staticmethod
    def farewell(ending: Ending) -> bytes:
        """Who may come back is told nothing, and comes."""
        if ending in (Ending.SIGNED_OUT, Ending.DELETED):
            return Streamed.event("closed", {"reason": ending})
        return b""

    @staticmethod
    def frames(data: bytes) -> list[bytes]:
        return [data]


class Framed(Events):
    """As frames of a socket, one line for each: `{type, data, cursor?}`. Its pings are the server's; what it is closed with
    says why."""

    beat: ClassVar[bytes] = b""

    @staticmethod
    def event(kind: str, data: dict[str, Any], at: Place | None = None) -> bytes:
        cursor = {"cursor": str(at)} if at is not None else {}
        return encode({"type": kind, "data": data, **cursor}) + b"\n"

    @staticmethod
    def farewell(ending: Ending) -> bytes:
        return b""

    @staticmethod
    def frames(data: bytes) -> list[bytes]:
        return data.splitlines()
